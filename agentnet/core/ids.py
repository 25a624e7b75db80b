"""Identities. A fact's id is a UUIDv7 made by whoever sends it; a content hash tells a resend from another fact."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime

import uuid_utils

from agentnet.core.errors import Invalid


def new_id() -> uuid.UUID:
    """Return a fresh UUIDv7 (RFC 9562), ordered by time of making."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def parse_id(text: str) -> uuid.UUID:
    """Read a sender's id.

    Raises:
        Invalid: ``id_shape`` unless it is a UUID of version 7.

    >>> parse_id("01932c07-209c-7e2a-b1c5-9a3c1f5e8d10").version
    7
    """
    try:
        found = uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        found = None
    if found is None or found.version != 7:
        raise Invalid("id_shape", "提交编号无效，请刷新页面后重试")
    return found


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def canonical(content: Mapping[str, object]) -> bytes:
    """Return the one JSON spelling of a mapping: sorted keys, no spaces, UTF-8.

    >>> canonical({"b": 1, "a": "户"}).decode()
    '{"a":"户","b":1}'
    """
    return _CANONICAL.encode(content).encode()


def content_sha256(content: Mapping[str, object]) -> str:
    """Return the SHA-256 (64 hex digits) of a mapping's canonical form."""
    return hashlib.sha256(canonical(content)).hexdigest()
