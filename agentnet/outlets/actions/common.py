"""What every action of the register does alike: once per request, on the version that was read, with an audit line."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from agentnet.core.errors import Conflict, Forbidden
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.infra.importing import administers_company
from agentnet.users.permissions import Permission, require


def once(
    request_id: uuid.UUID | None, kind: str, by: Actor, content: Mapping[str, object], work: Callable[[], str]
) -> str:
    """Do the work unless the same request did it before; return its result, which is a public code.

    ``request_id`` is the sender's; None is for callers that cannot send twice (an import in one transaction).

    Raises:
        Conflict: ``id_reused``.
    """
    if request_id is None:
        return work()
    earlier = earlier_result(request_id, kind, content)
    if earlier is not None:
        return earlier
    result = work()
    remember(request_id, kind, by, content, result)
    return result


def require_version(present: int, seen: int | None) -> None:
    """Refuse an edit of what somebody else has changed since it was read; None does not ask.

    Raises:
        Conflict: ``changed_meanwhile``.
    """
    if seen is not None and seen != present:
        raise Conflict("changed_meanwhile", "您打开页面之后，这里已被别人改过。请核对最新内容，再提交一次")


def require_for_company(by: Actor, permission: Permission) -> None:
    """Refuse who holds a permission for a part of the company only: what they would change is everybody's.

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``.
    """
    require(by, permission)
    if not administers_company(by):
        raise Forbidden("for_whole_company", "这项资料全公司通用，请由全公司的系统管理员办理")


def plain(value: object) -> object:
    """Return a value as the audit trail keeps it: days and positions as text.

    >>> plain(date(2026, 11, 18)), plain(121.37), plain(True), plain(None)
    ('2026-11-18', '121.370000', True, None)
    """
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:.6f}" if isinstance(value, float) else value


def apply_changes(row: Any, values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Set the values that differ on a row; return what they were and what they are now, for the audit line."""
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    for name in before:
        setattr(row, name, values[name])
    return (
        {name: plain(value) for name, value in before.items()},
        {name: plain(values[name]) for name in before},
    )


def audit_change(
    by: Actor, action: str, kind: str, code: str, changes: tuple[dict[str, object], dict[str, object]]
) -> bool:
    """Write the audit line of a change, if anything changed; return whether it did."""
    before, after = changes
    if after:
        write_audit(by, action, kind, code, before, after)
    return bool(after)
