"""Refusals on screen: the one table from a named refusal to a status and a page that says what to do."""

from __future__ import annotations

import logging

from flask import Flask, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException

from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.infra.i18n import refusal_text, requested_locale

log = logging.getLogger("agentnet")

PAGES = {403, 404, 409, 413, 422, 429}


def init_refusals(app: Flask) -> None:
    """Answer refusals, HTTP errors and bugs with a page in the reader's language and never with a trace."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def _page(status: int, message: str | None) -> tuple[str, int]:
    name = f"errors/{status}.html" if status in PAGES else "errors/generic.html"
    return render_template(name, status=status, refusal_words=message), status


def _refused(refusal: Refusal) -> tuple[str, int]:
    return _page(refusal.status, refusal_text(refusal))


def _stale_form(_error: CSRFError) -> tuple[str, int]:
    return _page(409, None)


def _http_error(error: HTTPException) -> tuple[str, int]:
    return _page(error.code or 500, None)


def _bug(error: Exception) -> tuple[str, int]:
    if isinstance(error, IntegrityError) and _same_id_at_once(error):
        return _page(409, _("这个提交编号已用于另一笔内容不同的操作，请刷新页面后重新填写"))
    incident = new_id().hex[-8:]
    log.error("incident %s: unexpected error in %s %s", incident, request.method, request.path, exc_info=error)
    with force_locale(requested_locale()):
        return render_template("errors/500.html", incident=incident), 500


def _same_id_at_once(error: IntegrityError) -> bool:
    """Return whether two requests with one id met in the database: the later has lost, and nothing of it stands."""
    return any(name in str(error.orig) for name in ("pk_requests", "requests.id"))
