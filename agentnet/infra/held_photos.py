"""A form that comes back, or goes on to a page of confirmation, still holds the photo that was sent with it.

The photo lies in the file store; the form carries a signed token that names it and its sender, so that nobody names
another's.
"""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["agentnet"].secret_key, salt=purpose)


def photo_token(purpose: str, user_id: int | None, sha256: str) -> str:
    """Return a token by which a form still holds its photo; ``purpose`` keeps tokens of one form out of another."""
    return str(_signer(purpose).dumps([user_id, sha256]))


def photo_from_token(purpose: str, user_id: int | None, token: str | None) -> str | None:
    """Return the photo's hash a form holds; None if it holds none or not this person's."""
    try:
        owner, sha256 = _signer(purpose).loads(token or "")
    except (BadSignature, ValueError, TypeError):
        return None
    return str(sha256) if owner == user_id else None
