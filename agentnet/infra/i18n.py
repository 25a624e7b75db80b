"""Two languages. Chinese is the language messages are written in; English is a catalogue beside the code.

The English catalogue is every ``translations/en/*.po`` (one per feature) merged in memory when the application
starts, so no compiled file is committed or can go stale. A viewer's own choice comes first, then the choice kept in
the session (for a visitor who is not signed in), then what the browser asks for, then Chinese.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request, session
from flask.sansio.app import App
from flask_babel import Babel, Domain, get_locale, gettext
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.utils import cached_property
from wtforms.i18n import messages_path

from agentnet.core.clock import Month
from agentnet.core.errors import Refusal
from agentnet.core.money import Fen, format_yuan
from agentnet.core.words import translatable
from agentnet.infra.template_words import WordedEnvironment

CHINESE = "zh_Hans_CN"
ENGLISH = "en"
LANGUAGES = {CHINESE: "中文", ENGLISH: "English"}
"""What a person may choose, each in its own words."""

SESSION_KEY = "locale"
"""Where a visitor's choice stands in the session."""

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"

_ENGLISH_MONTHS_IN_FULL = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_MESSAGES_AS_WRITTEN = NullTranslations()


def read_english(folder: Path = CATALOGUES / ENGLISH) -> Catalog:
    """Return all English messages of a folder as one catalogue.

    Raises:
        ValueError: if two files give one message different words.
    """
    merged = Catalog(locale=ENGLISH, charset="utf-8")
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=ENGLISH, abort_invalid=True):
                if not message.id:
                    continue
                known = merged.get(message.id, message.context)
                if known is not None and known.string != message.string:
                    raise ValueError(f"{path.name}: {message.id!r} already has other words")
                merged[message.id] = message
    return merged


@cache
def _english() -> Translations:
    compiled = BytesIO()
    write_mo(compiled, read_english())
    compiled.seek(0)
    return Translations(fp=compiled)


class HouseDomain(Domain):
    """Messages as written, or the English catalogue."""

    def get_translations(self) -> NullTranslations:
        return _translations()


class HouseBabel(Babel):
    """Flask-Babel whose words come from the catalogues in memory."""

    @cached_property
    def domain_instance(self) -> Domain:
        return HouseDomain()


def in_english() -> bool:
    """Return whether the present reader reads English; Chinese outside any request."""
    try:
        # Flask-Babel keeps the locale here once it is known; asking it for that costs ten times as much.
        known: bool = g._flask_babel.babel_locale.language == "en"
    except (AttributeError, RuntimeError):  # not asked for yet, or outside any request
        locale = get_locale()
        return locale is not None and locale.language == "en"
    return known


def _translations() -> NullTranslations:
    return _english() if in_english() else _MESSAGES_AS_WRITTEN


def _language() -> str:
    return ENGLISH if in_english() else CHINESE


def words_of_forms() -> NullTranslations:
    """Return what the library of forms says of itself, in the present language; its file is read once."""
    return _words_of_forms(_language())


@lru_cache(maxsize=len(LANGUAGES))
def _words_of_forms(language: str) -> NullTranslations:
    return Translations.load(messages_path(), [language], domain="wtforms")


def html_lang() -> str:
    """Return the ``lang`` attribute of a page in the present language."""
    return "en" if in_english() else "zh-Hans"


def requested_locale() -> str:
    """Return the language of a visitor nobody knows: the session's choice, else the browser's, else Chinese."""
    if not has_request_context():
        return CHINESE
    chosen = session.get(SESSION_KEY)
    return chosen if chosen in LANGUAGES else _preferred(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=256)
def _preferred(header: str) -> str:
    for language in parse_accept_header(header, LanguageAccept).values():
        family = language.replace("_", "-").split("-")[0].lower()
        if family in {"zh", "en"}:
            return CHINESE if family == "zh" else ENGLISH
    return CHINESE


def init_i18n(app: Flask, locale_of_viewer: Callable[[], str | None] = lambda: None) -> None:
    """Give the application its two languages.

    ``locale_of_viewer`` returns the signed-in person's choice or None. It may read the database; a handler for a
    broken database therefore renders inside ``flask_babel.force_locale(requested_locale())``.
    """

    locales = {language: Locale.parse(language) for language in LANGUAGES}

    def locale() -> Locale:
        chosen = locale_of_viewer() if has_request_context() else None
        return locales[chosen if chosen in LANGUAGES else requested_locale()]

    HouseBabel(app, default_locale=CHINESE, default_timezone="Asia/Shanghai", locale_selector=locale)
    _english()
    # A page says a hundred messages; the library would look its whole context up again for each.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: _translations().ugettext(message),
        ngettext=lambda one, many, count: _translations().ungettext(one, many, count),
        newstyle=True,
    )
    if isinstance(app.jinja_env, WordedEnvironment):
        app.jinja_env.speak({CHINESE: _MESSAGES_AS_WRITTEN, ENGLISH: _english()}, _language)


def say(message: str) -> str:
    """Return what a message without parts to fill in says to the reader: ``gettext`` for what stands in every row."""
    return _translations().ugettext(message)


def say_words(app: App, **filters: Mapping[Any, str]) -> None:
    """Give templates filters that say the word of a code; templates of one language look each word up once."""

    def sayer(messages: Mapping[str, str]) -> Callable[[str], str]:
        return lambda code: say(messages[code])

    for name, messages in filters.items():
        app.jinja_env.filters[name] = sayer({str(code): message for code, message in messages.items()})
    if isinstance(app.jinja_env, WordedEnvironment):
        app.jinja_env.say_words(**filters)


def refusal_text(refusal: Refusal) -> str:
    """Return a refusal's message in the reader's language, parameters filled in; a month is written out."""
    message = gettext(refusal.message)
    said = {
        name: month_words(one, in_english()) if isinstance(one, Month) else one for name, one in refusal.params.items()
    }
    return message % said if said else message


@lru_cache(maxsize=1024)
def month_words(month: Month, english: bool) -> str:
    """Return ``2026年11月`` or ``November 2026``."""
    if english:
        return f"{_ENGLISH_MONTHS_IN_FULL[month.month - 1]} {month.year}"
    return f"{month.year}年{month.month}月"


def money_text(fen: Fen) -> str:
    """Return an amount with its unit as the reader's language writes it: ``203.50 元`` or ``¥203.50``."""
    amount = format_yuan(abs(fen))
    text = gettext(translatable("%(amount)s 元"), amount=amount)
    return f"-{text}" if fen < 0 else text
