"""What a dispute may become: open, then withdrawn by who raised it, or accepted or refused by finance, once."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from agentnet.core.errors import Conflict, Invalid

LONGEST_REASON: Final = 200
LATE_DAYS: Final = 10
"""A dispute open for longer is marked."""


class State(StrEnum):
    """Where a dispute stands."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


def require_reason(reason: str) -> str:
    """Return a reason without the blanks around it.

    Raises:
        Invalid: ``reason_missing`` if it says nothing or too much.
    """
    clean = reason.strip()
    if not 2 <= len(clean) <= LONGEST_REASON:
        raise Invalid("reason_missing", "请用 2 到 200 个字写明原因", field="reason")
    return clean


def require_open(state: str) -> None:
    """Refuse to answer or withdraw what has ended.

    Raises:
        Conflict: ``dispute_ended``.
    """
    if state != State.OPEN:
        raise Conflict("dispute_ended", "这条异议已经有结果了，请刷新页面查看")


def require_undisputed(disputed: bool) -> None:
    """Refuse a second dispute of a line while the first is open.

    Raises:
        Conflict: ``line_disputed``.
    """
    if disputed:
        raise Conflict("line_disputed", "这一项已经提过异议，正在处理；有补充请先撤回原来的，再重新提出")


def require_same_month(disputed: tuple[str, str], adjusted: tuple[str, str]) -> None:
    """Refuse an adjustment of another outlet or month as the answer; both are outlet code and month.

    Raises:
        Invalid: ``dispute_elsewhere``.
    """
    if disputed != adjusted:
        raise Invalid("dispute_elsewhere", "调整必须是有异议的那个网点和月份的，请不要改网点和月份", field="of_month")
