"""The lines of a closed month as a file: one row a collection or adjustment, with the component that paid it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from agentnet.collecting.models import Collection, Household
from agentnet.commission.component_words import kind_text, listed, pay_text, setting_text, tender_text
from agentnet.commission.models import CommissionAdjustment, CommissionLine, MonthlyCommission, OutletAccrual
from agentnet.commission.month_figures import OutletFilter, accrued_for
from agentnet.commission.queries import tariffs, tenders
from agentnet.commission.working import read_parts
from agentnet.core.clock import Month, shanghai
from agentnet.core.masks import mask_household_no
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import in_pieces
from agentnet.infra.db import db
from agentnet.infra.sheets import Cell, Yuan
from agentnet.outlets.models import Outlet

MOST_ROWS = 50_000
"""Most rows in one file; a larger month is fetched station by station."""


def head() -> Sequence[str]:
    """Return the words above the columns."""
    return (
        _("月份"), _("供电所"), _("网点编号"), _("网点名称"), _("网点类型"), _("城乡"), _("时间"), _("凭证号"),
        _("户号"), _("支付方式"), _("收费金额（元）"), _("代办费（元）"), _("计酬项目"), _("说明"),
    )  # fmt: skip


def count_rows(viewer: Actor, month: Month, wanted: OutletFilter) -> int:
    """Return how many rows the file would hold, counting no further than one beyond ``MOST_ROWS``."""
    ids = _lines(viewer, month, wanted).with_only_columns(CommissionLine.id).order_by(None).limit(MOST_ROWS + 1)
    return len(db.session.scalars(ids).all())


def rows(viewer: Actor, month: Month, wanted: OutletFilter) -> Iterator[Sequence[Cell]]:
    """Yield the rows in the viewer's territory, by outlet and time; household numbers masked."""
    every = [version for versions in tariffs().versions_by_plan.values() for version in versions]
    texts = {
        id_: pay_text(component)
        for version in every
        for id_, component in zip(version.component_ids, version.components, strict=True)
    }
    names = tenders()
    for row in db.session.execute(in_pieces(_lines(viewer, month, wanted), 2_000)):
        adjusted = row.of_month is not None
        yield (
            str(month),
            row.unit,
            row.code,
            row.name,
            kind_text(row.outlet_kind),
            setting_text(row.setting),
            f"{shanghai(row.made_at if adjusted else row.collected_at):%Y-%m-%d %H:%M}",
            row.receipt_no,
            mask_household_no(row.household_no) if row.household_no else None,
            tender_text(row.tender, names) if row.tender else None,
            None if adjusted else Yuan(row.base_fen),
            Yuan(row.commission_fen),
            _("调整 %(month)s", month=row.of_month)
            if adjusted
            else _("没有结清")
            if row.settled_to_fen is not None and not row.base_fen
            else listed(texts[id_] for id_, _fen in read_parts(row.commission_fen, row.component_id, row.parts))
            or pay_text(None),
            row.reason,
        )
    for row in db.session.execute(_monthly(viewer, month, wanted)):
        about = [str(month), row.unit, row.code, row.name, kind_text(row.outlet_kind), setting_text(row.setting)]
        yield (*about, None, None, None, None, None, Yuan(row.commission_fen), texts[row.component_id], _("按月计算"))


def _lines(viewer: Actor, month: Month, wanted: OutletFilter) -> Select[*tuple[Any, ...]]:
    return (
        select(
            OrgUnit.name.label("unit"),
            Outlet.code,
            Outlet.name,
            OutletAccrual.outlet_kind,
            OutletAccrual.setting,
            CommissionLine.component_id,
            CommissionLine.parts,
            CommissionLine.base_fen,
            CommissionLine.commission_fen,
            CommissionLine.settled_to_fen,
            Collection.collected_at,
            Collection.receipt_no,
            Collection.tender,
            Household.household_no,
            CommissionAdjustment.of_month,
            CommissionAdjustment.made_at,
            CommissionAdjustment.reason,
        )
        .join(
            OutletAccrual,
            (OutletAccrual.month == CommissionLine.month) & (OutletAccrual.outlet_id == CommissionLine.outlet_id),
        )
        .join(Outlet, Outlet.id == CommissionLine.outlet_id)
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .outerjoin(CommissionAdjustment, CommissionAdjustment.id == CommissionLine.adjustment_id)
        .outerjoin(
            Collection, Collection.id == func.coalesce(CommissionLine.collection_id, CommissionAdjustment.collection_id)
        )
        .outerjoin(Household, Household.id == Collection.household_id)
        .where(CommissionLine.month == str(month), accrued_for(viewer), *wanted.conditions(OutletAccrual.setting))
        .order_by(Outlet.code, CommissionLine.id)
    )


def _monthly(viewer: Actor, month: Month, wanted: OutletFilter) -> Select[*tuple[Any, ...]]:
    return (
        select(
            OrgUnit.name.label("unit"),
            Outlet.code,
            Outlet.name,
            OutletAccrual.outlet_kind,
            OutletAccrual.setting,
            MonthlyCommission.component_id,
            MonthlyCommission.commission_fen,
        )
        .join(
            OutletAccrual,
            (OutletAccrual.month == MonthlyCommission.month) & (OutletAccrual.outlet_id == MonthlyCommission.outlet_id),
        )
        .join(Outlet, Outlet.id == MonthlyCommission.outlet_id)
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .where(MonthlyCommission.month == str(month), accrued_for(viewer), *wanted.conditions(OutletAccrual.setting))
        .order_by(Outlet.code, MonthlyCommission.id)
    )
