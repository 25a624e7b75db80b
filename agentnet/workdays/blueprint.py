"""The addresses of the working calendar."""

from __future__ import annotations

from flask import Blueprint

from agentnet.workdays import views

blueprint = Blueprint("workdays", __name__)

blueprint.add_url_rule("/workdays", "year", views.year)
blueprint.add_url_rule("/workdays/<day>", "set_day", views.set_day, methods=["POST"])
blueprint.add_url_rule("/workdays/<day>/reset", "reset_day", views.reset_day, methods=["POST"])
