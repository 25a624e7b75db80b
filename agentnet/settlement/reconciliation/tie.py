"""The day's three-way tie: the book, what was counted and banked, and what partners and the bank say.

Of each outlet and day: takings against the partner's file, cash in the book against the count, card takings against
the terminals' batches, deposits against the bank. A figure that nobody has told yet is None and ties with nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from agentnet.collecting.models import Collection, Void
from agentnet.collecting.rules import CASH
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import under, visible_outlets
from agentnet.settlement.models import DayClose, DayCloseTender, Remittance
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.queries import seen_by
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class Leg:
    """One figure of the book and what stands against it (fen); ``theirs_fen`` is None while nobody has told it."""

    ours_fen: Fen
    theirs_fen: Fen | None

    @property
    def difference_fen(self) -> Fen | None:
        """What the other side has beyond the book."""
        return None if self.theirs_fen is None else self.theirs_fen - self.ours_fen

    @property
    def ties(self) -> bool:
        return self.theirs_fen == self.ours_fen

    def __add__(self, other: Leg) -> Leg:
        """Add two legs; what is not told adds nothing to either side, so that the difference stays its own."""
        if other.theirs_fen is None:
            return self
        if self.theirs_fen is None:
            return other
        return Leg(self.ours_fen + other.ours_fen, self.theirs_fen + other.theirs_fen)


@dataclass(frozen=True, slots=True)
class OutletTie:
    """An outlet's day. A leg that does not apply (no partner, no card, nothing banked) is None."""

    code: str
    name: str
    taken_fen: Fen
    file: Leg | None
    count: Leg | None
    cards: Leg | None
    bank: Leg | None
    closed: bool
    attended: bool
    undecided: int
    """Deposits that nobody has confirmed or rejected."""
    open_differences: int

    @property
    def legs(self) -> tuple[Leg | None, ...]:
        return self.file, self.count, self.cards, self.bank

    @property
    def ties(self) -> bool:
        """Whether every leg that applies ties and nothing is open."""
        for leg in (self.file, self.count, self.cards, self.bank):  # of thousands of outlets, for each page
            if leg is not None and leg.theirs_fen != leg.ours_fen:
                return False
        return not self.open_differences


def ties_of(viewer: Actor, day: date, unit_path: str | None = None, code: str = "") -> list[OutletTie]:
    """Return the outlets of the territory at which something happened on a day, by code."""
    where: list[ColumnElement[bool]] = [visible_outlets(viewer, Permission.RECONCILIATION_READ)]
    if unit_path:
        where.append(Outlet.org_unit_id.in_(select(OrgUnit.id).where(under((unit_path,)))))
    if code:
        where.append(Outlet.code == code)
    taken = _taken(day, where)
    told = _told_by_partners(day, where)
    closes = _closes(day, where)
    banked = _banked(day, where)
    waiting = _open(day, where)
    ids = taken.keys() | closes.keys() | banked.keys() | waiting.keys()
    named = select(Outlet.id, Outlet.code, Outlet.name, Outlet.partner_id).where(*where)
    outlets = [row for row in db.session.connection().execute(named) if row.id in ids]
    filed = set(db.session.scalars(select(ReconciliationFile.partner_id).where(*_standing(day))))
    made = [_tie(outlet, outlet.id, taken, told, closes, banked, waiting, filed) for outlet in outlets]
    return sorted(made, key=lambda one: one.code)  # the databases do not all sort alike


def _standing(day: date) -> tuple[ColumnElement[bool], ...]:
    return ReconciliationFile.first_on == day, ReconciliationFile.withdrawn_at.is_(None)


def _tie(
    outlet: Any,
    id_: int,
    taken: dict[int, Any],
    told: dict[int, Fen],
    closes: dict[int, Any],
    banked: dict[int, Any],
    waiting: dict[int, int],
    filed: set[int | None],
) -> OutletTie:
    taken_fen = int(taken[id_].fen) if id_ in taken else 0
    close, deposits = closes.get(id_), banked.get(id_)
    file = None
    if outlet.partner_id is not None:
        file = Leg(taken_fen, told.get(id_, 0) if outlet.partner_id in filed else None)
    counted = None
    if close is not None and close.cash_counted_fen is not None:
        counted = close.cash_counted_fen + close.counterfeit_fen
    cards = None
    if close is not None and close.batched_fen is not None:
        cards = Leg(int(close.carded_fen), int(close.batched_fen))
    return OutletTie(
        code=outlet.code,
        name=outlet.name,
        taken_fen=taken_fen,
        file=file,
        count=Leg(int(close.cash_system_fen), counted) if close is not None else Leg(0, None) if taken_fen else None,
        cards=cards,
        bank=Leg(int(deposits.declared), int(deposits.confirmed or 0)) if deposits is not None else None,
        closed=close is not None,
        attended=counted is not None,
        undecided=int(deposits.undecided) if deposits is not None else 0,
        open_differences=waiting.get(id_, 0),
    )


def _taken(day: date, where: Sequence[ColumnElement[bool]]) -> dict[int, Any]:
    rows = db.session.connection().execute(
        select(
            Collection.outlet_id,
            func.sum(Collection.amount_fen).label("fen"),
            func.sum(case((Collection.tender == CASH, Collection.amount_fen), else_=0)).label("cash_fen"),
        )
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(Collection.business_on == day, Void.id.is_(None), *where)
        .group_by(Collection.outlet_id)
    )
    return {row.outlet_id: row for row in rows}


def _told_by_partners(day: date, where: Sequence[ColumnElement[bool]]) -> dict[int, Fen]:
    """Return what partners' files say of each outlet's collections of the day.

    What a row told beyond its collection, and was booked as one of its own, is told of that one and its day.
    """
    live = (RowMatch.collection_id == Collection.id) & RowMatch.undone_at.is_(None)
    booked = aliased(Collection)
    alone = ~exists().where(RowMatch.collection_id == booked.id, RowMatch.undone_at.is_(None)).correlate(booked)
    of_rows = (
        select(Collection.outlet_id, func.sum(FileRow.amount_fen))
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(RowMatch, live)
        .join(FileRow, (FileRow.file_id == RowMatch.file_id) & (FileRow.line_no == RowMatch.line_no))
        .where(Collection.business_on == day, *where)
        .group_by(Collection.outlet_id)
    )
    beyond = (
        select(Collection.outlet_id, -func.sum(booked.amount_fen))
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(RowMatch, live)
        .join(Difference, Difference.collection_id == Collection.id)
        .join(booked, booked.id == Difference.booked_id)
        .where(Collection.business_on == day, alone, *where)
        .group_by(Collection.outlet_id)
    )
    as_own = (
        select(booked.outlet_id, func.sum(booked.amount_fen))
        .join(Outlet, Outlet.id == booked.outlet_id)
        .join(Difference, Difference.booked_id == booked.id)
        .where(booked.business_on == day, alone, *where)
        .group_by(booked.outlet_id)
    )
    told: dict[int, Fen] = defaultdict(int)
    for statement in (of_rows, beyond, as_own):
        for outlet_id, fen in db.session.connection().execute(statement):
            told[outlet_id] += int(fen)
    return told


def _closes(day: date, where: Sequence[ColumnElement[bool]]) -> dict[int, Any]:
    tenders = (
        select(
            DayCloseTender.close_id,
            func.sum(DayCloseTender.batch_fen).label("batched_fen"),
            func.sum(case((DayCloseTender.batch_fen.is_not(None), DayCloseTender.system_fen), else_=0)).label(
                "carded_fen"
            ),
        )
        .join(DayClose, DayClose.id == DayCloseTender.close_id)
        .where(DayClose.business_on == day)
        .group_by(DayCloseTender.close_id)
        .subquery()
    )
    rows = db.session.connection().execute(
        select(
            DayClose.outlet_id,
            DayClose.cash_system_fen,
            DayClose.cash_counted_fen,
            DayClose.counterfeit_fen,
            tenders.c.batched_fen,
            tenders.c.carded_fen,
        )
        .join(Outlet, Outlet.id == DayClose.outlet_id)
        .outerjoin(tenders, tenders.c.close_id == DayClose.id)
        .where(DayClose.business_on == day, *where)
    )
    return {row.outlet_id: row for row in rows}


def _banked(day: date, where: Sequence[ColumnElement[bool]]) -> dict[int, Any]:
    rows = db.session.connection().execute(
        select(
            Remittance.outlet_id,
            func.sum(Remittance.amount_fen).label("declared"),
            func.sum(Remittance.confirmed_fen).label("confirmed"),
            func.sum(case((Remittance.state == RemittanceState.DECLARED, 1), else_=0)).label("undecided"),
        )
        .join(Outlet, Outlet.id == Remittance.outlet_id)
        .where(Remittance.deposited_on == day, Remittance.state != RemittanceState.REJECTED, *where)
        .group_by(Remittance.outlet_id)
    )
    return {row.outlet_id: row for row in rows}


def _open(day: date, where: Sequence[ColumnElement[bool]]) -> dict[int, int]:
    rows = db.session.connection().execute(
        select(Difference.outlet_id, func.count())
        .join(Outlet, Outlet.id == Difference.outlet_id)
        .where(Difference.business_on == day, Difference.state == State.OPEN, *where)
        .group_by(Difference.outlet_id)
    )
    return {int(outlet_id): int(count) for outlet_id, count in rows if outlet_id is not None}


def of_no_outlet(viewer: Actor, day: date) -> tuple[int, Fen]:
    """Return how many open differences of a day belong to no outlet that is known, and their sum."""
    count, fen = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Difference.amount_fen), 0)).where(
            Difference.business_on == day,
            Difference.state == State.OPEN,
            Difference.outlet_id.is_(None),
            seen_by(viewer, Permission.RECONCILIATION_READ, Difference.org_unit_id, Difference.partner_id),
        )
    ).one()
    return int(count), int(fen)


def total(legs: Sequence[Leg | None]) -> Leg | None:
    """Return the sum of the legs that are told, None if none is."""
    told = [(leg.ours_fen, leg.theirs_fen) for leg in legs if leg is not None and leg.theirs_fen is not None]
    if not told:
        return None
    ours, theirs = zip(*told, strict=True)
    return Leg(sum(ours), sum(theirs))


def deposits_of(outlet_id: int, day: date) -> Sequence[Any]:
    """Return the deposits of an outlet's day, each with the bank's line it was matched with."""
    return db.session.execute(
        select(Remittance, FileRow)
        .outerjoin(RowMatch, (RowMatch.remittance_id == Remittance.id) & RowMatch.undone_at.is_(None))
        .outerjoin(FileRow, (FileRow.file_id == RowMatch.file_id) & (FileRow.line_no == RowMatch.line_no))
        .where(Remittance.outlet_id == outlet_id, Remittance.deposited_on == day)
        .order_by(Remittance.id)
        .limit(50)
    ).all()


def files_of(day: date, partner_id: int | None) -> ReconciliationFile | None:
    """Return the partner's file of a day."""
    file = ReconciliationFile
    return db.session.scalar(select(file).where(*_standing(day), file.partner_id == partner_id))


def differences_of(viewer: Actor, outlet_id: int, day: date) -> Sequence[Difference]:
    """Return the differences of an outlet's day, the open ones first."""
    return db.session.scalars(
        select(Difference)
        .where(
            Difference.outlet_id == outlet_id,
            Difference.business_on == day,
            or_(
                visible_outlets(viewer, Permission.RECONCILIATION_READ),
                seen_by(viewer, Permission.RECONCILIATION_READ, Difference.org_unit_id, Difference.partner_id),
            ),
        )
        .join(Outlet, Outlet.id == Difference.outlet_id)
        .order_by(Difference.ended_at.is_not(None), Difference.id)
        .limit(50)
    ).all()
