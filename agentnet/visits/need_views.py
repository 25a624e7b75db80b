"""Pages of villagers' needs: what is open, and how each ended."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.errors import Refusal
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import SortBy, chosen, page_of, typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet, Service
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may
from agentnet.visits import actions, queries
from agentnet.visits.forms import CloseNeedForm
from agentnet.visits.models import Need, Visit
from agentnet.visits.views import Answer

COLUMNS = {
    "raised_at": SortBy(Need.raised_at, kind=datetime),
    "outlet": SortBy(Outlet.code),
    "service": SortBy(Service.position, kind=int),
}
OPEN_COLUMNS = COLUMNS | {"raised_at": SortBy(Need.raised_at, kind=datetime, within=Need.closed_at)}
SHOWN = {"open": True, "closed": False, "all": None}


@needs(Permission.VISIT_READ)
def listed() -> Answer:
    """List the needs of the viewer's territory, the longest open first."""
    still_open = chosen(request.args, "show", SHOWN, True)
    service = typed_text(request.args, "service", 24)
    outlet_code = typed_text(request.args, "outlet", 32)
    page = page_of(
        db.session(),
        queries.needs_list(viewer(), still_open=still_open, service=service, outlet_code=outlet_code),
        request.args,
        columns=OPEN_COLUMNS if still_open else COLUMNS,
        default="raised_at" if still_open else "-raised_at",
        key=SortBy(Need.id, kind=int),
    )
    return render_template(
        "visits/needs.html",
        page=page,
        services=queries.services(),
        still_open=still_open,
        filtered=bool(service or outlet_code),
        may_close=may(viewer(), Permission.NEED_CLOSE),
    )


@needs(Permission.VISIT_READ)
def show(need_id: int) -> Answer:
    """Show one need and, to those who may, the form that closes it."""
    return _page(queries.need_for(viewer(), need_id), CloseNeedForm())


@needs(Permission.NEED_CLOSE)
def close(need_id: int) -> Answer:
    """Close a need with how it ended."""
    need = queries.need_for(viewer(), need_id, Permission.NEED_CLOSE)
    form = CloseNeedForm()
    if not form.validate():
        return _page(need, form), 422
    try:
        actions.close_need(need_id, form.note.data, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(need, form), refusal.status
    tell(_("需求已办结"))
    return redirect(url_for("visits.needs"), 303)


def _page(need: Need, form: CloseNeedForm) -> str:
    return render_template(
        "visits/need.html",
        need=need,
        form=form,
        outlet=db.session.get_one(Outlet, need.outlet_id),
        service=db.session.get_one(Service, need.service),
        visit=db.session.get_one(Visit, need.visit_id),
        may_close=may(viewer(), Permission.NEED_CLOSE) and need.closed_at is None,
    )
