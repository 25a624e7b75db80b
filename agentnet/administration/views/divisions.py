"""Administrative divisions: down the tree level by level, or by name or code. They are public."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from sqlalchemy import Select, String, bindparam, or_, select

from agentnet.divisions.models import Division
from agentnet.divisions.queries import division_and_above
from agentnet.divisions.words import LEVELS, SETTINGS
from agentnet.infra.db import db
from agentnet.infra.importing import administers_company
from agentnet.infra.pages import SortBy, page_of, typed_text
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

SORTS = {"code": SortBy(Division.code), "name": SortBy(Division.name)}
KEY = SortBy(Division.code)
SHOWN = (Division.code, Division.name, Division.level, Division.setting)
INSIDE: Select[*tuple[Any, ...]] = select(*SHOWN).where(
    Division.parent_code == bindparam("parent_code", type_=String())
)


@needs(Permission.MANAGER_READ)
def divisions() -> str:
    """Show the provinces, or what a name or the beginning of a code finds."""
    words = typed_text(request.args, "q", 60)
    statement: Select[*tuple[Any, ...]] = select(*SHOWN)
    if words:
        by_code = Division.code.startswith(words, autoescape=True)
        statement = statement.where(by_code if words.isdigit() else Division.name.contains(words, autoescape=True))
    else:
        statement = statement.where(or_(Division.parent_code.is_(None), Division.level == "PROVINCE"))
    page = page_of(db.session(), statement, request.args, columns=SORTS, default="code", key=KEY)
    return render_template(
        "divisions/divisions.html",
        page=page,
        words=words,
        division=None,
        above=[],
        levels=LEVELS,
        settings=SETTINGS,
        may_import=administers_company(viewer()),
    )


@needs(Permission.MANAGER_READ)
def division(code: str) -> str:
    """Show a division, what it lies in, and what lies in it."""
    found, above = division_and_above(code)
    inside = {"parent_code": code}
    page = page_of(db.session(), INSIDE, request.args, columns=SORTS, default="code", key=KEY, given=inside)
    return render_template(
        "divisions/divisions.html",
        page=page,
        words="",
        division=found,
        above=above,
        levels=LEVELS,
        settings=SETTINGS,
        may_import=False,
    )
