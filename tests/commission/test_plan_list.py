"""The list of plans: the default first, the others by code, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import insert

from agentnet.commission.models import Plan
from agentnet.commission.queries import PLANS_A_PAGE
from agentnet.infra.db import db
from agentnet.infra.transaction import batch

SignIn = Callable[[str], FlaskClient]
MORE = [f"P{number:03d}" for number in range(PLANS_A_PAGE + 5)]


def many_plans() -> None:
    with batch():
        rows = [{"code": code, "name": f"方案{code}", "is_default": False} for code in reversed(MORE)]
        db.session.execute(insert(Plan), rows)


def codes_on(page: str) -> list[str]:
    return re.findall(r'href="/commission/plans/(?!new)([\w-]+)"', page)


def neighbour(page: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return found and found[1].replace("&amp;", "&")


def test_a_few_plans_stand_on_one_page(sign_in: SignIn) -> None:
    page = sign_in("carol").get("/commission/plans").text
    assert codes_on(page) == ["STANDARD"]
    assert neighbour(page, "next") is None


def test_the_default_plan_comes_first_and_the_others_follow_by_code(sign_in: SignIn) -> None:
    many_plans()
    page = sign_in("carol").get("/commission/plans").text
    assert codes_on(page) == ["STANDARD", *MORE[: PLANS_A_PAGE - 1]]


def test_one_pages_on_and_back(sign_in: SignIn) -> None:
    many_plans()
    carol = sign_in("carol")
    first = carol.get("/commission/plans").text
    second = carol.get(neighbour(first, "next") or "").text
    assert codes_on(second) == MORE[PLANS_A_PAGE - 1 :]
    assert neighbour(second, "next") is None
    assert codes_on(carol.get(neighbour(second, "prev") or "").text) == codes_on(first)
