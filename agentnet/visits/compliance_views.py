"""Compliance on screen: by manager, outlet, station or week, urban and rural apart, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from flask import render_template, request

from agentnet.core.clock import IsoWeek
from agentnet.core.words import translatable
from agentnet.infra.pages import PAGE_SIZE, Page, SortBy, Sorting, chosen, sorting_from, typed_text
from agentnet.outlets.queries import units_of
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, org_paths
from agentnet.visits import queries
from agentnet.visits.models import Duty
from agentnet.visits.queries import Breakdown, Compliance
from agentnet.visits.rules import duties_text
from agentnet.visits.views import Answer, recent_weeks, week_asked

SPANS: Mapping[str, int] = {"1": 1, "4": 4, "13": 13}
BREAKDOWNS: Mapping[Breakdown, str] = {
    Breakdown.MANAGER: translatable("按台区经理"),
    Breakdown.OUTLET: translatable("按网点"),
    Breakdown.STATION: translatable("按供电所"),
    Breakdown.WEEK: translatable("按周"),
}

_RATE = 1_000_000
_KEYS: Mapping[str, Callable[[Compliance], Any]] = {
    "code": lambda row: row.code,
    "due": lambda row: (row.whole.due, row.code),
    "missed": lambda row: (row.whole.missed, row.whole.due, row.code),
    "rate": lambda row: (row.whole.done * _RATE // row.whole.due if row.whole.due else _RATE + 1, row.code),
}
_COLUMNS = {name: SortBy(Duty.id) for name in _KEYS}


@needs(Permission.COMPLIANCE_READ)
def compliance() -> Answer:
    """Show what was due, done and missed in one week or in the weeks up to it."""
    actor = viewer()
    by = chosen(request.args, "by", {one.value: one for one in Breakdown}, Breakdown.MANAGER)
    weeks = recent_weeks(26)
    last = week_asked() or weeks[0]
    span = chosen(request.args, "span", SPANS, 13 if by is Breakdown.WEEK else 1)
    first = last
    for _ in range(span - 1):
        first = first.previous()
    units = units_of(actor, Permission.COMPLIANCE_READ)
    unit = next((one for one in units if one.code == typed_text(request.args, "unit", 32)), None)
    path = unit.path if unit else None
    rows = queries.compliance(actor, by, first, last, unit_path=path)
    whole = (
        queries.territory_total(actor, first, last, unit_path=path) if by is Breakdown.MANAGER else queries.summed(rows)
    )
    return render_template(
        "visits/compliance.html",
        by=by,
        breakdowns=BREAKDOWNS,
        page=_page(rows, by, (org_paths(actor, Permission.COMPLIANCE_READ), by, first, last, path)),
        whole=whole,
        weeks=weeks,
        first=first,
        last=last,
        span=span,
        units=units,
        unit=unit,
        week_of=IsoWeek.parse,
        duties_text=duties_text,
    )


def _page(rows: Sequence[Compliance], by: Breakdown, question: Hashable) -> Page[Compliance]:
    """Return one page of the rows that answer a question; the cursor is how many to skip."""
    sorting = sorting_from(request.args.get("sort"), _COLUMNS, "-code" if by is Breakdown.WEEK else "-missed")
    ordered = queries.in_order(rows, (question, sorting), _KEYS[sorting.name], descending=sorting.descending)
    skipped = _skip(request.args.get("cursor", ""), len(rows))
    return Page(
        ordered[skipped : skipped + PAGE_SIZE],
        Sorting(sorting.name, sorting.descending),
        next_cursor=str(skipped + PAGE_SIZE) if skipped + PAGE_SIZE < len(rows) else None,
        previous_cursor=str(max(0, skipped - PAGE_SIZE)) if skipped else None,
    )


def _skip(cursor: str, count: int) -> int:
    wanted = int(cursor) if cursor.isdecimal() and len(cursor) < 8 else 0
    return wanted if wanted < count else 0
