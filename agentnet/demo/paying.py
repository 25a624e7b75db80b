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
from agentnet.commission.mailing.address_imports import IMPORTER as ADDRESSES
from agentnet.commission.models import CommissionLine, OutletAccrual
from agentnet.commission.parallel.actions import NewSheet, bring_sheet
from agentnet.commission.parallel.reading import read_sheet
from agentnet.commission.payout.account_rules import Account
from agentnet.commission.payout.actions import APPROVAL, NewBatch, check, draw_up
from agentnet.commission.payout.answers import confirm, send_back
from agentnet.commission.payout.models import PayoutSetting
from agentnet.commission.payout.office_actions import NewSetting, place_hold, set_settings
from agentnet.commission.payout.payee_imports import IMPORTER as PAYEES
from agentnet.commission.payout.paying import pay
from agentnet.commission.payout.queries import payments_of
from agentnet.commission.plan_requests import NewVersion, ask_for_version
from agentnet.commission.whatif.actions import NewWhatIf, ask_what_if
from agentnet.core.clock import Month, today
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.demo.chance import chance
from agentnet.demo.network import BANK, CHAIN, POST
from agentnet.demo.plans import STANDARD, STANDARD_COMPONENTS
from agentnet.demo.sign_ins import AGENT, COUNTY, FINANCE, REVIEWER
from agentnet.demo.timeline import Timeline
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.importing import carry_out, parse
from agentnet.infra.tables import look_at
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
        finance, reviewer = _person(FINANCE), _person(REVIEWER)
        outlets = _paid_outlets(month)
        _enter_payees(outlets, month, finance)
        _pay(outlets, month, finance, reviewer)
        _dispute(month, finance)
        _ask_for_a_plan(timeline, month, finance)
        _bring_old_sheet(month, finance)


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
    """Enter the office's own account, then payees and addresses from the files finance brought."""
    set_settings(NewSetting(new_id(), today(), 1_00, False, COMPANY_ACCOUNT, "演示：不代扣，低于 1 元的留到下次"), by)
    draw, first = chance("payees"), month.ends_on.isoformat()
    payees = ["网点编号,合作单位编号,收款人编号,收款人,收款人类型,收款账号,开户行,行号,开始日期"]
    addresses = ["收款人编号,邮箱"]
    for place, outlet in enumerate(outlets):
        number = f"90000000{draw.randrange(10**8):08d}"
        account = f"{number},演示银行温岭支行,{BANK_NO}" if place < OWN_PAYEES - WITHOUT_ACCOUNT else ",,"
        payees.append(f"{outlet.code},,{outlet.code},{outlet.keeper_name or outlet.name},个人,{account},{first}")
        if place < MAILED:
            addresses.append(f"{outlet.code},{outlet.code.lower()}@keepers.example")
    for code, name in PARTNERS:
        number = f"90000001{draw.randrange(10**8):08d}"
        payees.append(f",{code},{code},{name},公司,{number},演示银行营业部,{BANK_NO},{first}")
        addresses.append(f"{code},accounts@{code.lower()}.example")
    for importer, lines, name in ((PAYEES, payees, "收款人.csv"), (ADDRESSES, addresses, "邮箱.csv")):
        carry_out(importer, parse(importer, look_at("\n".join(lines).encode())), by, name)


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


def _ask_for_a_plan(timeline: Timeline, month: Month, by: Actor) -> None:
    """Ask for ten fen more for each cash payment from the next month on, and what it would have cost in the last.

    The reviewer has not looked at it yet; the worker works the trial.
    """
    first, *others = STANDARD_COMPONENTS
    dearer = replace(first, fee_fen=first.fee_fen + 10)
    says = Version(timeline.running.ends_on, (dearer, *others), note="公司会议纪要（演示）：现金每笔提高 0.10 元")
    ask_for_version(NewVersion(new_id(), STANDARD, says), by)
    ask_what_if(NewWhatIf(new_id(), "现金每笔提高 0.10 元", "PENDING", says, month, month, STANDARD), by)


def _bring_old_sheet(month: Month, by: Actor) -> None:
    """Bring the spreadsheet of before: most of it agrees, some is rounded, miscounted or missing."""
    rows = db.session.execute(
        select(Outlet.code, OutletAccrual.due_fen, OutletAccrual.collections_count, OutletAccrual.collected_fen)
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .where(OutletAccrual.month == str(month), OutletAccrual.due_fen > 0)
        .order_by(Outlet.code)
    )
    text = ["网点编号,月份,代办费,笔数,收费金额"]
    for place, (code, due, count, collected) in enumerate(rows, 1):
        if place % 97 == 0:
            continue
        if place % 41 == 0:
            due = due // 100 * 100  # the old sheet cut the fen off
        elif place % 149 == 0:
            due, count = due + 60, count + 1
        text.append(f"{code},{month},{_yuan(due)},{count},{_yuan(collected)}")
    sheet = read_sheet("\n".join(text).encode())
    bring_sheet(NewSheet(new_id(), f"旧表（演示）{month}.csv", sheet, 1_00), by)


def _yuan(fen: Fen) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
