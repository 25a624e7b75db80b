"""The outbox at work: papers go in after the approval, mails go out one by one, each at most once by itself.

A mail is marked as being sent before it is handed over and as sent afterwards, with no transaction open between. A
worker that dies in between leaves a mail of which nobody knows; it is not sent again by itself, a person decides.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, case, or_, select, update

from agentnet.commission.mailing.actions import queue_approved
from agentnet.commission.mailing.letters import Letter, letter
from agentnet.commission.mailing.models import Mail
from agentnet.commission.mailing.owing import months_approved, papers_to_mail
from agentnet.commission.mailing.queries import mail_server
from agentnet.commission.mailing.rules import LEASE, WAITS, Failure, MailState, failure_note, mask_mail, wait_after
from agentnet.core.clock import Month, now
from agentnet.core.errors import Missing
from agentnet.documents.models import Run
from agentnet.documents.queries import company_in
from agentnet.infra import files
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob, WorkerLoop
from agentnet.infra.mail import MailRefused, MailServer, MailUncertain, ServerUnfit, Session, session
from agentnet.infra.transaction import batch, reading

MAILS_A_TURN = 20
SECONDS_A_TURN = 10
"""The same worker draws documents: it comes back to the outbox after those."""

log = logging.getLogger("agentnet.mail")


def queue_mails() -> int:
    """Put the papers of approved months in the outbox; return how many."""
    if mail_server() is None:
        return 0
    total = 0
    while True:
        with reading():
            if not papers_to_mail(months_approved(), 1):
                return total
        with batch():
            count = queue_approved(SYSTEM)
        if not count:
            return total
        total += count


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail in this worker's hands; ``attempt`` is the token that lets it write down how it ended."""

    id: UUID
    attempt: int
    address: str
    language: str
    round: int
    kind: str
    title: str
    month: Month
    number: str
    revision: int
    check_code: str
    file_sha256: str


def send_some() -> int:
    """Hand over what is due, until there is none, the turn is over or the server does not answer; return how many."""
    server = mail_server()
    if server is None:
        return 0
    at = now()
    with reading():
        lost, due = (db.session.scalar(select(Mail.id).where(*which).limit(1)) for which in (_lost(at), _due(at)))
    if lost is not None:
        _give_up(at)
    if due is None:
        return 0
    count, ends = 0, time.monotonic() + SECONDS_A_TURN
    with ExitStack() as stack:
        line: Session | None = None
        while count < MAILS_A_TURN and time.monotonic() < ends:
            taken = _take()
            if taken is None:
                break
            try:
                if line is None:
                    line = stack.enter_context(session(server, _sender()))
                _hand_over(line, taken)
            except ServerUnfit as unfit:
                _put_off_all(taken, server, str(unfit))
                break
            count += 1
    return count


def _sender() -> str:
    return str(current_app.extensions["agentnet"].mail_from)


def _hand_over(line: Session, taken: Taken) -> None:
    try:
        pdf = files.read(taken.file_sha256, ".pdf")
        line.hand_over(_letter(taken, pdf), taken.address)
    except Missing as missing:
        _failed(taken, Failure.FILE, missing.text(), later=False)
    except MailRefused as refused:
        _failed(taken, Failure(refused.about), refused.words, later=refused.later)
    except MailUncertain as uncertain:
        _failed(taken, Failure.UNCERTAIN, str(uncertain), later=False)
        raise ServerUnfit(str(uncertain)) from uncertain
    else:
        _sent(taken)


def _letter(taken: Taken, pdf: bytes) -> Any:
    settings = current_app.extensions["agentnet"]
    with reading():
        company = company_in(taken.language).name
    said = Letter(
        mail_id=taken.id,
        address=taken.address,
        language=taken.language,
        company=company,
        kind=taken.kind,
        title=taken.title,
        month=taken.month,
        number=taken.number,
        revision=taken.revision,
        proof=f"{settings.public_url}/d/{taken.number}?c={taken.check_code}",
    )
    return letter(said, pdf, settings.mail_from, now())


def _take() -> Taken | None:
    """Take the next mail in hand, and say so before anything is sent."""
    at = now()
    due = select(Mail.id).where(*_due(at)).order_by(Mail.next_at, Mail.id).limit(1).with_for_update(skip_locked=True)
    with batch():
        row = db.session.execute(
            update(Mail)
            .where(Mail.id.in_(due))
            .values(state=MailState.SENDING, lease_until=at + LEASE, attempts=Mail.attempts + 1, failure=None)
            .returning(Mail.id, Mail.attempts, Mail.address, Mail.language, Mail.round, Mail.run_id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is None:
            return None
        run = db.session.get_one(Run, row.run_id)
        return Taken(
            id=row.id,
            attempt=row.attempts,
            address=row.address,
            language=row.language,
            round=row.round,
            kind=run.kind,
            title=run.title,
            month=Month.of(run.period_start),
            number=run.number,
            revision=run.revision,
            check_code=run.check_code,
            file_sha256=run.file_sha256 or "",
        )


def _end(taken: Taken, values: Mapping[str, Any]) -> bool:
    """Write down how a hand-over ended, unless it was given up for lost meanwhile."""
    result = db.session.execute(
        update(Mail)
        .where(Mail.id == taken.id, Mail.state == MailState.SENDING, Mail.attempts == taken.attempt)
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(result, "rowcount", 0))


def _sent(taken: Taken) -> None:
    with batch():
        if _end(taken, {"state": MailState.SENT, "sent_at": now(), "failure": None}):
            after = {"mail_address": mask_mail(taken.address), "round": taken.round}
            write_audit(SYSTEM, "mail_sent", "document", taken.number, after=after)


def _failed(taken: Taken, failure: Failure, words: str, *, later: bool) -> None:
    wait = wait_after(taken.attempt) if later else None
    note = failure_note(failure, words, taken.address)
    state = MailState.FAILED if wait is None else MailState.WAITING
    with batch():
        _end(taken, {"state": state, "failure": note, "next_at": now() + wait if wait else now()})
        if wait is None:
            after = {"mail_address": mask_mail(taken.address), "reason": note}
            write_audit(SYSTEM, "mail_failed", "document", taken.number, after=after)
    log.warning("mail of %s not taken: %s", taken.number, note)


def _put_off_all(taken: Taken, server: MailServer, words: str) -> None:
    """Let everything that is due wait: the server cannot be worked with, and each mail would find out anew."""
    at = now()
    note = failure_note(Failure.SERVER, words, taken.address)
    with batch():
        _end(taken, {"state": MailState.WAITING, "next_at": at})
        over = Mail.attempts > len(WAITS)
        waits = [(Mail.attempts == number, at + wait) for number, wait in enumerate(WAITS, 1)]
        due = _due(at)
        others = or_(Mail.id != taken.id, Mail.attempts != taken.attempt)
        for change in (
            update(Mail).where(*due, others).values(attempts=Mail.attempts + 1),
            update(Mail).where(*due, over).values(state=MailState.FAILED, failure=note),
            update(Mail).where(*due).values(next_at=case(*waits, else_=at + WAITS[0]), failure=note),
        ):
            db.session.execute(change.execution_options(synchronize_session=False))
    log.warning("%s: %s", server, words)


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Mail.state == MailState.WAITING, Mail.next_at <= at


def _lost(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Mail.state == MailState.SENDING, Mail.lease_until <= at


def _give_up(at: datetime) -> None:
    """Mark what a worker that died had in hand: it may have been sent, so it is not sent again by itself."""
    with batch():
        db.session.execute(
            update(Mail)
            .where(*_lost(at))
            .values(state=MailState.FAILED, lease_until=None, failure=f"{Failure.UNCERTAIN} worker died")
            .execution_options(synchronize_session=False)
        )


QUEUE_MAILS = ClockJob("statements by mail", 60, queue_mails)
SENDING = WorkerLoop("mail", send_some)
