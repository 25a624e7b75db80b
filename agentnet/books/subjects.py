"""From a transfer to the paper behind it: the receipt, the slip, the closed day, the month's commission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select

from agentnet.collecting.models import Collection
from agentnet.infra.db import db
from agentnet.infra.straight import Straight, straight_rows
from agentnet.outlets.models import Outlet
from agentnet.settlement.models import DayClose

Place = tuple[str, dict[str, Any]]
"""An endpoint and its values."""


def places_of(subjects: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Place]:
    """Return where each subject (kind and id) is shown; those without a page of their own are left out."""
    by_kind: dict[str, set[str]] = {}
    for kind, id_ in subjects:
        by_kind.setdefault(kind, set()).add(id_)
    found: dict[tuple[str, str], Place] = {}
    for kind, look_up in _LOOK_UPS.items():
        if kind in by_kind:
            found |= {(kind, id_): place for id_, place in look_up(by_kind[kind]).items()}
    return found


_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_RECEIPTS = Straight(select(Collection.id, Collection.receipt_no).where(Collection.id.in_(_IDS)))


def _receipts(ids: set[str]) -> dict[str, Place]:
    by_id = {UUID(id_): id_ for id_ in ids}
    rows = straight_rows(_RECEIPTS, ids=list(by_id))
    return {by_id[id_]: ("collecting.receipt", {"receipt_no": receipt_no}) for id_, receipt_no in rows}


def _remittances(ids: set[str]) -> dict[str, Place]:
    return {id_: ("settlement.remittance", {"id_": id_}) for id_ in ids}


_CLOSES = Straight(
    select(DayClose.id, Outlet.code, DayClose.business_on)
    .join(Outlet, Outlet.id == DayClose.outlet_id)
    .where(DayClose.id.in_(_IDS))
)


def _closes(ids: set[str]) -> dict[str, Place]:
    by_id = {UUID(id_): id_ for id_ in ids}
    rows = straight_rows(_CLOSES, ids=list(by_id))
    return {by_id[id_]: ("settlement.day", {"code": code, "day": day}) for id_, code, day in rows}


def _days(ids: set[str]) -> dict[str, Place]:
    """Business days are named ``outlet id/day``; only closed ones have a page."""
    named = {}
    for id_ in ids:
        outlet_id, _, day = id_.partition("/")
        named[int(outlet_id), date.fromisoformat(day)] = id_
    rows = db.session.execute(
        select(DayClose.outlet_id, DayClose.business_on, Outlet.code)
        .join(Outlet, Outlet.id == DayClose.outlet_id)
        .where(
            DayClose.outlet_id.in_({outlet_id for outlet_id, _ in named}),
            DayClose.business_on.in_({day for _, day in named}),
        )
    )
    return {
        named[row.outlet_id, row.business_on]: ("settlement.day", {"code": row.code, "day": row.business_on})
        for row in rows
        if (row.outlet_id, row.business_on) in named
    }


def _commission_months(ids: set[str]) -> dict[str, Place]:
    """Accruals are named ``outlet code:month``."""
    return {
        id_: ("commission.outlet", {"code": id_.rpartition(":")[0], "month": id_.rpartition(":")[2]}) for id_ in ids
    }


def _payouts(ids: set[str]) -> dict[str, Place]:
    return {id_: ("payout.batch", {"id_": id_}) for id_ in ids}


_LOOK_UPS: Mapping[str, Any] = {
    "COLLECTION": _receipts,
    "REMITTANCE": _remittances,
    "DAY_CLOSE": _closes,
    "BUSINESS_DAY": _days,
    "outlet_month": _commission_months,
    "payout": _payouts,
}
