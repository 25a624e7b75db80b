"""Mail that left the house: of finished papers, to whom they concern, after a second person or somebody asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows
from agentnet.verify.payouts import plain
from agentnet.verify.register import as_day

_MAILS = """
    SELECT m.id, m.run_id, m.round, m.outlet_id, m.payee_id, m.state, m.queued_at, m.asked_by_id, m.attempts, m.sent_at,
           m.address, r.number, r.kind, r.state AS run_state, r.done_at, r.period_start, r.outlet_id AS paper_outlet,
           r.partner_id AS paper_partner
    FROM mails m LEFT JOIN runs r ON r.id = m.run_id
    ORDER BY m.queued_at, m.id
"""
MAILED = ("COMMISSION_STATEMENT", "COMMISSION_PARTNER")


def mails_hold_finished_papers(connection: Connection) -> Iterator[Finding]:
    """What was mailed is a statement or a partner's summary that was finished; what is sent again was sent before."""
    sent: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows(connection, _MAILS):
        if row.kind not in MAILED or row.run_state != "DONE":
            yield Finding("mail_paper", str(row.number or row.run_id), f"is a {row.kind}, {row.run_state}")
        if row.sent_at is not None:
            paper = (plain(row.run_id), row.address)
            if row.attempts < 1 or as_instant(row.sent_at) < as_instant(row.done_at or row.sent_at):
                yield Finding("mail_sent", str(row.number), "says it was sent before there was anything to send")
            if row.round > 1 and not sent[paper]:
                yield Finding("mail_again", str(row.number), f"is round {row.round}, none before it was sent")
            sent[paper].add(row.round)


def mails_go_to_whom_they_concern(connection: Connection) -> Iterator[Finding]:
    """A statement goes to its outlet or to who gets the keeper's share, a summary to who is paid for the partner."""
    outlets: dict[int, set[int]] = defaultdict(set)
    partners: dict[int, set[int]] = defaultdict(set)
    for term in rows(connection, "SELECT outlet_id, partner_id, share, payee_id FROM payee_terms"):
        if term.outlet_id is not None and term.share == "KEEPER":
            outlets[term.outlet_id].add(term.payee_id)
        elif term.partner_id is not None and term.share in ("KEEPER", "PARTNER"):
            partners[term.partner_id].add(term.payee_id)
    for row in rows(connection, _MAILS):
        if row.kind == "COMMISSION_STATEMENT":
            right = row.outlet_id == row.paper_outlet or row.payee_id in outlets[row.paper_outlet]
        else:
            right = row.outlet_id is None and row.payee_id in partners[row.paper_partner]
        if not right:
            yield Finding("mail_stranger", str(row.number), "was addressed to somebody it does not concern")


def mails_waited_for_the_approval(connection: Connection) -> Iterator[Finding]:
    """Unless somebody asked for it, a paper was put in the outbox after its month's payment had been approved."""
    first: dict[str, datetime] = {}
    for batch in rows(connection, "SELECT month, approved_at FROM payout_batches WHERE approved_at IS NOT NULL"):
        at = as_instant(batch.approved_at)
        first[batch.month] = min(first.get(batch.month, at), at)
    for row in rows(connection, _MAILS):
        if row.asked_by_id is not None or row.period_start is None:
            continue
        approved = first.get(f"{as_day(row.period_start):%Y-%m}")
        if approved is None or approved > as_instant(row.queued_at):
            yield Finding("mail_early", str(row.number), "was put in the outbox before the payment was approved")
