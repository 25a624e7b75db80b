"""The mission, end to end: register, assign, collect, visit, and print on schedule.

Tuesday 27 October 2026. A supervisor registers an outlet, an administrator gives its keeper an account, the keeper
collects, the manager visits. On Sunday night the clock closes October, on Monday at six it prints the week, and the
supervisor downloads both documents. Commission by hand: 203.50 in cash at 0.50 a payment is 0.50; 100.00 by card at
2 per mille, at least 0.10 and at most 1.00, is 0.20; together 0.70. The manager holds three outlets that week and
visits one: 33.3 %.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.verify.commands import CHECKS, findings_of
from tests import world
from tests.journeys.people import PHONE, at, collect, run_background_work, submit

pytestmark = pytest.mark.browser


def register_outlet(page: Page) -> str:
    """Register an outlet, get it ready, assign two managers and open it; return its code."""
    page.goto("/outlets/new")
    code = page.locator("#code").input_value()
    page.locator("#name").fill("小河头便利店")
    page.locator("#kind").select_option("CONVENIENCE_STORE")
    page.locator("#unit").select_option("WL-TP")
    page.locator("#village").fill(world.VILLAGE)
    page.locator("#address").fill("小河头村路口 2 号")
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("小河头便利店")
    for state in ("SITE_CHECK", "APPROVED"):
        page.goto(f"/outlets/{code}/step/{state}")
        submit(page)
    page.goto(f"/outlets/{code}/agreements/new")
    page.locator("#number").fill("DH-2026-010")
    page.locator("#ceiling").fill("5000")
    page.locator("#single_limit").fill("2000")
    submit(page)
    page.goto(f"/outlets/{code}/hours")
    page.get_by_label("周一", exact=True).fill("08:00-20:00")
    submit(page)
    page.goto(f"/outlets/{code}/offer")
    for tender in ("现金", "银联卡"):
        page.get_by_label(tender, exact=True).check()
    submit(page)
    for slot, manager in (("primary", "M001"), ("deputy", "M002")):
        page.goto(f"/outlets/{code}/managers/{slot}")
        page.locator("#manager").select_option(manager)
        submit(page)
    page.goto(f"/outlets/{code}/step/ACTIVE")
    submit(page)
    page.get_by_role("button", name="开业").click()
    expect(page.locator("main")).to_contain_text("营业中")
    return code


def order_weekly_report(page: Page) -> None:
    """Have the week's duty visits printed for the station every Monday at six."""
    page.goto("/documents/schedules/new?kind=DUTY_MANAGER_WEEK")
    page.locator("#org_unit").select_option("WL-TP")
    submit(page)
    expect(page.locator("main")).to_contain_text("台区经理周走访报告")


def add_keeper(page: Page, outlet: str) -> str:
    """Add a person, make them the outlet's keeper, and return the generated password."""
    page.goto("/people/new")
    page.locator("#display_name").fill("周阿姨")
    page.locator("#username").fill("emma")
    submit(page)
    password = re.search(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", page.locator("main").inner_text())
    assert password
    page.get_by_role("link", name=re.compile("授予")).first.click()
    page.locator("#role").select_option("AGENT")
    page.locator("#place").fill(outlet)
    submit(page)
    expect(page.locator("main")).to_contain_text(outlet)
    return password.group()


def visit(page: Page, outlet: str) -> None:
    """Log a visit on a phone: everything in order but the opening hours, and one need."""
    page.goto(f"/visits/new/{outlet}")
    for number in range(1, 17):
        choice = "FAIL" if number == 5 else "PASS"
        page.locator(f"input[name=item_{number}][value={choice}]").check()
    page.locator("input[name=item_5_remark]").fill("中午关门")
    submit(page)
    expect(page).to_have_url(re.compile("/visits/[0-9a-f-]{36}"))
    expect(page.locator("main")).to_contain_text("中午关门")


def text_of(page: Page, title: str) -> str:
    """Download the document with this title and return its text."""
    page.goto("/documents")
    page.get_by_role("link", name=title).first.click()
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile("下载")).first.click()
    document = pypdfium2.PdfDocument(found.value.path())
    return "".join(page.get_textpage().get_text_bounded() for page in document)


def test_the_mission(app, person):
    app.config["WTF_CSRF_ENABLED"] = True
    with at("2026-10-27T10:00"):
        carol = person().sign_in("carol")
        outlet = register_outlet(carol)
        order_weekly_report(carol)
        password = add_keeper(person().sign_in("adam"), outlet)

        keeper = person(PHONE)
        page = keeper.sign_in("emma", password)
        page.get_by_label("现在的密码").fill(password)
        page.get_by_label("新密码", exact=True).fill("seven quiet lanterns")
        page.get_by_label("再输入一次新密码").fill("seven quiet lanterns")
        page.get_by_role("button", name="更换密码").click()
        collect(page, world.MEI, "203.50", cash="300")
        expect(page.locator("main")).to_contain_text("96.50")
        collect(page, world.MEI, "100", card="POS-778899")

    with at("2026-10-28T09:30"):
        visit(person(PHONE).sign_in("bob"), outlet)

    moment = datetime.fromisoformat("2026-11-01T01:30")
    while moment <= datetime.fromisoformat("2026-11-02T06:00"):
        with at(moment.isoformat()):
            run_background_work(app)
        moment += timedelta(hours=9, minutes=30)

    with at("2026-11-02T08:00"):
        carol = person().sign_in("carol")
        statement = text_of(carol, re.compile(f"小河头便利店|{outlet}"))
        assert "0.70" in statement
        assert "人民币柒角整" in statement
        assert "303.50" in statement
        week = text_of(carol, re.compile("鲍勃安"))
        assert outlet in week
        assert "33.3%" in week

    with at("2026-11-02T09:00"), reading():
        for check in CHECKS:
            assert findings_of(check, db.session.connection()) == ([], 0), check.name
