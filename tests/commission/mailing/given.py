"""An approved October with its statements drawn, addresses, and short ways to move the outbox on."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from agentnet.commission.mailing.actions import NewAddress, mark_returned, queue_month, send_again, set_address, settle
from agentnet.commission.mailing.jobs import queue_mails, send_some
from agentnet.commission.mailing.models import Mail
from agentnet.core.ids import new_id
from agentnet.documents.models import Run
from agentnet.documents.worker import draw_some
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT
from tests.commission.payout.given import OCTOBER, approved, ready

ZHOU, WANG = "zhou.ayi@mail.example", "wang@mail.example"


def new_address(outlet: str = POSTAL_STATION, address: str = ZHOU, **changes: object) -> NewAddress:
    """Return the address of WL0001, in Chinese."""
    return replace(NewAddress(new_id(), outlet, "", address, "zh"), **changes)


def addressed(*arguments: str, by: str = "fang", **changes: object) -> None:
    with batch():
        set_address(new_address(*arguments, **changes), world.actor(by))


def drawn_october() -> None:
    """Close October, let its three statements be drawn, and have payees, settings and Grace."""
    ready()
    while draw_some():
        continue


def approved_october() -> None:
    """Have the statements drawn and the payment approved, and write to WL0001 itself and to WL0002's payee."""
    drawn_october()
    addressed()
    addressed(outlet_code="", payee_code=SERVICE_POINT, address=WANG, language="en")
    approved()


def posted() -> int:
    """Let the clock put what is due in the outbox and the worker send it; return how many were handed over."""
    queue_mails()
    return send_some()


def mails() -> list[Mail]:
    """Return the outbox, oldest first."""
    with reading():
        found = list(db.session.scalars(select(Mail).order_by(Mail.id)))
        db.session.expunge_all()
    return found


def states() -> list[tuple[str, str, int]]:
    """Return where each mail stands: address, state, attempts."""
    return [(one.address, one.state, one.attempts) for one in mails()]


def mail_to(address: str) -> Mail:
    """Return the last mail to an address."""
    return [one for one in mails() if one.address == address][-1]


def number_of(mail: Mail) -> str:
    """Return the number of a mail's paper."""
    with reading():
        return db.session.get_one(Run, mail.run_id).number


def again(mail_id: UUID, by: str = "fang", request_id: UUID | None = None) -> UUID:
    with batch():
        return send_again(mail_id, request_id or new_id(), world.actor(by))


def returned(mail_id: UUID, reason: str = "550 没有这个用户", by: str = "fang", request_id: UUID | None = None) -> None:
    with batch():
        mark_returned(mail_id, request_id or new_id(), reason, world.actor(by))


def settled(mail_id: UUID, by: str = "fang", request_id: UUID | None = None) -> None:
    with batch():
        settle(mail_id, request_id or new_id(), world.actor(by))


def month_sent(by: str = "fang", request_id: UUID | None = None) -> int:
    with batch():
        return queue_month(OCTOBER, request_id or new_id(), world.actor(by))
