"""What is open of closed months: each share of an outlet's month that no live payment holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select

from agentnet.commission.engine.language import Share
from agentnet.commission.models import CommissionAdjustment, OutletAccrual, PlanVersion
from agentnet.commission.payout.models import PayoutPart
from agentnet.commission.payout.rules import Part, parts_of
from agentnet.commission.queries import partner_ids, shares_of
from agentnet.commission.working import partner_then
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.ledger.models import AccountingMonth
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A part that no live payment holds, its outlet, and the partner the outlet had in that month."""

    part: Part
    outlet_code: str
    partner_id: int | None


def open_parts(until: Month) -> list[OpenPart]:
    """Return every share of closed months up to one that is not in a live payment, by outlet code and month."""
    live = {
        (row.outlet_id, row.month, row.share)
        for row in db.session.execute(
            select(PayoutPart.outlet_id, PayoutPart.month, PayoutPart.share).where(
                PayoutPart.payment_id.is_not(None), ~PayoutPart.released
            )
        )
    }
    rows = db.session.execute(
        select(
            OutletAccrual.outlet_id,
            OutletAccrual.month,
            OutletAccrual.earned_fen,
            OutletAccrual.adjusted_fen,
            OutletAccrual.version_id,
            Outlet.code,
            OutletAccrual.inputs,
            Outlet.partner_id,
        )
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .join(AccountingMonth, AccountingMonth.month == OutletAccrual.month)
        .where(
            OutletAccrual.month <= str(until),
            # What is due may be nothing in sum and still be one share's and taken back from another.
            or_(OutletAccrual.due_fen != 0, OutletAccrual.adjusted_fen != 0),
            AccountingMonth.state == CLOSED,
        )
        .order_by(Outlet.code, OutletAccrual.month)
    ).all()
    sums = _by_version(until, rows)
    shares = _shares({version_id for own in sums.values() for version_id in own if version_id is not None})
    partners, found = partner_ids(), []
    for row in rows:
        partner_id = partner_then(row.inputs, row.partner_id, partners)
        own = [(amount, shares.get(id_ or 0, ())) for id_, amount in sums[row.outlet_id, row.month].items()]
        for part in parts_of(row.outlet_id, row.month, own):
            if (part.outlet_id, part.month, part.share) not in live:
                found.append(OpenPart(part, row.code, partner_id))
    return found


def _by_version(until: Month, rows: Sequence[Any]) -> Mapping[tuple[int, str], Mapping[int | None, Fen]]:
    """Return what each outlet's month comes to by the version that shares it: its own, and of months it corrects."""
    found: dict[tuple[int, str], dict[int | None, Fen]] = {
        (row.outlet_id, row.month): {row.version_id: row.earned_fen} for row in rows
    }
    own = {(row.outlet_id, row.month): row.version_id for row in rows}
    corrected = (
        select(
            CommissionAdjustment.outlet_id,
            CommissionAdjustment.month,
            CommissionAdjustment.amount_fen,
            OutletAccrual.month.label("of_month"),
            OutletAccrual.version_id,
        )
        .outerjoin(
            OutletAccrual,
            and_(
                OutletAccrual.outlet_id == CommissionAdjustment.outlet_id,
                OutletAccrual.month == CommissionAdjustment.of_month,
            ),
        )
        .where(CommissionAdjustment.month <= str(until))
        .order_by(CommissionAdjustment.id)
    )
    for row in db.session.execute(corrected):
        key = (row.outlet_id, row.month)
        if key in found:
            version_id = row.version_id if row.of_month is not None else own[key]
            found[key][version_id] = found[key].get(version_id, 0) + row.amount_fen
    return found


def _shares(version_ids: Iterable[int]) -> Mapping[int, Sequence[Share]]:
    rows = db.session.scalars(select(PlanVersion).where(PlanVersion.id.in_(list(version_ids))))
    return {row.id: shares_of(row) for row in rows}
