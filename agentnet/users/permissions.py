"""Who may do what: one table, role by permission. Where they may do it is their grant's place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from agentnet.core.errors import Forbidden
from agentnet.infra.actor import Actor, Grant, Role


class Permission(StrEnum):
    """Something a route lets a person do."""

    PUBLIC = "PUBLIC"
    SIGNED_IN = "SIGNED_IN"
    APPROVAL_READ = "APPROVAL_READ"
    APPROVAL_DECIDE = "APPROVAL_DECIDE"
    OUTLET_READ = "OUTLET_READ"
    OUTLET_EDIT = "OUTLET_EDIT"
    PARTNER_EDIT = "PARTNER_EDIT"
    CAMPAIGN_EDIT = "CAMPAIGN_EDIT"
    CAMPAIGN_JOIN = "CAMPAIGN_JOIN"
    MANAGER_READ = "MANAGER_READ"
    MANAGER_EDIT = "MANAGER_EDIT"
    ASSIGNMENT_EDIT = "ASSIGNMENT_EDIT"
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    HOUSEHOLD_READ = "HOUSEHOLD_READ"
    HOUSEHOLD_REVEAL = "HOUSEHOLD_REVEAL"
    COLLECTION_RECORD = "COLLECTION_RECORD"
    COLLECTION_READ = "COLLECTION_READ"
    COLLECTION_VOID = "COLLECTION_VOID"
    COLLECTION_REVERSE = "COLLECTION_REVERSE"
    CORRECTION_REQUEST = "CORRECTION_REQUEST"
    CORRECTION_APPROVE = "CORRECTION_APPROVE"
    HOUSEHOLD_CORRECT = "HOUSEHOLD_CORRECT"
    REFUND_PAY_CASH = "REFUND_PAY_CASH"
    REFUND_PAY_BANK = "REFUND_PAY_BANK"
    ADJUSTMENT_REQUEST = "ADJUSTMENT_REQUEST"
    DAY_CLOSE = "DAY_CLOSE"
    REMITTANCE_DECLARE = "REMITTANCE_DECLARE"
    REMITTANCE_CONFIRM = "REMITTANCE_CONFIRM"
    REMITTANCE_DAYS_EDIT = "REMITTANCE_DAYS_EDIT"
    SETTLEMENT_READ = "SETTLEMENT_READ"
    TOP_UP_DECLARE = "TOP_UP_DECLARE"
    TOP_UP_CONFIRM = "TOP_UP_CONFIRM"
    DEPOSIT_EDIT = "DEPOSIT_EDIT"
    LIMIT_EDIT = "LIMIT_EDIT"
    LIMIT_APPROVE = "LIMIT_APPROVE"
    RECONCILIATION_READ = "RECONCILIATION_READ"
    RECONCILE = "RECONCILE"
    PARTNER_FILE_SEND = "PARTNER_FILE_SEND"
    LEDGER_READ = "LEDGER_READ"
    JOURNAL_EXPORT = "JOURNAL_EXPORT"
    VISIT_LOG = "VISIT_LOG"
    VISIT_READ = "VISIT_READ"
    VISIT_STRIKE = "VISIT_STRIKE"
    NEED_CLOSE = "NEED_CLOSE"
    COMPLIANCE_READ = "COMPLIANCE_READ"
    WORKDAY_EDIT = "WORKDAY_EDIT"
    COMMISSION_READ = "COMMISSION_READ"
    COMMISSION_EDIT = "COMMISSION_EDIT"
    COMMISSION_APPROVE = "COMMISSION_APPROVE"
    PAYOUT_READ = "PAYOUT_READ"
    PAYOUT_EDIT = "PAYOUT_EDIT"
    PAYOUT_APPROVE = "PAYOUT_APPROVE"
    COMMISSION_ANALYSE = "COMMISSION_ANALYSE"
    PATTERN_MARK = "PATTERN_MARK"
    COMMISSION_DISPUTE = "COMMISSION_DISPUTE"
    MONTH_CLOSE = "MONTH_CLOSE"
    DOCUMENT_READ = "DOCUMENT_READ"
    DOCUMENT_RUN = "DOCUMENT_RUN"
    SCHEDULE_EDIT = "SCHEDULE_EDIT"
    ORG_EDIT = "ORG_EDIT"
    USER_EDIT = "USER_EDIT"
    AUDIT_READ = "AUDIT_READ"


A, M, S, F, P, U, X = (
    Role.AGENT,
    Role.MANAGER,
    Role.SUPERVISOR,
    Role.FINANCE,
    Role.PARTNER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)

MAY: Mapping[Permission, frozenset[Role]] = {
    Permission.APPROVAL_READ: frozenset({A, M, S, F, U, X}),
    # May decide some kind of request, or stand in for who does; which kinds, each kind's own permission says.
    Permission.APPROVAL_DECIDE: frozenset({M, S, F, X}),
    Permission.OUTLET_READ: frozenset({A, M, S, F, P, U, X}),
    Permission.OUTLET_EDIT: frozenset({S, X}),
    Permission.PARTNER_EDIT: frozenset({X}),
    Permission.CAMPAIGN_EDIT: frozenset({X}),
    # Which outlets of the own territory take part.
    Permission.CAMPAIGN_JOIN: frozenset({S, X}),
    Permission.MANAGER_READ: frozenset({M, S, F, U, X}),
    Permission.MANAGER_EDIT: frozenset({S, X}),
    Permission.ASSIGNMENT_EDIT: frozenset({S, X}),
    # Which kinds of file each role brings, the importers say.
    Permission.IMPORT: frozenset({S, F, X}),
    Permission.EXPORT: frozenset({S, F, P, U, X}),
    Permission.HOUSEHOLD_READ: frozenset({S, F, U, X}),
    Permission.HOUSEHOLD_REVEAL: frozenset({S, F}),
    Permission.COLLECTION_RECORD: frozenset({A}),
    Permission.COLLECTION_READ: frozenset({A, S, F, P, U, X}),
    Permission.COLLECTION_VOID: frozenset({A}),
    Permission.COLLECTION_REVERSE: frozenset({F}),
    Permission.CORRECTION_REQUEST: frozenset({A, S, F}),
    Permission.CORRECTION_APPROVE: frozenset({F}),
    # No money leaves the company where a wrong household is put right.
    Permission.HOUSEHOLD_CORRECT: frozenset({S, F}),
    Permission.REFUND_PAY_CASH: frozenset({A}),
    Permission.REFUND_PAY_BANK: frozenset({F}),
    Permission.ADJUSTMENT_REQUEST: frozenset({F}),
    Permission.DAY_CLOSE: frozenset({A}),
    Permission.REMITTANCE_DECLARE: frozenset({A}),
    Permission.REMITTANCE_CONFIRM: frozenset({F}),
    Permission.REMITTANCE_DAYS_EDIT: frozenset({S, X}),
    Permission.SETTLEMENT_READ: frozenset({A, S, F, U, X}),
    Permission.TOP_UP_DECLARE: frozenset({A}),
    Permission.TOP_UP_CONFIRM: frozenset({F}),
    Permission.DEPOSIT_EDIT: frozenset({F}),
    Permission.LIMIT_EDIT: frozenset({F}),
    Permission.LIMIT_APPROVE: frozenset({S, F}),
    Permission.RECONCILIATION_READ: frozenset({S, F, P, U, X}),
    Permission.RECONCILE: frozenset({F}),
    Permission.PARTNER_FILE_SEND: frozenset({F, P}),
    Permission.LEDGER_READ: frozenset({F, U, X}),
    Permission.JOURNAL_EXPORT: frozenset({F}),
    Permission.VISIT_LOG: frozenset({M}),
    Permission.VISIT_READ: frozenset({A, M, S, U, X}),
    Permission.VISIT_STRIKE: frozenset({S}),
    Permission.NEED_CLOSE: frozenset({M, S}),
    Permission.COMPLIANCE_READ: frozenset({M, S, U, X}),
    Permission.WORKDAY_EDIT: frozenset({S, X}),
    Permission.COMMISSION_READ: frozenset({A, S, F, P, U, X}),
    Permission.COMMISSION_EDIT: frozenset({F}),
    Permission.COMMISSION_APPROVE: frozenset({S, F}),
    Permission.PAYOUT_READ: frozenset({S, F, U}),
    Permission.PAYOUT_EDIT: frozenset({F}),
    Permission.PAYOUT_APPROVE: frozenset({S, F}),
    # What a plan would cost, patterns worth a look, the old sheet against ours: not for those who are paid.
    Permission.COMMISSION_ANALYSE: frozenset({S, F, U}),
    Permission.PATTERN_MARK: frozenset({S, F}),
    Permission.COMMISSION_DISPUTE: frozenset({A, P}),
    Permission.MONTH_CLOSE: frozenset({F}),
    Permission.DOCUMENT_READ: frozenset({A, M, S, F, P, U, X}),
    Permission.DOCUMENT_RUN: frozenset({S, F}),
    Permission.SCHEDULE_EDIT: frozenset({S, F}),
    Permission.ORG_EDIT: frozenset({X}),
    Permission.USER_EDIT: frozenset({X}),
    Permission.AUDIT_READ: frozenset({U, X}),
}


def may(actor: Actor, permission: Permission) -> bool:
    """Return whether the actor holds the permission anywhere."""
    if permission is Permission.PUBLIC:
        return True
    if permission is Permission.SIGNED_IN:
        return bool(actor.grants) or actor.user_id is not None
    return bool(actor.roles & MAY[permission])


def require(actor: Actor, permission: Permission) -> None:
    """Refuse an actor who holds the permission nowhere.

    Raises:
        Forbidden: ``not_permitted``.
    """
    if not may(actor, permission):
        raise Forbidden("not_permitted", "您的岗位没有此项权限，如需办理请联系主管")


def grants_for(actor: Actor, permission: Permission) -> tuple[Grant, ...]:
    """Return the actor's grants that carry the permission; where they hold is the territory."""
    return tuple(grant for grant in actor.grants if grant.role in MAY[permission])


def org_paths(actor: Actor, permission: Permission) -> tuple[str, ...]:
    """Return the org paths under which the actor holds the permission."""
    return tuple(grant.org_path for grant in grants_for(actor, permission) if grant.org_path is not None)


def covers_company(actor: Actor, permission: Permission) -> bool:
    """Return whether the actor holds the permission for the whole company: on the root, whose path is ``/1/``.

    A list then needs no condition on territory, and its index can be walked from the end.
    """
    return reach_company(org_paths(actor, permission))


def reach_company(paths: Iterable[str]) -> bool:
    """Return whether a territory of org paths is the whole company: the root's is ``/1/``, the system's ``/``.

    >>> reach_company(("/1/4/", "/1/")), reach_company(("/1/4/",)), reach_company(("/",))
    (True, False, True)
    """
    return any(path.count("/") <= 2 for path in paths)
