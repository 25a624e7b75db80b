"""What the register said of outlets at an earlier instant, for facts that carry no dates of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from agentnet.infra.audit import AuditLine
from agentnet.infra.db import UtcDateTime
from agentnet.infra.straight import Straight, straight_rows

_CHANGES = Straight(
    select(AuditLine.subject_id, AuditLine.before)
    .where(
        AuditLine.subject_kind == "outlet",
        AuditLine.subject_id.in_(bindparam("codes", expanding=True)),
        AuditLine.action == "change_outlet",
        AuditLine.at >= bindparam("since", type_=UtcDateTime()),
    )
    .order_by(AuditLine.at.desc(), AuditLine.id.desc())
)


def facts_before(codes: Mapping[int, str], at: datetime) -> Mapping[int, Mapping[str, Any]]:
    """Return by outlet id which facts were changed since an instant, each with what the first change found.

    ``codes`` are the outlets asked about, code by id. What is not returned is as it was.
    """
    ids = {code: id_ for id_, code in codes.items()}
    changes = straight_rows(_CHANGES, codes=list(ids), since=at)
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for code, before in changes:
        found[ids[code]] |= before or {}  # newest first: the first change has the last word
    return found
