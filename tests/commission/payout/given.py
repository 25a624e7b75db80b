"""A closed October with payees, settings and a second person of finance, and short ways to take a batch's steps.

WL0001 (a partner's) is due 2.41, WL0002 0.10, JX0001 1.00: ``test_batches`` says how that is earned.
"""

from __future__ import annotations

from sqlalchemy import select

from agentnet.approvals.models import Approval
from agentnet.closing.actions import close_month
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.engine.language import Share, Version
from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.engine.writing import version_sha256, write_version
from agentnet.commission.models import PlanComponent, PlanVersion
from agentnet.commission.payout.account_rules import Account, PayeeSaid
from agentnet.commission.payout.actions import NewBatch, cancel, check, draw_up
from agentnet.commission.payout.answers import confirm, send_back
from agentnet.commission.payout.models import PayoutBatch, PayoutPart, PayoutPayment
from agentnet.commission.payout.office_actions import NewSetting, lift_hold, place_hold, set_settings
from agentnet.commission.payout.payee_actions import NewPayee, set_payee
from agentnet.commission.payout.paying import pay
from agentnet.core.clock import Month, today
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import balance
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT, collected

SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)
BANK_NO = "313651027012"
NUMBER = "6228480012345678"
OWN = Account("东海电力公司", "33001234567890", "农商行营业部", "402795602394")


def adjusted(code, amount_fen):
    """Take back or pay more of October, in November."""
    with batch():
        new = NewAdjustment(new_id(), code, OCTOBER, amount_fen, "补扣")
        record_adjustment(new, world.actor("fang"))


def an_october() -> None:
    """Close an October in which three outlets earned."""
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(POSTAL_STATION, 203_50, tender="ALIPAY")
    collected(POSTAL_STATION, 500_00, tender="ALIPAY")
    collected(SERVICE_POINT, 5_38, tender="UNIONPAY_CARD")
    collected(NEWSSTAND, 2_000_00, tender="ALIPAY")
    close_month(OCTOBER, SYSTEM)


def account(number=NUMBER, holder="周阿姨", bank="农商行太平支行", bank_no=BANK_NO):
    return Account(holder, number, bank, bank_no)


def payee(outlet="", code="", by="fang", request_id=None, **changes):
    """Name a payee as one of the cast; the account is the usual one unless ``account`` says otherwise."""
    name = changes.pop("name", "周阿姨")
    said = PayeeSaid(
        code or outlet, name, changes.pop("type", PayeeType.INDIVIDUAL), changes.pop("account", account(holder=name))
    )
    values = {"partner_code": "", "share": "KEEPER", "starts_on": world.TODAY, "account_shared": True} | changes
    with batch():
        set_payee(NewPayee(request_id or new_id(), outlet, said=said, **values), world.actor(by))


def settings(by="fang", minimum_fen=0, withholds=False, request_id=None, starts_on=None, own=OWN):
    with batch():
        new = NewSetting(request_id or new_id(), starts_on or today(), minimum_fen, withholds, own, "财务制度")
        set_settings(new, world.actor(by))


def ready(**changes) -> None:
    """Have an October to pay: three payees, the office's settings, and Grace to approve."""
    an_october()
    more_finance()
    settings(**changes)
    payee(POSTAL_STATION)
    payee(SERVICE_POINT, name="王大伯", account=account("6228480012340002", "王大伯"))
    payee(NEWSSTAND, name="沈师傅", account=account("6228480012340011", "沈师傅"))


def drawn(month=OCTOBER, by="fang", id_=None, pay_on=None):
    """Draw a month's batch up and return its id."""
    with batch():
        return draw_up(NewBatch(id_ or new_id(), month, pay_on or today()), world.actor(by))


def checked(batch_id, by="fang", request_id=None):
    with batch():
        check(batch_id, request_id or new_id(), world.actor(by))


def approval_of(batch_id):
    """Return the id of the last request to approve a batch."""
    with reading():
        statement = select(Approval.id).where(Approval.subject_id == str(batch_id)).order_by(Approval.id.desc())
        return db.session.scalars(statement).first()


def paid(batch_id, by="fang", request_id=None):
    with batch():
        pay(batch_id, request_id or new_id(), world.actor(by))


def approved(month=OCTOBER, **changes):
    """Take a month's batch up to its approval and return its id."""
    id_ = drawn(month, **changes)
    checked(id_)
    say_yes(approval_of(id_))
    return id_


def a_paid_batch(month=OCTOBER, **changes):
    id_ = approved(month, **changes)
    paid(id_)
    return id_


def cancelled(batch_id, reason="账号有误", by="fang", request_id=None):
    with batch():
        cancel(batch_id, request_id or new_id(), reason, world.actor(by))


def confirmed(batch_id, payment_ids=None, by="fang", request_id=None):
    with batch():
        return confirm(batch_id, payment_ids, request_id or new_id(), world.actor(by))


def returned(payment_id, reason="户名与账号不符", by="fang", request_id=None):
    with batch():
        send_back(payment_id, request_id or new_id(), reason, world.actor(by))


def on_hold(code=POSTAL_STATION, reason="收费异常，正在核查", by="fang", id_=None):
    """Put an outlet on hold and return the hold's id."""
    id_ = id_ or new_id()
    with batch():
        place_hold(id_, code, reason, world.actor(by))
    return id_


def lifted(hold_id, reason="已查清", by="fang", request_id=None):
    with batch():
        lift_hold(hold_id, request_id or new_id(), reason, world.actor(by))


def found(batch_id):
    """Return a batch as it stands: state, payments, gross, tax, net."""
    with reading():
        one = db.session.get_one(PayoutBatch, batch_id)
        return one.state, one.payments, one.gross_fen, one.tax_fen, one.net_fen


def payments(batch_id):
    """Return a batch's payments: name, gross, tax, net, state."""
    with reading():
        rows = db.session.scalars(
            select(PayoutPayment).where(PayoutPayment.batch_id == batch_id).order_by(PayoutPayment.number)
        )
        return [(one.name, one.gross_fen, one.tax_fen, one.net_fen, one.state) for one in rows]


def payment_id(batch_id, number=1):
    with reading():
        return db.session.scalars(
            select(PayoutPayment.id).where(PayoutPayment.batch_id == batch_id, PayoutPayment.number == number)
        ).one()


def held(batch_id):
    """Return what a batch holds: outlet id, month, share, amount, why."""
    with reading():
        rows = db.session.scalars(
            select(PayoutPart)
            .where(PayoutPart.batch_id == batch_id, PayoutPart.payment_id.is_(None))
            .order_by(PayoutPart.id)
        )
        return [(one.outlet_id, one.month, one.share, one.amount_fen, one.why) for one in rows]


def payable(outlet_id):
    with reading():
        return balance(AccountKey(OUTLET, outlet_id, "COMMISSION_PAYABLE"))


def company_balance(code):
    """Return the company's bank or withholding account, in its normal direction."""
    with reading():
        return balance(AccountKey(ORG_UNIT, world.COMPANY.id, code))


def shares(*named, number=2, starts_on=world.LONG_AGO):
    """Let the plan be split, from the beginning or a later day on: a further version with ``(name, ppm)``."""
    says = Version(starts_on, world.STANDARD.components, shares=tuple(Share(*one) for one in named), note="分成")
    with batch() as session:
        version = PlanVersion(
            plan_id=1,
            number=number,
            starts_on=starts_on,
            note="分成",
            created_at=world.NOW,
            user_id=None,
            content=write_version(says),
            content_sha256=version_sha256(says),
        )
        session.add(version)
        session.flush()
        for position, one in enumerate(says.components):
            session.add(PlanComponent(version_id=version.id, position=position, kind=one.kind.value, name=one.name))


def a_batch_drawn_up(code):
    """Name an outlet's payee, draw up October's batch, put another outlet on hold; return what names them."""
    settings()
    payee(code)
    id_ = drawn()
    return {"payout_id": id_, "payment_id": payment_id(id_), "hold_id": on_hold(SERVICE_POINT)}
