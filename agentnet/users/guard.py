"""Every route declares its permission; one guard checks it before the view runs.

``viewer()`` is the only place that turns the signed-in person into an ``Actor``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from flask import Flask, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response

from agentnet.core.clock import now
from agentnet.infra.actor import Actor
from agentnet.infra.transaction import afterwards
from agentnet.users.actions import touch_session
from agentnet.users.permissions import Permission, require
from agentnet.users.queries import SignedIn, signed_in_by_token

NOBODY = Actor(user_id=None, name="")

View = TypeVar("View", bound=Callable[..., Any])

_NOTE_USE_EVERY = timedelta(minutes=2)
_WHILE_PASSWORD_IS_NEW = {"users.change_password", "users.sign_out", "users.set_language", "static"}


def needs(permission: Permission) -> Callable[[View], View]:
    """Declare what a view needs; a route without this does not start (tested over ``app.url_map``)."""

    def declare(view: View) -> View:
        cast(Any, view).permission = permission
        return view

    return declare


def viewer() -> Actor:
    """Return who is asking, with the grants that hold today."""
    person = current_user._get_current_object()
    return person.actor if isinstance(person, SignedIn) else NOBODY


def _note_use() -> None:
    """Keep the session alive, with one short write every few minutes."""
    token, seen_at = current_user.token, current_user.seen_at
    if now() - seen_at > _NOTE_USE_EVERY:
        afterwards(lambda: touch_session(token))


def init_guard(app: Flask) -> None:
    """Load the person behind the session token and check every route's declared permission."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(signed_in_by_token)

    @app.before_request
    def check_permission() -> Response | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        permission: Permission = cast(Any, current_app.view_functions[request.endpoint]).permission
        if permission is Permission.PUBLIC:
            return None
        actor = viewer()
        if actor.user_id is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            if back not in (None, "/"):
                flash(_("请先登录"), "careful")
            return redirect(url_for("users.sign_in", next=back), 303)
        _note_use()
        if current_user.must_change_password and request.endpoint not in _WHILE_PASSWORD_IS_NEW:
            return redirect(url_for("users.change_password"), 303)
        require(actor, permission)
        return None
