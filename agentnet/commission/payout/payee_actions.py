"""Naming who gets a share of an outlet's commission, and where to it is paid; what is entered is only added to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from agentnet.commission.payout.account_rules import Account, PayeeSaid, mask_account, require_payee
from agentnet.commission.payout.models import Payee, PayeeAccount, PayeeTerm
from agentnet.commission.payout.queries import accounts_on, require_office
from agentnet.commission.payout.rules import PARTNER
from agentnet.core.clock import now
from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Outlet, Partner

LONGEST_SHARE = 80


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
        Conflict: ``id_reused``.
    """
    require_office(by)
    content = asdict(new) | {"id": None}
    if earlier_result(new.id, "payee", content) is not None:
        return
    require_payee(new.said)
    require_share(new.share)
    outlet_id, partner_id = owner_of(new.outlet_code, new.partner_code)
    payee = db.session.scalar(select(Payee).where(Payee.code == new.said.code))
    if payee is None:
        payee = Payee(code=new.said.code)
        db.session.add(payee)
        db.session.flush()
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
