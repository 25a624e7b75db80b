"""The addresses of home and search."""

from __future__ import annotations

from flask import Blueprint

from agentnet.dashboard import views

blueprint = Blueprint("dashboard", __name__)

blueprint.add_url_rule("/", "home", views.home)
blueprint.add_url_rule("/search", "search", views.search)
