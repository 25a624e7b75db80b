"""Who may decide a request, when, and what must not have changed meanwhile.

Source: four eyes on refunds, write-offs and ceiling raises; who asks never decides, in no second role either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.money import Fen

LONGEST_REASON: Final = 200
LONGEST_LABEL: Final = 80
LONGEST_DELEGATION_DAYS: Final = 62
"""Two months: longer than any leave; who is away for longer hands the role over."""


class ApprovalState(StrEnum):
    """Where a request stands; all but the first are final."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class NewApproval:
    """What somebody asks for. ``content`` is JSON and is all that carrying it out will read.

    ``org_unit_id`` is whose territory it belongs to; ``amount_fen`` is what the page shows largest, None without money.
    """

    id: UUID
    kind: str
    subject_kind: str
    subject_id: str
    subject_label: str
    org_unit_id: int
    content: Mapping[str, object]
    reason: str
    amount_fen: Fen | None = None

    def request(self) -> dict[str, object]:
        """Return what a resend is compared with."""
        return {
            "kind": self.kind,
            "subject_kind": self.subject_kind,
            "subject_id": self.subject_id,
            "content": dict(self.content),
            "reason": self.reason.strip(),
        }


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """A span of days in which another person decides in one's name; ``ends_on`` is the first day after it."""

    id: UUID
    username: str
    starts_on: date
    ends_on: date

    def request(self) -> dict[str, object]:
        """Return what a resend is compared with."""
        return {"username": self.username.strip().lower(), "starts_on": self.starts_on, "ends_on": self.ends_on}


def require_reason(reason: str) -> None:
    """Refuse a request without a reason.

    Raises:
        Invalid: ``reason_missing``.
    """
    if not 2 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid("reason_missing", "请用 2 到 200 个字写明原因", field="reason")


def require_note(note: str) -> None:
    """Refuse to reject without saying why.

    Raises:
        Invalid: ``note_missing``.
    """
    if not 2 <= len(note.strip()) <= LONGEST_REASON:
        raise Invalid("note_missing", "请用 2 到 200 个字写明不同意的原因", field="note")


def require_pending(state: str) -> None:
    """Refuse a second decision.

    Raises:
        Conflict: ``approval_decided``.
    """
    if state != ApprovalState.PENDING:
        raise Conflict("approval_decided", "这件申请已经处理过了，请刷新页面查看结果")


def require_another(decider_id: int | None, requester_id: int | None) -> None:
    """Refuse a decision by whoever asked, in whatever role and in whosever name.

    Raises:
        Forbidden: ``own_request``.
    """
    if decider_id is None or decider_id == requester_id:
        raise Forbidden("own_request", "自己提的申请要由另一个人审批")


def require_same_content(stored_sha256: str, present_sha256: str, seen_sha256: str) -> None:
    """Refuse to carry out anything but what was asked for and shown.

    Raises:
        Conflict: ``approval_changed``.
    """
    if not stored_sha256 == present_sha256 == seen_sha256:
        raise Conflict("approval_changed", "申请内容与您看到的不一致，请刷新页面后再审批")


def require_delegation(new: NewDelegation, today: date, user_id: int | None, delegate_id: int) -> None:
    """Refuse a delegation that is empty, in the past, too long, or to oneself.

    Raises:
        Invalid: ``delegation_days``, ``delegation_past``, ``delegation_long``, ``delegate_self``.

    >>> new = NewDelegation(UUID(int=1), "ben", date(2026, 11, 18), date(2026, 11, 25))
    >>> require_delegation(new, date(2026, 11, 18), 1, 2)
    """
    if delegate_id == user_id:
        raise Invalid("delegate_self", "不能委托给自己", field="username")
    if new.ends_on <= new.starts_on:
        raise Invalid("delegation_days", "截止日期不能早于开始日期", field="until")
    if new.starts_on < today:
        raise Invalid("delegation_past", "委托只能从今天或以后开始", field="starts_on")
    if new.ends_on - new.starts_on > timedelta(days=LONGEST_DELEGATION_DAYS):
        raise Invalid(
            "delegation_long",
            "一次最多委托 %(days)d 天；更久请办理岗位交接",
            field="until",
            days=LONGEST_DELEGATION_DAYS,
        )


def same_territory(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Return whether any org path of one person lies at, above or below one of the other's.

    >>> same_territory(("/1/2/3/",), ("/1/2/",)), same_territory(("/1/2/3/",), ("/1/6/",))
    (True, False)
    """
    return any(one.startswith(other) or other.startswith(one) for one in mine for other in theirs)
