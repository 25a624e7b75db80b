"""What every template may use: filters for money, days and masks, links that keep the query string, versioned files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from flask import Flask, current_app, flash, request
from jinja2 import Environment
from markupsafe import Markup

from agentnet.core.clock import today
from agentnet.core.masks import mask_address, mask_household_no, mask_name, mask_phone
from agentnet.core.money import format_yuan, rmb_capitals
from agentnet.infra.addresses import address_writer, page_pieces
from agentnet.infra.dates import (
    calendar_day,
    day_text,
    day_time,
    exact_text,
    instant_parts,
    instant_text,
    month_text,
    week_text,
)
from agentnet.infra.forms import all_errors
from agentnet.infra.i18n import LANGUAGES, html_lang, in_english, money_text, refusal_text
from agentnet.infra.static_files import asset, asset_path, init_static_files
from agentnet.infra.template_places import query_part
from agentnet.infra.template_words import WordedEnvironment

TONE_SHAPES = {
    "good": "check-circle-fill",
    "waiting": "circle",
    "moving": "hourglass-split",
    "careful": "exclamation-triangle-fill",
    "bad": "x-circle-fill",
    "paused": "pause-circle-fill",
    "off": "slash-circle",
}
"""The drawing beside a state's word, by its tone (``macros/states.html``)."""


def grouped(number: int) -> str:
    """Return a whole number with separators.

    >>> grouped(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def percent(part: int, whole: int) -> str:
    """Return part of whole in percent with one decimal, rounded half up; a dash when there is no whole.

    >>> percent(368, 830), percent(0, 7), percent(1, 0)
    ('44.3%', '0.0%', '-')
    """
    if whole == 0:
        return "-"
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}%"


def tell(text: str, *, undo_url: str | None = None, undo_label: str | None = None, careful: bool = False) -> None:
    """Say on the next page what just happened, in one sentence, with the page that undoes it where there is one."""
    told: Any = {"text": text, "undo_url": undo_url, "undo_label": undo_label}
    flash(told, "careful" if careful else "done")


def url_with(**changes: object) -> str:
    """Return the present page's address with some query arguments set, or dropped when None.

    Any change of sort or filter starts at the first page again, so the cursor goes unless it is what changes.
    """
    arguments: dict[str, Any] = {name: values for name, values in request.args.lists() if name != "cursor"}
    address = cast("Callable[..., str]", current_app.jinja_env.globals["url_for"])
    page = address(request.endpoint, **(request.view_args or {})) if request.endpoint else ""
    return page + query_part([*(arguments | changes).items()])


def main_nav(places: Sequence[tuple[str, str, str, bool]]) -> Markup:
    """Return the navigation: (label, endpoint, icon, whether one is there) of each place a role goes.

    A role's is the same on every page but for where one is, so each is written once for a language.
    """
    return _nav(tuple(places), in_english(), request.script_root, current_app.jinja_env)


@lru_cache(maxsize=512)
def _nav(places: tuple[Any, ...], _english: bool, _root: str, environment: Environment) -> Markup:
    return Markup(environment.get_template("macros/_nav.html").render(places=places, script_root=_root))  # noqa: S704  # nosec B704


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the application's files and pages are, for templates that are being compiled."""

    app: Flask

    def asset_path(self, filename: str) -> str:
        return asset_path(filename)

    def page_pieces(self, endpoint: str, names: frozenset[str]) -> Sequence[str] | None:
        return page_pieces(self.app, endpoint, names)


def init_templating(app: Flask) -> None:
    """Give the application's templates their filters and helpers."""
    init_static_files(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        yuan=format_yuan,
        money=money_text,
        capitals=rmb_capitals,
        day=day_text,
        calendar_day=calendar_day,
        day_time=day_time,
        instant=instant_text,
        instant_parts=instant_parts,
        tone_shape=TONE_SHAPES.__getitem__,
        exact=exact_text,
        month=month_text,
        week=week_text,
        grouped=grouped,
        percent=percent,
        mask_name=mask_name,
        mask_household_no=mask_household_no,
        mask_phone=mask_phone,
        mask_address=mask_address,
        refusal=refusal_text,
    )
    if isinstance(app.jinja_env, WordedEnvironment):
        app.jinja_env.know_places(_Places(app))
    app.jinja_env.globals.update(
        url_for=address_writer(app),
        all_errors=all_errors,
        asset=asset,
        url_with=url_with,
        html_lang=html_lang,
        in_english=in_english,
        languages=LANGUAGES,
        main_nav=main_nav,
        today=today,
    )
