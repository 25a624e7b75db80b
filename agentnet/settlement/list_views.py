"""Closed days and remittances of a territory, each on its page; finance decides there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from agentnet.collecting.queries import tender_names
from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.core.ids import parse_id
from agentnet.infra import files
from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm, carried_out, status_of
from agentnet.infra.i18n import in_english, money_text
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.settlement import queries
from agentnet.settlement.forms import ConfirmForm, RejectForm
from agentnet.settlement.models import Remittance
from agentnet.settlement.remittance_actions import PHOTO_SUFFIX, confirm_remittance, reject_remittance
from agentnet.settlement.rules import FACES_FEN, RemittanceState
from agentnet.settlement.words import FACES, REMITTANCE_STATES
from agentnet.users.guard import needs, viewer
from agentnet.users.models import User
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


@needs(Permission.SETTLEMENT_READ)
def days() -> str:
    """List the closed days of the territory, and first the outlets that have not closed."""
    only = request.args.get("only", "")
    code = typed_text(request.args, "outlet", 32)
    return render_template(
        "settlement/days.html",
        waiting=queries.not_closed(viewer(), today()),
        page=queries.closes_page(viewer(), request.args, code, only),
        only=only if only in ("differing", "unattended") else "",
        code=code,
        today=today(),
    )


@needs(Permission.SETTLEMENT_READ)
def day(code: str, day: str) -> str:
    """Show a closed day: what was taken by tender, what was counted, what differed and why."""
    try:
        business_on = date.fromisoformat(day)
    except ValueError:
        raise Missing("day_not_closed", "这一天还没有日结，或它不在您的管辖范围内") from None
    found = queries.closed_day(viewer(), code, business_on)
    pieces = [(FACES[f"pieces_{face}"], face, found.close.notes.get(str(face), 0)) for face in FACES_FEN]
    return render_template(
        "settlement/day.html",
        found=found,
        close=found.close,
        pieces=[one for one in pieces if one[2]],
        tender_names=tender_names(in_english()),
        may_close=may(viewer(), Permission.DAY_CLOSE),
    )


@needs(Permission.SETTLEMENT_READ)
def remittances() -> str:
    """List the remittances of the territory, newest first."""
    state = request.args.get("state", "")
    code = typed_text(request.args, "outlet", 32)
    return render_template(
        "settlement/remittances.html",
        page=queries.remittances_page(viewer(), request.args, Permission.SETTLEMENT_READ, state, code),
        states=REMITTANCE_STATES,
        state_asked=state if state in tuple(RemittanceState) else "",
        code=code,
    )


@needs(Permission.SETTLEMENT_READ)
def remittance(id_: str) -> str:
    """Show a remittance; finance finds the two ways to decide it."""
    found = queries.remittance_for(viewer(), parse_id(id_), Permission.SETTLEMENT_READ)
    return _page(found)


@needs(Permission.SETTLEMENT_READ)
def slip_photo(id_: str) -> Response:
    """Send the photo of a deposit slip."""
    found = queries.remittance_for(viewer(), parse_id(id_), Permission.SETTLEMENT_READ)
    if found.photo_sha256 is None or not files.exists(found.photo_sha256, PHOTO_SUFFIX):
        raise Missing("photo_not_there", "这笔解款没有交款单照片")
    return send_file(files.path(found.photo_sha256, PHOTO_SUFFIX), mimetype="image/jpeg", etag=found.photo_sha256)


def _page(found: Remittance, confirm: ConfirmForm | None = None, reject: RejectForm | None = None) -> str:
    undecided = found.state == RemittanceState.DECLARED
    if confirm is None:
        confirm = ConfirmForm(formdata=None, amount=found.amount_fen)
    people = dict(
        db.session.execute(
            select(User.id, User.display_name).where(User.id.in_([found.user_id or 0, found.decided_by_id or 0]))
        ).all()
    )
    return render_template(
        "settlement/remittance.html",
        found=found,
        outlet=db.session.get_one(Outlet, found.outlet_id),
        state=REMITTANCE_STATES[found.state],
        people=people,
        may_decide=undecided and may(viewer(), Permission.REMITTANCE_CONFIRM),
        confirm=confirm,
        reject=reject or RejectForm(formdata=None),
    )


@needs(Permission.REMITTANCE_CONFIRM)
def confirm(id_: str) -> Answer:
    """Confirm what the bank received."""
    form = ConfirmForm()
    found = queries.remittance_for(viewer(), parse_id(id_), Permission.REMITTANCE_CONFIRM)

    def decide() -> None:
        confirm_remittance(
            found.id, UUID(str(form.id.data)), form.amount.data or 0, str(form.note.data or ""), viewer()
        )
        tell(_("已确认到账 %(amount)s", amount=money_text(form.amount.data or 0)))

    return _decided(form, decide, found) or (_page(found, confirm=form), status_of(form))


@needs(Permission.REMITTANCE_CONFIRM)
def reject(id_: str) -> Answer:
    """Send a deposit back that never reached the bank."""
    form = RejectForm()
    found = queries.remittance_for(viewer(), parse_id(id_), Permission.REMITTANCE_CONFIRM)

    def decide() -> None:
        reject_remittance(found.id, UUID(str(form.id.data)), str(form.note.data or ""), viewer())
        tell(_("已退回，这笔现金重新记在网点手头"), careful=True)

    return _decided(form, decide, found) or (_page(found, reject=form), status_of(form))


def _decided(form: HouseForm, decide: Callable[[], None], found: Remittance) -> Response | None:
    """Decide and go back to the page; None if the form has to be put right."""
    return redirect(url_for(".remittance", id_=found.id), 303) if carried_out(form, decide) else None
