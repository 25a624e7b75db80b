"""Templates compiled once a language, so that a page's own words cost nothing when it is shown.

A page of fifty rows says a label or a heading some four hundred times, and looking each up in the catalogue was a third
of the page's time. The words of a language do not change while the program runs: ``_("网点")`` with nothing to fill in
is therefore replaced by its translation when the template is compiled, and ``_("第 %(row)d 行", row=row.no)`` by the
translation with its parts filled in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol, TypeVar, cast

from flask import Flask
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from agentnet.infra.template_inlining import Inliner, global_name, is_page
from agentnet.infra.template_places import PARTS, Places, Placing, ShortGenerator, shown

_READ_AS = {name: (nodes.Name(name, "load"), global_name(name)) for name in ("asset", "url_for")}

IN_WORDS = "in_words"
"""The filter that says a message known only when the page is shown."""


IN_NUMBER = "in_number"
"""The filter that says a message about a number."""


Filter = TypeVar("Filter", bound=Callable[..., Any])


def by_language(filter_: Filter) -> Filter:
    """Declare a filter that takes ``english``: templates of one language give it, and nobody has to be asked."""
    cast(Any, filter_).by_language = True
    return filter_


class Catalogue(Protocol):
    """The words of one language."""

    def ugettext(self, message: str) -> str:
        """Return what a message says."""

    def ungettext(self, one: str, many: str, count: int) -> str:
        """Return what a message about a number says."""


@dataclass(frozen=True, slots=True)
class _Speech:
    """Says messages as ``_`` and ``ngettext`` do: safe text in which a doubled percent sign stands for one."""

    words: Callable[[str], Markup]
    """A message with its parts not filled in yet."""
    say: Callable[[str], Markup]
    say_number: Callable[[int, str, str], Markup]
    is_english: bool


def _speech_of(language: str, words: Catalogue) -> _Speech:
    def written(message: str) -> Markup:
        return Markup(words.ugettext(message))  # noqa: S704 # nosec B704 - our own words

    @lru_cache(maxsize=4096)
    def say(message: str) -> Markup:
        return written(message) % {}

    @lru_cache(maxsize=4096)
    def say_number(count: int, one: str, many: str) -> Markup:
        return Markup(words.ungettext(one, many, count)) % {"num": count}  # noqa: S704 # nosec B704

    return _Speech(written, say, say_number, language == "en")


class _Worded(NodeTransformer):
    """Replaces ``_("...")`` by what it says, filled in where it has parts, and ``in_english()`` by whether it is."""

    def __init__(self, speech: _Speech) -> None:
        self._speech = speech

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return node
        match node.node.name, node.args:
            case "_", [nodes.Const(value=str(message))] if node.kwargs:
                parts = nodes.Dict([nodes.Pair(nodes.Const(part.key), part.value) for part in node.kwargs])
                filled = nodes.Mod(nodes.Const(self._speech.words(message)), parts)
                filled.set_lineno(node.lineno)
                return filled
            case _ if node.kwargs:
                return node
            case "in_english", []:
                return nodes.Const(self._speech.is_english, lineno=node.lineno)
            case "_", [nodes.Const(value=str(message))]:
                return nodes.Const(self._speech.say(message), lineno=node.lineno)
            case "_", [message]:
                return nodes.Filter(message, IN_WORDS, [], [], None, None, lineno=node.lineno)
            case "ngettext", [nodes.Const() as one, nodes.Const() as many, count]:
                return nodes.Filter(count, IN_NUMBER, [one, many], [], None, None, lineno=node.lineno)
        return node


class WordedEnvironment(Environment):
    """Flask's template environment, with a compiled template for each language."""

    code_generator_class = ShortGenerator
    shown = staticmethod(shown)

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._speech: _Speech | None = None
        self._choose: Callable[[], str] | None = None
        self._words: Mapping[str, Catalogue] = {}
        self._languages: dict[str, WordedEnvironment] = {}
        self._inliner: Inliner | None = None
        self._lock = threading.Lock()
        self._places: Places | None = None
        self._word_filters: dict[str, Mapping[Any, str]] = {}

    def speak(self, languages: Mapping[str, Catalogue], choose: Callable[[], str]) -> None:
        """Compile templates for each of the languages from now on; ``choose`` names the reader's."""
        self._choose, self._words = choose, languages

    def know_places(self, places: Places) -> None:
        """Write addresses into pages when they are compiled."""
        self._places = places

    def say_words(self, **filters: Mapping[Any, str]) -> None:
        """Let filters say the word of a code, looked up once a language and not once a row."""
        self._word_filters.update(filters)

    def get_template(self, name: str | Template, parent: str | None = None, globals: Any = None) -> Template:
        """Return the template in the reader's language."""
        if self._choose is None:
            return super().get_template(name, parent, globals)
        language = self._choose()
        if language not in self._languages:  # made with the first page, when every option of this one is set
            self._languages[language] = self._speaking(language)
        return self._languages[language].get_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals themselves where a template has none of its own: they are copied for every page."""
        return super().make_globals(d) if d else self.globals

    def _speaking(self, language: str) -> WordedEnvironment:
        spoken = self.overlay()
        assert isinstance(spoken, WordedEnvironment)
        speech = _speech_of(language, self._words[language])
        spoken._speech, spoken._choose = speech, None
        words = self._words[language].ugettext
        said: dict[str, Callable[..., Any]] = {
            name: {str(code): words(message) for code, message in messages.items()}.__getitem__
            for name, messages in self._word_filters.items()
        }
        said |= {
            name: partial(filter_, english=speech.is_english)
            for name, filter_ in self.filters.items()
            if getattr(filter_, "by_language", False)
        }
        spoken.filters = {**self.filters, **said, IN_WORDS: speech.say, IN_NUMBER: speech.say_number, **PARTS}
        return spoken

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self._speech is None:
            return tree
        _Worded(self._speech).visit(tree)
        if name is not None and not self.auto_reload:  # a page would not notice that a macro's file has changed
            with self._lock:
                if self._inliner is None:
                    self._inliner = Inliner(self, self._worded)
                self._inliner.write_out(tree, name)
            if self._places is not None and is_page(tree):
                Placing(self._places, _READ_AS).visit(tree)
        return tree

    def _worded(self, name: str) -> nodes.Template:
        """Return another template's tree, with its words put in and its macros as they are."""
        assert self.loader is not None
        assert self._speech is not None
        source, filename, _newest = self.loader.get_source(self, name)
        tree = super()._parse(source, name, filename)
        _Worded(self._speech).visit(tree)
        return tree
