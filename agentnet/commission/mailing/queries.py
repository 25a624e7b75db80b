"""The outbox and the addresses as their pages show them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select

from agentnet.commission.mailing.models import Mail, MailAddress
from agentnet.commission.mailing.rules import Failure, MailState
from agentnet.commission.payout.models import Payee, PayeeAccount, PayeeTerm
from agentnet.commission.payout.rules import KEEPER
from agentnet.core.clock import Month, today
from agentnet.core.errors import Missing
from agentnet.documents.models import Run
from agentnet.documents.queries import at_or_below
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.mail import MailServer
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.outlets.models import Outlet
from agentnet.users.permissions import Permission, covers_company, org_paths, require

READ = Permission.PAYOUT_READ


def mail_server() -> MailServer | None:
    """Return the server mail is handed to; None where none is set and nothing is sent."""
    server: MailServer | None = current_app.extensions["agentnet"].smtp_url
    return server


@dataclass(frozen=True, slots=True)
class MailFilter:
    """What the outbox is narrowed to; empty means all."""

    state: str = ""
    month: Month | None = None
    words: str = ""


def _seen(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition that a mail's paper was stamped in the viewer's territory."""
    return at_or_below(Run.org_path, org_paths(viewer, READ))


def mails_page(viewer: Actor, wanted: MailFilter, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of the outbox, the newest first, each mail with its paper."""
    statement = (
        select(Mail, Run.number, Run.title, Run.kind, Run.period_start, Payee.code.label("payee_code"))
        .join(Run, Run.id == Mail.run_id)
        .outerjoin(Payee, Payee.id == Mail.payee_id)
        .where(_seen(viewer))
    )
    if wanted.state:
        statement = statement.where(Mail.state == wanted.state)
    if wanted.month is not None:
        statement = statement.where(Run.period_start == wanted.month.starts_on)
    if wanted.words:
        statement = statement.where(
            or_(
                Run.title.icontains(wanted.words, autoescape=True),
                Run.number.icontains(wanted.words, autoescape=True),
                Payee.code == wanted.words,
            )
        )
    key = SortBy(Mail.id, UUID)
    return page_of(db.session(), statement, arguments, columns={"queued": key}, default="-queued", key=key)


def mail_for(viewer: Actor, id_: UUID, *, for_change: bool = False) -> tuple[Mail, Run]:
    """Return a mail and its paper if it lies in the viewer's territory.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``mail_missing``.
    """
    require(viewer, READ)
    statement = select(Mail, Run).join(Run, Run.id == Mail.run_id).where(Mail.id == id_, _seen(viewer))
    if for_change:
        statement = statement.with_for_update(of=Mail).execution_options(populate_existing=True)
    found = db.session.execute(statement).one_or_none()
    if found is None:
        raise Missing("mail_missing", "没有找到这封邮件，或它不在您的管辖范围内")
    return found.Mail, found.Run


def state_counts(viewer: Actor) -> Mapping[str, int]:
    """Return how many mails of the viewer's territory stand in each state."""
    statement = select(Mail.state, func.count()).group_by(Mail.state)
    if not covers_company(viewer, READ):
        statement = statement.join(Run, Run.id == Mail.run_id).where(_seen(viewer))
    rows = db.session.execute(statement)
    return dict(rows.all())


def stuck_on_server() -> ColumnElement[bool]:
    """Return the condition that a mail failed for no fault of its own, so that all of them may go again."""
    return and_(Mail.state == MailState.FAILED, Mail.failure.startswith(f"{Failure.SERVER} "))


_FAILED = select(func.count()).select_from(Mail).where(Mail.state == MailState.FAILED)


def failed_count() -> int:
    """Return how many mails failed and wait for a person."""
    [count] = rows_of(_FAILED)
    return int(count)


def stuck_count() -> int:
    """Return how many mails failed because the server could not be worked with."""
    return db.session.scalar(select(func.count()).select_from(Mail).where(stuck_on_server())) or 0


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom an address belongs to: an outlet, or a payee; ``present`` is its row, once one was entered."""

    outlet_id: int | None
    payee_id: int | None
    code: str
    name: str
    present: MailAddress | None


def owner_of(outlet_code: str, payee_code: str) -> Owner:
    """Return the outlet or payee with this code; exactly one is named.

    Raises:
        Missing: ``mail_owner``.
    """
    missing = Missing("mail_owner", "没有找到这个网点或收款人，请核对编号", field="owner")
    if bool(outlet_code) == bool(payee_code):
        raise missing
    if outlet_code:
        outlet = db.session.execute(select(Outlet.id, Outlet.name).where(Outlet.code == outlet_code)).one_or_none()
        if outlet is None:
            raise missing
        return Owner(outlet.id, None, outlet_code, outlet.name, _present(MailAddress.outlet_id, outlet.id))
    payee_id = db.session.scalar(select(Payee.id).where(Payee.code == payee_code))
    if payee_id is None:
        raise missing
    name = payee_names([payee_id]).get(payee_id, payee_code)
    return Owner(None, payee_id, payee_code, name, _present(MailAddress.payee_id, payee_id))


def owner_codes(mail: Mail) -> tuple[str | None, str | None]:
    """Return the code of the outlet or of the payee a mail's address belongs to, the other None."""
    return (
        db.session.scalar(select(Outlet.code).where(Outlet.id == mail.outlet_id)),
        db.session.scalar(select(Payee.code).where(Payee.id == mail.payee_id)),
    )


def has_address(mail: Mail) -> bool:
    """Return whether the owner of a mail's address has one now."""
    mine = MailAddress.outlet_id == mail.outlet_id if mail.outlet_id else MailAddress.payee_id == mail.payee_id
    return db.session.scalar(select(MailAddress.id).where(mine, MailAddress.address.is_not(None))) is not None


def _present(column: Any, owner_id: int) -> MailAddress | None:
    return db.session.scalar(select(MailAddress).where(column == owner_id))


def payee_names(payee_ids: Collection[int]) -> Mapping[int, str]:
    """Return what payees were last called."""
    rows = db.session.execute(
        select(PayeeAccount.payee_id, PayeeAccount.name)
        .where(PayeeAccount.payee_id.in_(list(payee_ids)))
        .order_by(PayeeAccount.starts_on, PayeeAccount.id)
    )
    return dict(rows.all())


def addresses_page(arguments: Mapping[str, str], words: str = "") -> Page[Any]:
    """Return a page of the addresses, the last entered first."""
    statement = (
        select(MailAddress, Outlet.code.label("outlet_code"), Outlet.name.label("outlet_name"), Payee.code)
        .outerjoin(Outlet, Outlet.id == MailAddress.outlet_id)
        .outerjoin(Payee, Payee.id == MailAddress.payee_id)
        .where(MailAddress.address.is_not(None))
    )
    if words:
        named = select(PayeeAccount.payee_id).where(PayeeAccount.name.contains(words, autoescape=True))
        statement = statement.where(
            or_(
                Outlet.code == words.upper(),
                Outlet.name.contains(words, autoescape=True),
                Payee.code == words,
                Payee.id.in_(named),
            )
        )
    key = SortBy(MailAddress.id, int)
    return page_of(db.session(), statement, arguments, columns={"entered": key}, default="-entered", key=key)


def outlets_without_address() -> int:
    """Return how many active outlets nobody gets a statement of: neither it nor who gets the keeper's share."""
    reached = select(MailAddress.outlet_id).where(MailAddress.outlet_id.is_not(None), MailAddress.address.is_not(None))
    by_payee = (
        select(PayeeTerm.outlet_id)
        .join(MailAddress, MailAddress.payee_id == PayeeTerm.payee_id)
        .where(PayeeTerm.outlet_id.is_not(None), PayeeTerm.share == KEEPER, PayeeTerm.starts_on <= today())
        .where(MailAddress.address.is_not(None))
    )
    statement = select(func.count()).select_from(Outlet)
    statement = statement.where(Outlet.state == "ACTIVE", Outlet.id.not_in(reached), Outlet.id.not_in(by_payee))
    return db.session.scalar(statement) or 0
