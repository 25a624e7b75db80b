"""Our side of a file: a partner's collections of a day, matched as far as rules go. Reads only.

Two hundred thousand collections are read past the column types: their ids stay as the database writes them and go back
the same way.
"""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, type_coerce
from sqlalchemy.types import NullType

from agentnet.collecting.models import Collection, Household, Void
from agentnet.infra.bulk import among, in_pieces
from agentnet.infra.db import db
from agentnet.infra.importing import chunks
from agentnet.outlets.models import Outlet
from agentnet.settlement.files.lines import PartnerFile
from agentnet.settlement.matching import (
    Difference,
    Kind,
    Match,
    OurCollection,
    Outcome,
    Proposal,
    TheirPayment,
    match,
    payment,
)
from agentnet.settlement.reconciliation import models
from agentnet.settlement.reconciliation.models import RowMatch

PAID_TYPES: Final = {"CASH": "CASH", "UNIONPAY_CARD": "POS"}
"""Our tenders by a partner's words, where both have one."""

_RECEIPT = cast(Any, Collection.receipt_no)
_HOUSEHOLD = cast(Any, Household.household_no)
_LIVE = and_(RowMatch.collection_id == Collection.id, RowMatch.undone_at.is_(None))
BOOKED: Final = exists().where(models.Difference.booked_id == Collection.id).correlate(Collection)
"""The condition on ``Collection`` that it was booked for a difference: the partner told it in another file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a partner's file comes to, and what it was worked out from: if that moved, the plan is made anew."""

    outcome: Outcome
    seen: tuple[int, ...]


def plan_for(partner_id: int, file: PartnerFile) -> Plan:
    """Return how a partner's rows meet the collections of its outlets on the day.

    A payment that stands on our side a day before or after, and one whose receipt has its match already, are found as
    well; otherwise only collections of the day itself can be missing.
    """
    seen = fingerprint(partner_id, file.day_on)
    theirs = [payment(row) for row in file.rows]
    known = {text: text for one in theirs for text in (one.receipt_no, one.household_no)}
    ours = _collections(_of_day(partner_id, file.day_on), known)
    del known
    outcome = match(ours, theirs)
    del ours, theirs
    return Plan(_with_other_days(partner_id, file.day_on, outcome), seen)


def fingerprint(partner_id: int, day: date) -> tuple[int, ...]:
    """Return what changes when the partner's day does: collections, their sum, voids, matches, and any new match."""
    row = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Collection.amount_fen), 0),
            func.count(Void.collection_id),
            func.count(RowMatch.id),
        )
        .select_from(Collection)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .outerjoin(RowMatch, _LIVE)
        .where(Outlet.partner_id == partner_id, Collection.business_on == day)
    ).one()
    newest = db.session.scalar(select(func.coalesce(func.max(RowMatch.id), 0)))
    return *map(int, row), int(newest or 0)


def _of_day(partner_id: int, day: date) -> tuple[ColumnElement[bool], ...]:
    return Outlet.partner_id == partner_id, Collection.business_on == day, RowMatch.id.is_(None), ~BOOKED


def _select(*conditions: ColumnElement[bool]) -> Select[Any]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            type_coerce(Collection.id, NullType()),
            Collection.receipt_no,
            Household.household_no,
            Collection.amount_fen,
            Collection.business_on,
            Collection.tender,
            Void.collection_id.is_not(None),
        )
        .select_from(Collection)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(Household, Household.id == Collection.household_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .outerjoin(RowMatch, _LIVE)
        .where(*conditions)
    )
    return statement


def _collections(
    conditions: tuple[ColumnElement[bool], ...], known: Mapping[str, str] | None = None
) -> list[OurCollection]:
    """Return the collections in the order they were taken; texts that are ``known`` already are not held twice."""
    known = known or {}
    days: dict[date, date] = {}
    found = db.session.connection().execute(in_pieces(_select(*conditions).order_by(Collection.id)))
    return [
        OurCollection(
            id_,
            known.get(receipt_no, receipt_no),
            known.get(household_no, household_no),
            amount,
            days.setdefault(day, day),
            PAID_TYPES.get(tender, ""),
            reversed_on=day if voided else None,
        )
        for id_, receipt_no, household_no, amount, day, tender, voided in found
    ]


def _with_other_days(partner_id: int, day: date, outcome: Outcome) -> Outcome:
    theirs = [one.theirs for one in outcome.differences if _unknown(one) and one.theirs is not None]
    if not theirs:
        return outcome
    already = _matched_receipts(partner_id, [word for one in theirs for word in (one.receipt_no, one.order_no) if word])
    repeated = {one.row for one in theirs if one.receipt_no in already or one.order_no in already}
    neighbours = _neighbours(partner_id, day, [one for one in theirs if one.row not in repeated])
    ours = [one.ours for one in outcome.differences if one.theirs is None and one.ours] + list(outcome.taken_back)
    more = match([*ours, *neighbours], [one for one in theirs if one.row not in repeated]) if neighbours else None
    return _joined(outcome, more, repeated)


def _unknown(one: Difference) -> bool:
    return one.kind is Kind.MISSING_AT_UTILITY and one.ours is None


def _joined(first: Outcome, more: Outcome | None, repeated: set[int]) -> Outcome:
    """Return the first outcome with what the second found of its leftovers."""
    matches: tuple[Match, ...] = more.matches if more else ()
    ours = {made.ours.id for made in matches}
    rows = {made.theirs.row for made in matches}
    pairs = [one for one in more.differences if one.ours and one.theirs] if more else []
    kept = []
    for one in first.differences:
        row = one.theirs.row if one.theirs is not None else None
        if _unknown(one) and row in repeated:
            kept.append(Difference(Kind.DUPLICATE, Proposal.LOOK, one.amount_fen, theirs=one.theirs))
        elif not (_unknown(one) and row in rows) and not (row is None and one.ours and one.ours.id in ours):
            kept.append(one)
    taken_back = tuple(one for one in first.taken_back if one.id not in ours)
    return Outcome((*first.matches, *matches), (*kept, *pairs), taken_back)


def _matched_receipts(partner_id: int, receipts: Many[str]) -> set[str]:
    """Return which receipts have their match already, in whichever file."""
    found: set[str] = set()
    for piece in chunks(sorted(set(receipts))):
        found.update(
            db.session.scalars(
                select(Collection.receipt_no)
                .join(Outlet, Outlet.id == Collection.outlet_id)
                .join(RowMatch, _LIVE)
                .where(Outlet.partner_id == partner_id, among(_RECEIPT, piece))
            )
        )
    return found


def _neighbours(partner_id: int, day: date, theirs: Sequence[TheirPayment]) -> list[OurCollection]:
    """Return the unmatched collections of other days that could be one of these payments."""
    one_day = timedelta(days=1)
    free = (Outlet.partner_id == partner_id, Collection.business_on != day, RowMatch.id.is_(None), ~BOOKED)
    found: dict[Any, OurCollection] = {}
    for piece in chunks(sorted({one.household_no for one in theirs if one.household_no})):
        near = Collection.business_on.between(day - one_day, day + one_day)
        for one in _collections((*free, near, among(_HOUSEHOLD, piece))):
            found[one.id] = one
    for piece in chunks(sorted({one.receipt_no for one in theirs if one.receipt_no})):
        for one in _collections((*free, among(_RECEIPT, piece))):
            found[one.id] = one
    return sorted(found.values(), key=lambda one: (one.collected_on, one.receipt_no))
