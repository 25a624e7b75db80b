"""The templates' ``url_for`` answers what Flask's own does."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, url_for
from werkzeug.routing import BuildError

from agentnet.infra.addresses import address_writer
from agentnet.infra.security import KeyConverter

QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("town.plain", {}),
    (".plain", {}),
    ("town.plain", {"q": "村 & 1", "cursor": None, "page": 2}),
    ("town.plain", {"state": ["open", "closed"]}),
    ("town.plain", {"_anchor": "foot"}),
    ("town.plain", {"_external": True}),
    ("town.code", {"code": "D H/1?&中"}),
    ("town.code", {"code": "", "month": "2026-10"}),
    ("town.number", {"number": 42}),
    ("town.number", {"number": "42"}),
    ("town.number", {"page": 2, "number": 42, "q": "x"}),
    ("town.code", {"month": "2026-10", "code": "DH0001", "unit": None, "state": "open"}),
    ("town.code", {"code": 7}),
    ("town.visit", {"visit_id": str(uuid.UUID(int=7))}),
    ("town.visit", {"visit_id": uuid.UUID(int=7), "week": None}),
    ("town.both", {}),
    ("town.both", {"page": 3}),
    ("static", {"filename": "a.css", "v": "1"}),
)


@pytest.fixture
def town() -> Flask:
    app = Flask("town")
    app.url_map.converters["int"] = KeyConverter
    blueprint = Blueprint("town", "town")
    for name, rule in (
        ("plain", "/plain"),
        ("code", "/code/<code>"),
        ("number", "/number/<int:number>"),
        ("visit", "/visit/<uuid:visit_id>"),
    ):
        blueprint.add_url_rule(rule, name, lambda **_values: "")
    blueprint.add_url_rule("/both", "both", lambda page: "", defaults={"page": 1})
    blueprint.add_url_rule("/both/<int:page>", "both")
    app.register_blueprint(blueprint)
    return app


def answers(ask: Callable[[], str]) -> str:
    """Return what is answered, or that nothing can be."""
    try:
        return ask()
    except BuildError:
        return "none"


@pytest.mark.parametrize("root", ["", "/agentnet"])
@pytest.mark.parametrize(("endpoint", "values"), QUESTIONS)
def test_an_address_is_what_flask_says(town: Flask, root: str, endpoint: str, values: dict[str, Any]) -> None:
    address = address_writer(town)
    with town.test_request_context("/plain", environ_overrides={"SCRIPT_NAME": root}):
        for _again in range(2):
            assert answers(lambda: address(endpoint, **values)) == answers(lambda: url_for(endpoint, **values))


@pytest.mark.parametrize(
    ("endpoint", "values"), [("town.gone", {}), ("town.code", {}), ("town.number", {"number": "x"})]
)
def test_what_has_no_address_is_refused_as_flask_does(town: Flask, endpoint: str, values: dict[str, Any]) -> None:
    address = address_writer(town)
    with town.test_request_context("/plain"):
        wanted: type[Exception] | None = None
        try:
            url_for(endpoint, **values)
        except Exception as error:
            wanted = type(error)
        assert wanted is not None
        with pytest.raises(wanted):
            address(endpoint, **values)
