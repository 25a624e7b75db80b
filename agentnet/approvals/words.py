"""What people read of requests; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from agentnet.approvals.rules import ApprovalState
from agentnet.core.words import translatable

STATES: Mapping[str, tuple[str, str]] = {
    ApprovalState.PENDING: (translatable("待审批"), "waiting"),
    ApprovalState.APPROVED: (translatable("已同意并办理"), "good"),
    ApprovalState.REJECTED: (translatable("未同意"), "bad"),
    ApprovalState.WITHDRAWN: (translatable("已撤回"), "off"),
}
"""What a state is called, and the tone it is shown in."""
SUBJECTS: Mapping[str, str] = {
    "CHANNEL_FILE": translatable("对账文件 %(label)s"),
    "COLLECTION": translatable("凭证号 %(label)s"),
    "DIFFERENCE": translatable("对账差异 %(label)s"),
    "OUTLET": translatable("网点 %(label)s"),
    "PAYOUT": translatable("付款批次 %(label)s"),
    "PLAN": translatable("代办费方案 %(label)s"),
}
"""What a request is about, by the kind of its subject: a bare number or code says nothing."""


def subject_text(kind: str, label: str) -> str:
    """Return what a request is about, in the reader's language; a label of another kind is a word by itself."""
    return _(SUBJECTS[kind], label=label) if kind in SUBJECTS else _(label)
