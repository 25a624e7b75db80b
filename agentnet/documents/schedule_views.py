"""Pages of schedules: what is printed, for whom and when."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.errors import Refusal
from agentnet.documents import queries, schedules
from agentnet.documents.display import unit_name
from agentnet.documents.forms import ScheduleForm, day_choices
from agentnet.documents.kinds import ReportKind
from agentnet.documents.models import Schedule
from agentnet.documents.order_views import kind_or_missing
from agentnet.documents.rules import Cadence
from agentnet.documents.schedules import ScheduleWish
from agentnet.infra.dates import instant_text
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]

RESULTS_SHOWN = 3


@needs(Permission.SCHEDULE_EDIT)
def list_schedules() -> Answer:
    """List the schedules of the territory, with the next run and the last results of each."""
    rows = queries.schedules_for(viewer())
    orders = queries.latest_orders([schedule.id for schedule, _unit in rows], RESULTS_SHOWN)
    return render_template("documents/schedules.html", rows=rows, orders=orders)


@needs(Permission.SCHEDULE_EDIT)
def add_schedule() -> Answer:
    """Add a schedule; first the kind is chosen, because it decides which days there are."""
    if not request.args.get("kind"):
        return render_template("documents/schedule_kinds.html", kinds=queries.permitted_kinds(viewer()))
    kind = kind_or_missing(request.args["kind"])
    form = _form_for(kind)
    if request.method == "GET":
        form.name.data = form.name.data or _(kind.name)
        form.time.data = form.time.data or ("02:00" if kind.cadence == Cadence.MONTHLY else "06:00")
        return render_template("documents/schedule.html", form=form, kind=kind, schedule=None)
    return _saved(form, kind, None)


@needs(Permission.SCHEDULE_EDIT)
def change_schedule(schedule_id: int) -> Answer:
    """Change a schedule."""
    schedule, unit = queries.schedule_for(viewer(), schedule_id)
    kind = kind_or_missing(schedule.kind)
    form = _form_for(kind)
    if request.method == "POST":
        return _saved(form, kind, schedule)
    form.version.data = schedule.version
    form.name.data, form.org_unit.data, form.language.data = schedule.name, unit.code, schedule.language
    form.day.data, form.time.data = str(schedule.day), f"{schedule.hour:02d}:{schedule.minute:02d}"
    return render_template("documents/schedule.html", form=form, kind=kind, schedule=schedule)


@needs(Permission.SCHEDULE_EDIT)
def switch_schedule(schedule_id: int) -> Answer:
    """Switch a schedule off or on."""
    schedule = schedules.switch_schedule(schedule_id, request.form.get("enabled") == "yes", viewer())
    tell(
        _("“%(name)s”已启用", name=schedule.name)
        if schedule.enabled
        else _("“%(name)s”已停用，已出的文件都还在", name=schedule.name)
    )
    return redirect(url_for("documents.schedules"), 303)


def _form_for(kind: ReportKind) -> ScheduleForm:
    form = ScheduleForm()
    form.org_unit.choices = [
        (unit.code, unit_name(unit)) for unit in queries.units_for(viewer(), Permission.SCHEDULE_EDIT)
    ]
    form.day.choices = day_choices(kind.cadence)
    return form


def _saved(form: ScheduleForm, kind: ReportKind, schedule: Schedule | None) -> Answer:
    status = 422
    if form.validate():
        try:
            saved = _save(form, kind, schedule)
        except Refusal as refusal:
            show_refusal(form, refusal)
            status = refusal.status
        else:
            tell(_("“%(name)s”已保存，下次出表 %(when)s", name=saved.name, when=instant_text(saved.next_at)))
            return redirect(url_for("documents.schedules"), 303)
    return render_template("documents/schedule.html", form=form, kind=kind, schedule=schedule), status


def _save(form: ScheduleForm, kind: ReportKind, schedule: Schedule | None) -> Schedule:
    hour, minute = str(form.time.data).split(":")
    wish = ScheduleWish(
        name=form.name.data,
        kind=kind.code,
        org_unit_code=form.org_unit.data,
        language=form.language.data,
        day=int(form.day.data),
        hour=int(hour),
        minute=int(minute),
        starts_on=form.starts_on.data,
    )
    if schedule is None:
        return schedules.add_schedule(wish, viewer())
    version = int(form.version.data) if (form.version.data or "").isdecimal() else 0
    return schedules.change_schedule(schedule.id, version, wish, viewer())
