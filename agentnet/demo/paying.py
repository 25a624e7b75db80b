"""What finance and the outlets made of the last closed month: payees, a payout, disputes, a plan that waits.

All of it by the product's own actions, in one transaction, so that a demo has it whole or not at all. Accounts carry a
bank that does not exist, addresses lie under ``.example``; tax is not withheld.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from agentnet.approvals.actions import approve
from agentnet.approvals.models import Approval
from agentnet.commission.adjusting import NewAdjustment
from agentnet.commission.disputes.actions import NewDispute, accept_dispute, raise_dispute, refuse_dispute
from agentnet.commission.disputes.queries import LineKey
from agentnet.commission.engine.language import Version
from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.mailing.actions import NewAddress, set_address
from agentnet.commission.models import CommissionLine, OutletAccrual
from agentnet.commission.payout.account_rules import Account, PayeeSaid
from agentnet.commission.payout.actions import APPROVAL, NewBatch, check, draw_up, pay
from agentnet.commission.payout.answers import confirm, send_back
from agentnet.commission.payout.models import PayoutSetting
from agentnet.commission.payout.office_actions import NewSetting, place_hold, set_settings
from agentnet.commission.payout.payee_actions import NewPayee, set_payee
from agentnet.commission.payout.queries import payments_of
from agentnet.commission.plan_requests import NewVersion, ask_for_version
from agentnet.core.clock import Month, today
from agentnet.core.ids import new_id
from agentnet.demo.chance import chance
from agentnet.demo.network import BANK, CHAIN, POST
from agentnet.demo.plans import STANDARD, STANDARD_COMPONENTS
from agentnet.demo.sign_ins import AGENT, COUNTY, FINANCE
from agentnet.demo.timeline import Timeline
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet
from agentnet.users.models import User
from agentnet.users.queries import actor_for

OWN_PAYEES: Final = 30
"""Outlets of Wenling whose keeper is paid; the others' partner is, or nobody yet."""
MAILED: Final = 12
WITHOUT_ACCOUNT: Final = 2
BANK_NO: Final = "999000000006"
"""Shaped like a bank's number and belonging to none."""
COMPANY_ACCOUNT: Final = Account("东海电力公司（演示）", "9000000000000001", "演示银行营业部", BANK_NO)
PARTNERS: Final = ((POST, "东海邮政"), (BANK, "东海农商银行"), (CHAIN, "东海便利连锁"))


def play_payout(timeline: Timeline) -> None:
    """Pay the last closed month, dispute some of its lines and ask for a new plan version; done once."""
    with reading():
        if db.session.scalar(select(PayoutSetting.id).limit(1)) is not None:
            return
    month = timeline.whole_months[-1]
    with batch():
        finance, reviewer = _person(FINANCE), _person("reviewer")
        outlets = _paid_outlets(month)
        _enter_payees(outlets, month, finance)
        _pay(outlets, month, finance, reviewer)
        _dispute(month, finance)
        _ask_for_a_plan(timeline, finance)


def _person(username: str) -> Actor:
    return actor_for(db.session.scalars(select(User).where(User.username == username)).one())


def _paid_outlets(month: Month) -> Sequence[Outlet]:
    """Return the first outlets of Wenling that are due something."""
    return db.session.scalars(
        select(Outlet)
        .join(OutletAccrual, OutletAccrual.outlet_id == Outlet.id)
        .where(OutletAccrual.month == str(month), OutletAccrual.due_fen > 0, Outlet.code.startswith(COUNTY))
        .order_by(Outlet.code)
        .limit(OWN_PAYEES)
    ).all()


def _enter_payees(outlets: Sequence[Outlet], month: Month, by: Actor) -> None:
    set_settings(NewSetting(new_id(), today(), 1_00, False, COMPANY_ACCOUNT, "演示：不代扣，低于 1 元的留到下次"), by)
    draw = chance("payees")
    for place, outlet in enumerate(outlets):
        name = outlet.keeper_name or outlet.name
        account = Account(name, f"90000000{draw.randrange(10**8):08d}", "演示银行温岭支行", BANK_NO)
        said = PayeeSaid(
            outlet.code, name, PayeeType.INDIVIDUAL, account if place < OWN_PAYEES - WITHOUT_ACCOUNT else None
        )
        set_payee(NewPayee(new_id(), outlet.code, "", "KEEPER", month.ends_on, said), by)
        if place < MAILED:
            address = f"{outlet.code.lower()}@keepers.example"
            set_address(NewAddress(new_id(), "", outlet.code, address, "zh"), by)
    for code, name in PARTNERS:
        account = Account(name, f"90000001{draw.randrange(10**8):08d}", "演示银行营业部", BANK_NO)
        said = PayeeSaid(code, name, PayeeType.COMPANY, account)
        set_payee(NewPayee(new_id(), "", code, "KEEPER", month.ends_on, said), by)
        set_address(NewAddress(new_id(), "", code, f"accounts@{code.lower()}.example", "zh"), by)


def _pay(outlets: Sequence[Outlet], month: Month, by: Actor, reviewer: Actor) -> None:
    """Take a batch all its way; one outlet is looked into, one payment comes back, one answer is still to come."""
    place_hold(new_id(), outlets[-WITHOUT_ACCOUNT - 1].code, "收费时间异常，正在核查", by)
    batch_id = draw_up(NewBatch(new_id(), month, today()), by)
    check(batch_id, new_id(), by)
    asked = db.session.scalars(
        select(Approval).where(Approval.kind == APPROVAL, Approval.subject_id == str(batch_id))
    ).one()
    approve(asked.id, new_id(), asked.content_sha256, "", reviewer)
    pay(batch_id, new_id(), by)
    payments = payments_of(batch_id)
    send_back(payments[1].id, new_id(), "户名与账号不符", by)
    confirm(batch_id, [one.id for one in payments[2:]], new_id(), by)


def _dispute(month: Month, by: Actor) -> None:
    """Let the keeper who has a sign-in dispute three lines: one waits, one was accepted, one was refused."""
    keeper = _person(AGENT)
    outlet_id = next(grant.outlet_id for grant in keeper.grants)
    code = db.session.scalars(select(Outlet.code).where(Outlet.id == outlet_id)).one()
    lines = db.session.scalars(
        select(CommissionLine.id)
        .where(CommissionLine.outlet_id == outlet_id, CommissionLine.month == str(month))
        .where(CommissionLine.collection_id.is_not(None))
        .order_by(CommissionLine.id)
        .limit(3)
    ).all()
    words = ("这一笔是现金，应按现金标准计", "补充协议写明 11 月起每笔多 0.10 元", "这一笔只算了一半")
    waiting, right, wrong = (
        raise_dispute(NewDispute(new_id(), code, month, LineKey(line), reason), keeper)
        for line, reason in zip(lines, words, strict=True)
    )
    assert waiting.ended_at is None
    accept_dispute(right.id, NewAdjustment(new_id(), code, month, 10, "按补充协议补付 0.10 元"), by)
    refuse_dispute(wrong.id, new_id(), "这一笔按当月有效的方案计算，算式见明细", by)


def _ask_for_a_plan(timeline: Timeline, by: Actor) -> None:
    """Ask for ten fen more for each cash payment from the next month on; the reviewer has not looked at it yet."""
    first, *others = STANDARD_COMPONENTS
    dearer = replace(first, fee_fen=first.fee_fen + 10)
    says = Version(timeline.running.ends_on, (dearer, *others), note="公司会议纪要（演示）：现金每笔提高 0.10 元")
    ask_for_version(NewVersion(new_id(), STANDARD, says), by)
