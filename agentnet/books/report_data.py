"""The printed papers of money. The reconciliation report with its open differences takes its place in this list."""

from __future__ import annotations

from typing import Final

from agentnet.books.outlet_day_figures import day_is_closed, day_subjects, freeze_days
from agentnet.books.station_figures import freeze_stations, period_is_closed, station_subjects
from agentnet.books.trial_figures import freeze_trials, month_is_closed, trial_subjects
from agentnet.core.words import translatable
from agentnet.documents.kinds import ReportKind
from agentnet.users.permissions import Permission
from reports import outlet_day, station_remittances, trial_balance

OUTLET_DAY: Final = ReportKind(
    code="OUTLET_DAY",
    name=translatable("网点日结单"),
    cadence="DAILY",
    permission=Permission.SETTLEMENT_READ,
    drawing_version=outlet_day.DRAWING_VERSION,
    subjects=day_subjects,
    freeze=freeze_days,
    figures=outlet_day.OutletDay,
    draw=outlet_day.draw,
    ready=day_is_closed,
    letters="OD",
)

STATION_REMITTANCES_WEEK: Final = ReportKind(
    code="STATION_REMITTANCES_WEEK",
    name=translatable("供电所解款与现金账龄周报"),
    cadence="WEEKLY",
    permission=Permission.SETTLEMENT_READ,
    drawing_version=station_remittances.DRAWING_VERSION,
    subjects=station_subjects,
    freeze=freeze_stations,
    figures=station_remittances.StationRemittances,
    draw=station_remittances.draw,
    ready=period_is_closed,
    letters="RW",
)

STATION_REMITTANCES_MONTH: Final = ReportKind(
    code="STATION_REMITTANCES_MONTH",
    name=translatable("供电所解款与现金账龄月报"),
    cadence="MONTHLY",
    permission=Permission.SETTLEMENT_READ,
    drawing_version=station_remittances.DRAWING_VERSION,
    subjects=station_subjects,
    freeze=freeze_stations,
    figures=station_remittances.StationRemittances,
    draw=station_remittances.draw,
    ready=period_is_closed,
    letters="RM",
)

TRIAL_BALANCE_MONTH: Final = ReportKind(
    code="TRIAL_BALANCE_MONTH",
    name=translatable("科目余额表"),
    cadence="MONTHLY",
    permission=Permission.LEDGER_READ,
    drawing_version=trial_balance.DRAWING_VERSION,
    subjects=trial_subjects,
    freeze=freeze_trials,
    figures=trial_balance.TrialPaper,
    draw=trial_balance.draw,
    ready=month_is_closed,
    letters="TB",
)

KINDS: Final = (OUTLET_DAY, STATION_REMITTANCES_WEEK, STATION_REMITTANCES_MONTH, TRIAL_BALANCE_MONTH)
