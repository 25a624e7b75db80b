"""What people read of requests; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.approvals.rules import ApprovalState
from agentnet.core.words import translatable

STATES: Mapping[str, tuple[str, str]] = {
    ApprovalState.PENDING: (translatable("待审批"), "waiting"),
    ApprovalState.APPROVED: (translatable("已同意并办理"), "good"),
    ApprovalState.REJECTED: (translatable("未同意"), "bad"),
    ApprovalState.WITHDRAWN: (translatable("已撤回"), "off"),
}
"""What a state is called, and the tone it is shown in."""
