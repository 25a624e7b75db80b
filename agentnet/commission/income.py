"""A keeper's month so far, for the first page: what it came to, per open hour, and what is missing to the next tier.

Worked out by the engine from the facts as they are, at most once a minute for each outlet and process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from agentnet.collecting.models import Collection
from agentnet.commission.accruing import OutletMonth, outlet_months
from agentnet.commission.counted import in_month
from agentnet.commission.engine.amounts import rounded
from agentnet.commission.engine.reaching import Next, next_of
from agentnet.commission.engine.reasons import REASON_WORDS, Reason
from agentnet.commission.queries import tariffs
from agentnet.commission.rules import format_percent
from agentnet.core.clock import Month, now, today
from agentnet.core.money import Fen, format_yuan
from agentnet.infra.db import db
from agentnet.infra.i18n import money_text, say
from agentnet.infra.revisions import Memory
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import hours_of

MOST_TOLD = 3
"""How many of the next tiers, and of the components that pay nothing, are told."""


@dataclass(frozen=True, slots=True)
class Income:
    """An outlet's month so far. ``per_hour_fen`` is None where no opening hours are registered or nothing was taken."""

    month: Month
    at: datetime
    count: int
    earned_fen: Fen
    adjusted_fen: Fen
    days: int
    open_minutes: int
    reason: Reason | None
    next: Sequence[Next]
    nothing: Sequence[tuple[str, Reason]]

    @property
    def due_fen(self) -> Fen:
        return self.earned_fen + self.adjusted_fen

    @property
    def per_hour_fen(self) -> Fen | None:
        """Return what an hour of the days with business has earned, rounded once."""
        return rounded(self.earned_fen * 60, self.open_minutes) if self.open_minutes else None


def income_of(outlet: Outlet) -> Income:
    """Return an outlet's present month, from this minute's memory if it was asked for already."""
    memory = cast(Memory, current_app.extensions.setdefault("agentnet.income", Memory()))
    minute = now().isoformat(timespec="minutes")
    known = memory.get(outlet.id, minute)
    if known is not None:
        return cast(Income, known[0])
    found = _worked(outlet, Month.of(today()))
    memory.put(outlet.id, minute, found)
    return found


def _worked(outlet: Outlet, month: Month) -> Income:
    worked = outlet_months(month, [outlet.id], tariffs())[0]
    days = _days_of_business(outlet, month)
    reason = worked.reason
    if worked.due_fen < 0:
        reason = Reason.CLAWED_BACK
    return Income(
        month=month,
        at=now(),
        count=len(worked.earned),
        earned_fen=worked.earned_fen,
        adjusted_fen=worked.adjusted_fen,
        days=len(days),
        open_minutes=open_minutes(hours_of(outlet.id), days),
        reason=reason,
        next=_next(worked, today())[:MOST_TOLD],
        nothing=_nothing(worked)[:MOST_TOLD],
    )


def _days_of_business(outlet: Outlet, month: Month) -> Sequence[date]:
    statement = select(Collection.business_on).where(Collection.outlet_id == outlet.id, in_month(month)).distinct()
    return db.session.scalars(statement).all()


def open_minutes(week: Sequence[Sequence[Any]], days: Sequence[date]) -> int:
    """Return how many minutes an outlet with these opening hours (Monday first) is open on some days.

    >>> open_minutes([[(480, 720), (780, 1020)], *([] for _ in range(6))], [date(2026, 11, 16), date(2026, 11, 17)])
    480
    """
    return sum(closes - opens for day in days for opens, closes in week[day.weekday()])


def _next(worked: OutletMonth, day: date) -> list[Next]:
    """Return what comes next of every component whose version rules today."""
    found = [
        next_of(one.ruled.version.components[one.position], one.inputs)
        for one in worked.monthly
        if one.ruled.starts_on <= day < one.ruled.ends_on
    ]
    return [one for one in found if one is not None]


def _nothing(worked: OutletMonth) -> list[tuple[str, Reason]]:
    """Return the components of the month that have paid nothing so far, and why."""
    if worked.reason is not None:
        return []
    return [
        (one.ruled.version.components[one.position].name, one.reason)
        for one in worked.monthly
        if not one.commission_fen and one.reason is not None
    ]


def next_text(one: Next) -> str:
    """Return what is missing to the next tier or step, as a keeper is told it."""
    price = format_percent(one.rate_ppm) + "%" if one.by_volume else _("每笔 %(fee)s 元", fee=format_yuan(one.fee_fen))
    missing = (
        money_text(one.missing)
        if one.by_volume
        else ngettext("%(num)s 笔", "%(num)s 笔", one.missing, num=f"{one.missing:,}")
    )
    if one.from_ppm is not None:
        share = format_percent(one.from_ppm) + "%"
        return _(
            "再收 %(missing)s，就到去年同月的 %(share)s，增长部分按 %(price)s计",
            missing=missing,
            share=share,
            price=price,
        )
    if one.whole:
        return _("再收 %(missing)s，全部按 %(price)s计", missing=missing, price=price)
    return _("再收 %(missing)s，就到 %(price)s这一段", missing=missing, price=price)


def income_part(outlet: Outlet) -> tuple[str, Mapping[str, Any]]:
    """Tell the keeper what the month has come to so far (``agentnet.counter_parts``)."""
    income = income_of(outlet)
    return "commission/_income.html", {
        "outlet": outlet,
        "income": income,
        "hours_text": f"{income.open_minutes // 60:,}",
        "next": [next_text(one) for one in income.next],
        "reason": say(REASON_WORDS[income.reason]) if income.reason else None,
        "nothing": [(name, say(REASON_WORDS[reason])) for name, reason in income.nothing],
    }
