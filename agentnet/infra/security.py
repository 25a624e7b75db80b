"""What every answer carries: a content policy without inline script or style, no sniffing, no framing, no caching."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Response, abort, g, request, session
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from agentnet.infra.config import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
FRAMEABLE_POLICY = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")

USUAL_BODY_BYTES = 20 * 1024 * 1024
"""Room for a form with a phone's photo; only an import by someone signed in may send more."""

csrf = CSRFProtect()

TOKEN_NAME = "csrf_token"  # noqa: S105  # nosec B105 - what the session and the form call it


@lru_cache(maxsize=1024)
def _signed(secret_key: str, raw: str) -> str:
    """Return a session's form token as Flask-WTF signs it."""
    return str(URLSafeTimedSerializer(secret_key, salt="wtf-csrf-token").dumps(raw))


class KeyConverter(IntegerConverter):
    """A number in an address that fits a key of the database; a longer one names nothing."""

    regex = r"[0-9]{1,18}"


def init_security(app: Flask, settings: Settings) -> None:
    """Set cookies, form tokens, trusted hosts, what an address may hold, and headers."""
    app.url_map.converters["int"] = KeyConverter
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-agentnet" if settings.secure_cookies else "agentnet",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=min(USUAL_BODY_BYTES, settings.max_upload_bytes),
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
    )
    csrf.init_app(app)
    if settings.trusted_proxies:
        # Else everybody behind the proxy has one address, and a stranger's failed sign-ins slow all of them down.
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]

    @app.before_request
    def signed_token() -> None:
        # Flask-WTF signs the session's token anew for every page; without a time limit one signature is as good.
        raw = session.get(TOKEN_NAME)
        if isinstance(raw, str):
            setattr(g, TOKEN_NAME, _signed(settings.secret_key, raw))

    @app.before_request
    def no_address_with_nul() -> None:
        if "\0" in request.path:
            abort(404)  # no name holds it, and PostgreSQL takes none in a question

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        if settings.secure_cookies:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
