"""Every route says who may use it: `agentnet.users.guard.needs` leaves its permission on the view."""

from pathlib import Path

import pytest
from flask import Flask

from agentnet import create_app
from agentnet.infra.config import read_settings
from agentnet.users.permissions import Permission

UNGUARDED = {"static"}  # the shipped style sheets and scripts


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(read_settings({"AGENTNET_HOME": str(tmp_path)}))


def test_there_are_routes_to_look_at(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} > UNGUARDED


def test_every_route_declares_its_permission(app: Flask) -> None:
    undeclared = [
        f"{rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in UNGUARDED
        and not isinstance(getattr(app.view_functions[rule.endpoint], "permission", None), Permission)
    ]
    assert undeclared == []
