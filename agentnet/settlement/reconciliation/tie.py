"""The day's three-way tie: the book, what was counted and banked, and what partners and the bank say.

Of each outlet and day: takings against the partner's file, cash in the book against the count, card takings against
the terminals' batches, deposits against the bank. A figure that nobody has told yet is None and ties with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, or_, select

from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.revisions import remembered_under
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.known_by import day_mark
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.queries import seen_by
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.reconciliation.tie_statement import DAY, every_tie, page_of_ties
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
        return not self.open_differences and all(leg is None or leg.ties for leg in self.legs)


def ties_of(viewer: Actor, day: date, code: str = "") -> list[OutletTie]:
    """Return the outlets of the territory at which something happened on a day, by code; one of them if it is named."""
    given = {"day": day, "outlet_code": code} if code else {"day": day}
    rows = db.session.connection().execute(every_tie(viewer, of_code=bool(code)), given)
    return sorted((_tie(row) for row in rows), key=lambda one: one.code)  # the databases do not all sort alike


@dataclass(frozen=True, slots=True)
class DayTies:
    """A page of a territory's day, and what all of it comes to."""

    shown: Sequence[OutletTie]
    skipped: int
    """How many outlets come before those shown."""
    count: int
    untied: int
    taken_fen: Fen
    file: Leg | None
    counts: Leg | None
    cards: Leg | None
    bank: Leg | None
    """The sums of what is told of a leg; None if nothing is."""


def day_ties(viewer: Actor, day: date, unit_path: str | None, *, only_untied: bool, skipped: int, size: int) -> DayTies:
    """Return some outlets of a territory's day after the first ``skipped``, those that do not tie first, then by code.

    Past the end it is the first page. It is remembered (``known_by``): it must not be changed.
    """
    asked = (viewer, day, unit_path, only_untied, skipped, size)
    mark = day_mark(day)
    return _judged(*asked) if mark is None else remembered_under(mark, ("tie", *asked), lambda: _judged(*asked))


def _judged(viewer: Actor, day: date, unit_path: str | None, only_untied: bool, skipped: int, size: int) -> DayTies:
    connection = db.session.connection()
    statement = page_of_ties(viewer, unit_path, only_untied, _COLLATIONS[connection.dialect.name])
    rows = connection.execute(statement, {"day": day, "skipped": skipped, "shown": size}).all()
    whole = rows[0]
    if skipped and whole.code is None:
        return _judged(viewer, day, unit_path, only_untied, 0, size)
    return DayTies(
        shown=[_tie(row) for row in rows if row.code is not None],
        skipped=skipped,
        count=whole.outlets,
        untied=int(whole.all_untied or 0),
        taken_fen=int(whole.all_taken or 0),
        file=_leg(whole.all_file_ours, whole.all_file_theirs),
        counts=_leg(whole.all_count_ours, whole.all_count_theirs),
        cards=_leg(whole.all_cards_ours, whole.all_cards_theirs),
        bank=_leg(whole.all_bank_ours, whole.all_bank_theirs),
    )


_COLLATIONS = {"sqlite": "BINARY", "postgresql": "C"}
"""The databases do not all sort alike: these sort as Python does."""


def _tie(row: Any) -> OutletTie:
    return OutletTie(
        code=row.code,
        name=row.name,
        taken_fen=int(row.taken_fen),
        file=_leg(row.file_ours, row.file_theirs),
        count=_leg(row.count_ours, row.count_theirs),
        cards=_leg(row.cards_ours, row.cards_theirs),
        bank=_leg(row.bank_ours, row.bank_theirs),
        closed=bool(row.closed),
        attended=row.count_theirs is not None,
        undecided=int(row.undecided),
        open_differences=row.open_differences,
    )


def _leg(ours_fen: Any, theirs_fen: Any) -> Leg | None:
    """Return a leg from the whole numbers the database told, None where it does not apply."""
    if ours_fen is None:
        return None
    return Leg(int(ours_fen), None if theirs_fen is None else int(theirs_fen))


def of_no_outlet(viewer: Actor, day: date) -> tuple[int, Fen]:
    """Return how many open differences of a day belong to no outlet that is known, and their sum."""
    count, fen = db.session.connection().execute(_of_no_outlet(viewer), {"day": day}).one()
    return int(count), int(fen)


@built_once
def _of_no_outlet(viewer: Actor) -> Select[*tuple[Any, ...]]:
    return select(func.count(), func.coalesce(func.sum(Difference.amount_fen), 0)).where(
        Difference.business_on == DAY,
        Difference.state == State.OPEN,
        Difference.outlet_id.is_(None),
        seen_by(viewer, Permission.RECONCILIATION_READ, Difference.org_unit_id, Difference.partner_id),
    )


def deposits_of(outlet_id: int, day: date) -> Sequence[Any]:
    """Return the deposits of an outlet's day, each with the bank's line it was matched with."""
    return db.session.execute(_DEPOSITS, {"outlet_id": outlet_id, "day": day}).all()


_OUTLET: Any = bindparam("outlet_id", type_=BigInteger())

_DEPOSITS = (
    select(Remittance, FileRow)
    .outerjoin(RowMatch, (RowMatch.remittance_id == Remittance.id) & RowMatch.undone_at.is_(None))
    .outerjoin(FileRow, (FileRow.file_id == RowMatch.file_id) & (FileRow.line_no == RowMatch.line_no))
    .where(Remittance.outlet_id == _OUTLET, Remittance.deposited_on == DAY)
    .order_by(Remittance.id)
    .limit(50)
)


def files_of(day: date, partner_id: int | None) -> ReconciliationFile | None:
    """Return the partner's file of a day."""
    file = ReconciliationFile
    standing = file.first_on == day, file.withdrawn_at.is_(None)
    return db.session.scalar(select(file).where(*standing, file.partner_id == partner_id))


def differences_of(viewer: Actor, outlet_id: int, day: date) -> Sequence[Difference]:
    """Return the differences of an outlet's day, the open ones first."""
    return db.session.scalars(_differences_of(viewer), {"outlet_id": outlet_id, "day": day}).all()


@built_once
def _differences_of(viewer: Actor) -> Select[Difference]:
    return (
        select(Difference)
        .where(
            Difference.outlet_id == _OUTLET,
            Difference.business_on == DAY,
            or_(
                visible_outlets(viewer, Permission.RECONCILIATION_READ),
                seen_by(viewer, Permission.RECONCILIATION_READ, Difference.org_unit_id, Difference.partner_id),
            ),
        )
        .join(Outlet, Outlet.id == Difference.outlet_id)
        .order_by(Difference.ended_at.is_not(None), Difference.id)
        .limit(50)
    )
