"""The printed papers of money."""

from __future__ import annotations

from typing import Final

from agentnet.books.outlet_day_figures import day_subjects, freeze_days
from agentnet.books.periods import month_is_closed, period_is_closed
from agentnet.books.reconciliation_figures import freeze_reconciliations, reconciliation_subjects
from agentnet.books.station_figures import freeze_stations, station_subjects
from agentnet.books.trial_figures import freeze_trials, trial_subjects
from agentnet.core.words import translatable
from agentnet.documents.kinds import drawn_by
from agentnet.users.permissions import Permission
from reports import outlet_day, reconciliation, station_remittances, trial_balance
from reports.reconciled import Reconciliation

OUTLET_DAY: Final = drawn_by(
    outlet_day,
    outlet_day.OutletDay,
    code="OUTLET_DAY",
    letters="OD",
    name=translatable("网点日结单"),
    cadence="DAILY",
    permission=Permission.SETTLEMENT_READ,
    subjects=day_subjects,
    freeze=freeze_days,
    ready=period_is_closed,
)

STATION_REMITTANCES_WEEK: Final = drawn_by(
    station_remittances,
    station_remittances.StationRemittances,
    code="STATION_REMITTANCES_WEEK",
    letters="RW",
    name=translatable("供电所解款与现金账龄周报"),
    cadence="WEEKLY",
    permission=Permission.SETTLEMENT_READ,
    subjects=station_subjects,
    freeze=freeze_stations,
    ready=period_is_closed,
)

STATION_REMITTANCES_MONTH: Final = drawn_by(
    station_remittances,
    station_remittances.StationRemittances,
    code="STATION_REMITTANCES_MONTH",
    letters="RM",
    name=translatable("供电所解款与现金账龄月报"),
    cadence="MONTHLY",
    permission=Permission.SETTLEMENT_READ,
    subjects=station_subjects,
    freeze=freeze_stations,
    ready=period_is_closed,
)

TRIAL_BALANCE_MONTH: Final = drawn_by(
    trial_balance,
    trial_balance.TrialPaper,
    code="TRIAL_BALANCE_MONTH",
    letters="TB",
    name=translatable("科目余额表"),
    cadence="MONTHLY",
    permission=Permission.LEDGER_READ,
    subjects=trial_subjects,
    freeze=freeze_trials,
    ready=month_is_closed,
)

RECONCILIATION_DAY: Final = drawn_by(
    reconciliation,
    Reconciliation,
    code="RECONCILIATION_DAY",
    letters="RD",
    name=translatable("对账日报"),
    cadence="DAILY",
    permission=Permission.RECONCILIATION_READ,
    subjects=reconciliation_subjects,
    freeze=freeze_reconciliations,
    ready=period_is_closed,
)

RECONCILIATION_MONTH: Final = drawn_by(
    reconciliation,
    Reconciliation,
    code="RECONCILIATION_MONTH",
    letters="RP",
    name=translatable("对账月报"),
    cadence="MONTHLY",
    permission=Permission.RECONCILIATION_READ,
    subjects=reconciliation_subjects,
    freeze=freeze_reconciliations,
    ready=period_is_closed,
)

KINDS: Final = (
    OUTLET_DAY,
    STATION_REMITTANCES_WEEK,
    STATION_REMITTANCES_MONTH,
    TRIAL_BALANCE_MONTH,
    RECONCILIATION_DAY,
    RECONCILIATION_MONTH,
)
