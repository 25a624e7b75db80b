"""What is done about duties and visits: plan, log, strike, close a need. Never commits, never sees a request."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.core.clock import IsoWeek, now, today
from agentnet.core.errors import Conflict, Invalid, Refusal
from agentnet.core.ids import content_sha256
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import audit_row, write_audit, write_audit_rows
from agentnet.infra.db import Model, db
from agentnet.infra.idempotency import Request
from agentnet.infra.inserting import insert_typed
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import own_manager
from agentnet.users.permissions import Permission, require
from agentnet.visits.judging import LONGEST_WORDS, Judge, Judged, NewVisit, managers_of_items
from agentnet.visits.models import Duty, DutyVisit, FailedItem, Need, Visit
from agentnet.visits.queries import duty_plan, need_for, visit_for

KIND = "visit"
LONGEST_STRIKE_REASON = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one visit of a batch: ``created``, ``exists`` (sent before) or ``refused`` with the reason."""

    id: uuid.UUID
    status: str
    refusal: Refusal | None = None


class _Beaten(Exception):
    """Another process took the same ids."""


def plan_duties(week: IsoWeek, by: Actor) -> int:
    """Plan a week's duties for every active outlet with a manager; return how many rows changed. May be repeated."""
    return plan_weeks([week], by)


def plan_weeks(weeks: Sequence[IsoWeek], by: Actor, outlet_ids: Collection[int] | None = None) -> int:
    """Plan several weeks in a bounded number of statements, for all outlets or for some; return how many rows changed.

    Visits logged before their duty was planned are joined to it.
    """
    plan = duty_plan(weeks, today(), outlet_ids)
    if not plan:
        return 0
    if plan.withdrawn:
        db.session.execute(delete(DutyVisit).where(DutyVisit.duty_id.in_(plan.withdrawn)))
        db.session.execute(delete(Duty).where(Duty.id.in_(plan.withdrawn)))
    for exempt, duty_ids in plan.turned.items():
        if duty_ids:
            db.session.execute(update(Duty).where(Duty.id.in_(duty_ids)).values(exempt=exempt))
    if plan.new:
        insert_typed(db.session.connection(), _table(Duty), plan.new, unless_there=True)
        _join_visits_to_duties({row["week"] for row in plan.new}, {row["outlet_id"] for row in plan.new})
    turned = len(plan.turned[True]) + len(plan.turned[False])
    after = {"planned": len(plan.new), "withdrawn": len(plan.withdrawn), "exemption_changed": turned}
    span = f"{min(weeks)}/{max(weeks)}" if len(weeks) > 1 else str(weeks[0])
    write_audit(by, "visits.plan_duties", "week", span, None, after)
    return len(plan.new) + len(plan.withdrawn) + turned


def log_visit(item: NewVisit, by: Actor) -> uuid.UUID:
    """Log one visit and return its id; sent twice it is logged once.

    Raises:
        Conflict: ``id_reused``.
        Refusal: whatever ``judging.Judge.judge`` refuses.
    """
    verdict = log_visits([item], by)[0]
    if verdict.refusal is not None:
        raise verdict.refusal
    return verdict.id


def log_visits(items: Sequence[NewVisit], by: Actor) -> list[Verdict]:
    """Log visits, in a number of statements that does not grow with them, and return a verdict for each in order.

    A manager logs the own visits. The system itself (``SYSTEM``) brings in history: each item then names its manager
    and when it was received.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``not_a_manager``.
    """
    manager_ids, refusals = _senders(items, by)
    hashes = {item.id: content_sha256(item.content()) for item in items}
    known = _known_requests(items)
    judge = Judge(items, manager_ids)
    judged: dict[uuid.UUID, Judged] = {}
    verdicts = []
    for item in items:
        refusal = refusals.get(item.id)
        earlier = known.get(item.id)
        if refusal is None and earlier is not None:
            if earlier == (KIND, hashes[item.id], by.user_id):
                verdicts.append(Verdict(item.id, "exists"))
                continue
            refusal = Conflict("id_reused", "这个提交编号已用于另一笔内容不同的操作，请刷新页面后重新填写")
        if refusal is None:
            try:
                received_at = item.received_at if by is SYSTEM and item.received_at else now()
                judged[item.id] = judge.judge(item, received_at)
            except Refusal as found:
                refusal = found
        if refusal is None:
            known[item.id] = (KIND, hashes[item.id], by.user_id)
        verdicts.append(Verdict(item.id, "created" if refusal is None else "refused", refusal))
    if judged:
        try:
            with db.session.connection().begin_nested():
                _claim(judged, hashes, by)
        except _Beaten:  # judge all again: the others' ids are known this time, and ours were let go
            return log_visits(items, by)
        _store(list(judged.values()), by)
    return verdicts


def _senders(items: Sequence[NewVisit], by: Actor) -> tuple[Mapping[uuid.UUID, int], Mapping[uuid.UUID, Refusal]]:
    if by is SYSTEM:
        return managers_of_items(items)
    require(by, Permission.VISIT_LOG)
    manager_id = own_manager(by).id
    return {item.id: manager_id for item in items}, {}


def _known_requests(items: Sequence[NewVisit]) -> dict[uuid.UUID, tuple[str, str, int | None]]:
    rows = db.session.execute(
        select(Request.id, Request.kind, Request.content_sha256, Request.user_id).where(
            Request.id.in_([item.id for item in items])
        )
    )
    return {row.id: (row.kind, row.content_sha256, row.user_id) for row in rows}


def _store(judged: Sequence[Judged], by: Actor) -> None:
    visits = [one.visit for one in judged]
    _insert(Visit, visits)
    _insert(FailedItem, [row for one in judged for row in one.failed])
    _insert(Need, [row for one in judged for row in one.needs])
    _plan_where_missing(judged, by)
    _join_visits_to_duties({row["week"] for row in visits}, None, [row["id"] for row in visits])
    write_audit_rows([_audit(row, by) for row in visits])


def _claim(ids: Collection[uuid.UUID], hashes: Mapping[uuid.UUID, str], by: Actor) -> None:
    """Remember the requests as done.

    Raises:
        _Beaten: another process remembered some of them between our look and now.
    """
    at = now()
    rows = [
        {
            "id": visit_id,
            "kind": KIND,
            "user_id": by.user_id,
            "content_sha256": hashes[visit_id],
            "result_id": str(visit_id),
            "at": at,
        }
        for visit_id in ids
    ]
    if insert_typed(db.session.connection(), _table(Request), rows, unless_there=True) < len(rows):
        raise _Beaten


def _audit(visit: Mapping[str, Any], by: Actor) -> dict[str, Any]:
    told = {"outlet_id": visit["outlet_id"], "manager_id": visit["manager_id"], "visited_on": str(visit["visited_on"])}
    return audit_row(
        by, "visits.log_visit", "visit", visit["id"], None, told | {"score": visit["score"], "flags": visit["flags"]}
    )


def _plan_where_missing(judged: Sequence[Judged], by: Actor) -> None:
    """Plan the duties that visits came before: a Monday visit before the clock, an outlet opened today."""
    by_week: dict[IsoWeek, set[int]] = defaultdict(set)
    for one in judged:
        by_week[one.week].add(one.visit["outlet_id"])
    planned = set(
        db.session.execute(
            select(Duty.week, Duty.outlet_id).where(
                Duty.week.in_([str(week) for week in by_week]),
                Duty.outlet_id.in_({outlet_id for ids in by_week.values() for outlet_id in ids}),
            )
        ).all()
    )
    for week, outlet_ids in by_week.items():
        unplanned = {outlet_id for outlet_id in outlet_ids if (str(week), outlet_id) not in planned}
        if unplanned:
            plan_weeks([week], by, unplanned)


def _join_visits_to_duties(
    weeks: Collection[str], outlet_ids: Collection[int] | None, visit_ids: Collection[uuid.UUID] | None = None
) -> None:
    """Let visits serve the duties of their week: at their outlet, and at the postal stations it hosts."""
    statement = (
        select(Duty.id, Visit.id)
        .join(Outlet, Outlet.id == Duty.outlet_id)
        .join(Visit, (Visit.week == Duty.week) & Visit.outlet_id.in_([Outlet.id, Outlet.hosted_by_id]))
        .where(Duty.week.in_(weeks))
    )
    if outlet_ids is not None:
        statement = statement.where(Duty.outlet_id.in_(outlet_ids))
    if visit_ids is not None:
        statement = statement.where(Visit.id.in_(visit_ids))
    db.session.connection().execute(_into(DutyVisit).from_select(["duty_id", "visit_id"], statement))


def _insert(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert plain rows, past the unit of work: a year of visits is brought in by this."""
    insert_typed(db.session.connection(), _table(model), rows)


def _into(model: type[Model]) -> Any:
    """Return an insert that leaves rows alone which another process inserted meanwhile."""
    into = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return into(_table(model)).on_conflict_do_nothing()


def _table(model: type[Model]) -> Table:
    assert isinstance(model.__table__, Table)
    return model.__table__


def strike_visit(visit_id: uuid.UUID, reason: str, by: Actor) -> None:
    """Strike a visit: it stays in the log and no longer serves its duty. Said twice with one reason it is one.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``visit_missing``.
        Invalid: ``reason_missing``, ``text_too_long``.
        Conflict: ``visit_already_struck``.
    """
    visit = visit_for(by, visit_id, Permission.VISIT_STRIKE)
    words = _needed_words(reason, LONGEST_STRIKE_REASON, "reason")
    if visit.struck_at is not None:
        if (visit.struck_reason, visit.struck_by_id) == (words, by.user_id):
            return
        raise Conflict("visit_already_struck", "这次走访已被判为无效")
    visit.struck_at, visit.struck_reason, visit.struck_by_id = now(), words, by.user_id
    write_audit(by, "visits.strike_visit", "visit", visit.id, {"struck": False}, {"struck": True, "reason": words})
    db.session.flush()


def close_need(need_id: int, note: str, by: Actor) -> None:
    """Close a villager's need with how it ended. Said twice with one note it is one.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``need_missing``.
        Invalid: ``reason_missing``, ``text_too_long``.
        Conflict: ``need_already_closed``.
    """
    need = need_for(by, need_id, Permission.NEED_CLOSE)
    words = _needed_words(note, LONGEST_WORDS, "note")
    if need.closed_at is not None:
        if need.closed_note == words:
            return
        raise Conflict("need_already_closed", "这条需求已经办结")
    need.closed_at, need.closed_note = now(), words
    write_audit(by, "visits.close_need", "need", need.id, {"closed": False}, {"closed": True, "note": words})
    db.session.flush()


def _needed_words(text: str, longest: int, field: str) -> str:
    words = text.strip()
    if not words:
        raise Invalid("words_missing", "请写明原因或结果", field=field)
    if len(words) > longest:
        raise Invalid("text_too_long", "最多 %(count)d 个字", field=field, count=longest)
    return words
