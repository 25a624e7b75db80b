"""Pages of duties and visits: the manager's week, the form of a visit, the log, and one visit."""

from __future__ import annotations

import uuid
from typing import Any

from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.clock import IsoWeek, today
from agentnet.core.errors import Invalid, Missing, Refusal
from agentnet.infra import files
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import SortBy, page_of, typed_text
from agentnet.infra.pictures import clean_jpeg
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.templating import tell
from agentnet.outlets.models import Manager, Outlet
from agentnet.outlets.queries import own_manager, own_manager_id
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may
from agentnet.visits import actions, queries
from agentnet.visits.evidence import Flag
from agentnet.visits.forms import StrikeForm, photo_from_token, photo_token, visit_form
from agentnet.visits.judging import PHOTO_SUFFIX
from agentnet.visits.models import Visit
from agentnet.visits.rules import DutyState
from agentnet.visits.words import ANSWERS, DUTY_STATES, DUTY_TONES, FLAG_REASONS, FLAGS

Answer = Response | str | tuple[str, int]

LONGEST_PHOTO_SIDE = 1600
WORDS = {
    "answer_words": ANSWERS,
    "duty_words": DUTY_STATES,
    "duty_tones": DUTY_TONES,
    "flag_words": FLAGS,
    "flag_reasons": FLAG_REASONS,
    "Flag": Flag,
}

VISIT_COLUMNS = {
    "visited_on": SortBy(Visit.visited_on, kind=type(today())),
    "outlet": SortBy(Outlet.code),
    "manager": SortBy(Manager.code),
    "score": SortBy(Visit.score, kind=int),
}


def week_asked(name: str = "week") -> IsoWeek | None:
    """Return the week the address names, or None if it names none that exists."""
    try:
        return IsoWeek.parse(request.args.get(name, ""))
    except Invalid:
        return None


def recent_weeks(count: int = 13) -> list[IsoWeek]:
    """Return the running week and those before it, the newest first."""
    weeks = [IsoWeek.of(today())]
    while len(weeks) < count:
        weeks.append(weeks[-1].previous())
    return weeks


@needs(Permission.VISIT_LOG)
def duties() -> Answer:
    """Show the manager's week: the longest neglected first."""
    running = IsoWeek.of(today())
    week = min(week_asked() or running, running)
    found = queries.managers_week(own_manager_id(viewer()), week)
    return render_template(
        "visits/duties.html",
        week=week,
        running=running,
        todo=[duty for duty in found if duty.state in (DutyState.DUE, DutyState.MISSED)],
        rest=[duty for duty in found if duty.state in (DutyState.DONE, DutyState.EXEMPT)],
        done=sum(duty.state is DutyState.DONE for duty in found),
        due=sum(duty.state is not DutyState.EXEMPT for duty in found),
        **WORDS,
    )


def _read_photo() -> bytes | None:
    """Decode the photo that was sent, before the transaction; None if there is none."""
    sent = request.files.get("photo")
    data = sent.read() if sent else b""
    return clean_jpeg(data, LONGEST_PHOTO_SIDE) if data else None


@needs(Permission.VISIT_LOG)
@prepared_by(_read_photo)
def new(code: str) -> Answer:
    """Show the form of a visit, or log the visit it brings."""
    manager = own_manager(viewer())
    outlet = queries.outlet_to_visit(manager, code)
    checklist = queries.checklist_asked(request.form.get("checklist_version"), today())
    form = visit_form(checklist.version, checklist.items, queries.services())
    form.checklist_version.data = str(checklist.version)
    if request.method == "GET":
        return _visit_page(form, outlet, manager)
    try:
        photo = _photo_of(form)
        if "rest" in request.form:
            form.pass_the_rest()
            return _visit_page(form, outlet, manager)
        if not form.validate():
            return _visit_page(form, outlet, manager), 422
        item = form.visit(outlet.code, photo)
        actions.log_visit(item, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal, {"need_incomplete": "need_text_0"})
        return _visit_page(form, outlet, manager), refusal.status
    tell(_("%(outlet)s的走访已登记", outlet=outlet.name))
    return redirect(url_for("visits.show", visit_id=item.id), 303)


def _photo_of(form: Any) -> str | None:
    """Return the hash of the photo sent now, else of the one the form still holds."""
    user_id = viewer().user_id
    jpeg = prepared()
    if jpeg is None:
        return photo_from_token(user_id, form.photo_token.data)
    sha256 = files.put(jpeg, PHOTO_SUFFIX)
    form.photo_token.data = photo_token(user_id, sha256)
    return sha256


def _visit_page(form: Any, outlet: Outlet, manager: Manager) -> str:
    return render_template(
        "visits/new.html",
        form=form,
        outlet=outlet,
        unsettled=queries.unsettled(outlet),
        this_week=[
            duty for duty in queries.managers_week(manager.id, IsoWeek.of(today())) if duty.outlet.id == outlet.id
        ],
        hosted=queries.hosted_by(outlet),
        has_photo=photo_from_token(viewer().user_id, form.photo_token.data) is not None,
        **WORDS,
    )


@needs(Permission.VISIT_READ)
def log() -> Answer:
    """List the visits of the viewer's territory, the newest first."""
    flagged, struck = request.args.get("flagged") == "1", request.args.get("struck") == "1"
    words = typed_text(request.args, "q", 60)
    week = week_asked()
    outlet_code = typed_text(request.args, "outlet", 32)
    statement = queries.visits_list(
        viewer(), week=week, outlet_code=outlet_code, words=words, flagged=flagged, struck=struck
    )
    page = page_of(
        db.session(),
        statement,
        request.args,
        columns=VISIT_COLUMNS,
        default="-visited_on",
        key=SortBy(Visit.id, kind=uuid.UUID),
    )
    return render_template(
        "visits/visits.html",
        page=page,
        weeks=recent_weeks(26),
        week=week,
        filtered=bool(week or words or flagged or struck or outlet_code),
        **WORDS,
    )


@needs(Permission.VISIT_READ)
def show(visit_id: uuid.UUID) -> Answer:
    """Show one visit: what speaks for it, what was found, and which duties it serves."""
    return _show(queries.visit_for(viewer(), visit_id), StrikeForm())


def _show(visit: Visit, form: StrikeForm) -> str:
    checklist = queries.checklist_version(visit.checklist_version)
    actor = viewer()
    return render_template(
        "visits/visit.html",
        visit=visit,
        outlet=db.session.get_one(Outlet, visit.outlet_id),
        manager=db.session.get_one(Manager, visit.manager_id),
        items=sorted(checklist.items, key=lambda item: (visit.answers[str(item.no)] != "FAIL", item.no)),
        remarks=queries.failed_items(visit.id),
        needs_found=queries.needs_of_visit(visit.id),
        served=queries.duties_served(visit),
        form=form,
        may_strike=may(actor, Permission.VISIT_STRIKE) and visit.struck_at is None,
        **WORDS,
    )


@needs(Permission.VISIT_STRIKE)
def strike(visit_id: uuid.UUID) -> Answer:
    """Strike a visit with a reason."""
    visit = queries.visit_for(viewer(), visit_id, Permission.VISIT_STRIKE)
    form = StrikeForm()
    if not form.validate():
        return _show(visit, form), 422
    actions.strike_visit(visit_id, form.reason.data, viewer())
    tell(_("这次走访已判为无效，相应的走访任务重新计算"))
    return redirect(url_for("visits.show", visit_id=visit_id), 303)


@needs(Permission.VISIT_READ)
def photo(visit_id: uuid.UUID) -> Response:
    """Send the photo of a visit."""
    visit = queries.visit_for(viewer(), visit_id)
    if visit.photo_sha256 is None or not files.exists(visit.photo_sha256, PHOTO_SUFFIX):
        raise Missing("photo_not_there", "这次走访没有照片")
    return send_file(files.path(visit.photo_sha256, PHOTO_SUFFIX), mimetype="image/jpeg", etag=visit.photo_sha256)
