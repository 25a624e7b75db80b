"""A keeper on a bad line: the money is taken once, and the page says what is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from agentnet.collecting.models import Collection
from tests import world
from tests.collecting.counter import count
from tests.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

RECEIPT = re.compile("/receipts/WL0001-")


@pytest.fixture
def keeper(request: pytest.FixtureRequest, browser: Browser, address: str, sign_in: SignIn) -> Iterator[BrowserContext]:
    """Alice at the phone; ``indirect`` says whether it runs scripts."""
    scripts = getattr(request, "param", True)
    context = browser.new_context(
        base_url=address, locale="zh-CN", viewport={"width": 360, "height": 740}, java_script_enabled=scripts
    )
    cookie = sign_in("alice").get_cookie("agentnet")
    assert cookie
    context.add_cookies([{"name": "agentnet", "value": cookie.value, "url": address}])
    yield context
    context.close()


def confirm_page(keeper: BrowserContext) -> Page:
    """Go as far as the last press: 5.38 of household GANG, in cash."""
    page = keeper.new_page()
    page.goto("/collect")
    page.locator("#household_no").fill(world.GANG)
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("是这一户吗？")
    page.locator("#cash_received").fill("10")
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("核对后收款")
    expect(page.locator(".change-sheet")).to_contain_text("4.62")
    return page


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="收 5.38 元")


def test_a_lost_answer_is_looked_up_and_not_collected_again(keeper: BrowserContext) -> None:
    page = confirm_page(keeper)
    signal = {"there": False}

    def lose_the_answer(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.route("**/record", lose_the_answer)
    page.route("**/collect/status/*", lambda route: route.continue_() if signal["there"] else route.abort())
    button(page).click()
    expect(page.get_by_role("heading", name="正在核实，请勿重复收款")).to_be_visible()
    expect(button(page)).to_be_hidden()
    expect(page.locator("[data-again]")).to_be_hidden()
    assert count(Collection) == 1
    signal["there"] = True
    expect(page).to_have_url(RECEIPT, timeout=10_000)
    expect(page.locator("main")).to_contain_text("5.38")
    assert count(Collection) == 1


def test_a_payment_that_never_arrived_may_be_sent_again(keeper: BrowserContext) -> None:
    page = confirm_page(keeper)
    page.route("**/record", lambda route: route.abort(), times=1)
    button(page).click()
    expect(page.locator("[data-not-recorded]")).to_be_visible()
    assert count(Collection) == 0
    page.get_by_role("button", name="再提交一次").click()
    expect(page).to_have_url(RECEIPT)
    assert count(Collection) == 1


@pytest.mark.parametrize("keeper", [False], indirect=True, ids=["without script"])
def test_the_whole_collection_works_without_script(keeper: BrowserContext) -> None:
    page = confirm_page(keeper)
    button(page).click()
    expect(page).to_have_url(RECEIPT)
    expect(page.locator("main")).to_contain_text("已收 5.38 元")
    expect(page.locator("main")).to_contain_text("找零 4.62")
    assert count(Collection) == 1


def test_going_back_does_not_find_the_confirmation_and_a_second_go_is_questioned(keeper: BrowserContext) -> None:
    page = confirm_page(keeper)
    button(page).click()
    expect(page).to_have_url(RECEIPT)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("是这一户吗？")
    page.locator("#amount").fill("5.38")
    page.locator("main form button[type=submit]").click()
    button(page).click()
    expect(page.get_by_role("alert").filter(has_text="10 分钟内已在本网点为这一户收过相同金额")).to_be_visible()
    assert count(Collection) == 1


@pytest.mark.parametrize("keeper", [False], indirect=True, ids=["without script"])
def test_a_form_the_browser_sends_again_collects_once(keeper: BrowserContext) -> None:
    page = confirm_page(keeper)
    with page.expect_request("**/record") as sent:
        button(page).click()
    expect(page).to_have_url(RECEIPT)
    receipt, form = page.url, sent.value
    assert form.post_data
    again = keeper.request.post(form.url, data=form.post_data, headers={"Content-Type": form.headers["content-type"]})
    assert again.url == receipt
    assert "这一笔刚才已经收过，没有重复入账" in again.text()
    assert count(Collection) == 1
