"""The application put together: the only place that knows every feature.

Lower layers reach up only through the lists below. The ends of the program call ``agentnet.create_app``.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from flask_login import current_user

from agentnet.administration.blueprint import blueprint as administration_blueprint
from agentnet.approvals import models as approvals_models
from agentnet.approvals.blueprint import blueprint as approvals_blueprint
from agentnet.approvals.kinds import ApprovalKind
from agentnet.books import models as books_models
from agentnet.books.blueprint import blueprint as books_blueprint
from agentnet.books.report_data import KINDS as BOOKS_KINDS
from agentnet.closing import models as closing_models
from agentnet.closing.blueprint import blueprint as closing_blueprint
from agentnet.closing.jobs import CLOSE_MONTHS
from agentnet.collecting import imports as collecting_imports
from agentnet.collecting import models as collecting_models
from agentnet.collecting.blueprint import blueprint as collecting_blueprint
from agentnet.collecting.jobs import ALLOCATE_RECEIVED
from agentnet.commission import models as commission_models
from agentnet.commission.abuse import models as abuse_models
from agentnet.commission.abuse.jobs import LOOK_FOR_PATTERNS
from agentnet.commission.blueprint import blueprint as commission_blueprint
from agentnet.commission.disputes import models as disputes_models
from agentnet.commission.disputes.blueprint import blueprint as disputes_blueprint
from agentnet.commission.following import follow_correction
from agentnet.commission.income import income_part
from agentnet.commission.mailing import address_imports
from agentnet.commission.mailing import models as mailing_models
from agentnet.commission.mailing.blueprint import blueprint as mailing_blueprint
from agentnet.commission.mailing.jobs import QUEUE_MAILS
from agentnet.commission.mailing.jobs import SENDING as SENDING_MAIL
from agentnet.commission.parallel import models as parallel_models
from agentnet.commission.payout import models as payout_models
from agentnet.commission.payout import payee_imports
from agentnet.commission.payout.approval_kind import PAYOUT
from agentnet.commission.payout.blueprint import blueprint as payout_blueprint
from agentnet.commission.plan_requests import PLAN_VERSION
from agentnet.commission.queries import plan_lines
from agentnet.commission.report_data import (
    COMMISSION_PARTNER,
    COMMISSION_PROVISIONAL,
    COMMISSION_STATEMENT,
    COMMISSION_SUMMARY,
    COMMISSION_YEAR,
)
from agentnet.commission.whatif import models as whatif_models
from agentnet.commission.whatif.jobs import TRYING
from agentnet.dashboard.blueprint import blueprint as dashboard_blueprint
from agentnet.dashboard.navigation import init_navigation
from agentnet.dashboard.story import STORY
from agentnet.divisions import imports as division_imports
from agentnet.divisions import models as divisions_models
from agentnet.divisions import unit_imports
from agentnet.documents import models as documents_models
from agentnet.documents.blueprint import blueprint as documents_blueprint
from agentnet.documents.jobs import TICK
from agentnet.documents.kinds import ReportKind
from agentnet.documents.worker import DRAWING
from agentnet.holding import models as holding_models
from agentnet.holding.approval_kinds import LIMIT_RAISE, PAY_BACK_KINDS
from agentnet.holding.blueprint import blueprint as holding_blueprint
from agentnet.holding.queries import require_no_top_up_waiting
from agentnet.infra import idempotency, marks, revisions
from agentnet.infra.config import Settings, read_settings
from agentnet.infra.db import init_db
from agentnet.infra.i18n import init_i18n
from agentnet.infra.importing import Importer, importers_by_kind
from agentnet.infra.jobs import ClockJob, WorkerLoop
from agentnet.infra.refusals import init_refusals
from agentnet.infra.sealing import seal_settled
from agentnet.infra.security import init_security
from agentnet.infra.templating import init_templating
from agentnet.infra.transaction import TransactionalFlask
from agentnet.ledger import models as ledger_models
from agentnet.ledger.jobs import ROLL_UP
from agentnet.outlets import imports as outlets_imports
from agentnet.outlets import models as outlets_models
from agentnet.outlets.blueprint import blueprint as outlets_blueprint
from agentnet.outlets.campaigns import imports as campaign_imports
from agentnet.outlets.campaigns import models as campaigns_models
from agentnet.outlets.queries import own_manager_ids
from agentnet.settlement import models as settlement_models
from agentnet.settlement.ageing import imports as remittance_days_imports
from agentnet.settlement.ageing import models as ageing_models
from agentnet.settlement.ageing.notices import overdue_notices
from agentnet.settlement.blueprint import blueprint as settlement_blueprint
from agentnet.settlement.corrections import kinds as correction_kinds
from agentnet.settlement.corrections.actions import Follower
from agentnet.settlement.corrections.blueprint import blueprint as corrections_blueprint
from agentnet.settlement.jobs import AGE_CASH, CLOSE_DAYS
from agentnet.settlement.reconciliation import models as reconciliation_models
from agentnet.settlement.reconciliation.blueprint import blueprint as reconciliation_blueprint
from agentnet.settlement.reconciliation.bookings import BOOKING
from agentnet.settlement.reconciliation.rechecking import RECHECK_FILES
from agentnet.settlement.reconciliation.remedy_actions import end_for_correction
from agentnet.settlement.reconciliation.withdrawals import WITHDRAWAL
from agentnet.settlement.reconciliation.write_offs import WRITE_OFF
from agentnet.users import models as users_models
from agentnet.users.blueprint import blueprint as users_blueprint
from agentnet.users.guard import init_guard
from agentnet.visits import models as visits_models
from agentnet.visits.blueprint import blueprint as visits_blueprint
from agentnet.visits.jobs import PLAN_DUTIES
from agentnet.visits.report_data import DUTY_MANAGER_WEEK, DUTY_STATION_MONTH
from agentnet.workdays import models as workdays_models
from agentnet.workdays.blueprint import blueprint as workdays_blueprint

MODELS = (
    idempotency,
    revisions,
    marks,
    workdays_models,
    divisions_models,
    users_models,
    approvals_models,
    ledger_models,
    documents_models,
    outlets_models,
    campaigns_models,
    collecting_models,
    settlement_models,
    ageing_models,
    holding_models,
    reconciliation_models,
    books_models,
    visits_models,
    commission_models,
    payout_models,
    mailing_models,
    whatif_models,
    abuse_models,
    parallel_models,
    disputes_models,
    closing_models,
)
"""Every table belongs to one of these."""

BLUEPRINTS: Sequence[Blueprint] = (
    users_blueprint,
    approvals_blueprint,
    collecting_blueprint,
    settlement_blueprint,
    corrections_blueprint,
    holding_blueprint,
    reconciliation_blueprint,
    documents_blueprint,
    visits_blueprint,
    workdays_blueprint,
    books_blueprint,
    commission_blueprint,
    payout_blueprint,
    mailing_blueprint,
    disputes_blueprint,
    closing_blueprint,
    outlets_blueprint,
    administration_blueprint,
    dashboard_blueprint,
)
REPORT_KINDS: Sequence[ReportKind] = (
    COMMISSION_PROVISIONAL,
    COMMISSION_STATEMENT,
    COMMISSION_SUMMARY,
    COMMISSION_PARTNER,
    COMMISSION_YEAR,
    DUTY_MANAGER_WEEK,
    DUTY_STATION_MONTH,
    *BOOKS_KINDS,
)
APPROVAL_KINDS: Sequence[ApprovalKind] = (
    *correction_kinds.APPROVAL_KINDS,
    LIMIT_RAISE,
    *PAY_BACK_KINDS,
    PLAN_VERSION,
    PAYOUT,
    WRITE_OFF,
    BOOKING,
    WITHDRAWAL,
)
"""What needs a second person: who may decide it, how it is shown, what carries it out."""
AFTER_CORRECTION: Sequence[Follower] = (follow_correction, end_for_correction)
"""What follows a correction in its own transaction."""
IMPORTERS: Sequence[Importer] = (
    division_imports.IMPORTER,
    unit_imports.IMPORTER,
    *outlets_imports.IMPORTERS,
    campaign_imports.IMPORTER,
    remittance_days_imports.IMPORTER,
    *collecting_imports.IMPORTERS,
    payee_imports.IMPORTER,
    address_imports.IMPORTER,
)


CLOCK_JOBS: Sequence[ClockJob] = (
    ClockJob("seal audit", 5, seal_settled),
    CLOSE_DAYS,
    AGE_CASH,
    RECHECK_FILES,
    ALLOCATE_RECEIVED,
    CLOSE_MONTHS,
    ROLL_UP,
    LOOK_FOR_PATTERNS,
    QUEUE_MAILS,
    PLAN_DUTIES,
    TICK,
)
WORKERS: Sequence[WorkerLoop] = (DRAWING, TRYING, SENDING_MAIL)


def _plan_choices() -> list[tuple[int, str]]:
    """Return the commission plans an agreement may name; agreements lie below commission."""
    return [(line.plan.id, line.plan.name) for line in plan_lines()]


def build(settings: Settings | None = None) -> TransactionalFlask:
    """Build the application from its settings (the environment's unless given).

    Raises:
        WrongSetting: naming the variable that cannot be used.
    """
    settings = settings or read_settings()
    app = TransactionalFlask("agentnet")
    app.extensions["agentnet"] = settings
    app.extensions["agentnet.report_kinds"] = {kind.code: kind for kind in REPORT_KINDS}
    app.extensions["agentnet.approval_kinds"] = {kind.code: kind for kind in APPROVAL_KINDS}
    app.extensions["agentnet.after_correction"] = tuple(AFTER_CORRECTION)
    app.extensions["agentnet.before_closing"] = (require_no_top_up_waiting,)
    app.extensions["agentnet.importers"] = importers_by_kind(IMPORTERS)
    app.extensions["agentnet.clock_jobs"] = tuple(CLOCK_JOBS)
    app.extensions["agentnet.workers"] = tuple(WORKERS)
    app.extensions["agentnet.counter_notices"] = (overdue_notices,)
    app.extensions["agentnet.counter_parts"] = (income_part,)
    app.extensions["agentnet.own_manager_ids"] = own_manager_ids
    app.extensions["agentnet.outlet_story"] = tuple(STORY)
    app.extensions["agentnet.plan_choices"] = _plan_choices
    app.extensions["agentnet.large_bodies"] = {
        "administration.imports",
        "settlement.declare",
        "reconciliation.upload",
    }
    init_db(app, settings)
    init_security(app, settings)
    init_i18n(app, lambda: getattr(getattr(current_user, "actor", None), "locale", None))
    init_templating(app)
    init_guard(app)
    init_refusals(app)
    init_navigation(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
