"""Words of documents for the screen: kinds, states, reasons and periods, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from flask import Response
from flask.sansio.app import App
from flask_babel import gettext as _
from flask_babel import ngettext

from agentnet.core.clock import Day, IsoWeek, Month, today
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgUnit
from agentnet.documents.kinds import ReportKind, report_kinds
from agentnet.documents.models import Order, Run, Schedule
from agentnet.documents.rules import (
    FAILURES,
    SAID_IN_WORDS,
    AnySpan,
    Cadence,
    OrderState,
    RunState,
    failure_parts,
    span_of,
)
from agentnet.infra.dates import calendar_day, month_text, week_text
from agentnet.infra.i18n import in_english, say
from agentnet.infra.security import FRAMEABLE_POLICY
from agentnet.infra.template_words import by_language

RUN_WORDS: Mapping[str, tuple[str, str]] = {
    RunState.PLANNED: (translatable("等待绘制"), "waiting"),
    RunState.LEASED: (translatable("正在绘制"), "moving"),
    RunState.DONE: (translatable("已出表"), "good"),
    RunState.FAILED: (translatable("没有出成"), "careful"),
}
ORDER_WORDS: Mapping[str, tuple[str, str]] = {
    OrderState.OPEN: (translatable("正在准备"), "moving"),
    OrderState.WAITING: (translatable("等数字定下来"), "waiting"),
    OrderState.PLANNED: (translatable("已安排"), "good"),
    OrderState.FAILED: (translatable("没有安排成"), "careful"),
}
LANGUAGE_WORDS: Mapping[str, str] = {"zh": translatable("中文"), "en": translatable("英文")}
CADENCE_WORDS: Mapping[str, str] = {
    Cadence.DAILY: translatable("每天"),
    Cadence.WEEKLY: translatable("每周"),
    Cadence.MONTHLY: translatable("每月"),
}
WEEKDAYS = (
    translatable("星期一"),
    translatable("星期二"),
    translatable("星期三"),
    translatable("星期四"),
    translatable("星期五"),
    translatable("星期六"),
    translatable("星期日"),
)

MONTHS_OFFERED = 15
WEEKS_OFFERED = 12
DAYS_OFFERED = 31


def recent_months() -> list[Month]:
    """Return this month and those before it, newest first."""
    months = [Month.of(today())]
    while len(months) < MONTHS_OFFERED:
        months.append(months[-1].previous())
    return months


def recent_weeks() -> list[IsoWeek]:
    """Return this week and those before it, newest first."""
    weeks = [IsoWeek.of(today())]
    while len(weeks) < WEEKS_OFFERED:
        weeks.append(weeks[-1].previous())
    return weeks


def recent_days() -> list[Day]:
    """Return today and the days before it, newest first."""
    days = [Day.of(today())]
    while len(days) < DAYS_OFFERED:
        days.append(days[-1].previous())
    return days


def recent_spans(cadence: str) -> Sequence[AnySpan]:
    """Return the recent periods of a cadence, newest first."""
    if cadence == Cadence.DAILY:
        return recent_days()
    return recent_weeks() if cadence == Cadence.WEEKLY else recent_months()


def kind_name(code: str) -> str:
    """Return a kind's name in the reader's language; its code if the kind is gone."""
    kind = report_kinds().get(code)
    return say(kind.name) if kind else code


def unit_name(unit: OrgUnit) -> str:
    """Return an org unit's name in the reader's language."""
    return (unit.name_en or unit.name) if in_english() else unit.name


def period_text(span: AnySpan) -> str:
    """Return a day, week or month as people say it."""
    if isinstance(span, Day):
        return calendar_day(span.on)
    return week_text(span) if isinstance(span, IsoWeek) else month_text(span)


@by_language
def period_of(thing: Run | Order, *, english: bool | None = None) -> str:
    """Return the period a run or order is for, as people say it."""
    return _period(thing.period_start, thing.period_end, in_english() if english is None else english)


@lru_cache(maxsize=512)
def _period(starts_on: date, ends_on: date, _english: bool) -> str:
    """Return a stored period as a reader of one language says it; a list has the same few in all its rows."""
    return period_text(span_of(starts_on, ends_on))


def failure_text(note: str | None) -> str:
    """Return why something could not be made, in words that say what to do."""
    code, detail = failure_parts(note or "")
    return _(FAILURES[code]) % {"detail": detail}


def failure_detail(note: str | None) -> str:
    """Return the technical detail of a failure for whoever looks after the system; empty if the sentence has it."""
    code, detail = failure_parts(note or "")
    return "" if code in SAID_IN_WORDS else detail


def rhythm_text(schedule: Schedule) -> str:
    """Return when a schedule ticks: 每月 1 日 02:00, 每周星期一 06:00, 每天 06:00."""
    time = f"{schedule.hour:02d}:{schedule.minute:02d}"
    if schedule.cadence == Cadence.DAILY:
        return _("每天 %(time)s", time=time)
    if schedule.cadence == Cadence.WEEKLY:
        return _("每周%(weekday)s %(time)s", weekday=_(WEEKDAYS[schedule.day - 1]), time=time)
    return _("每月 %(day)s 日 %(time)s", day=schedule.day, time=time)


def remaining_text(seconds: int | None) -> str:
    """Return a remaining time in words; a sentence of waiting while nobody can know."""
    if seconds is None:
        return _("正在等待绘制程序，马上开始")
    if seconds < 60:
        return ngettext("大约还要 %(num)d 秒", "大约还要 %(num)d 秒", max(seconds, 1))
    minutes = -(-seconds // 60)
    return ngettext("大约还要 %(num)d 分钟", "大约还要 %(num)d 分钟", minutes)


def seconds_between(start: datetime, end: datetime) -> int:
    """Return whole seconds from start to end, never below zero."""
    return max(int((end - start).total_seconds()), 0)


def frameable(response: Response) -> Response:
    """Let our own pages, and nobody else's, show this answer inside a frame."""
    response.headers["Content-Security-Policy"] = FRAMEABLE_POLICY
    return response


def init_words(app: App) -> None:
    """Give templates the words of documents."""
    kinds: Mapping[str, ReportKind] = app.extensions["agentnet.report_kinds"]
    app.jinja_env.filters.update(
        kind_name=kind_name,
        kind_message=lambda code: kinds[code].name if code in kinds else code,
        document_period=period_of,
        failure_text=failure_text,
        failure_detail=failure_detail,
        rhythm_text=rhythm_text,
        unit_name=unit_name,
    )
    app.jinja_env.globals.update(
        run_words=RUN_WORDS,
        order_words=ORDER_WORDS,
        language_words=LANGUAGE_WORDS,
    )
