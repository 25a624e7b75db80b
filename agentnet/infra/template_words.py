"""Templates compiled once a language, so that a page's own words cost nothing when it is shown.

A page of fifty rows says a label or a heading some four hundred times, and looking each up in the catalogue was a third
of the page's time. The words of a language do not change while the program runs: ``_("网点")`` with nothing to fill in
is therefore replaced by its translation when the template is compiled. Messages with parts to fill in are looked up
as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


class _Worded(NodeTransformer):
    """Replaces ``_("...")`` by what it says."""

    def __init__(self, words: Callable[[str], str]) -> None:
        self._words = words

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(node.args) == 1
        if not (plain and isinstance(node.node, nodes.Name) and node.node.name == "_"):
            return node
        message = node.args[0]
        if not (isinstance(message, nodes.Const) and isinstance(message.value, str)):
            return node
        # As the extension answers at run time: safe text in which a doubled percent sign stands for one.
        return nodes.Const(Markup(self._words(message.value)) % {}, lineno=node.lineno)  # noqa: S704 # nosec B704


class WordedEnvironment(Environment):
    """Flask's template environment, with a compiled template for each language."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._say: Callable[[str], str] | None = None
        self._choose: Callable[[], str] | None = None
        self._words: Mapping[str, Callable[[str], str]] = {}
        self._languages: dict[str, WordedEnvironment] = {}

    def speak(self, languages: Mapping[str, Callable[[str], str]], choose: Callable[[], str]) -> None:
        """Compile templates for each of the languages from now on; ``choose`` names the reader's."""
        self._choose, self._words = choose, languages

    def get_template(self, name: str | Template, parent: str | None = None, globals: Any = None) -> Template:
        """Return the template in the reader's language."""
        if self._choose is None:
            return super().get_template(name, parent, globals)
        language = self._choose()
        if language not in self._languages:  # made with the first page, when every option of this one is set
            self._languages[language] = self._speaking(self._words[language])
        return self._languages[language].get_template(name, parent, globals)

    def _speaking(self, words: Callable[[str], str]) -> WordedEnvironment:
        spoken = self.overlay()
        assert isinstance(spoken, WordedEnvironment)
        spoken._say, spoken._choose = words, None
        return spoken

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self._say is not None:
            _Worded(self._say).visit(tree)
        return tree
