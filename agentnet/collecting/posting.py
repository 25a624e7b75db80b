"""Recording collections.

``record_collections`` is the only posting path; a form is a batch of one. It looks up what the whole batch needs,
judges each item by the rules, lets the database decide who still fits under the ceiling, and inserts. A business
refusal is a verdict, never an exception.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from agentnet.collecting.day_room import give_back, take_days
from agentnet.collecting.lookups import (
    Known,
    Recent,
    allocations,
    bills_due,
    collections,
    households_locked,
    known_requests,
    recent_collections,
    requests,
    terms_of,
)
from agentnet.collecting.rows import (
    KIND,
    Judged,
    Numbered,
    allocation_rows,
    collection_row,
    recorded_audit_row,
    request_row,
)
from agentnet.collecting.rules import (
    HELD_TENDERS,
    PREPAID,
    BillDue,
    NewCollection,
    Terms,
    after_paying,
    allocate,
    due_total,
    is_look_alike,
    look_alike,
    receipt_number,
    require_item,
    require_same_due,
    require_terms,
)
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Conflict, Invalid, Missing, Refusal
from agentnet.core.ids import content_sha256
from agentnet.core.money import Fen
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.inserting import insert_typed
from agentnet.ledger.actions import post_fitting
from agentnet.ledger.queries import hold_open
from agentnet.ledger.rules import OUTLET, AccountKey, NewTransfer, OutOfLimits
from agentnet.users.permissions import Permission, require

log = logging.getLogger("agentnet")

Status = Literal["created", "exists", "refused", "conflict"]


class Verdict(NamedTuple):
    """What became of an item: ``created`` now or ``exists`` from before (with its receipt number), else why not."""

    id: UUID
    status: Status
    receipt_no: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything looked up for a batch; bills and recent collections move on as items are judged."""

    terms: Mapping[str, Terms]
    households: Mapping[str, int]
    known: Mapping[UUID, Known]
    due: dict[int, list[BillDue]]
    recent: dict[tuple[int, int, Fen], list[datetime]] = field(default_factory=dict)

    def remember(self, recent: Recent) -> None:
        key = (recent.household_id, recent.outlet_id, recent.amount_fen)
        self.recent.setdefault(key, []).append(recent.collected_at)


def record_collections(items: Sequence[NewCollection], by: Actor) -> list[Verdict]:
    """Record a batch of collections and return a verdict for each, in their order.

    The same id twice in a batch is recorded once. An unexpected database error lets the items be tried one by one.

    Raises:
        Forbidden: ``not_permitted`` if the actor may collect nowhere.
    """
    if by != SYSTEM:
        require(by, Permission.COLLECTION_RECORD)
    once = list({item.id: item for item in reversed(items)}.values())[::-1]
    if len(once) == 1:
        try:
            verdicts = _record(once, by)
        except Conflict as refusal:
            if refusal.code != "day_locked":
                raise
            # Nothing was written yet, and the form may be sent again: the collection then belongs to the next day.
            verdicts = [_refused(once[0], refusal)]
    elif once:
        try:
            with db.session.connection().begin_nested():
                verdicts = _record(once, by)
        except (DBAPIError, Refusal):
            log.exception("a batch of %d collections is retried one by one", len(once))
            verdicts = [_record_alone(item, by) for item in once]
    else:
        return []
    if len(once) == len(items):
        return verdicts
    first = {item.id: verdict for item, verdict in zip(once, verdicts, strict=True)}
    return _with_repeats(items, once, first)


def _with_repeats(
    items: Sequence[NewCollection], once: Sequence[NewCollection], verdicts: Mapping[UUID, Verdict]
) -> list[Verdict]:
    """Return a verdict for each item, where an id may come again in the same batch."""
    content = {item.id: content_sha256(item.content()) for item in once}
    seen: set[UUID] = set()
    answers = []
    for item in items:
        verdict = verdicts[item.id]
        if item.id in seen and verdict.receipt_no is not None:
            verdict = _as_before(item, Known(KIND, content[item.id], verdict.receipt_no))
        seen.add(item.id)
        answers.append(verdict)
    return answers


def _record_alone(item: NewCollection, by: Actor) -> Verdict:
    try:
        with db.session.connection().begin_nested():
            return _record([item], by)[0]
    except Refusal as refusal:
        return _refused(item, refusal)
    except DBAPIError:
        log.exception("collection %s could not be recorded", item.id)
        return _refused(item, Invalid("not_recorded", "系统没能记下这一笔，请稍后再试"))


def _refused(item: NewCollection, refusal: Refusal) -> Verdict:
    return Verdict(item.id, "conflict" if isinstance(refusal, Conflict) else "refused", refusal=refusal)


def _as_before(item: NewCollection, known: Known) -> Verdict:
    if known.kind == KIND and known.content_sha256 == content_sha256(item.content()):
        return Verdict(item.id, "exists", known.result_id)
    reused = Conflict("id_reused", "这个提交编号已用于另一笔内容不同的操作，请刷新页面后重新填写")
    return Verdict(item.id, "conflict", refusal=reused)


def _record(items: Sequence[NewCollection], by: Actor) -> list[Verdict]:
    """Record items with different ids; what is refused leaves nothing behind."""
    connection = db.session.connection()
    at = now()
    facts = _look_up(connection, items, by, today())
    closed = _closed_months(connection, {terms.business_on for terms in facts.terms.values()})
    verdicts: dict[UUID, Verdict] = {}
    judged: list[Judged] = []
    for item in items:
        try:
            known = _known(item, facts)
            if known is not None:
                verdicts[item.id] = known
                continue
            month = Month.of(facts.terms[item.outlet_code].business_on)
            if month in closed:
                raise closed[month]
            judged.append(_judge(item, facts, at))
        except Refusal as refusal:
            verdicts[item.id] = _refused(item, refusal)
    days = take_days(connection, judged)
    recorded, no_room = _post(connection, days.fitting)
    give_back(connection, [one for one, _ in no_room])
    refused = [*days.refused, *no_room]
    if refused:
        recorded = _allocated_anew(connection, recorded)
    verdicts.update({one.item.id: _refused(one.item, refusal) for one, refusal in refused})
    verdicts.update(_insert(connection, recorded, days.first_serials, by, at))
    return [verdicts[item.id] for item in items]


def _closed_months(connection: Connection, days: Iterable[date]) -> dict[Month, Refusal]:
    """Return why each month of these days takes no more facts; the others are held open until the end."""
    closed: dict[Month, Refusal] = {}
    for month in sorted({Month.of(day) for day in days}):
        try:
            hold_open(connection, month)
        except Refusal as refusal:
            closed[month] = refusal
    return closed


def _look_up(connection: Connection, items: Sequence[NewCollection], by: Actor, day: date) -> _Facts:
    terms = terms_of(connection, (item.outlet_code for item in items), by, day)
    households = households_locked(connection, (item.household_no for item in items))
    known = known_requests(connection, [item.id for item in items])
    facts = _Facts(terms, households, known, bills_due(connection, households.values()))
    for recent in recent_collections(connection, households.values(), (item.collected_at for item in items)):
        facts.remember(recent)
    return facts


def _known(item: NewCollection, facts: _Facts) -> Verdict | None:
    if item.outlet_code not in facts.terms:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    known = facts.known.get(item.id)
    return None if known is None else _as_before(item, known)


def _judge(item: NewCollection, facts: _Facts, at: datetime) -> Judged:
    """Return the item ready to post, and let the facts move on as if it were posted.

    Raises:
        Refusal: whatever rule the item breaks.
    """
    terms = facts.terms[item.outlet_code]
    require_terms(terms)
    household_id = facts.households.get(item.household_no)
    if household_id is None:
        raise Missing("household_missing", "没有这个户号，请对照电费单重新输入", field="household_no")
    require_item(item, terms, at)
    bills = facts.due.get(household_id, [])
    require_same_due(due_total(bills), item.due_seen_fen)
    recent = facts.recent.get((household_id, terms.outlet_id, item.amount_fen), ())
    if not item.lookalike_confirmed and any(is_look_alike(item.collected_at, other) for other in recent):
        raise look_alike()
    parts = allocate(item.amount_fen, bills)
    facts.due[household_id] = after_paying(bills, parts)
    facts.remember(Recent(household_id, terms.outlet_id, item.amount_fen, item.collected_at))
    transfer = NewTransfer(
        id=item.id,
        kind="COLLECTION",
        debit=_debit(item.tender, terms),
        credit=AccountKey(OUTLET, terms.outlet_id, "RECEIVED"),
        amount_fen=item.amount_fen,
        business_on=terms.business_on,
        subject_kind="COLLECTION",
        subject_id=str(item.id),
    )
    return Judged(item, terms, household_id, content_sha256(item.content()), transfer, parts)


def _debit(tender: str, terms: Terms) -> AccountKey:
    """Return the account the tender debits; where the outlet prepaid, what the keeper takes is the agent's own."""
    if tender not in HELD_TENDERS:
        return AccountKey(OUTLET, terms.outlet_id, "NONCASH_CLEARING", tender)
    return AccountKey(OUTLET, terms.outlet_id, "FLOAT" if terms.holding_mode == PREPAID else "CASH_HELD")


def _post(connection: Connection, judged: Sequence[Judged]) -> tuple[list[Judged], list[tuple[Judged, Refusal]]]:
    """Post the transfers; return what was recorded and what the guarded accounts had no room for."""
    ceilings = {one.transfer.debit: one.terms.ceiling_fen for one in judged if one.transfer.debit.code == "CASH_HELD"}
    too_much = post_fitting(connection, [one.transfer for one in judged], ceilings)
    if not too_much:
        return list(judged), []
    refused = [(one, _no_room(too_much[one.item.id])) for one in judged if one.item.id in too_much]
    return [one for one in judged if one.item.id not in too_much], refused


def _no_room(refusal: OutOfLimits) -> Refusal:
    if refusal.key.code == "FLOAT":
        return Invalid("float_empty", "网点预存款余额不足，请先充值再收费")
    return refusal


def _allocated_anew(connection: Connection, recorded: Sequence[Judged]) -> list[Judged]:
    """Return the items with their parts worked out again, since some item before them left its bills unpaid."""
    due = bills_due(connection, {one.household_id for one in recorded})
    anew = []
    for one in recorded:
        bills = due.get(one.household_id, [])
        anew.append(one._replace(parts=allocate(one.item.amount_fen, bills)))
        due[one.household_id] = after_paying(bills, anew[-1].parts)
    return anew


audit_lines = cast(Table, AuditLine.__table__)


def _insert(
    connection: Connection, recorded: Sequence[Judged], first_serials: Mapping[int, int], by: Actor, at: datetime
) -> dict[UUID, Verdict]:
    """Insert what was posted, numbered in its order."""
    if not recorded:
        return {}
    serials = dict(first_serials)
    numbered = []
    for one in recorded:
        outlet_id = one.terms.outlet_id
        receipt_no = receipt_number(one.terms.code, one.terms.business_on, serials[outlet_id])
        numbered.append(Numbered(one, receipt_no))
        serials[outlet_id] += 1
    insert_typed(connection, collections, [collection_row(each, by, at) for each in numbered])
    insert_typed(connection, allocations, [row for each in numbered for row in allocation_rows(each)])
    insert_typed(connection, requests, [request_row(each, by, at) for each in numbered])
    insert_typed(connection, audit_lines, [recorded_audit_row(each, by) for each in numbered])
    return {each.item.id: Verdict(each.item.id, "created", each.receipt_no) for each in numbered}
