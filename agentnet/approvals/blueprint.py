"""The addresses of requests and of those who stand in."""

from __future__ import annotations

from flask import Blueprint

from agentnet.approvals import views

blueprint = Blueprint("approvals", __name__)

blueprint.add_url_rule("/approvals", "approvals", views.approvals)
blueprint.add_url_rule("/approvals/delegates", "delegates", views.delegates, methods=["GET", "POST"])
blueprint.add_url_rule("/approvals/delegates/<id_>/end", "end_delegate", views.end_delegate, methods=["POST"])
blueprint.add_url_rule("/approvals/<id_>", "approval", views.approval)
blueprint.add_url_rule("/approvals/<id_>/approve", "approve", views.approve, methods=["GET", "POST"])
blueprint.add_url_rule("/approvals/<id_>/reject", "reject", views.reject, methods=["GET", "POST"])
blueprint.add_url_rule("/approvals/<id_>/withdraw", "withdraw", views.withdraw, methods=["POST"])
