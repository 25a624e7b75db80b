"""The sender brings the id: the same id with the same content gets the same answer, with other content a conflict.

Rows live for ever: a phone may send again weeks later. Refusals are not stored, so that a corrected retry is judged
anew (models: ODK Central's resend law, TigerBeetle's ``exists_with_different_*``).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import String, Table, bindparam, select, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.core.clock import now
from agentnet.core.errors import Conflict
from agentnet.core.ids import content_sha256
from agentnet.infra.actor import Actor
from agentnet.infra.db import Model, db
from agentnet.infra.inserting import insert_typed
from agentnet.infra.straight import Straight

_HOLD_REQUEST = text("SELECT pg_advisory_xact_lock(:key)")


class Request(Model):
    """A request that took effect."""

    __tablename__ = "requests"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None]
    content_sha256: Mapped[str] = mapped_column(String(64))
    result_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


requests = cast(Table, Request.__table__)

_EARLIER = Straight(
    select(requests.c.kind, requests.c.content_sha256, requests.c.result_id).where(
        requests.c.id == bindparam("request_id")
    )
)


def hold_request(request_id: uuid.UUID) -> None:
    """Let the same request sent at once wait until this transaction ends."""
    if db.engine.dialect.name == "postgresql":  # on SQLite writers take turns anyway
        db.session.execute(_HOLD_REQUEST, {"key": int.from_bytes(request_id.bytes[8:], "big", signed=True)})


def earlier_result(request_id: uuid.UUID, kind: str, content: Mapping[str, object]) -> str | None:
    """Return the result of the same request if it took effect before, else None.

    The same request sent twice at once waits here for the first: it must get the first one's answer, and not be told
    that somebody else was quicker.

    Raises:
        Conflict: ``id_reused`` if the id was used for other content or another kind of request.
    """
    hold_request(request_id)
    found = _EARLIER.rows(db.session.connection(), {"request_id": request_id})
    if not found:
        return None
    (earlier_kind, earlier_content, result_id) = found[0]
    if earlier_kind != kind or earlier_content != content_sha256(content):
        raise Conflict("id_reused", "这个提交编号已用于另一笔内容不同的操作，请刷新页面后重新填写")
    return str(result_id)


def remember(request_id: uuid.UUID, kind: str, by: Actor, content: Mapping[str, object], result_id: object) -> None:
    """Record that the request took effect, in the same transaction as the effect itself."""
    row = {
        "id": request_id,
        "kind": kind,
        "user_id": by.user_id,
        "content_sha256": content_sha256(content),
        "result_id": str(result_id),
        "at": now(),
    }
    insert_typed(db.session.connection(), requests, [row])
