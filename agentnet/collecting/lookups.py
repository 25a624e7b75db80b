"""What a posting must know, looked up for a whole batch in a few statements.

On PostgreSQL the households are locked first, so that of two counters the second sees what the first took and its
excess becomes an advance. The statements are built once: building them cost more than running them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, func, or_, select, true, update

from agentnet.collecting.models import AdvanceUse, Allocation, AllocationChange, Bill, Collection, Household, Void
from agentnet.collecting.rules import LOOK_ALIKE_WINDOW, BillDue, Terms, open_day
from agentnet.core.money import Fen
from agentnet.infra.actor import SYSTEM, Actor, Grant
from agentnet.infra.idempotency import Request
from agentnet.infra.straight import Straight
from agentnet.ledger.models import BusinessDay
from agentnet.outlets.limit_rules import Figures, in_force
from agentnet.outlets.models import Agreement, Outlet, OutletTender, Tender
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.queries.limits import limit_columns, with_limits
from agentnet.users.permissions import Permission

allocations = cast(Table, Allocation.__table__)
bills = cast(Table, Bill.__table__)
collections = cast(Table, Collection.__table__)
households = cast(Table, Household.__table__)
voids = cast(Table, Void.__table__)
uses = cast(Table, AdvanceUse.__table__)
changes = cast(Table, AllocationChange.__table__)
requests = cast(Table, Request.__table__)
days = cast(Table, BusinessDay.__table__)

HOUSEHOLDS_AT_ONCE = 4_000
"""In one statement: a server takes some 65,000 parameters."""

HELD_TO = ("ceiling_fen", "single_limit_fen", "daily_limit_fen", "large_amount_fen")
"""The figures a collection is held to, as ``Figures`` has them first."""


@dataclass(frozen=True, slots=True)
class Known:
    """A request that took effect before."""

    kind: str
    content_sha256: str
    result_id: str


class Recent(NamedTuple):
    """A collection that stands, for the look-alike question."""

    household_id: int
    outlet_id: int
    amount_fen: Fen
    collected_at: datetime


def _paid(column: ColumnElement[Any], *among: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return what collections that were not voided paid of a bill, those among them if that is said."""
    voided = select(voids.c.id).where(voids.c.collection_id == allocations.c.collection_id).exists()
    paid = select(func.sum(column)).where(allocations.c.bill_id == bills.c.id, ~voided, *among)
    return func.coalesce(paid.correlate(bills).scalar_subquery(), 0)


def _used(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what advances paid of a bill."""
    used = select(func.sum(column)).where(uses.c.bill_id == bills.c.id)
    return func.coalesce(used.correlate(bills).scalar_subquery(), 0)


def _corrected(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what corrections paid of a bill; below zero is what they took back."""
    corrected = select(func.sum(column)).where(changes.c.bill_id == bills.c.id)
    return func.coalesce(corrected.correlate(bills).scalar_subquery(), 0)


def _settled(name: str) -> ColumnElement[Any]:
    """Return what was paid of a bill's principal or late charge, in whatever way."""
    return _paid(allocations.c[name]) + _used(uses.c[name]) + _corrected(changes.c[name])


def _whole(*among: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return what was paid of a bill in whatever way, by those among the collections if that is said."""
    return (
        _paid(allocations.c.principal_fen + allocations.c.late_charge_fen, *among)
        + _used(uses.c.principal_fen + uses.c.late_charge_fen)
        + _corrected(changes.c.principal_fen + changes.c.late_charge_fen)
    )


def still_due() -> Select[*tuple[Any, ...]]:
    """Return the select of unpaid bills: id, household, month, outstanding principal and late charge."""
    # The filter needs three look-ups a bill; the six of the columns are made for unpaid bills only.
    return select(
        bills.c.id,
        bills.c.household_id,
        bills.c.bill_month,
        (bills.c.principal_fen - _settled("principal_fen")).label("principal"),
        (bills.c.late_charge_fen - _settled("late_charge_fen")).label("late"),
    ).where(bills.c.paid_off_on.is_(None), bills.c.principal_fen + bills.c.late_charge_fen > _whole())


def pay_off(connection: Connection, household_ids: Sequence[int], today: date) -> None:
    """Note which bills of households are paid in full by what no void can take back: by days the night has sorted.

    The households must be held, so that no correction takes from a bill meanwhile.
    """
    for start in range(0, len(household_ids), HOUSEHOLDS_AT_ONCE):
        piece = list(household_ids[start : start + HOUSEHOLDS_AT_ONCE])
        _PAY_OFF.execute(connection, {"today": today, "household_ids": piece})


def may_be_owed_again(connection: Connection, bill_ids: Iterable[int]) -> None:
    """Let counters look at bills again from which something was taken back; their households must be held."""
    _OWED_AGAIN.execute(connection, {"bill_ids": sorted(set(bill_ids))})


_FINAL = (
    select(days.c.outlet_id)
    .join(
        collections, (days.c.outlet_id == collections.c.outlet_id) & (days.c.business_on == collections.c.business_on)
    )
    .where(collections.c.id == allocations.c.collection_id, days.c.allocated_at.is_not(None))
    .exists()
)
"""Whether a payment can be voided no more. Its date would not do: a void that began before midnight may still wait."""
_PAY_OFF = Straight(
    update(bills)
    .where(
        bills.c.household_id.in_(bindparam("household_ids", expanding=True)),
        bills.c.paid_off_on.is_(None),
        bills.c.principal_fen + bills.c.late_charge_fen <= _whole(_FINAL),
    )
    .values(paid_off_on=bindparam("today", type_=bills.c.paid_off_on.type))
)
_OWED_AGAIN = Straight(
    update(bills).where(bills.c.id.in_(bindparam("bill_ids", expanding=True))).values(paid_off_on=None)
)


_HOUSEHOLDS = Straight(
    select(households.c.id, households.c.household_no)
    .where(households.c.household_no.in_(bindparam("numbers", expanding=True)))
    .order_by(households.c.id)
    .with_for_update(key_share=True)
)
_DUE = Straight(still_due().where(bills.c.household_id.in_(bindparam("household_ids", expanding=True))))
_KNOWN = Straight(
    select(requests.c.id, requests.c.kind, requests.c.content_sha256, requests.c.result_id).where(
        requests.c.id.in_(bindparam("ids", expanding=True))
    )
)
_RECENT = Straight(
    select(collections.c.household_id, collections.c.outlet_id, collections.c.amount_fen, collections.c.collected_at)
    .outerjoin(voids, voids.c.collection_id == collections.c.id)
    .where(
        collections.c.household_id.in_(bindparam("household_ids", expanding=True)),
        collections.c.collected_at.between(bindparam("first_at"), bindparam("last_at")),
        voids.c.id.is_(None),
    )
)


@lru_cache(maxsize=512)
def _terms_statement(grants: tuple[Grant, ...], everywhere: bool) -> Straight:
    person = Actor(user_id=None, name="", grants=grants)
    territory = true() if everywhere else visible_outlets(person, Permission.COLLECTION_RECORD)
    day: ColumnElement[date] = bindparam("day", type_=days.c.business_on.type)
    agreed = and_(
        Agreement.outlet_id == Outlet.id,
        Agreement.starts_on <= day,
        or_(Agreement.ends_on.is_(None), Agreement.ends_on > day),
    )
    statement = (
        select(
            Outlet.id,
            Outlet.code,
            Outlet.state,
            Outlet.org_unit_id,
            Outlet.setting,
            Agreement.holding_mode,
            Agreement.ceiling_fen,
            Agreement.single_limit_fen,
            or_(
                BusinessDay.closed_at.is_not(None),
                BusinessDay.remitted_at.is_not(None),
                BusinessDay.allocated_at.is_not(None),
            ).label("locked"),
            Tender.code.label("tender"),
            Tender.needs_reference,
            Agreement.own_qr_allowed,
            *limit_columns(HELD_TO),
        )
        .outerjoin(Agreement, agreed)
        .outerjoin(BusinessDay, and_(BusinessDay.outlet_id == Outlet.id, BusinessDay.business_on == day))
        .outerjoin(OutletTender, OutletTender.outlet_id == Outlet.id)
        .outerjoin(Tender, and_(Tender.code == OutletTender.tender, Tender.enabled))
        .where(Outlet.code.in_(bindparam("codes", expanding=True)), territory)
        .order_by(Outlet.id, Agreement.starts_on)
    )
    return Straight(with_limits(statement, day))


def terms_of(connection: Connection, codes: Iterable[str], by: Actor, day: date) -> dict[str, Terms]:
    """Return the terms of those outlets, by code, at which the actor may record; the system may at all.

    ``day`` is today. An outlet that has closed it takes money for the next day, by the agreement of today.
    """
    statement = _terms_statement(by.grants, by == SYSTEM)
    last: dict[str, tuple[Any, ...]] = {}
    tenders: dict[str, dict[str, bool]] = {}
    for row in statement.rows(connection, {"codes": sorted(set(codes)), "day": day}):
        code, tender, needs_reference = row[1], row[9], row[10]
        last[code] = row
        accepted = tenders.setdefault(code, {})
        if tender is not None:
            accepted[tender] = needs_reference
    return {code: _terms(row, tenders[code], day) for code, row in last.items()}


def _terms(row: Sequence[Any], tenders: Mapping[str, bool], day: date) -> Terms:
    """Return the terms in an outlet's last row: of its agreements in force, the one that began last."""
    (id_, code, state, org_unit_id, setting, mode, ceiling, limit, locked, _tender, _needs, own_qr, *said) = row
    holds = in_force(Figures(ceiling or 0, limit or 0), Figures(*said[:4]), Figures(*said[4:]))
    return Terms(
        id_,
        code,
        state,
        org_unit_id,
        setting,
        mode,
        holds.ceiling_fen or 0,
        holds.single_limit_fen or 0,
        open_day(day, bool(locked)),
        tenders=tenders,
        daily_limit_fen=holds.daily_limit_fen,
        large_amount_fen=holds.large_amount_fen,
        own_qr_allowed=bool(own_qr),
    )


def households_locked(connection: Connection, numbers: Iterable[str]) -> dict[str, int]:
    """Return household ids by number, each locked until the transaction ends."""
    rows = _HOUSEHOLDS.rows(connection, {"numbers": sorted(set(numbers))})
    return {number: id_ for id_, number in rows}


def bills_due(connection: Connection, household_ids: Iterable[int]) -> dict[int, list[BillDue]]:
    """Return the unpaid bills of households, oldest first; a household without any is left out."""
    due: dict[int, list[BillDue]] = {}
    for id_, household_id, month, principal, late_charge in _DUE.rows(
        connection, {"household_ids": sorted(set(household_ids))}
    ):
        due.setdefault(household_id, []).append(BillDue(id_, month, int(principal), int(late_charge)))
    for unpaid in due.values():
        unpaid.sort(key=lambda bill: (bill.bill_month, bill.bill_id))
    return due


def known_requests(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Return the requests among these ids that took effect before."""
    return {
        id_: Known(kind, content_sha256, result_id)
        for id_, kind, content_sha256, result_id in _KNOWN.rows(connection, {"ids": list(ids)})
    }


def recent_collections(
    connection: Connection, household_ids: Iterable[int], instants: Iterable[datetime]
) -> list[Recent]:
    """Return standing collections of the households within the look-alike window of any of the instants."""
    times = sorted(instants)
    window = {"first_at": times[0] - LOOK_ALIKE_WINDOW, "last_at": times[-1] + LOOK_ALIKE_WINDOW}
    rows = _RECENT.rows(connection, {"household_ids": sorted(set(household_ids)), **window})
    return [Recent(*row) for row in rows]
