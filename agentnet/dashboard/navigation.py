"""The places each role goes, in the order it needs them: one list, read by permission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, request

from agentnet.core.words import translatable
from agentnet.infra.actor import Actor, Role
from agentnet.users.guard import viewer
from agentnet.users.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Place:
    """A page worth a place in the navigation; ``also`` are the endpoints' beginnings that light it up."""

    label: str
    endpoint: str
    icon: str
    permission: Permission
    also: tuple[str, ...] = ()

    def holds(self, endpoint: str) -> bool:
        """Return whether a page belongs to this place."""
        return endpoint == self.endpoint or any(endpoint.startswith(beginning) for beginning in self.also)


PLACES: Sequence[Place] = (
    Place(translatable("首页"), "dashboard.home", "house-door", Permission.SIGNED_IN),
    Place(translatable("收电费"), "collecting.start", "cash-coin", Permission.COLLECTION_RECORD),
    Place(translatable("日结交款"), "settlement.drawer", "bank", Permission.DAY_CLOSE, ("settlement.", "holding.")),
    Place(translatable("本周走访"), "visits.duties", "clipboard-check", Permission.VISIT_LOG, ("visits.",)),
    Place(translatable("收费记录"), "collecting.collections", "receipt", Permission.COLLECTION_READ),
    Place(
        translatable("解款"),
        "settlement.remittances",
        "bank",
        Permission.SETTLEMENT_READ,
        ("settlement.", "holding.", "corrections."),
    ),
    Place(translatable("审批"), "approvals.approvals", "shield-check", Permission.APPROVAL_DECIDE, ("approvals.",)),
    Place(
        translatable("对账"),
        "reconciliation.differences",
        "table",
        Permission.RECONCILIATION_READ,
        ("reconciliation.",),
    ),
    Place(translatable("走访"), "visits.compliance", "clipboard-check", Permission.COMPLIANCE_READ, ("visits.",)),
    Place(translatable("网点"), "outlets.index", "shop", Permission.OUTLET_READ, ("outlets.",)),
    Place(
        translatable("代办费"),
        "commission.overview",
        "wallet2",
        Permission.COMMISSION_READ,
        ("commission.", "disputes."),
    ),
    Place(translatable("代办费付款"), "payout.batches", "credit-card", Permission.PAYOUT_READ, ("payout.", "mailing.")),
    Place(translatable("报表"), "documents.documents", "file-earmark-pdf", Permission.DOCUMENT_READ, ("documents.",)),
    Place(translatable("账簿"), "books.trial", "calculator", Permission.LEDGER_READ, ("books.",)),
    Place(translatable("月结"), "closing.months", "lock", Permission.MONTH_CLOSE, ("closing.",)),
    Place(translatable("导入"), "administration.imports", "upload", Permission.IMPORT, ("administration.dry_run",)),
    Place(
        translatable("人员"),
        "administration.people",
        "people",
        Permission.USER_EDIT,
        ("administration.person", "administration.new_person", "administration.grant", "administration.reset_password"),
    ),
    Place(
        translatable("组织"),
        "administration.units",
        "diagram-3",
        Permission.ORG_EDIT,
        ("administration.new_unit", "administration.edit_unit", "administration.move_unit", "administration.division"),
    ),
    Place(translatable("操作记录"), "administration.audit", "journal-text", Permission.AUDIT_READ),
)


@lru_cache(maxsize=256)
def places_for(actor: Actor) -> Sequence[Place]:
    """Return the places this person may go to; one place per drawing, the earlier wins.

    For keepers and managers the counter and the week's visits are the home page.
    """
    found: list[Place] = []
    starts_elsewhere = actor.has(Role.AGENT, Role.MANAGER)
    for place in PLACES:
        if place.endpoint == "dashboard.home" and starts_elsewhere:
            continue
        if may(actor, place.permission) and all(place.icon != earlier.icon for earlier in found):
            found.append(place)
    return found


def init_navigation(app: Flask) -> None:
    """Give every page its navigation."""

    @app.context_processor
    def navigation() -> dict[str, object]:
        actor = viewer()
        if actor.user_id is None:
            return {}
        here = request.endpoint or ""
        return {
            "navigation": [
                (
                    place.label,
                    place.endpoint,
                    place.icon,
                    here == place.endpoint or here.startswith(place.also or ("\n",)),
                )
                for place in places_for(actor)
            ]
        }
