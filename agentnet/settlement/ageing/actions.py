"""Keeping the age of cash, and suspending outlets whose cash is overdue; all without asking anybody.

Whoever counts an outlet's cash holds its balance first and its row of ages after, as a deposit does; the register is
touched last, as a collection does. So no two can wait for each other.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.core.clock import now, today
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.straight import Straight
from agentnet.ledger.queries import accounts, balance, balance_held, balances
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.outlets.actions import advance_outlet
from agentnet.outlets.models import Outlet, OutletState
from agentnet.outlets.rules import State
from agentnet.settlement.ageing.queries import (
    AgedOutlet,
    OpenSuspension,
    Standing,
    ages,
    late_in_transit,
    open_suspensions,
    outlets_by_id,
    punctuality_of,
    standings_of,
    suspensions,
)
from agentnet.settlement.ageing.rules import Ending
from agentnet.settlement.models import DayClose

OVERDUE: Final = "REMITTANCE_OVERDUE"
ARRIVED: Final = "REMITTANCE_ARRIVED"
"""The reasons that stand with the outlet's steps (``outlets.words.REASONS``)."""

NEVER: Final = date(1970, 1, 1)

log = logging.getLogger("agentnet.ageing")


def _keeping(dialect_insert: Any) -> Straight:
    statement = dialect_insert(ages)
    renewed = {column.name: column for column in statement.excluded if column.name != "outlet_id"}
    return Straight(statement.on_conflict_do_update(index_elements=[ages.c.outlet_id], set_=renewed))


_KEEP = {"sqlite": _keeping(sqlite.insert), "postgresql": _keeping(postgresql.insert)}


def count_cash(outlet_ids: Sequence[int]) -> dict[int, Standing]:
    """Work out anew how the cash of outlets stands, and keep it. The caller holds the outlets' balances."""
    return _count(outlets_by_id(outlet_ids))


def _count(outlets: Mapping[int, AgedOutlet]) -> dict[int, Standing]:
    day = today()
    standings = standings_of(list(outlets.values()), day)
    keep_standings(standings, day)
    return standings


def keep_standings(standings: Mapping[int, Standing], day: date) -> None:
    """Keep how the cash of outlets stands today. The caller holds the outlets' balances."""
    at = now()
    punctual = punctuality_of(list(standings), day)
    rows = [_row(id_, standing, punctual.get(id_, (0, 0)), day, at) for id_, standing in sorted(standings.items())]
    connection = db.session.connection()
    _KEEP[connection.dialect.name].execute_many(connection, rows)


def _row(outlet_id: int, standing: Standing, punctual: tuple[int, int], day: date, at: object) -> dict[str, object]:
    due = standing.due
    return {
        "outlet_id": outlet_id,
        "counted_on": day,
        "counted_at": at,
        "oldest_on": due.oldest_on if due else None,
        "due_fen": due.amount_fen if due else 0,
        "missed": standing.age.missed,
        "next_on": standing.age.next_on,
        "suspends_on": standing.age.suspends_on,
        "declared_count": punctual[0],
        "punctual_count": punctual[1],
    }


def count_new_outlets() -> int:
    """Give every outlet that has none yet a row to be counted; return how many."""
    nothing = [literal(0)] * 4
    missing = select(Outlet.id, literal(NEVER), literal(now(), UtcDateTime()), *nothing).where(
        Outlet.id.not_in(select(ages.c.outlet_id))
    )
    columns = ["outlet_id", "counted_on", "counted_at", "due_fen", "missed", "declared_count", "punctual_count"]
    connection = db.session.connection()
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # SQLite reads "ON CONFLICT" after a select without WHERE as a join; this one has its WHERE.
    return connection.execute(make(ages).from_select(columns, missing).on_conflict_do_nothing()).rowcount


def age_some(by: Actor, most: int) -> int:
    """Count the cash of outlets not counted today; suspend what is overdue, lift what no longer is; return how many.

    Two clocks do it once: the second waits for the balances and finds the outlets counted.
    """
    day = today()
    connection = db.session.connection()
    waiting = select(ages.c.outlet_id).where(ages.c.counted_on < day).order_by(ages.c.counted_on, ages.c.outlet_id)
    ids = connection.scalars(waiting.limit(most)).all()
    if not ids:
        return 0
    hold_cash(ids)
    still = connection.scalars(
        select(ages.c.outlet_id)
        .where(ages.c.outlet_id.in_(ids), ages.c.counted_on < day)
        .order_by(ages.c.outlet_id)
        .with_for_update()
    ).all()
    if still:
        settle(still, by)
    return len(ids)


def hold_cash(outlet_ids: Sequence[int]) -> None:
    """Let nobody move the cash of these outlets until the transaction ends."""
    held = (
        select(balances.c.account_id)
        .join(accounts, accounts.c.id == balances.c.account_id)
        .where(accounts.c.owner_kind == OUTLET, accounts.c.code == "CASH_HELD", accounts.c.owner_id.in_(outlet_ids))
        .order_by(balances.c.account_id)
    )
    db.session.connection().execute(held.with_for_update(of=balances)).all()


def settle(outlet_ids: Sequence[int], by: Actor, *, suspending: bool = True) -> None:
    """Count the cash of outlets, suspend those that are overdue and lift what is not overdue any more.

    The caller holds their balances.
    """
    open_now = _see_what_people_did(outlet_ids)
    outlets = outlets_by_id(outlet_ids)
    standings = _count(outlets)
    late = late_in_transit(outlet_ids) if open_now else set()
    for outlet_id, standing in sorted(standings.items()):
        outlet, age = outlets[outlet_id], standing.age
        if outlet_id in open_now:
            if age.missed == 0 and outlet_id not in late and not _lost_since(open_now[outlet_id]):
                _lift(open_now[outlet_id], outlet, None, by)
        elif suspending and outlet.state == State.ACTIVE and age.suspends_on and age.suspends_on <= today():
            _suspend(outlet, standing, by)


def lift_if_settled(outlet_id: int, remittance_id: UUID) -> bool:
    """Lift an outlet's suspension for overdue cash if the remittance that arrived left nothing overdue.

    Only a suspension by this rule, and only if it still stands: what somebody did to the outlet since is theirs. The
    caller has decided the remittance in this transaction.
    """
    if not open_suspensions([outlet_id]):
        return False
    balance_held(AccountKey(OUTLET, outlet_id, "CASH_HELD"))
    open_now = _see_what_people_did([outlet_id])
    standing = count_cash([outlet_id])[outlet_id]
    if outlet_id not in open_now or standing.age.missed or late_in_transit([outlet_id]):
        return False
    if _lost_since(open_now[outlet_id]):
        return False
    return _lift(open_now[outlet_id], outlets_by_id([outlet_id])[outlet_id], remittance_id, SYSTEM)


def _lost_since(suspension: OpenSuspension) -> bool:
    """Return whether a suspended keeper counted cash as missing that nobody has put right: no remittance."""
    short = select(DayClose.id).where(
        DayClose.outlet_id == suspension.outlet_id,
        DayClose.closed_at >= suspension.suspended_at,
        DayClose.cash_difference_fen < 0,
    )
    return (
        db.session.scalar(short.limit(1)) is not None
        and balance(AccountKey(OUTLET, suspension.outlet_id, "OVER_SHORT")) > 0
    )


def _see_what_people_did(outlet_ids: Sequence[int]) -> dict[int, OpenSuspension]:
    """End the suspensions somebody has ended by hand; return those that still stand, by outlet."""
    standing = {}
    for row in open_suspensions(outlet_ids):
        if row.last_id == row.state_id:
            standing[row.outlet_id] = row
        else:
            _end(row.id, Ending.BY_HAND, row.last_on, None)
    return standing


def _end(suspension_id: UUID, ending: Ending, on: date, remittance_id: UUID | None) -> None:
    db.session.connection().execute(
        update(suspensions)
        .where(suspensions.c.id == suspension_id)
        .values(ending=ending, ended_on=on, ended_at=now(), remittance_id=remittance_id)
    )


def _suspend(outlet: AgedOutlet, standing: Standing, by: Actor) -> None:
    assert standing.due is not None  # nothing due, nothing overdue
    try:
        advance_outlet(outlet.code, State.SUSPENDED, today(), by, OVERDUE)
    except Refusal as refusal:  # somebody took another step meanwhile; the next night judges anew
        log.warning("%s is overdue and was not suspended: %s", outlet.code, refusal.code)
        return
    age = standing.age
    state_id = db.session.scalar(select(func.max(OutletState.id)).where(OutletState.outlet_id == outlet.id))
    db.session.connection().execute(
        insert(suspensions).values(
            id=new_id(),
            outlet_id=outlet.id,
            state_id=state_id,
            kind=outlet.kind,
            suspended_on=today(),
            suspended_at=now(),
            oldest_on=standing.due.oldest_on,
            due_fen=standing.due.amount_fen,
            missed=age.counted,
            suspend_after=age.suspend_after,
        )
    )
    after = {
        "oldest_on": standing.due.oldest_on.isoformat(),
        "due_fen": standing.due.amount_fen,
        "missed": age.counted,
        "suspend_after": age.suspend_after,
    }
    write_audit(by, "outlet_suspended_overdue", "outlet", outlet.code, after=after)


def _lift(suspension: OpenSuspension, outlet: AgedOutlet, remittance_id: UUID | None, by: Actor) -> bool:
    try:
        advance_outlet(outlet.code, State.ACTIVE, today(), by, ARRIVED)
    except Refusal as refusal:  # no manager or agreement any more: each night tries again
        log.warning("%s is settled and was not reopened: %s", outlet.code, refusal.code)
        return False
    _end(suspension.id, Ending.LIFTED, today(), remittance_id)
    after = {"remittance_id": str(remittance_id)} if remittance_id else {}
    write_audit(by, "overdue_suspension_lifted", "outlet", outlet.code, after=after)
    return True
