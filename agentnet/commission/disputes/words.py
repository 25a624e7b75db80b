"""Words for disputes: their states, and the lines they are about."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from agentnet.commission.disputes.queries import DisputedLine
from agentnet.core.words import translatable
from agentnet.infra.dates import month_text

STATES: Mapping[str, tuple[str, str]] = {
    "OPEN": (translatable("等待答复"), "waiting"),
    "ACCEPTED": (translatable("已认可并调整"), "good"),
    "REFUSED": (translatable("已答复：无误"), "careful"),
    "WITHDRAWN": (translatable("已撤回异议"), "waiting"),
}
"""Word and shape of each state."""


def line_text(line: DisputedLine) -> str:
    """Return what a disputed line is called: its receipt, its component, or the month it adjusts."""
    if line.component is not None:
        return line.component
    if line.of_month is None:
        return line.receipt_no or "-"
    if line.receipt_no:
        return _("%(month)s的调整 %(receipt)s", month=month_text(line.of_month), receipt=line.receipt_no)
    return _("%(month)s的调整", month=month_text(line.of_month))
