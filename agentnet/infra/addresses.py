"""Addresses of our own pages, for templates: what ``url_for`` answers, for a fifth of its time.

A list writes an address or two in each row, and Werkzeug looks for the rule anew each time. Which rule serves an
endpoint does not change while the program runs; only an endpoint with one plain rule is answered here, every other
question goes to ``url_for``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, request, url_for
from werkzeug.routing import Rule

from agentnet.infra.template_places import path_part, query_part

MOST_KNOWN = 2_000
"""Paths are known by the names of their values, and a list hands on whatever names its address has."""

_MORE_THAN_A_PATH = frozenset({"_anchor", "_external", "_method", "_scheme"})


def address_writer(app: Flask) -> Callable[..., str]:
    """Return the templates' ``url_for``; it is asked inside a request."""
    rules: dict[str, Rule | None] = {}
    paths: dict[str, str] = {}
    paths_known: dict[tuple[str, ...], _Path | None] = {}

    def address(endpoint: str, **values: Any) -> str:
        """Return the address of a page; values its rule does not know become the query, those that are None nothing."""
        if endpoint[:1] == ".":
            endpoint = f"{request.blueprint}{endpoint}"
        if not values and endpoint in paths:
            return request.script_root + paths[endpoint]
        try:
            rule = rules[endpoint]
        except KeyError:
            rule = rules[endpoint] = _plain_rule(app, endpoint)
        if rule is not None and not values.keys() & _MORE_THAN_A_PATH:
            asked = (endpoint, *values)
            known = paths_known.get(asked)
            if known is None and asked not in paths_known and len(paths_known) < MOST_KNOWN:
                known = paths_known[asked] = _path_of(app, endpoint, tuple(values))
            path = None if known is None else known.with_values(values)
            if path is not None:
                if not values:
                    paths[endpoint] = path
                return request.script_root + path
            given = {name: value for name, value in values.items() if value is not None}
            built = rule.build(given) if rule.arguments <= given.keys() else None
            if built is not None:
                if not values:
                    paths[endpoint] = built[1]
                return request.script_root + built[1]
        return url_for(endpoint, **values)

    return address


@dataclass(frozen=True, slots=True)
class _Path:
    """A page's address but for the values: text, name of a value, text and so on, and the names of its query."""

    pieces: Sequence[str]
    kinds: Mapping[str, type]
    """Of what class the values of the path are that are written as they are told; none else are known here."""
    asked: Sequence[str]

    def with_values(self, values: Mapping[str, Any]) -> str | None:
        """Return the address; None if a value of the path is not of its class."""
        path = self.pieces[0]
        for name, text in zip(self.pieces[1::2], self.pieces[2::2], strict=True):
            value = values[name]
            if type(value) is not self.kinds[name]:
                return None
            path += path_part(value) + text
        return path + query_part([(name, values[name]) for name in self.asked]) if self.asked else path


_KINDS: Mapping[str, type] = {"": str, "int": int, "uuid": UUID}


def _path_of(app: Flask, endpoint: str, names: Sequence[str]) -> _Path | None:
    pieces, rule = page_pieces(app, endpoint, frozenset(names)), _plain_rule(app, endpoint)
    if pieces is None or rule is None:
        return None
    kinds = {name: _KINDS[kind] for kind, name in re.findall(r"<(?:(int|uuid):)?(\w+)>", rule.rule)}
    return _Path(pieces, kinds, [name for name in names if name not in kinds])


def page_pieces(app: Flask, endpoint: str, names: frozenset[str]) -> Sequence[str] | None:
    """Return the path of a page as text, name of a value, text and so on; None if it takes more than these names."""
    rule = _plain_rule(app, endpoint)
    if rule is None or not rule.arguments <= names:
        return None
    pieces = re.split(r"<(?:(?:int|uuid):)?(\w+)>", rule.rule)
    return None if any("<" in text for text in pieces[::2]) else pieces


def _plain_rule(app: Flask, endpoint: str) -> Rule | None:
    """Return the one rule of an endpoint, if nothing but its values decides what it builds."""
    if endpoint not in app.view_functions or app.url_default_functions or app.url_map.host_matching:
        return None
    rules = list(app.url_map.iter_rules(endpoint))
    plain = len(rules) == 1 and not rules[0].defaults and not rules[0].subdomain
    return rules[0] if plain else None
