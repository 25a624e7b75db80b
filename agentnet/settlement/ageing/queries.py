"""Reading what the age of cash is worked out from: takings by day, remittance days, punctuality, suspensions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BindParameter, Table, bindparam, case, func, or_, select, union_all

from agentnet.core.clock import business_date, shanghai_instant, today
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.straight import Straight
from agentnet.ledger.queries import accounts, balances_of, transfers
from agentnet.ledger.rules import OUTLET
from agentnet.outlets.models import Outlet, OutletState
from agentnet.outlets.rules import OutletKind
from agentnet.settlement.ageing.models import CashAge, RemittanceDays, RemittanceSuspension
from agentnet.settlement.ageing.rules import (
    BUILT_IN,
    LOOKED_AHEAD,
    LOOKED_BACK,
    PUNCTUAL_DAYS,
    Age,
    Calendar,
    DaysRule,
    Due,
    Ending,
    age_of,
    due_cash,
    opportunities,
)
from agentnet.settlement.models import Remittance
from agentnet.settlement.rules import RemittanceState
from agentnet.workdays.queries import overrides_between
from agentnet.workdays.rules import DayKind, day_kind

ages = cast(Table, CashAge.__table__)
suspensions = cast(Table, RemittanceSuspension.__table__)
remittances = cast(Table, Remittance.__table__)
rules_table = cast(Table, RemittanceDays.__table__)

LOOKED_BACK_FIRST = (10, 60)
"""Days of takings looked at before all: most drawers are emptied within days."""

RETURNED = "REMITTANCE_RETURNED"
"""The kind of transfer that puts old cash back into the drawer: it is no taking of its day."""

_OUTLET_IDS: BindParameter[int] = bindparam("outlet_ids", expanding=True)


def _takings() -> Straight:
    """Return the statement of :func:`takings_of`: it is asked thrice for each deposit of long held cash."""
    wanted = (accounts.c.owner_kind == OUTLET, accounts.c.code == "CASH_HELD", accounts.c.owner_id.in_(_OUTLET_IDS))
    recent = transfers.c.business_on >= bindparam("since")
    # Told apart here and not in the condition: a planner that takes the index of what is reversed reads every row.
    undoes = transfers.c.reverses_id.is_not(None)
    new = case((or_(undoes, transfers.c.kind == RETURNED), 0), else_=transfers.c.amount_fen)
    came = (
        select(accounts.c.owner_id, transfers.c.business_on, new.label("fen"))
        .join(transfers, transfers.c.debit_account_id == accounts.c.id)
        .where(*wanted, recent)
    )
    undone = (
        select(accounts.c.owner_id, transfers.c.business_on, case((undoes, -transfers.c.amount_fen), else_=0))
        .join(transfers, transfers.c.credit_account_id == accounts.c.id)
        .where(*wanted, recent)
    )
    moved = union_all(came, undone).subquery()
    return Straight(
        select(moved.c.owner_id, moved.c.business_on, func.sum(moved.c.fen))
        .group_by(moved.c.owner_id, moved.c.business_on)
        .having(func.sum(moved.c.fen) != 0)
        .order_by(moved.c.owner_id, moved.c.business_on.desc())
    )


_TAKINGS = _takings()


def takings_of(outlet_ids: Sequence[int], since: date) -> dict[int, list[tuple[date, Fen]]]:
    """Return what came into each drawer since a day, by business day, newest first; what was undone is taken off.

    Cash a bank did not take is not new: it is as old as it was.
    """
    rows = _TAKINGS.rows(db.session.connection(), {"outlet_ids": list(outlet_ids), "since": since})
    found: dict[int, list[tuple[date, Fen]]] = {}
    for outlet_id, day, fen in rows:
        found.setdefault(outlet_id, []).append((day, int(fen)))
    return found


def _cash_of(outlet_ids: Sequence[int], day: date) -> dict[int, tuple[Fen, list[tuple[date, Fen]]]]:
    """Return what each outlet holds, and its takings as far back as that reaches; outlets without cash are left out.

    Whoever needs it to stay so holds the balances (``ledger.queries.balance_held``).
    """
    held = {id_: fen for id_, fen in balances_of(OUTLET, outlet_ids, "CASH_HELD").items() if fen > 0}
    found: dict[int, tuple[Fen, list[tuple[date, Fen]]]] = {}
    for days in (*LOOKED_BACK_FIRST, LOOKED_BACK):
        if not held:
            break
        takings = takings_of(list(held), day - timedelta(days=days))
        for id_, fen in list(held.items()):
            taken = takings.get(id_, [])
            if days == LOOKED_BACK or sum(amount for _day, amount in taken) >= fen:
                found[id_] = (held.pop(id_), taken)
    return found


def oldest_cash_day(outlet_id: int, held_fen: Fen) -> date | None:
    """Return the business day whose cash is the oldest the outlet still holds; None if it holds none."""
    if held_fen <= 0:
        return None
    cash = _cash_of([outlet_id], today()).get(outlet_id)
    due = due_cash(*cash, today()) if cash else None
    return due.oldest_on if due else today()


_AGE_KEPT = select(ages.c.due_fen, ages.c.oldest_on, ages.c.missed, ages.c.next_on, ages.c.suspends_on).where(
    ages.c.outlet_id == bindparam("outlet_id")
)


def age_kept(outlet_id: int) -> Any:
    """Return how an outlet's cash stands as it is kept; None for an outlet nobody has counted yet."""
    return db.session.connection().execute(_AGE_KEPT, {"outlet_id": outlet_id}).one_or_none()


_RULE = (
    rules_table.c.outlet_id,
    rules_table.c.kind,
    rules_table.c.starts_on,
    rules_table.c.rhythm,
    rules_table.c.weekdays,
    rules_table.c.suspend_after,
    rules_table.c.entered_at,
)
_OF_KINDS = select(*_RULE).where(rules_table.c.kind.is_not(None)).order_by(rules_table.c.id)
_OF_KINDS_AND_OUTLETS = Straight(
    select(*_RULE)
    .where(rules_table.c.kind.is_not(None) | rules_table.c.outlet_id.in_(_OUTLET_IDS))
    .order_by(rules_table.c.id)
)


def _as_rule(starts_on: date, rhythm: str, weekdays: str, suspend_after: int | None, entered_at: datetime) -> DaysRule:
    return DaysRule(starts_on, rhythm, weekdays, suspend_after, business_date(entered_at))


def calendars_of(outlets: Iterable[Any]) -> dict[int, Calendar]:
    """Return the remittance calendar of each outlet; ``outlets`` carry ``id`` and ``kind``."""
    kinds = {outlet.id: outlet.kind for outlet in outlets}
    own: dict[int, list[DaysRule]] = {}
    of_kind: dict[str, list[DaysRule]] = {}
    rows = _OF_KINDS_AND_OUTLETS.rows(db.session.connection(), {"outlet_ids": list(kinds)})
    for outlet_id, kind, *said in rows:
        if outlet_id is None:
            of_kind.setdefault(kind, []).append(_as_rule(*said))
        else:
            own.setdefault(outlet_id, []).append(_as_rule(*said))
    return {
        id_: Calendar(tuple(own.get(id_, ())), tuple(of_kind.get(kind, ())), BUILT_IN[kind])
        for id_, kind in kinds.items()
    }


def kind_calendars() -> dict[str, Calendar]:
    """Return the calendar of each kind of outlet, without anything of single outlets."""
    found: dict[str, list[DaysRule]] = {str(kind): [] for kind in OutletKind}
    for _outlet_id, kind, *said in db.session.connection().execute(_OF_KINDS):
        found[kind].append(_as_rule(*said))
    return {kind: Calendar((), tuple(rules), BUILT_IN[kind]) for kind, rules in found.items()}


def day_kinds(since: date, until: date) -> dict[date, DayKind]:
    """Return what each day from a day until a day (exclusive) is."""
    overrides = overrides_between(since, until)
    days = (since + timedelta(days=number) for number in range((until - since).days))
    return {day: day_kind(day, overrides) for day in days}


@dataclass(frozen=True, slots=True)
class Standing:
    """How an outlet's cash stands: what is due of earlier days, and its age."""

    due: Due | None
    age: Age


@dataclass(frozen=True, slots=True)
class Drawer:
    """An outlet's cash on a day, and all that its age is worked out from."""

    day: date
    held_fen: Fen
    takings: Sequence[tuple[date, Fen]]
    """What came in by business day, newest first, as far back as what is held reaches."""
    due: Due | None
    calendar: Calendar
    open_days: Sequence[date]
    """The days on which the outlet can remit, from its oldest cash on."""
    released_on: date | None

    def standing(self) -> Standing:
        """Return how the cash stands."""
        oldest_on = self.due.oldest_on if self.due else None
        return Standing(self.due, age_of(self.calendar, self.open_days, self.day, oldest_on, self.released_on))

    def without(self, banked_fen: Fen) -> Drawer:
        """Return the drawer once some of its cash is banked, the oldest first: what came in stays as it was."""
        left_fen = self.held_fen - banked_fen
        return replace(self, held_fen=left_fen, due=due_cash(left_fen, self.takings, self.day))


def drawers_of(outlets: Sequence[Any], day: date) -> dict[int, Drawer]:
    """Return the drawers of outlets on a day; ``outlets`` carry ``id`` and ``kind``."""
    ids = [outlet.id for outlet in outlets]
    cash = _cash_of(ids, day)
    due = {id_: due_cash(held_fen, takings, day) for id_, (held_fen, takings) in cash.items()}
    calendars, released = calendars_of(outlets), released_on(ids)
    since = min((one.oldest_on for one in due.values() if one), default=day)
    first, horizon = min(since, day) - timedelta(days=1), day + timedelta(days=LOOKED_AHEAD)
    kinds = day_kinds(first, horizon)
    # Most outlets follow their kind: the days are worked out once for all that share a calendar.
    open_days = {one: opportunities(one, kinds, first, horizon) for one in set(calendars.values())}
    return {
        id_: Drawer(day, *cash.get(id_, (0, [])), due.get(id_), of_outlet, open_days[of_outlet], released.get(id_))
        for id_, of_outlet in calendars.items()
    }


def standings_of(outlets: Sequence[Any], day: date) -> dict[int, Standing]:
    """Return how the cash of outlets stands on a day; ``outlets`` carry ``id`` and ``kind``."""
    return {id_: drawer.standing() for id_, drawer in drawers_of(outlets, day).items()}


_RELEASED = Straight(
    select(suspensions.c.outlet_id, func.max(suspensions.c.ended_on))
    .where(suspensions.c.outlet_id.in_(_OUTLET_IDS), suspensions.c.ending == Ending.BY_HAND)
    .group_by(suspensions.c.outlet_id)
)


def released_on(outlet_ids: Sequence[int]) -> dict[int, date]:
    """Return when each outlet's last suspension for overdue cash was ended by somebody's hand."""
    return dict(_RELEASED.rows(db.session.connection(), {"outlet_ids": list(outlet_ids)}))


_PUNCTUALITY = Straight(
    select(remittances.c.outlet_id, func.count(), func.sum(case((remittances.c.missed == 0, 1), else_=0)))
    .where(
        remittances.c.outlet_id.in_(_OUTLET_IDS),
        remittances.c.declared_at >= bindparam("since"),
        remittances.c.state != RemittanceState.REJECTED,
        remittances.c.missed.is_not(None),
    )
    .group_by(remittances.c.outlet_id)
)


def punctuality_of(outlet_ids: Sequence[int], day: date) -> dict[int, tuple[int, int]]:
    """Return by outlet how many deposits the last 90 days saw declared, and how many of them at the first opportunity.

    What was rejected was no deposit.
    """
    since = shanghai_instant(day - timedelta(days=PUNCTUAL_DAYS - 1))
    rows = _PUNCTUALITY.rows(db.session.connection(), {"outlet_ids": list(outlet_ids), "since": since})
    return {outlet_id: (int(declared), int(punctual or 0)) for outlet_id, declared, punctual in rows}


class OpenSuspension(NamedTuple):
    """A suspension for overdue cash that has not ended, and its outlet's last step."""

    id: UUID
    outlet_id: int
    state_id: int
    suspended_at: datetime
    last_id: int
    last_on: date


def _open() -> Straight:
    last = (
        select(OutletState.outlet_id, func.max(OutletState.id).label("last_id"))
        .where(OutletState.outlet_id.in_(_OUTLET_IDS))
        .group_by(OutletState.outlet_id)
        .subquery()
    )
    return Straight(
        select(
            suspensions.c.id,
            suspensions.c.outlet_id,
            suspensions.c.state_id,
            suspensions.c.suspended_at,
            last.c.last_id,
            OutletState.effective_on,
        )
        .join(last, last.c.outlet_id == suspensions.c.outlet_id)
        .join(OutletState, OutletState.id == last.c.last_id)
        .where(suspensions.c.outlet_id.in_(_OUTLET_IDS), suspensions.c.ended_on.is_(None))
        .order_by(suspensions.c.outlet_id)
    )


_OPEN = _open()


def open_suspensions(outlet_ids: Sequence[int]) -> list[OpenSuspension]:
    """Return the suspensions of outlets for overdue cash that have not ended, and each outlet's last step."""
    rows = _OPEN.rows(db.session.connection(), {"outlet_ids": list(outlet_ids)})
    return [OpenSuspension(*row) for row in rows]


def late_in_transit(outlet_ids: Sequence[int]) -> set[int]:
    """Return the outlets of which a late deposit waits for finance: it is not settled before that decides."""
    return set(
        db.session.connection().scalars(
            select(remittances.c.outlet_id).where(
                remittances.c.outlet_id.in_(outlet_ids),
                remittances.c.state == RemittanceState.DECLARED,
                remittances.c.missed > 0,
            )
        )
    )


class AgedOutlet(NamedTuple):
    """What counting an outlet's cash, and suspending it, must know of it."""

    id: int
    code: str
    kind: str
    state: str


_OUTLETS = Straight(select(Outlet.id, Outlet.code, Outlet.kind, Outlet.state).where(Outlet.id.in_(_OUTLET_IDS)))


def outlets_by_id(outlet_ids: Sequence[int]) -> dict[int, AgedOutlet]:
    """Return id, code, kind and state of outlets by id."""
    rows = _OUTLETS.rows(db.session.connection(), {"outlet_ids": list(outlet_ids)})
    return {row[0]: AgedOutlet(*row) for row in rows}
