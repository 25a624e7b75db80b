"""Naming who gets a share of an outlet's commission, and where to it is paid; what is entered is only added to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import cast
from uuid import UUID

from sqlalchemy import Table, func, select

from agentnet.commission.payout.account_rules import Account, PayeeSaid, mask_account, require_payee
from agentnet.commission.payout.models import Payee, PayeeAccount, PayeeTerm
from agentnet.commission.payout.queries import accounts_on, require_office
from agentnet.commission.payout.rules import PARTNER
from agentnet.core.clock import now
from agentnet.core.errors import Conflict, Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import lock_tables
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Outlet, Partner

LONGEST_SHARE = 80
_payees = cast(Table, Payee.__table__)


@dataclass(frozen=True, slots=True)
class NewPayee:
    """Who gets a share from a day on: at one outlet, or (``partner_code``) at all outlets of a partner.

    ``said.account`` None keeps the account the payee has; a new payee without one is held until it has.
    """

    id: UUID
    outlet_code: str
    partner_code: str
    share: str
    starts_on: date
    said: PayeeSaid
    account_shared: bool = False
    """Confirmed: the account number is another payee's as well."""


def owner_of(outlet_code: str, partner_code: str) -> tuple[int | None, int | None]:
    """Return the outlet's or the partner's id; exactly one is named.

    Raises:
        Invalid: ``payee_owner``, ``outlet_missing``, ``partner_missing``.
    """
    if bool(outlet_code) == bool(partner_code):
        raise Invalid("payee_owner", "网点编号和合作单位编号请填一个，只填一个", field="outlet")
    if outlet_code:
        outlet_id = db.session.scalar(select(Outlet.id).where(Outlet.code == outlet_code))
        if outlet_id is None:
            raise Invalid("outlet_missing", "没有找到这个网点", field="outlet")
        return outlet_id, None
    partner_id = db.session.scalar(select(Partner.id).where(Partner.code == partner_code))
    if partner_id is None:
        raise Invalid("partner_missing", "没有找到这个合作单位", field="partner")
    return None, partner_id


def require_share(share: str) -> None:
    """Refuse a share no plan could name.

    Raises:
        Invalid: ``share_shape``.
    """
    if not 1 <= len(share) <= LONGEST_SHARE or not share.isprintable():
        raise Invalid("share_shape", "请填代办人、合作单位，或方案分成里写的人名", field="share")


def set_payee(new: NewPayee, by: Actor) -> None:
    """Name a payee for a share from a day on, with the account as it is from that day.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
        Invalid: ``payee_owner``, ``outlet_missing``, ``partner_missing``, ``share_shape``, and as ``require_payee``.
        Conflict: ``id_reused``, ``payee_at_once``, ``account_of_another``.
    """
    require_office(by)
    content = asdict(new) | {"id": None}
    if earlier_result(new.id, "payee", content) is not None:
        return
    require_payee(new.said)
    require_share(new.share)
    outlet_id, partner_id = owner_of(new.outlet_code, new.partner_code)
    payee = _payee_named(new.said.code)
    if new.said.account is not None and not new.account_shared:
        _require_own_number(new.said.account.number, payee, new.starts_on)
    if payee is None:
        payee = _new_payee(new.said.code)
    present = accounts_on(new.starts_on, [payee.id]).get(payee.id)
    account = new.said.account or account_of(present)
    if present is None or (present.name, present.type, account_of(present)) != (
        new.said.name,
        new.said.type.value,
        account,
    ):
        db.session.add(account_row(payee.id, new.starts_on, new.said, account, by))
    db.session.add(
        PayeeTerm(
            outlet_id=outlet_id,
            partner_id=partner_id,
            share=new.share,
            payee_id=payee.id,
            starts_on=new.starts_on,
            entered_at=now(),
            user_id=by.user_id,
        )
    )
    db.session.flush()
    remember(new.id, "payee", by, content, payee.code)
    write_audit(by, "payee_set", "payee", payee.code, after=told(new.said, account, new))


def _payee_named(code: str) -> Payee | None:
    """Return the payee with a code; capital or small letters make no other person."""
    return db.session.scalar(select(Payee).where(func.lower(Payee.code) == code.lower()).order_by(Payee.id).limit(1))


def _new_payee(code: str) -> Payee:
    """Add a payee; another office may be adding one with the same code, and mean somebody else.

    Raises:
        Conflict: ``payee_at_once``.
    """
    lock_tables(_payees)
    if _payee_named(code) is not None:
        raise Conflict("payee_at_once", "别人刚登记了这个收款人编号，请核对是不是同一个人后再登记", field="code")
    payee = Payee(code=code)
    db.session.add(payee)
    db.session.flush()
    return payee


def _require_own_number(number: str, payee: Payee | None, starts_on: date) -> None:
    """Refuse an account number that another payee has, from the day on or later, until it is confirmed.

    Raises:
        Conflict: ``account_of_another``.
    """
    with_it = select(PayeeAccount.payee_id).where(PayeeAccount.number == number)
    rows = db.session.execute(
        select(PayeeAccount, Payee.code)
        .join(Payee, Payee.id == PayeeAccount.payee_id)
        .where(PayeeAccount.payee_id.in_(with_it), PayeeAccount.payee_id != (payee.id if payee is not None else 0))
        .order_by(PayeeAccount.starts_on, PayeeAccount.id)
    ).all()
    holding = {row.PayeeAccount.payee_id: row for row in rows if row.PayeeAccount.starts_on <= starts_on}
    later = [row for row in rows if row.PayeeAccount.starts_on > starts_on]
    for row in (*holding.values(), *later):
        if row.PayeeAccount.number == number:
            raise Conflict(
                "account_of_another",
                "这个账号已是 %(name)s（收款人编号 %(code)s）的；同一个人请填这个编号，以便合并计税；确实共用请勾选",
                field="number",
                name=row.PayeeAccount.name,
                code=row.code,
            )


def account_of(row: PayeeAccount | None) -> Account | None:
    """Return the account a payee has, or None."""
    if row is None or row.number is None:
        return None
    return Account(row.holder or "", row.number, row.bank or "", row.bank_no or "")


def account_row(payee_id: int, starts_on: date, said: PayeeSaid, account: Account | None, by: Actor) -> PayeeAccount:
    """Return the row of what holds of a payee from a day on."""
    return PayeeAccount(
        payee_id=payee_id,
        starts_on=starts_on,
        name=said.name,
        type=said.type.value,
        holder=account.holder if account else None,
        number=account.number if account else None,
        bank=account.bank if account else None,
        bank_no=account.bank_no if account else None,
        entered_at=now(),
        user_id=by.user_id,
    )


def told(said: PayeeSaid, account: Account | None, new: NewPayee) -> dict[str, object]:
    """Return what the audit trail keeps: never the whole account number."""
    return {
        "name": said.name,
        "type": said.type.value,
        "share": new.share,
        "for": new.outlet_code or new.partner_code,
        "for_partner": new.share == PARTNER or bool(new.partner_code),
        "starts_on": new.starts_on.isoformat(),
        "account": mask_account(account.number) if account else None,
        "bank_no": account.bank_no if account else None,
    }
