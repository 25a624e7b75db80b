"""The addresses of month end."""

from __future__ import annotations

from flask import Blueprint

from agentnet.closing import views

blueprint = Blueprint("closing", __name__)

add = blueprint.add_url_rule
add("/closing", "months", views.months)
add("/closing/<text>", "month", views.month)
add("/closing/<text>/confirm", "confirm", views.confirm)
add("/closing/<text>/close", "close", views.close, methods=["POST"])
