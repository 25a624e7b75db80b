"""The addresses of signing in and of one's own account."""

from __future__ import annotations

from flask import Blueprint

from agentnet.users import views

blueprint = Blueprint("users", __name__)

blueprint.add_url_rule("/sign-in", "sign_in", views.sign_in, methods=["GET", "POST"])
blueprint.add_url_rule("/sign-out", "sign_out", views.sign_out, methods=["POST"])
blueprint.add_url_rule("/language", "set_language", views.set_language, methods=["POST"])
blueprint.add_url_rule("/account/password", "change_password", views.change_password, methods=["GET", "POST"])
blueprint.add_url_rule("/account/sessions", "sessions", views.sessions)
blueprint.add_url_rule("/account/sessions/<token_sha256>/end", "end_session", views.end_session, methods=["POST"])
