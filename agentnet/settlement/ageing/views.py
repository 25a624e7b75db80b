"""The age of cash: outlets by missed opportunities, and stations."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _

from agentnet.infra.actor import Role
from agentnet.infra.pages import chosen, typed_text
from agentnet.outlets.display import SETTINGS, choices
from agentnet.outlets.queries import units_of
from agentnet.outlets.views.common import choices_of
from agentnet.settlement.ageing import listing
from agentnet.settlement.ageing.listing import BUCKETS, AgeFilter
from agentnet.settlement.ageing.statement import statement_of
from agentnet.settlement.words import ACCOUNT_NAMES, OTHER_TRANSFER, TRANSFER_KINDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

SPECIAL = {"warned": "warned", "suspended": "suspended"}


@needs(Permission.SETTLEMENT_READ)
def ageing() -> str:
    """List the outlets that hold cash of earlier days by the opportunities it has missed, and what that comes to."""
    units = units_of(viewer(), Permission.SETTLEMENT_READ)
    wanted = _filter({unit.code: unit.path for unit in units})
    return render_template(
        "settlement/ageing.html",
        page=listing.ages_page(viewer(), wanted, request.args),
        summary=listing.summary_of(viewer()),
        wanted=wanted,
        narrowed=wanted != AgeFilter(),
        settings=choices(SETTINGS, _("城区和农村")),
        units=choices_of(units, _("全部单位")),
    )


def _filter(paths: dict[str, str]) -> AgeFilter:
    """Return what the address narrows the list to; what it does not know counts as nothing."""
    standing = chosen(request.args, "standing", SPECIAL, "")
    return AgeFilter(
        words=typed_text(request.args, "q", 60),
        missed=chosen(request.args, "missed", {str(missed): missed for missed in BUCKETS}, None),
        setting=chosen(request.args, "setting", {name: name for name in SETTINGS}, ""),
        unit_path=paths.get(request.args.get("unit", ""), ""),
        warned=standing == "warned",
        suspended=standing == "suspended",
    )


@needs(Permission.SETTLEMENT_READ)
def stations() -> str:
    """List the stations by the overdue cash of their outlets."""
    words = typed_text(request.args, "q", 60)
    return render_template(
        "settlement/ageing_stations.html",
        page=listing.stations_page(viewer(), request.args, words),
        summary=listing.summary_of(viewer()),
        words=words,
    )


@needs(Permission.SETTLEMENT_READ)
def account(code: str, name: str) -> str:
    """Show an outlet's account, line by line, with the balance after each and the way to what moved it."""
    found = statement_of(viewer(), code, name, request.args)
    return render_template(
        "settlement/account.html",
        outlet=found.outlet,
        name=name,
        account_names=ACCOUNT_NAMES,
        found=found,
        age=found.age if name == "cash" else None,
        kinds={kind: _(TRANSFER_KINDS.get(kind, OTHER_TRANSFER)) for kind in {line.kind for line in found.lines}},
        is_keeper=viewer().has(Role.AGENT),
    )
