"""The addresses of disputes."""

from __future__ import annotations

from flask import Blueprint

from agentnet.commission.disputes import views

blueprint = Blueprint("disputes", __name__, url_prefix="/commission")

add = blueprint.add_url_rule
add("/disputes", "disputes", views.disputes)
add("/disputes/<uuid:dispute_id>", "dispute", views.dispute)
add("/disputes/<uuid:dispute_id>/withdraw", "withdraw", views.withdraw, methods=["POST"])
add("/disputes/<uuid:dispute_id>/own", "own", views.take, methods=["POST"])
add("/disputes/<uuid:dispute_id>/refuse", "refuse", views.refuse, methods=["POST"])
add("/outlets/<code>/disputes/new", "new", views.new, methods=["GET", "POST"])
