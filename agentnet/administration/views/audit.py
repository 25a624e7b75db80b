"""The audit trail: who did what, when, to what, and what it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from flask import render_template, request

from agentnet.administration.queries import SEALS_LOOKED_AT, AuditFilter, audit_lines, unsealed_count
from agentnet.administration.words import ACTIONS, FIELDS, SUBJECTS, VALUES
from agentnet.core.money import format_yuan
from agentnet.documents.kinds import ReportKind, report_kinds
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.i18n import in_english
from agentnet.infra.i18n import say as _
from agentnet.infra.pages import SortBy, chosen, page_of, typed_day, typed_text
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

SORTS = {"line": SortBy(AuditLine.id, int)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after, as a person reads it; None where there was nothing."""

    field: str
    before: str | None
    after: str | None


@needs(Permission.AUDIT_READ)
def audit() -> str:
    """Show the trail, newest first, narrowed by person, action, subject and day."""
    wanted = AuditFilter(
        person=typed_text(request.args, "person", 60),
        action=chosen(request.args, "action", {code: code for code in ACTIONS}, ""),
        subject_kind=chosen(request.args, "kind", {code: code for code in SUBJECTS}, ""),
        subject=typed_text(request.args, "subject", 64),
        day=typed_day(request.args, "day"),
    )
    page = page_of(
        db.session(),
        audit_lines(viewer(), wanted),
        request.args,
        columns=SORTS,
        default="-line",
        key=SortBy(AuditLine.id, int),
    )
    kinds = report_kinds()
    return render_template(
        "administration/audit.html",
        page=page,
        wanted=wanted,
        actions=_choices("actions", in_english()),
        kinds=_choices("kinds", in_english()),
        action_messages=ACTIONS,
        subject_messages=SUBJECTS,
        value_words=partial(value_words, kinds),
        differences=partial(differences, kinds),
        unsealed=unsealed_count(),
        looked_at=SEALS_LOOKED_AT,
    )


@cache
def _choices(what: str, _english: bool) -> list[tuple[str, str]]:
    """Return what the trail may be narrowed to, in the order of the reader's language."""
    codes = ACTIONS if what == "actions" else SUBJECTS
    return sorted((_(words), code) for code, words in codes.items())


def differences(kinds: Mapping[str, ReportKind], line: Any) -> list[Difference]:
    """Return every field a line speaks of, the changed ones with both values."""
    before, after = line.before or {}, line.after or {}
    names = dict.fromkeys([*before, *after])
    found = []
    for name in names:
        was, is_now = _value(kinds, name, before), _value(kinds, name, after)
        if was != is_now or was is None:
            found.append(Difference(_(FIELDS[name]) if name in FIELDS else name, was, is_now))
    return [entry for entry in found if entry.before or entry.after]


def _value(kinds: Mapping[str, ReportKind], name: str, values: Mapping[str, Any]) -> str | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int):
        return format_yuan(value) if name.endswith("_fen") else str(value)
    if isinstance(value, list):
        return "、".join(value_words(kinds, str(item)) for item in value) or None
    return value_words(kinds, str(value))


def value_words(kinds: Mapping[str, ReportKind], text: str) -> str:
    """Return a value as a person reads it: codes, those of report kinds among them, in words, all else as it stands."""
    kind = kinds.get(text)
    if kind is not None:
        return _(kind.name)
    return _(VALUES[text]) if text in VALUES else text
