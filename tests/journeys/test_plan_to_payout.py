"""A plan from the form to the bank and back: tiers, a cap, growth and shares are written down, tried, agreed by a second
person, earned at the counter, closed, printed, paid out, and taken back in part.

November 2026 at WL0001, all by card. By hand, on 40.00 and 10.00 of one household and 40.00 of another; 50.00 were taken
in November 2025:
- 0.50 a payment, at most 0.50 a household and month: 1.00
- marginal tiers (6 % to 30.00, 8 % on the next 50.00, 10 % above): 1.80 + 4.00 + 1.00 = 6.80
- growth (10 % of the increment from 100 to 120 % of last year, 15 % above): 1.00 + 4.50 = 5.50
Due 13.30: the keeper's 70 % is 9.31, the partner's 30 % is 3.99. November 2025 earned 0.10 under the plan of then,
which had no shares and was never paid: it goes out with the first batch, so the keeper gets 9.41, together 13.40. When 20.00 of the last payment are paid back after the
payout, 70.00 stand: 5.00 + 2.50 + 1.00 = 8.50, so 4.80 are taken back.
"""

from __future__ import annotations

import re

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from agentnet.closing.actions import close_month
from agentnet.core.clock import Month
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import reading
from agentnet.ledger.queries import balance
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.verify.commands import CHECKS, findings_of
from tests import world
from tests.approvals.given import more_finance
from tests.commission.facts import POSTAL_STATION, collected
from tests.journeys.people import PHONE, at, collect, run_background_work, submit

pytestmark = pytest.mark.browser

BANK_NO = "402795602394"


def payable() -> int:
    with reading():
        return balance(AccountKey(OUTLET, 1, "COMMISSION_PAYABLE"))


def fill_parts(page: Page, component: int, *parts: tuple[str, str]) -> None:
    """Fill in where each of a component's parts begins and its rate; the first is there, the button adds the others."""
    for number, (start, rate) in enumerate(parts):
        if number:
            page.locator(f"button[name=add_part][value='{component}']").click()
        page.locator(f"#components-{component}-parts-{number}-start").fill(start)
        page.locator(f"#components-{component}-parts-{number}-rate").fill(rate)


def choose_kind(page: Page, component: int, kind: str, name: str) -> None:
    page.locator(f"#components-{component}-kind").select_option(kind)
    page.locator(f"#components-{component}-name").fill(name)
    page.locator(f"button[name=kinds][value='{component}']").click()


def write_plan(page: Page) -> None:
    """Replace both components of the plan in force, add growth and shares, look at the example."""
    page.goto("/commission/plans/STANDARD/versions/new")
    page.locator("#starts_on").fill("2026-11-01")
    choose_kind(page, 0, "PER_COLLECTION", "每户一次")
    page.locator("#component-0 details").first.locator("summary").click()
    page.locator("#component-0 input[name=components-0-tenders]:checked").uncheck()
    page.locator("#components-0-group").fill("")
    page.locator("#components-0-fixed").fill("0.50")
    page.locator("#components-0-household_cap").fill("0.50")
    choose_kind(page, 1, "TIERED", "阶梯")
    page.locator("#components-1-group").fill("")
    fill_parts(page, 1, ("0", "6"), ("30", "8"), ("80", "10"))
    page.locator("button[name=add]").click()
    choose_kind(page, 2, "GROWTH", "增长")
    fill_parts(page, 2, ("100", "10"), ("120", "15"))
    page.locator("details:has(button[name=add_share]) > summary").click()
    for number, (name, percent) in enumerate((("代办人", "70"), ("合作单位", "30"))):
        page.locator("button[name=add_share]").click()
        page.locator(f"#shares-{number}-name").fill(name)
        page.locator(f"#shares-{number}-percent").fill(percent)
    page.locator("#note").fill("2026 年第 11 号补充协议")
    page.locator("button[name=check]").last.click()
    expect(page.locator("main")).to_contain_text("按月收费额分段累进")


def try_and_send(page: Page) -> None:
    """Try the version on the closed month, begin the form from the trial, send it."""
    page.locator("button[name=try]").click()
    submit(page)
    # 50.00 in November 2025, a year without a year before it: 0.50 + 1.80 + 1.60 against the 0.10 that were paid.
    for words in ("3.90", "0.10"):
        expect(page.locator("main")).to_contain_text(words)
    page.get_by_role("link", name=re.compile("新版本")).click()
    page.locator("#starts_on").fill("2026-11-01")
    expect(page.locator("#note")).to_have_value("2026 年第 11 号补充协议")
    submit(page)
    expect(page.locator("main")).to_contain_text("有一个新版本在等另一个人审批")


def approve(page: Page, what: str) -> None:
    page.goto("/approvals")
    page.locator("main").get_by_role("link", name=re.compile(what)).first.click()
    page.get_by_role("link", name=re.compile("^\\s*同意")).click()
    submit(page)
    expect(page.locator("main")).to_contain_text("已同意")


def statement_of(page: Page) -> str:
    """Return the text of the printed statement."""
    page.goto("/commission/outlets/WL0001?month=2026-12")
    page.get_by_role("link", name=re.compile("-CS-202611-")).first.click()
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile("下载")).first.click()
    document = pypdfium2.PdfDocument(found.value.path())
    return "".join(page.get_textpage().get_text_bounded() for page in document)


def register_payees(page: Page) -> None:
    page.goto("/payouts/settings")
    page.locator("#starts_on").fill("2026-12-02")
    for name, text in (("holder", "浙江省供电有限公司"), ("number", "6222020200001111"), ("bank", "工行温岭支行")):
        page.locator(f"#{name}").fill(text)
    page.locator("#bank_no").fill(BANK_NO)
    page.locator("#reason").fill("财务部通知")
    submit(page)
    expect(page.locator(".problem")).to_have_count(0)
    keeper, partner = ("KEEPER", "K1", "王师傅", "6217000012345678"), ("PARTNER", "P1", "东海邮政", "6217000087654321")
    for share, code, name, number in (keeper, partner):
        page.goto(f"/payouts/payees/new?outlet=WL0001&share={share}")
        page.locator("#outlet").fill("WL0001")
        page.locator("#share").fill(share)
        page.locator("#starts_on").fill("2026-12-02")
        page.locator("#code").fill(code)
        page.locator("#name").fill(name)
        page.locator("#type").select_option("INDIVIDUAL" if share == "KEEPER" else "COMPANY")
        page.locator("#number").fill(number)
        page.locator("#bank").fill("温岭农商行太平支行")
        page.locator("#bank_no").fill(BANK_NO)
        submit(page)
        expect(page.locator("main")).to_contain_text(name)
        expect(page.locator(".problem")).to_have_count(0)


def test_a_plan_is_written_agreed_earned_printed_paid_and_taken_back(app, person):
    app.config["WTF_CSRF_ENABLED"] = True
    more_finance()
    collected(POSTAL_STATION, 50_00, tender="UNIONPAY_CARD", on=Month(2025, 11).starts_on)
    close_month(Month(2025, 11), SYSTEM)
    with at("2026-11-02T09:00"):
        fang, grace = person(), person()
        page = fang.sign_in("fang")
        write_plan(page)
        try_and_send(page)
        approve(grace.sign_in("grace"), "代办费方案")
    with at("2026-11-18T09:00"):
        page = person(PHONE).sign_in("alice")
        collect(page, world.MEI, "40", card="POS-1")
        collect(page, world.MEI, "10", card="POS-2")
        collect(page, world.GANG, "40", card="POS-3")
        receipt = page.url
    with at("2026-12-02T09:00"):
        for _ in range(3):  # nights, days nobody counted, then the month
            run_background_work(app)
        page = fang.sign_in("fang")
        page.goto("/commission/outlets/WL0001?month=2026-11")
        for words in ("13.30", "30.00 × 6 % = 1.80", "30.00 × 15 % = 4.50"):
            expect(page.locator("main")).to_contain_text(words)
        text = statement_of(page)
        for words in ("13.30", "人民币壹拾叁元叁角", "计算过程", "50.00 × 8 % = 4.00"):
            assert words in text, words
        assert payable() == 13_40
    with at("2026-12-02T10:00"):
        page = fang.sign_in("fang")
        register_payees(page)
        page.goto("/payouts/new?month=2026-11")
        expect(page.locator("main")).to_contain_text("13.40")
        submit(page)
        page.get_by_role("button", name="核对无误，送审批").click()
        expect(page.locator("main")).to_contain_text("等另一个人审批")
        drawn = page.url
        approve(grace.sign_in("grace"), "代办费付款")
        page.goto(drawn)
        page.get_by_role("link", name=re.compile("付款 13.40")).click()
        submit(page)
        for words in ("王师傅", "9.41", "东海邮政", "3.99"):
            expect(page.locator("main")).to_contain_text(words)
        with page.expect_download() as found:
            page.get_by_role("button", name="pain.001.001.09").click()
        order = found.value.path().read_text(encoding="utf-8")
        assert "<CtrlSum>13.40</CtrlSum>" in order
        page.get_by_text("登记全部到账").click()
        page.get_by_role("button", name="全部已到账").click()
        assert payable() == 0
    with at("2026-12-03T09:00"):
        page = person(PHONE).sign_in("alice")
        page.goto(receipt)
        page.get_by_role("link", name=re.compile("退费")).first.click()
        page.locator("#amount").fill("20")
        page.locator("input[name=pay_by][value=BANK]").check()
        page.locator("#reason").fill("客户多交了")
        submit(page)
        submit(page)
        approve(fang.sign_in("fang"), "退费")
    with at("2027-01-02T09:00"):
        for _ in range(3):
            run_background_work(app)
        assert payable() == -4_80
        page = fang.sign_in("fang")
        page.goto("/commission/outlets/WL0001?month=2026-12")
        expect(page.locator("main")).to_contain_text("-4.80")
        page.goto("/payouts/new?month=2026-12")
        expect(page.locator("main")).to_contain_text("扣回")
        seal_settled(10_000)
        with db.engine.connect() as connection:
            found = {one.check: one.says for check in CHECKS for one in findings_of(check, connection)[0]}
        # Last year's payment was put into the tables for the sake of comparison; it has no counter behind it.
        assert not {name for name in found if re.search("commission|accrual|payout|payment|statement", name)}, found
