"""Addresses written into pages when they are compiled, and text shown by the shortest way.

``asset("...")`` is a path that never changes, and ``url_for("outlets.show", code=row.code)`` is two texts around a
value. Both stand behind the root the application is served under, which the page knows as ``script_root``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

import markupsafe
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

PATH_PART = "path_part"
"""The filter that writes a value into a path."""

QUERY_PART = "query_part"
"""The filter that writes names and values as the query behind a path."""

_PLAIN = re.compile(r"[\w.~-]*", re.ASCII)
_escaped = markupsafe._escape_inner  # what ``escape`` does to a text, without wrapping it for further use


class Places(Protocol):
    """Knows where things are, below the page's root."""

    def asset_path(self, filename: str) -> str:
        """Return the path of a static file."""

    def page_pieces(self, endpoint: str, names: frozenset[str]) -> Sequence[str] | None:
        """Return the path of a page as text, name of a value, text and so on; None if it takes more than the names.

        Names it does not take are the query.
        """


def path_part(value: object) -> str:
    """Return a value as it stands in a path; nothing has no place there.

    >>> path_part("DH0001"), path_part("一/二?")
    ('DH0001', '%E4%B8%80/%E4%BA%8C%3F')
    """
    if value is None:
        raise ValueError("an address has no place for nothing")
    return _in_path(str(value))


@lru_cache(maxsize=2048)
def _in_path(text: str) -> str:
    """Return a text as it stands in a path; the rows of a list lead to the same few things."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe="!$&'()*+,/:;=@")


def _in_query(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote_plus(text)


def query_part(pairs: Sequence[tuple[str, object]]) -> str:
    """Return the query of names and values; what is None is left out, a list is said value by value.

    >>> query_part([("month", "2026-10"), ("unit", None), ("q", "村 1")]), query_part([("unit", None)])
    ('?month=2026-10&q=%E6%9D%91+1', '')
    >>> query_part([("state", ["open", "closed"]), ('"><b', "&")])
    '?state=open&state=closed&%22%3E%3Cb=%26'
    """
    for _name, value in pairs:
        if value is not None and type(value) is not str:
            return _query(pairs)
    return _query_of_texts(tuple(pairs))  # what a list narrows its links to is the same in every row


def _query(pairs: Sequence[tuple[str, object]]) -> str:
    told: list[str] = []
    for name, value in pairs:
        for one in value if isinstance(value, list | tuple | set) else (value,):
            if one is not None:
                told.append(f"{_in_query(name)}={_in_query(str(one))}")
    return f"?{'&'.join(told)}" if told else ""


_query_of_texts = lru_cache(maxsize=1024)(_query)


PARTS = {PATH_PART: path_part, QUERY_PART: query_part}
"""The filters addresses are written with."""


def shown(value: Any) -> str:
    """Return a value as a page shows it: safe text as it is, all else escaped."""
    kind = type(value)
    if kind is str:
        return _escaped(value)
    if kind is int:
        return str(value)
    return value if kind is Markup else escape(value)


class ShortGenerator(CodeGenerator):
    """Compiles ``{{ }}`` to ``shown``: what a page is joined from need not be wrapped as safe text once more."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")


class Placing(NodeTransformer):
    """Replaces the addresses of a page's texts; ``known`` are the names by which a global is read."""

    def __init__(self, places: Places, known: Mapping[str, Sequence[nodes.Expr]]) -> None:
        self._places, self._known = places, known

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - Jinja's name
        node.nodes = [part for child in node.nodes for part in self._parts(child)]
        return node

    def _parts(self, child: nodes.Expr) -> list[nodes.Expr]:
        if not isinstance(child, nodes.Call) or child.dyn_args or child.dyn_kwargs or len(child.args) != 1:
            return [child]
        first = child.args[0]
        if not isinstance(first, nodes.Const):
            return [child]
        if child.node in self._known["asset"] and not child.kwargs:
            return self._behind_root(child, [nodes.Const(self._places.asset_path(first.value))])
        if child.node in self._known["url_for"]:
            given = {one.key: one.value for one in child.kwargs}
            pieces = self._places.page_pieces(first.value, frozenset(given))
            if pieces is not None and not any(name.startswith("_") for name in given):
                parts = [_piece(given, *one) for one in enumerate(pieces)]
                asked = [
                    nodes.Tuple([nodes.Const(name), given[name]], "load") for name in given if name not in pieces[1::2]
                ]
                query = nodes.Filter(nodes.List(asked), QUERY_PART, [], [], None, None)
                return self._behind_root(child, [*parts, query] if asked else parts)
        return [child]

    def _behind_root(self, child: nodes.Expr, parts: list[nodes.Expr]) -> list[nodes.Expr]:
        found: list[nodes.Expr] = [nodes.Name("script_root", "load"), *parts]
        for part in found:
            part.set_lineno(child.lineno)
        return found


def _piece(given: dict[str, nodes.Expr], number: int, piece: str) -> nodes.Expr:
    if number % 2 == 0:
        return nodes.Const(Markup(piece))  # noqa: S704  # nosec B704 - the text of one of our own rules
    return nodes.Filter(given[piece], PATH_PART, [], [], None, None)
