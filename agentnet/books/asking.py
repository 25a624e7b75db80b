"""What the address asks for: the unit, the month or the day up to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _

from agentnet.books.rules import Span, span_of_day
from agentnet.books.words import COUNTERFEIT, LINES
from agentnet.collecting.queries import tender_names
from agentnet.core.clock import Month, today
from agentnet.core.errors import Missing
from agentnet.infra.dates import day_text, month_text
from agentnet.infra.i18n import in_english
from agentnet.infra.pages import typed_day, typed_text
from agentnet.outlets.queries import units_of
from agentnet.users.guard import viewer
from agentnet.users.permissions import Permission


def asked_span(arguments: Mapping[str, str] | None = None) -> Span:
    """Return the month in the address (the present one without it), or its days up to the day in the address.

    Raises:
        Invalid: ``month_shape``. Missing: ``month_to_come``.
    """
    asked = request.args if arguments is None else arguments
    day = typed_day(asked, "day")
    text = asked.get("month", "")
    span = span_of_day(day) if day else Span(Month.parse(text) if text else Month.of(today()))
    if span.month > Month.of(today()):
        raise Missing("month_to_come", "这个月还没有到")
    return span


def span_arguments(span: Span) -> dict[str, str | None]:
    """Return what an address carries to ask for a span: a month or a day."""
    day = span.last_on.isoformat() if span.until else None
    return {"month": None if day else str(span.month), "day": day}


def span_text(span: Span) -> str:
    """Return a span in words."""
    return _("%(day)s止", day=day_text(span.last_on)) if span.until else month_text(span.month)


def asked_unit(permission: Permission = Permission.LEDGER_READ) -> tuple[Any, Sequence[Any]]:
    """Return the org unit in the address, else the viewer's uppermost, and all the viewer may ask for.

    Raises:
        Missing: ``org_unit_missing``.
    """
    units = units_of(viewer(), permission)
    code = typed_text(request.args, "unit", 32)
    found = [unit for unit in units if unit.code == code] if code else units[:1]
    if not found:
        raise Missing("org_unit_missing", "没有找到这个单位，或它不在您的管辖范围内")
    return found[0], units


def line_text(owner_kind: str, code: str) -> str:
    """Return what a line of the chart is called in the reader's language."""
    return _(LINES[owner_kind, code])


class AccountWords:
    """Calls accounts by their line, and by the tender or detail they are kept for; the tenders are read once."""

    def __init__(self) -> None:
        self._tenders: Mapping[str, str] | None = None

    def detail(self, detail: str) -> str:
        """Return what a detail is called."""
        if detail == "COUNTERFEIT":
            return str(_(COUNTERFEIT))
        if self._tenders is None:
            self._tenders = tender_names(in_english())
        return self._tenders.get(detail, detail)

    def __call__(self, owner_kind: str, code: str, detail: str = "") -> str:
        name = line_text(owner_kind, code)
        return _("%(line)s（%(detail)s）", line=name, detail=self.detail(detail)) if detail else name
