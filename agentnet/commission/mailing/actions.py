"""What is done about mail: an address entered or corrected, papers put in the outbox, a mail sent again or returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, or_, select, update

from agentnet.commission.mailing.models import Mail, MailAddress
from agentnet.commission.mailing.owing import ToMail, months_approved, papers_to_mail
from agentnet.commission.mailing.queries import mail_for, mail_server, owner_of, stuck_on_server
from agentnet.commission.mailing.rules import (
    LOOK_BACK,
    Failure,
    MailState,
    clean_address,
    failure_note,
    mask_mail,
    require_ended,
    require_failed,
    require_sent,
    require_words,
)
from agentnet.commission.payout.queries import require_office
from agentnet.core.clock import Month, now
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row, write_audit, write_audit_rows
from agentnet.infra.bulk import insert_rows, lock_tables
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember

STEP: Final = "mail_step"
"""The kind of request a mail's steps are remembered as."""
AT_ONCE: Final = 500
"""Mails put in the outbox in one transaction."""

_ANEW: Final[dict[str, Any]] = {"state": MailState.WAITING, "attempts": 0, "failure": None}

_addresses, _mails = cast(Table, MailAddress.__table__), cast(Table, Mail.__table__)


@dataclass(frozen=True, slots=True)
class NewAddress:
    """The address of an outlet or of a payee (one code is given); an empty one takes the address away."""

    id: UUID
    outlet_code: str
    payee_code: str
    address: str
    language: str


def set_address(new: NewAddress, by: Actor) -> None:
    """Enter, correct or take away an address; what did not reach the one before goes to the new one.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``mail_owner``. Invalid: ``mail_shape``.
        Conflict: ``id_reused``.
    """
    require_office(by)
    address = clean_address(new.address) if new.address else None
    content: dict[str, object] = {
        "outlet": new.outlet_code,
        "payee": new.payee_code,
        "address": address,
        "language": new.language,
    }
    if earlier_result(new.id, "mail_address", content) is not None:
        return
    lock_tables(_addresses)
    owner = owner_of(new.outlet_code, new.payee_code)
    row = owner.present
    if row is None:
        row = address_row(owner.outlet_id, owner.payee_id, address, new.language, by)
        db.session.add(row)
        db.session.flush()
        write_audit_rows([entered(by, owner.outlet_id, owner.code, address, new.language)])
    else:
        change_address(row, owner.code, address, new.language, by)
    remember(new.id, "mail_address", by, content, row.id)


def address_row(
    outlet_id: int | None, payee_id: int | None, address: str | None, language: str, by: Actor
) -> MailAddress:
    """Return the row of an address that is entered for the first time."""
    return MailAddress(
        outlet_id=outlet_id,
        payee_id=payee_id,
        address=address,
        language=language,
        entered_at=now(),
        user_id=by.user_id,
    )


def entered(
    by: Actor, outlet_id: int | None, code: str, address: str | None, language: str, before: str | None = None
) -> dict[str, Any]:
    """Return the audit line of an address: never the whole of it."""
    return audit_row(
        by,
        "mail_address_set",
        "outlet" if outlet_id is not None else "payee",
        code,
        {"mail_address": mask_mail(before)} if before else None,
        {"mail_address": mask_mail(address) if address else None, "locale": language},
    )


def change_address(row: MailAddress, code: str, address: str | None, language: str, by: Actor) -> None:
    """Correct or take away an address; what waits for or failed at the one before goes to the new one."""
    before = row.address
    row.address, row.language, row.entered_at, row.user_id = address, language, now(), by.user_id
    db.session.flush()
    if before != address:
        lock_tables(_mails)
        given_up = _given_up(row, before) if before is not None else {}
        if address is not None:
            _taken_up(row, address, given_up)
    write_audit_rows([entered(by, row.outlet_id, code, address, language, before)])


def _of(row: MailAddress) -> ColumnElement[bool]:
    return Mail.outlet_id == row.outlet_id if row.outlet_id is not None else Mail.payee_id == row.payee_id


def _given_up(row: MailAddress, before: str) -> dict[UUID, int | None]:
    """Give up what waits for or failed at the old address; return the papers, and who asked for each."""
    rows = db.session.execute(
        update(Mail)
        .where(_of(row), Mail.address == before, Mail.state.in_((MailState.WAITING, MailState.FAILED)))
        .values(state=MailState.CANCELLED)
        .returning(Mail.run_id, Mail.asked_by_id)
        .execution_options(synchronize_session=False)
    )
    return dict(rows.all())


_NEVER_AGAIN: Final = or_(*(Mail.failure.startswith(f"{one} ") for one in (Failure.SETTLED, Failure.UNCERTAIN)))
"""Given up by a person, or perhaps sent: an address that is given back does not bring these back."""


def _taken_up(row: MailAddress, address: str, papers: Mapping[UUID, int | None]) -> None:
    """Put papers in the outbox for the new address, and what was lately given up there when it was taken away."""
    db.session.execute(
        update(Mail)
        .where(_of(row), Mail.address == address, Mail.state == MailState.CANCELLED, Mail.sent_at.is_(None))
        .where(Mail.queued_at > now() - LOOK_BACK, or_(Mail.failure.is_(None), ~_NEVER_AGAIN))
        .values(_ANEW | {"next_at": now()})
        .execution_options(synchronize_session=False)
    )
    known = set(db.session.scalars(select(Mail.run_id).where(Mail.address == address)))
    for asked_by_id in set(papers.values()):
        runs = [run_id for run_id, one in papers.items() if one == asked_by_id and run_id not in known]
        _put([ToMail(run_id, address, row.language, row.outlet_id, row.payee_id) for run_id in runs], asked_by_id)


def _put(papers: Sequence[ToMail], asked_by_id: int | None, round_: int = 1) -> Sequence[UUID]:
    """Put papers in the outbox; return the ids of their mails."""
    at, ids = now(), [new_id() for _paper in papers]
    rows = [
        {
            "id": id_,
            "run_id": one.run_id,
            "round": round_,
            "outlet_id": one.outlet_id,
            "payee_id": one.payee_id,
            "address": one.address,
            "language": one.language,
            "state": MailState.WAITING,
            "queued_at": at,
            "asked_by_id": asked_by_id,
            "next_at": at,
            "attempts": 0,
        }
        for id_, one in zip(ids, papers, strict=True)
    ]
    insert_rows(_mails, rows)
    return ids


def queue_approved(by: Actor) -> int:
    """Put some papers of the months whose payment was approved in the outbox; return how many, 0 when none is left."""
    if mail_server() is None:
        return 0
    lock_tables(_mails)
    months = months_approved()
    count = len(_put(papers_to_mail(months, AT_ONCE), None))
    if count:
        write_audit(by, "mails_queued", "mail", "outbox", after={"count": count, "months": sorted(map(str, months))})
    return count


def queue_month(month: Month, request_id: UUID, by: Actor) -> int:
    """Put every paper of a month that has an address in the outbox now; return how many.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Invalid: ``mail_off``, ``nothing_to_mail``.
        Conflict: ``id_reused``.
    """
    require_office(by)
    content: dict[str, object] = {"month": str(month)}
    earlier = earlier_result(request_id, "mail_month", content)
    if earlier is not None:
        return int(earlier)
    _require_server()
    lock_tables(_mails)
    count = 0
    while papers := papers_to_mail([month], AT_ONCE):
        count += len(_put(papers, by.user_id))
    if not count:
        raise Invalid("nothing_to_mail", "这个月没有要寄的结算单：都已寄过，或没有做好的结算单，或没有登记邮箱")
    remember(request_id, "mail_month", by, content, count)
    write_audit(by, "mails_queued", "month", str(month), after={"count": count})
    return count


def _require_server() -> None:
    if mail_server() is None:
        raise Invalid("mail_off", "还没有设置发信服务器，邮件寄不出去；请管理员设置 AGENTNET_SMTP_URL")


def send_again(mail_id: UUID, request_id: UUID, by: Actor) -> UUID:
    """Send a paper again, to the address its owner has now; return the mail that waits.

    A mail that was not sent is tried anew; one that was sent is followed by another.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``mail_missing``. Invalid: ``mail_off``.
        Conflict: ``mail_under_way``, ``mail_address_gone``, ``id_reused``.
    """
    require_office(by)
    content: dict[str, object] = {"mail": str(mail_id), "verb": "again"}
    lock_tables(_mails)
    mail, run = mail_for(by, mail_id, for_change=True)
    earlier = earlier_result(request_id, STEP, content)
    if earlier is not None:
        return UUID(earlier)
    _require_server()
    require_ended(mail.state)
    address = _address_now(mail)
    before = {"state": mail.state, "mail_address": mask_mail(mail.address)}
    waiting = _once_more(mail, address, by)
    remember(request_id, STEP, by, content, waiting)
    after = {"state": MailState.WAITING, "mail_address": mask_mail(address.address or "")}
    write_audit(by, "mail_sent_again", "document", run.number, before, after)
    return waiting


def _address_now(mail: Mail) -> MailAddress:
    owner = (
        MailAddress.outlet_id == mail.outlet_id if mail.outlet_id is not None else MailAddress.payee_id == mail.payee_id
    )
    found = db.session.scalar(select(MailAddress).where(owner, MailAddress.address.is_not(None)))
    if found is None:
        raise Conflict("mail_address_gone", "邮箱已删除，请先登记邮箱再寄")
    return found


def _once_more(mail: Mail, address: MailAddress, by: Actor) -> UUID:
    """Try the last mail of the paper to the address anew, or follow it by another if it was sent."""
    last = db.session.scalar(
        select(Mail)
        .where(Mail.run_id == mail.run_id, Mail.address == address.address)
        .order_by(Mail.round.desc())
        .limit(1)
    )
    if last is not None:
        require_ended(last.state)
        if last.sent_at is None:
            last.state, last.attempts, last.failure, last.next_at = MailState.WAITING, 0, None, now()
            db.session.flush()
            return last.id
    paper = ToMail(mail.run_id, str(address.address), address.language, mail.outlet_id, mail.payee_id)
    return _put([paper], by.user_id, last.round + 1 if last is not None else 1)[0]


def send_stuck_again(request_id: UUID, by: Actor) -> int:
    """Send again whatever failed because the server could not be worked with; return how many.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Invalid: ``mail_off``. Conflict: ``id_reused``.
    """
    require_office(by)
    content: dict[str, object] = {"verb": "all"}
    earlier = earlier_result(request_id, STEP, content)
    if earlier is not None:
        return int(earlier)
    _require_server()
    rows = db.session.execute(
        update(Mail)
        .where(stuck_on_server())
        .values(_ANEW | {"next_at": now()})
        .returning(Mail.id)
        .execution_options(synchronize_session=False)
    ).all()
    remember(request_id, STEP, by, content, len(rows))
    write_audit(by, "mails_sent_again", "document", "failed", after={"count": len(rows)})
    return len(rows)


def settle(mail_id: UUID, request_id: UUID, by: Actor) -> None:
    """Say that a mail that failed need not be sent any more: it arrived after all, or was handed over otherwise.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``mail_missing``.
        Conflict: ``mail_not_failed``, ``id_reused``.
    """
    require_office(by)
    content: dict[str, object] = {"mail": str(mail_id), "verb": "settle"}
    lock_tables(_mails)
    mail, run = mail_for(by, mail_id, for_change=True)
    if earlier_result(request_id, STEP, content) is not None:
        return
    require_failed(mail.state)
    before = {"state": mail.state, "reason": mail.failure}
    mail.state, mail.failure = MailState.CANCELLED, f"{Failure.SETTLED} {mail.failure}"[:300]
    db.session.flush()
    remember(request_id, STEP, by, content, mail.id)
    write_audit(by, "mail_settled", "document", run.number, before, {"state": MailState.CANCELLED})


def mark_returned(mail_id: UUID, request_id: UUID, reason: str, by: Actor) -> None:
    """Say that a mail that was sent came back, and why; the address can then be corrected.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``mail_missing``. Invalid: ``reason_missing``.
        Conflict: ``mail_not_sent``, ``id_reused``.
    """
    require_office(by)
    words = require_words(reason)
    content: dict[str, object] = {"mail": str(mail_id), "verb": "returned", "reason": words}
    lock_tables(_mails)
    mail, run = mail_for(by, mail_id, for_change=True)
    if earlier_result(request_id, STEP, content) is not None:
        return
    require_sent(mail.state)
    mail.state, mail.failure = MailState.FAILED, failure_note(Failure.BOUNCED, words, mail.address)
    db.session.flush()
    remember(request_id, STEP, by, content, mail.id)
    after = {"state": MailState.FAILED, "reason": words, "mail_address": mask_mail(mail.address)}
    write_audit(by, "mail_returned", "document", run.number, {"state": MailState.SENT}, after)
