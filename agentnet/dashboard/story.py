"""The outlet's whole story: what collecting, visits, commission and documents tell of it on its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.collecting.queries import drawer_of
from agentnet.commission.models import OutletAccrual
from agentnet.core.clock import Month, today
from agentnet.core.money import format_yuan
from agentnet.dashboard.queries import Taken, taken_by_month
from agentnet.documents.models import Run
from agentnet.documents.queries import visible_runs
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.templating import grouped
from agentnet.outlets.models import Manager, Outlet
from agentnet.users.permissions import Permission, may
from agentnet.visits.models import Need, Visit

MONTHS_SHOWN = 13
Part = tuple[str, Mapping[str, Any]]


def money_part(viewer: Actor, outlet: Outlet) -> Part:
    """Tell thirteen months of collections, the cash held, and what commission came of it."""
    if not may(viewer, Permission.COLLECTION_READ):
        return "dashboard/_no_part.html", {}
    months = [Month.of(today())]
    while len(months) < MONTHS_SHOWN:
        months.insert(0, months[0].previous())
    taken = taken_by_month(outlet.id, months[0].starts_on)
    lines = db.session.execute(
        select(OutletAccrual.month, OutletAccrual.due_fen).where(
            OutletAccrual.outlet_id == outlet.id, OutletAccrual.month >= str(months[0])
        )
    )
    accrued = {row.month: row.due_fen for row in lines}
    rows = [(month, taken.get(str(month), Taken(0, 0)), accrued.get(str(month))) for month in months]
    total = sum((row[1] for row in rows), Taken(0, 0))
    return "dashboard/_money.html", {
        "outlet": outlet,
        "rows": list(reversed(rows)),
        "drawer": drawer_of(outlet, today()),
        "drawing": {
            "kind": "bars",
            "labels": [str(month) for month, _taken, _due in rows],
            "unit": _("元"),
            "money": True,
            "series": [{"label": _("收费"), "values": [one.total_fen for _month, one, _due in rows]}],
        },
        "finding": _(
            "十三个月收了 %(count)s 笔，共 %(total)s 元", count=grouped(total.count), total=format_yuan(total.total_fen)
        ),
    }


def visits_part(viewer: Actor, outlet: Outlet) -> Part:
    """Tell the last visits and the villagers' needs still open."""
    if not may(viewer, Permission.VISIT_READ):
        return "dashboard/_no_part.html", {}
    visits = db.session.execute(
        select(Visit, Manager)
        .join(Manager, Manager.id == Visit.manager_id)
        .where(Visit.outlet_id.in_([outlet.id, outlet.hosted_by_id or outlet.id]))
        .order_by(Visit.arrived_at.desc())
        .limit(5)
    ).all()
    needs = db.session.scalars(
        select(Need).where(Need.outlet_id == outlet.id, Need.closed_at.is_(None)).order_by(Need.raised_at).limit(10)
    ).all()
    return "dashboard/_visits.html", {"outlet": outlet, "visits": visits, "needs": needs}


def documents_part(viewer: Actor, outlet: Outlet) -> Part:
    """Name the newest documents about the outlet that the viewer may read."""
    runs = db.session.scalars(
        select(Run).where(Run.outlet_id == outlet.id, visible_runs(viewer)).order_by(Run.id.desc()).limit(6)
    ).all()
    return "dashboard/_documents.html", {"documents": runs}


STORY: Sequence[Callable[[Actor, Outlet], Part]] = (money_part, visits_part, documents_part)
"""The parts of an outlet's page that come from above the register, in their order."""
