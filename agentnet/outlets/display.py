"""Words of the register for the screen: kinds, states, slots, hours and names, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from flask.sansio.app import App

from agentnet.core.words import translatable
from agentnet.infra.i18n import in_english, say_words
from agentnet.infra.i18n import say as _
from agentnet.outlets.rules import DAY_MINUTES, Span, State
from agentnet.outlets.rules import write_spans as write
from agentnet.outlets.words import (
    COORDINATE_SOURCES,
    HOLDING_MODES,
    OUTLET_KINDS,
    PARTNER_KINDS,
    REASONS,
    SLOTS,
    STATE_TONES,
    STATES,
    TERMINAL_KINDS,
)
from agentnet.users.permissions import Permission, may

SETTINGS: Mapping[str, str] = {"URBAN": translatable("城区"), "RURAL": translatable("农村")}
STEPS: Mapping[State, str] = {
    State.SITE_CHECK: translatable("安排现场核查"),
    State.APPROVED: translatable("批准"),
    State.ACTIVE: translatable("开业"),
    State.SUSPENDED: translatable("暂停营业"),
    State.CLOSED: translatable("关闭网点"),
}
"""What a person does to bring an outlet into a state."""
WEEKDAYS = (
    translatable("周一"),
    translatable("周二"),
    translatable("周三"),
    translatable("周四"),
    translatable("周五"),
    translatable("周六"),
    translatable("周日"),
)


class Named(Protocol):
    """Something with a Chinese and perhaps an English name."""

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str | None: ...


def named(thing: Named) -> str:
    """Return the English name for a reader of English, where there is one."""
    return (in_english() and thing.name_en) or thing.name


def listed(words: Iterable[str]) -> str:
    """Return several words as one list, with the reader's own mark between them."""
    return (", " if in_english() else "、").join(words)


def choices(words: Mapping[Any, str], leading: str | None = None) -> list[tuple[str, str]]:
    """Return a mapping of codes as choices in the reader's language; ``leading`` is the words for none of them."""
    pairs = [(str(code), _(text)) for code, text in words.items()]
    return pairs if leading is None else [("", leading), *pairs]


def hours_text(spans: Sequence[Span]) -> str:
    """Return a day's hours for the screen."""
    if not spans:
        return _("休息")
    return _("24 小时") if list(spans) == [(0, DAY_MINUTES)] else write(spans).replace("-", "–")


def week_lines(week: Sequence[Sequence[Span]]) -> list[tuple[str, str]]:
    """Return the opening hours as lines (days, hours), days with the same hours joined.

    Monday to Friday alike and the weekend closed are two lines; every day alike is one.
    """
    lines: list[tuple[int, int, str]] = []
    for day, spans in enumerate(week):
        text = hours_text(spans)
        if lines and lines[-1][2] == text:
            lines[-1] = (lines[-1][0], day, text)
        else:
            lines.append((day, day, text))
    if len(lines) == 1:
        return [(_("每天"), lines[0][2])]
    return [
        (_(WEEKDAYS[first]) if first == last else f"{_(WEEKDAYS[first])}–{_(WEEKDAYS[last])}", text)
        for first, last, text in lines
    ]


def init_words(app: App) -> None:
    """Give the application's templates the words of the register."""
    say_words(
        app,
        outlet_kind=OUTLET_KINDS,
        outlet_state=STATES,
        outlet_step=STEPS,
        slot=SLOTS,
        setting=SETTINGS,
        partner_kind=PARTNER_KINDS,
        terminal_kind=TERMINAL_KINDS,
        holding_mode=HOLDING_MODES,
    )
    app.jinja_env.filters.update(
        named=named,
        listed=listed,
        day_before=lambda day: day - timedelta(days=1),
        outlet_tone={str(state): tone for state, tone in STATE_TONES.items()}.__getitem__,
        coordinate_source=lambda source: _(COORDINATE_SOURCES.get(source, source)),
        step_reason=lambda reason: _(REASONS[reason]) if reason in REASONS else reason,
        week_lines=week_lines,
        may=lambda actor, permission: may(actor, Permission(permission)),
    )
