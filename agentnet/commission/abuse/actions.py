"""Looking a month through and writing down what was found; a person says of a finding what it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from agentnet.collecting.models import Collection
from agentnet.commission.abuse.finding import Costed, patterns_of
from agentnet.commission.abuse.models import PatternFinding, PatternScan
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Invalid, Missing
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.permissions import Permission, require

AT_ONCE = 3_000
"""Collections of a month that are looked through while a person waits; more are left to the clock."""
OUTLETS_A_PORTION = 100
SEEN, EXPLAINED = "SEEN", "EXPLAINED"


def look_now(month: Month, by: Actor) -> bool:
    """Look a month through at once if it is small; else the clock does within minutes. Return whether it was done.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``month_to_come``.
    """
    require(by, Permission.PATTERN_MARK)
    if month > Month.of(today()):
        raise Missing("month_to_come", "这个月还没有到")
    write_audit(by, "looked_for_patterns", "month", str(month))
    number = db.session.scalar(
        select(func.count()).where(Collection.business_on >= month.starts_on, Collection.business_on < month.ends_on)
    )
    if (number or 0) > AT_ONCE:
        _note_scan(month, asked=True)
        return False
    for ids in portions(month):
        write_findings(month, ids, patterns_of(month, ids))
    _note_scan(month)
    return True


def portions(month: Month) -> list[list[int]]:
    """Return the outlets that collected in a month, or have findings of it, in portions."""
    collected = select(Collection.outlet_id).where(
        Collection.business_on >= month.starts_on, Collection.business_on < month.ends_on
    )
    noted = select(PatternFinding.outlet_id).where(PatternFinding.month == str(month))
    ids = list(db.session.scalars(collected.union(noted).order_by("outlet_id")))
    return [ids[at : at + OUTLETS_A_PORTION] for at in range(0, len(ids), OUTLETS_A_PORTION)]


def finish_scan(month: Month) -> None:
    """Write down that a month has been looked through."""
    _note_scan(month)


def _note_scan(month: Month, asked: bool = False) -> None:
    scan = db.session.get(PatternScan, str(month))
    if scan is None:
        scan = PatternScan(month=str(month))
        db.session.add(scan)
    if asked:
        scan.asked_at = now()
    else:
        scan.scanned_at, scan.asked_at = now(), None
    db.session.flush()


def write_findings(month: Month, outlet_ids: Sequence[int], costed: Sequence[Costed]) -> None:
    """Write down what was found at some outlets: figures follow, marks stay; one that grew is open again."""
    known = {
        (row.outlet_id, row.pattern): row
        for row in db.session.scalars(
            select(PatternFinding).where(PatternFinding.month == str(month), PatternFinding.outlet_id.in_(outlet_ids))
        )
    }
    fresh = []
    for one in costed:
        figures: dict[str, Any] = {
            "org_unit_id": one.org_unit_id,
            "number": one.found.number,
            "group_count": len(one.found.groups),
            "amount_fen": one.found.amount_fen,
            "cost_fen": one.cost_fen,
            "evidence": one.evidence,
            "found_at": now(),
        }
        row = known.pop((one.outlet_id, one.found.pattern.value), None)
        if row is None:
            key = {"month": str(month), "outlet_id": one.outlet_id, "pattern": one.found.pattern.value}
            fresh.append({**key, **figures, "state": "OPEN"})
            continue
        if row.state != "OPEN" and row.marked_number is not None and one.found.number > row.marked_number:
            figures["state"] = "OPEN"
        _set(row.id, figures)
    if fresh:
        db.session.execute(insert(PatternFinding), fresh)
    for row in known.values():
        if row.number:
            _set(row.id, {"number": 0, "group_count": 0, "amount_fen": 0, "cost_fen": 0, "evidence": []})


def _set(finding_id: int, figures: dict[str, Any]) -> None:
    db.session.execute(update(PatternFinding).where(PatternFinding.id == finding_id).values(**figures))


@dataclass(frozen=True, slots=True)
class NewMark:
    """What a person says of a finding; ``id`` is the sender's."""

    id: uuid.UUID
    finding_id: int
    state: str
    note: str = ""


def finding_for(by: Actor, finding_id: int, permission: Permission) -> tuple[PatternFinding, Outlet]:
    """Return a finding and its outlet, if the outlet lies in the person's territory.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``finding_missing``.
    """
    require(by, permission)
    row = db.session.execute(
        select(PatternFinding, Outlet)
        .join(Outlet, Outlet.id == PatternFinding.outlet_id)
        .where(PatternFinding.id == finding_id, visible_outlets(by, permission))
    ).one_or_none()
    if row is None:
        raise Missing("finding_missing", "没有找到这条线索，或它不在您的管辖范围内")
    return row[0], row[1]


def mark_finding(new: NewMark, by: Actor) -> PatternFinding:
    """Say that a finding was looked at, or explain it by a note. Sent twice is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``finding_missing``. Conflict: ``id_reused``.
        Invalid: ``mark_unknown``, ``note_missing``.
    """
    found, outlet = finding_for(by, new.finding_id, Permission.PATTERN_MARK)
    content = {"finding": new.finding_id, "state": new.state, "note": new.note}
    if earlier_result(new.id, "pattern_mark", content) is not None:
        return found
    if new.state not in (SEEN, EXPLAINED):
        raise Invalid("mark_unknown", "请选择已看过或已说明", field="state")
    if new.state == EXPLAINED and not new.note:
        raise Invalid("note_missing", "请写明原因，例如一户两表、分两次交清", field="note")
    before = {"state": found.state, "note": found.note}
    found.state, found.note = new.state, new.note or None
    found.marked_number, found.marked_by_id, found.marked_at = found.number, by.user_id, now()
    db.session.flush()
    remember(new.id, "pattern_mark", by, content, found.id)
    after = {"month": found.month, "pattern": found.pattern, "state": found.state, "note": found.note}
    write_audit(by, "marked_pattern", "outlet", outlet.code, before, after)
    return found
