"""Changes to the working calendar. It is the whole company's, so only who answers for the company may change it."""

from __future__ import annotations

from datetime import date

from agentnet.core.clock import IsoWeek, now, today
from agentnet.core.errors import Forbidden, Invalid, Missing
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.users.permissions import Permission, covers_company, require
from agentnet.workdays.models import WorkdayOverride

LATEST_YEAR = 2199


def may_edit(by: Actor) -> bool:
    """Return whether the actor holds the permission over the whole company (its root, or the system's)."""
    return covers_company(by, Permission.WORKDAY_EDIT)


def set_override(day: date, is_workday: bool, reason: str, by: Actor) -> None:
    """Declare a day a working day or a day off, over what the calendar says. Saying it again changes nothing.

    Raises:
        Forbidden: ``not_permitted``, or ``calendar_is_the_companys`` for someone who answers for a part of it.
        Invalid: ``reason_missing``, ``reason_too_long``; ``week_is_over`` because a settled week's duties stand.
    """
    _require_editor(by)
    _require_open_week(day)
    words = reason.strip()
    if not words:
        raise Invalid("reason_missing", "请写明原因", field="reason")
    if len(words) > 120:
        raise Invalid("reason_too_long", "原因最多 120 个字", field="reason")
    known = db.session.get(WorkdayOverride, day)
    if known is not None and (known.is_workday, known.reason) == (is_workday, words):
        return
    before = None if known is None else {"is_workday": known.is_workday, "reason": known.reason}
    if known is None:
        known = WorkdayOverride(day_on=day, is_workday=is_workday, reason=words, changed_at=now())
        db.session.add(known)
    else:
        known.is_workday, known.reason, known.changed_at = is_workday, words, now()
    write_audit(by, "workdays.set_override", "day", day, before, {"is_workday": is_workday, "reason": words})
    db.session.flush()


def remove_override(day: date, by: Actor) -> None:
    """Let the shipped calendar speak again for a day.

    Raises:
        Forbidden: as ``set_override``.
        Invalid: ``week_is_over``.
        Missing: ``override_missing``.
    """
    _require_editor(by)
    _require_open_week(day)
    known = db.session.get(WorkdayOverride, day)
    if known is None:
        raise Missing("override_missing", "这一天没有调整，无需恢复")
    db.session.delete(known)
    before = {"is_workday": known.is_workday, "reason": known.reason}
    write_audit(by, "workdays.remove_override", "day", day, before, None)
    db.session.flush()


def _require_editor(by: Actor) -> None:
    require(by, Permission.WORKDAY_EDIT)
    if not may_edit(by):
        raise Forbidden("calendar_is_the_companys", "工作日历全公司通用，请由公司级主管或管理员调整")


def _require_open_week(day: date) -> None:
    """A week that is over has been counted and reported; its exemption may not change afterwards."""
    if IsoWeek.of(day) < IsoWeek.of(today()):
        raise Invalid("week_is_over", "这一周已经结束并计入考核，不能再调整", field="day")
    if day.year > LATEST_YEAR:
        raise Invalid("day_too_far", "日期太远，请检查年份", field="day")
