"""The working calendar: a year at a glance, and the form that overrides one day."""

from __future__ import annotations

from datetime import date

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.clock import IsoWeek, Month, today
from agentnet.core.errors import Missing, Refusal
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission
from agentnet.workdays import actions, queries, rules
from agentnet.workdays.forms import DAY_OFF, WORKDAY, OverrideForm

Answer = Response | str | tuple[str, int]

FIRST_YEAR, YEARS_AHEAD = 2020, 3


@needs(Permission.SIGNED_IN)
def year() -> Answer:
    """Show a year; with ``day`` in the address, to those who may, the form for that day."""
    wanted = _day_asked()
    shown = wanted.year if wanted else _year_asked()
    form = OverrideForm() if wanted else None
    if form is not None and wanted is not None:
        form.kind.data = DAY_OFF if queries.is_workday(wanted) else WORKDAY
    return _page(shown, wanted, form)


@needs(Permission.WORKDAY_EDIT)
def set_day(day: str) -> Answer:
    """Declare a day a working day or a day off."""
    wanted = _read_day(day)
    form = OverrideForm()
    if not form.validate():
        return _page(wanted.year, wanted, form), 422
    try:
        actions.set_override(wanted, form.kind.data == WORKDAY, form.reason.data, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(wanted.year, wanted, form), refusal.status
    said = _("%(day)s改为上班", day=wanted) if form.kind.data == WORKDAY else _("%(day)s改为休息", day=wanted)
    tell(said)
    return redirect(url_for("workdays.year", year=wanted.year), 303)


@needs(Permission.WORKDAY_EDIT)
def reset_day(day: str) -> Answer:
    """Let the shipped calendar speak again for a day."""
    wanted = _read_day(day)
    actions.remove_override(wanted, viewer())
    tell(_("%(day)s已恢复为日历原来的安排", day=wanted))
    return redirect(url_for("workdays.year", year=wanted.year), 303)


def _page(shown: int, wanted: date | None, form: OverrideForm | None) -> str:
    overrides = queries.overrides_in_year(shown)
    kinds = rules.days_of_year(shown, {row.day_on: row.is_workday for row in overrides})
    may_edit = actions.may_edit(viewer())
    return render_template(
        "workdays/year.html",
        year=shown,
        years=(FIRST_YEAR, today().year + YEARS_AHEAD),
        months=[(Month(shown, month), [kind for kind in kinds if kind.day.month == month]) for month in range(1, 13)],
        workdays=sum(kind.is_workday for kind in kinds),
        provisional=rules.is_provisional(shown),
        exempt_weeks=_exempt_weeks(kinds),
        overrides=overrides,
        may_edit=may_edit,
        first_open=IsoWeek.of(today()).starts_on,
        wanted=wanted if may_edit else None,
        form=form if may_edit else None,
        overridden=wanted in {row.day_on for row in overrides},
    )


def _exempt_weeks(kinds: list[rules.DayKind]) -> list[IsoWeek]:
    """Return the weeks that lie wholly in the year and have no working day: nobody owes a visit in them."""
    worked: dict[IsoWeek, list[bool]] = {}
    for kind in kinds:
        worked.setdefault(IsoWeek.of(kind.day), []).append(kind.is_workday)
    return [week for week, days in worked.items() if len(days) == 7 and not any(days)]


def _year_asked() -> int:
    text = request.args.get("year", "")
    asked = int(text) if text.isdecimal() and len(text) == 4 else today().year
    return min(max(asked, FIRST_YEAR), today().year + YEARS_AHEAD)


def _day_asked() -> date | None:
    """Return the day the address names if it lies in a year that is shown."""
    try:
        return _read_day(request.args.get("day", ""))
    except Missing:
        return None


def _read_day(text: str) -> date:
    """Return a day of the years that are shown.

    Raises:
        Missing: ``day_missing``.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Missing("day_missing", "没有这一天") from None
    if not FIRST_YEAR <= day.year <= today().year + YEARS_AHEAD:
        raise Missing("day_missing", "没有这一天")
    return day
