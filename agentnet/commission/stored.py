"""The lines of closed months as their close wrote them down, and the working of each from its version and inputs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from agentnet.commission.accruing import EarnedLine, MonthlyEarned
from agentnet.commission.engine.explaining import Working
from agentnet.commission.engine.explaining_month import explain_component
from agentnet.commission.engine.monthly import MonthInputs
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.models import CommissionLine, MonthlyCommission
from agentnet.commission.queries import Paying
from agentnet.commission.working import read_parts
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db


def closed_lines(month: Month, outlet_ids: Sequence[int]) -> dict[uuid.UUID, EarnedLine]:
    """Return the lines of a closed month as its close wrote them down, by collection."""
    rows = db.session.connection().execute(
        select(
            CommissionLine.collection_id,
            CommissionLine.base_fen,
            CommissionLine.commission_fen,
            CommissionLine.component_id,
            CommissionLine.parts,
        ).where(
            CommissionLine.month == str(month),
            CommissionLine.outlet_id.in_(outlet_ids),
            CommissionLine.kind == "COLLECTION",
        )
    )
    return {row[0]: EarnedLine(row[0], row[1], row[2], read_parts(*row[2:])) for row in rows if row[0] is not None}


def settled_amounts(month: Month, outlet_id: int) -> dict[uuid.UUID, Fen]:
    """Return the whole amounts of a closed month's collections that pay as they are settled, by collection."""
    rows = db.session.execute(
        select(CommissionLine.collection_id, CommissionLine.amount_fen).where(
            CommissionLine.month == str(month),
            CommissionLine.outlet_id == outlet_id,
            CommissionLine.settled_to_fen.is_not(None),
        )
    )
    return {id_: fen or 0 for id_, fen in rows if id_ is not None}


def closed_monthly(month: Month, outlet_ids: Sequence[int]) -> Sequence[MonthlyCommission]:
    """Return what components earned some outlets once in a closed month, as its close wrote it down."""
    return db.session.scalars(
        select(MonthlyCommission)
        .where(MonthlyCommission.month == str(month), MonthlyCommission.outlet_id.in_(outlet_ids))
        .order_by(MonthlyCommission.outlet_id, MonthlyCommission.starts_on, MonthlyCommission.component_id)
    ).all()


def working_of(one: MonthlyCommission | MonthlyEarned, paying: Paying) -> Working:
    """Return how a monthly figure came about, from its version and its own inputs alone."""
    inputs = MonthInputs(**one.inputs) if isinstance(one, MonthlyCommission) else one.inputs
    found = explain_component(paying.component, inputs)
    # Whether nothing was collected or nothing settled, the component alone does not know.
    return replace(found, reason=Reason(one.reason)) if one.reason and found.reason else found
