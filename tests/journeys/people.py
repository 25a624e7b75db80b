"""Somebody at a browser, the time it is, and what every journey does there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from agentnet.core.clock import frozen_at, frozen_everywhere_at
from tests import world

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@contextmanager
def at(text: str) -> Iterator[None]:
    """Let it be this Shanghai time for the server and for the test."""
    instant = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    with frozen_everywhere_at(instant), frozen_at(instant):
        yield


class Person:
    """Someone at a browser of their own."""

    def __init__(self, browser: Browser, address: str, viewport: dict[str, int]) -> None:
        self.context = browser.new_context(
            viewport=viewport, locale="zh-CN", base_url=address, accept_downloads=True, reduced_motion="reduce"
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)

    def sign_in(self, username: str, password: str = world.PASSWORD) -> Page:
        self.page.goto("/sign-in")
        self.page.get_by_label("登录名").fill(username)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录").click()
        return self.page


def submit(page: Page) -> None:
    """Press the page's own button."""
    page.locator("main form button.btn-primary[type=submit]").last.click()


def collect(
    page: Page, household: str, amount: str, card: str | None = None, cash: str | None = None, tender: str = "银联卡"
) -> None:
    """Take a payment in three screens, by keyboard alone; ``card`` is the reference of a tender other than cash."""
    page.goto("/collect")
    expect(page.locator("#household_no")).to_be_focused()
    page.keyboard.type(household)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("是这一户吗")
    page.locator("#amount").fill(amount)
    if card:
        page.get_by_label(tender).check()
        page.locator("#reference").fill(card)
    if cash:
        page.locator("#cash_received").fill(cash)
    page.locator("#amount").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("核对后收款")
    expect(page.get_by_role("button", name=re.compile("^收 "))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/receipts/"))


def run_background_work(app) -> None:
    """Let every job of the clock run once and the worker draw what is planned, as their processes do."""
    for job in app.extensions["agentnet.clock_jobs"]:
        job.run()
    for worker in app.extensions["agentnet.workers"]:
        while worker.run():
            pass
