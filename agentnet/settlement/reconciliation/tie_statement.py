"""The statement behind the day's tie: each outlet's figures and what stands against them, worked out by the database.

One part for each thing that can have happened at an outlet on the day, then one row an outlet at which any has. A
leg that does not apply is NULL on both sides; one that nobody has told yet is NULL on their side alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from agentnet.collecting.models import Collection, Void
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import under, visible_outlets
from agentnet.settlement.models import DayClose, DayCloseTender, Remittance
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission, covers_company

DAY: Any = bindparam("day", type_=Date())
CODE: Any = bindparam("outlet_code", type_=String())
SKIPPED: Any = bindparam("skipped", type_=BigInteger())
SHOWN: Any = bindparam("shown", type_=BigInteger())

LEGS = ("file", "count", "cards", "bank")
"""Each has two columns, ``_ours`` and ``_theirs``."""

Where = Sequence[ColumnElement[bool]]


@built_once
def every_tie(viewer: Actor, of_code: bool) -> Select[*tuple[Any, ...]]:
    """Return the select of a territory's ties on ``DAY``; of the outlet ``CODE`` alone if ``of_code``."""
    return select(_ties(viewer, None, of_code))


@built_once
def page_of_ties(viewer: Actor, unit_path: str | None, only_untied: bool, collation: str) -> Select[*tuple[Any, ...]]:
    """Return the select of ``SHOWN`` ties after the first ``SKIPPED``, those that do not tie first, then by code.

    Every row begins with the sums of the whole territory; if there is nothing to show, one row has only these.
    ``collation`` orders codes as their characters are numbered.
    """
    ties = _ties(viewer, unit_path, of_code=False)
    sums = select(
        func.count().label("outlets"),
        func.sum(ties.c.untied).label("all_untied"),
        func.sum(ties.c.taken_fen).label("all_taken"),
        *(column for leg in LEGS for column in _sums_of(ties.c[f"{leg}_ours"], ties.c[f"{leg}_theirs"], leg)),
    ).select_from(ties)
    shown = select(ties)
    if only_untied:
        shown = shown.where(ties.c.untied == 1)
    shown = shown.order_by(ties.c.untied.desc(), ties.c.code.collate(collation)).limit(SHOWN).offset(SKIPPED)
    whole, page = sums.subquery("whole"), shown.subquery("page")
    return (
        select(whole, page)
        .select_from(whole.outerjoin(page, true()))
        .order_by(page.c.untied.desc(), page.c.code.collate(collation))
    )


def _sums_of(ours: Any, theirs: Any, leg: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return the sums of the two sides; what is not told adds nothing to either."""
    return func.sum(case((theirs.is_not(None), ours))).label(f"all_{leg}_ours"), func.sum(theirs).label(
        f"all_{leg}_theirs"
    )


def _ties(viewer: Actor, unit_path: str | None, of_code: bool) -> CTE:
    where: list[ColumnElement[bool]] = []
    if not covers_company(viewer, Permission.RECONCILIATION_READ):
        where.append(visible_outlets(viewer, Permission.RECONCILIATION_READ))
    if unit_path:
        where.append(Outlet.org_unit_id.in_(select(OrgUnit.id).where(under((unit_path,)))))
    if of_code:
        where.append(Outlet.code == CODE)
    taken, told, closes, banked, waiting = (part(where) for part in (_taken, _told, _closes, _banked, _open))
    filed = select(ReconciliationFile.partner_id).where(
        ReconciliationFile.first_on == DAY,
        ReconciliationFile.withdrawn_at.is_(None),
        ReconciliationFile.partner_id.is_not(None),
    )
    taken_fen = func.coalesce(taken.c.fen, 0)
    sides = {
        "file": (
            case((Outlet.partner_id.is_not(None), taken_fen)),
            case((Outlet.partner_id.in_(filed), func.coalesce(told.c.fen, 0))),
        ),
        "count": (
            case((closes.c.outlet_id.is_not(None), closes.c.system_fen), (taken.c.fen.is_not(None), 0)),
            closes.c.counted_fen,
        ),
        "cards": (closes.c.carded_fen, closes.c.batched_fen),
        "bank": (banked.c.declared, banked.c.confirmed),
    }
    parts = (taken, closes, banked, waiting)
    found = (
        select(
            Outlet.code,
            Outlet.name,
            taken_fen.label("taken_fen"),
            *(side.label(f"{leg}_{whose}") for leg in LEGS for side, whose in zip(sides[leg], _WHOSE, strict=True)),
            closes.c.outlet_id.is_not(None).label("closed"),
            func.coalesce(banked.c.undecided, 0).label("undecided"),
            func.coalesce(waiting.c.differences, 0).label("open_differences"),
        )
        .outerjoin(taken, taken.c.outlet_id == Outlet.id)
        .outerjoin(told, told.c.outlet_id == Outlet.id)
        .outerjoin(closes, closes.c.outlet_id == Outlet.id)
        .outerjoin(banked, banked.c.outlet_id == Outlet.id)
        .outerjoin(waiting, waiting.c.outlet_id == Outlet.id)
        .where(or_(*(part.c.outlet_id.is_not(None) for part in parts)), *where)
        .subquery("found")
    )
    apart = (found.c[f"{leg}_ours"].is_distinct_from(found.c[f"{leg}_theirs"]) for leg in LEGS)
    untied = case((or_(found.c.open_differences > 0, *apart), 1), else_=0)
    # Its sums and its page are read from it: without the word SQLite works it out for each.
    return select(found, untied.label("untied")).cte("ties").prefix_with("MATERIALIZED")


_WHOSE = ("ours", "theirs")


def _here(outlet_id: InstrumentedAttribute[Any], where: Where) -> Where:
    """Return the condition that something belongs to these outlets; none where all are asked for."""
    return (outlet_id.in_(select(Outlet.id).where(*where)),) if where else ()


def _taken(where: Where) -> CTE:
    return (
        select(Collection.outlet_id, func.sum(Collection.amount_fen).label("fen"))
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(Collection.business_on == DAY, Void.id.is_(None), *_here(Collection.outlet_id, where))
        .group_by(Collection.outlet_id)
        .cte("taken")
    )


def _told(where: Where) -> CTE:
    """Return what partners' files say of each outlet's collections of the day.

    What a row told beyond its collection, and was booked as one of its own, is told of that one and its day.
    """
    live = (RowMatch.collection_id == Collection.id) & RowMatch.undone_at.is_(None)
    booked = aliased(Collection)
    alone = ~exists().where(RowMatch.collection_id == booked.id, RowMatch.undone_at.is_(None)).correlate(booked)
    of_day = (Collection.business_on == DAY, *_here(Collection.outlet_id, where))
    of_rows = (
        select(Collection.outlet_id, FileRow.amount_fen.label("fen"))
        .join(RowMatch, live)
        .join(FileRow, (FileRow.file_id == RowMatch.file_id) & (FileRow.line_no == RowMatch.line_no))
        .where(*of_day)
    )
    beyond = (
        select(Collection.outlet_id, -booked.amount_fen)
        .join(RowMatch, live)
        .join(Difference, Difference.collection_id == Collection.id)
        .join(booked, booked.id == Difference.booked_id)
        .where(*of_day, alone)
    )
    as_own = (
        select(booked.outlet_id, booked.amount_fen)
        .join(Difference, Difference.booked_id == booked.id)
        .where(booked.business_on == DAY, alone, *_here(booked.outlet_id, where))
    )
    lines = union_all(of_rows, beyond, as_own).subquery("lines")
    return select(lines.c.outlet_id, func.sum(lines.c.fen).label("fen")).group_by(lines.c.outlet_id).cte("told")


def _closes(where: Where) -> CTE:
    card, of_day = DayCloseTender, (DayClose.business_on == DAY, *_here(DayClose.outlet_id, where))
    cards = (
        select(
            card.close_id,
            func.sum(card.batch_fen).label("batched_fen"),
            func.sum(card.system_fen).label("carded_fen"),
        )
        .join(DayClose, DayClose.id == card.close_id)
        .where(*of_day, card.batch_fen.is_not(None))
        .group_by(card.close_id)
        .subquery("cards")
    )
    return (
        select(
            DayClose.outlet_id,
            DayClose.cash_system_fen.label("system_fen"),
            (DayClose.cash_counted_fen + DayClose.counterfeit_fen).label("counted_fen"),
            cards.c.batched_fen,
            cards.c.carded_fen,
        )
        .outerjoin(cards, cards.c.close_id == DayClose.id)
        .where(*of_day)
        .cte("closes")
    )


def _banked(where: Where) -> CTE:
    return (
        select(
            Remittance.outlet_id,
            func.sum(Remittance.amount_fen).label("declared"),
            func.coalesce(func.sum(Remittance.confirmed_fen), 0).label("confirmed"),
            func.sum(case((Remittance.state == RemittanceState.DECLARED, 1), else_=0)).label("undecided"),
        )
        .where(
            Remittance.deposited_on == DAY,
            Remittance.state != RemittanceState.REJECTED,
            *_here(Remittance.outlet_id, where),
        )
        .group_by(Remittance.outlet_id)
        .cte("banked")
    )


def _open(where: Where) -> CTE:
    return (
        select(Difference.outlet_id, func.count().label("differences"))
        .where(
            Difference.business_on == DAY,
            Difference.state == State.OPEN,
            Difference.outlet_id.is_not(None),
            *_here(Difference.outlet_id, where),
        )
        .group_by(Difference.outlet_id)
        .cte("waiting")
    )
