"""Answers to disputes as a statement prints them: those given while its month was the first open one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from agentnet.commission.disputes.models import Dispute
from agentnet.commission.disputes.queries import DisputedLine, answered_in, lines_of
from agentnet.commission.disputes.words import line_text
from agentnet.core.clock import Month, business_date
from reports.commission_statement import DisputeLine

Answered = tuple[Dispute, DisputedLine]


def answers_by_outlet(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, Sequence[Answered]]:
    """Return by outlet what a month's statements answer; one query where nothing was disputed."""
    disputes = answered_in(month, outlet_ids)
    lines = lines_of(disputes)
    found: dict[int, list[Answered]] = defaultdict(list)
    for dispute in disputes:
        found[dispute.outlet_id].append((dispute, lines[dispute.id]))
    return found


def answer_line(dispute: Dispute, line: DisputedLine) -> DisputeLine:
    """Return an answer in the language the statement is written in."""
    return DisputeLine(
        raised_on=business_date(dispute.raised_at),
        belongs_to=line.month,
        line=line_text(line),
        reason=dispute.reason,
        answer_state=dispute.state,
        answer=dispute.answer,
    )
