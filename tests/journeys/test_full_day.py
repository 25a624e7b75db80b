"""A full day of money, end to end: open, collect, void, count one yuan short, close, bank, confirm by the bank's file,
tie; and on the next day a refund by two people.

Wednesday 18 November 2026 at WL0001. By hand: cash 102.00 and 50.00, of which the 50.00 is voided; 100.00 by card,
5.38 by Alipay, 20.00 by citizen card. The drawer should hold 102.00 and holds 101.00; that goes to the bank. Taken:
227.38 in four payments. On Thursday 20.00 of the advance is paid back through the bank.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from agentnet.infra.db import db
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import balance
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, OUTLET, AccountKey
from agentnet.outlets.models import OutletTender, Tender
from agentnet.verify.commands import CHECKS, findings_of
from tests import world
from tests.journeys.people import PHONE, at, collect, run_background_work, submit
from tests.settlement.camt import document, entry, statement

pytestmark = pytest.mark.browser

SLIP = "JK-20261118-01"


def fen(owner: str, owner_id: int, code: str, detail: str = "") -> int:
    with reading():
        return balance(AccountKey(owner, owner_id, code, detail))


def four_tenders() -> None:
    with batch():
        db.session.execute(update(Tender).values(enabled=True))
        rows = [{"outlet_id": 1, "tender": tender} for tender in ("ALIPAY", "CITIZEN_CARD")]
        db.session.execute(insert(OutletTender), rows)


def void_last(page: Page) -> None:
    """Void the payment whose receipt is shown."""
    page.get_by_role("link", name=re.compile("撤销")).first.click()
    page.locator("#reason").fill("客户改主意了")
    submit(page)
    expect(page.locator("main")).to_contain_text("已撤销")


def count_and_close(page: Page) -> None:
    page.goto("/drawer/close")
    expect(page.locator("main")).to_contain_text("102.00")
    page.locator("#pieces_10000").fill("1")
    page.locator("#pieces_100").fill("1")
    for tender, amount in (("UNIONPAY_CARD", "100"), ("ALIPAY", "5.38"), ("CITIZEN_CARD", "20")):
        page.locator(f"#batch_{tender}").fill(amount)
    submit(page)
    expect(page.locator("main")).to_contain_text("-1.00")
    page.locator("#explanation").fill("找零时多给了一元")
    submit(page)
    expect(page.locator("main")).to_contain_text("已日结")


def bank(page: Page) -> None:
    page.goto("/drawer/remit")
    page.locator("#amount").fill("101")
    page.locator("#slip_no").fill(SLIP)
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("核对交款")
    submit(page)
    expect(page.locator("main")).to_contain_text(SLIP)


def confirm_by_file(page: Page) -> None:
    """Upload the bank's statement, look at what it says, take it in, confirm."""
    said = f"<AcctSvcrRef>B-1</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Ustrd>{SLIP}</Ustrd></RmtInf></TxDtls></NtryDtls>"
    day = "2026-11-18"
    content = document(statement([entry(101_00, said, day=day)], 1_000_00, 1_101_00)).encode()
    page.goto("/reconciliation/files/new")
    page.locator("#kind").select_option("CAMT")
    page.locator("#file").set_input_files({"name": "bank.xml", "mimeType": "text/xml", "buffer": content})
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("试读结果")
    submit(page)
    page.get_by_role("link", name=re.compile("确认 1 笔到账")).click()
    submit(page)
    expect(page.locator("main")).to_contain_text("没有待处理的差异")


def test_a_full_day_and_a_refund_on_the_next(app, person):
    app.config["WTF_CSRF_ENABLED"] = True
    with at("2026-11-18T08:30"):
        four_tenders()
        keeper = person(PHONE)
        page = keeper.sign_in("alice")
        collect(page, world.MEI, "102", cash="110")
        collect(page, world.MEI, "100", card="POS-1")
        collect(page, world.GANG, "5.38", card="ALI-1", tender="支付宝")
        collect(page, world.OLD, "20", card="SMK-1", tender="市民卡")
        refundable = page.url
        collect(page, world.OLD, "50")
        void_last(page)
    with at("2026-11-18T17:30"):  # the morning's session has ended by itself
        page = keeper.sign_in("alice")
        count_and_close(page)
        bank(page)
        assert fen(OUTLET, 1, "CASH_HELD") == 0
        assert fen(OUTLET, 1, "IN_TRANSIT") == 101_00
    with at("2026-11-19T09:00"):
        run_background_work(app)
        fang = person().sign_in("fang")
        confirm_by_file(fang)
        assert fen(ORG_UNIT, world.TAIPING.id, "BANK") == 101_00
        assert fen(OUTLET, 1, "IN_TRANSIT") == 0
        assert abs(fen(OUTLET, 1, "OVER_SHORT")) == 1_00
        fang.goto("/reconciliation/tie/WL0001/2026-11-18")
        tie = fang.locator("main")
        for words in ("227.38", "102.00", "101.00", "1.00"):
            expect(tie).to_contain_text(words)
    with at("2026-11-19T09:10"):
        page = keeper.sign_in("alice")
        page.goto(refundable)
        page.get_by_role("link", name=re.compile("退费")).first.click()
        page.locator("#amount").fill("20")
        page.locator("input[name=pay_by][value=BANK]").check()
        page.locator("#reason").fill("客户搬家，退预存")
        submit(page)
        submit(page)
        assert fen(HOUSEHOLD, 3, "ADVANCE") == 20_00
        page.goto("/approvals")
        expect(page.locator("main")).not_to_contain_text("同意…")  # nobody approves what they asked for
    with at("2026-11-19T09:20"):
        fang.goto("/approvals")
        fang.locator("main").get_by_role("link", name=re.compile("退费")).first.click()
        fang.locator("main").get_by_role("link", name=re.compile("^\\s*同意")).click()
        submit(fang)
        expect(fang.locator("main")).to_contain_text("已同意")
        assert fen(HOUSEHOLD, 3, "ADVANCE") == 0
        assert fen(HOUSEHOLD, 3, "REFUND_PAYABLE") == 20_00
        fang.goto(refundable)
        fang.locator("main").get_by_role("link", name=re.compile("退给客户|付款")).first.click()
        fang.locator("#reference").fill("HK-7788")
        submit(fang)
        expect(fang.locator("main")).to_contain_text("已退费")
        assert fen(HOUSEHOLD, 3, "REFUND_PAYABLE") == 0
        assert fen(ORG_UNIT, world.TAIPING.id, "BANK") == 81_00
    with at("2026-11-19T09:30"):
        seal_settled()
        with reading():
            for check in CHECKS:
                assert findings_of(check, db.session.connection()) == ([], 0), check.name
