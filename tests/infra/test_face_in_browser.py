"""The look and the small comforts in a real browser, under the content policy the product sends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, Response, render_template_string, request
from flask_wtf import CSRFProtect
from playwright.sync_api import Browser, Dialog, Page, expect
from werkzeug.serving import make_server
from wtforms import StringField

from agentnet.infra.forms import ChoiceField, DayField, HouseForm, HouseholdNoField, Needed, RadioCardsField, YuanField
from agentnet.infra.i18n import init_i18n
from agentnet.infra.security import CONTENT_SECURITY_POLICY
from agentnet.infra.templating import init_templating
from tests.house.sources import CHECKOUT

pytestmark = pytest.mark.browser

PAGE = """{% set live = true %}{% set charts = true %}{% extends "base.html" %}
{% from "macros/forms.html" import error_summary, field, actions %}
{% from "macros/tables.html" import table, head, sort_head, cell, money_cell, empty %}
{% from "macros/states.html" import state %}
{% from "macros/money.html" import moving %}
{% from "macros/charts.html" import chart %}
{% from "macros/page.html" import page_head, note, progress, trail %}
{% block title %}收电费{% endblock %}
{% block body_class %}keeper{% endblock %}
{% block trail %}{{ trail([("首页", "/")]) }}{% endblock %}
{% block main %}
{{ page_head("收电费") }}{{ error_summary(form) }}
<form method="post" action="/collect" novalidate data-keep>{{ form.hidden_tag() }}
{% for each in form if each.name != "csrf_token" %}{{ field(each) }}{% endfor %}{{ actions("收 203.50 元", large=true) }}</form>
<button id="ask" class="btn btn-outline-primary" hx-post="/ask" hx-target="#answer">问一下</button>
<button id="fail" class="btn btn-outline-primary" hx-get="/gone" hx-target="#answer">断线</button><div id="answer"></div>
{{ moving("应收", 20350) }}{{ note("有 1 笔少款", "bad", "/", "去核对") }}{{ progress(3, 10, "生成中", "还要 5 秒") }}
{% call table("今日收费") %}<thead><tr>{{ head("用户") }}{{ sort_head("at", "时间", sorting) }}{{ head("状态") }}{{ head("金额（元）", right=true) }}</tr></thead>
<tbody><tr><th scope="row">石塘镇小沙头村村民委员会便民服务中心</th>{{ cell("时间", "今天 14:05") }}{% call cell("状态") %}{{ state("漏访", "bad") }}{% endcall %}{{ money_cell("金额（元）", 123456789) }}</tr></tbody>
<tfoot><tr><th scope="row" colspan="3">合计</th>{{ money_cell("", 123456789) }}</tr></tfoot>{% endcall %}
{{ empty("没有待走访的网点", "本周都已走访。", "/", "看下周") }}
{% call chart("收费上升", {"kind": "line", "labels": ["10月", "11月"], "unit": "元", "money": true,
  "series": [{"label": "今年", "values": [100, 200]}], "target": {"label": "目标", "value": 150}}) %}<p>100, 200</p>{% endcall %}
{% endblock %}"""


class CollectionForm(HouseForm):
    household_no = HouseholdNoField("户号", [Needed()])
    amount = YuanField("金额", [Needed()])
    tender = RadioCardsField("支付方式", [Needed()], choices={"CASH": "现金", "CARD": "银联卡"})
    kind = ChoiceField("类型", choices={"": "请选择", "A": "村邮站"})
    day = DayField("日期")
    remark = StringField("说明")


class Sorted:
    name, descending = "at", True


def build_town(posted: list[dict[str, str]]) -> Flask:
    product = CHECKOUT / "agentnet"
    app = Flask("town", static_folder=str(product / "static"), template_folder=str(product / "templates"))
    app.config["SECRET_KEY"] = "not a secret"
    CSRFProtect(app)
    init_i18n(app)
    init_templating(app)

    def page() -> str:
        form = CollectionForm()
        if request.method == "POST":
            posted.append(request.form.to_dict())
            form.validate()
        places = [
            (word, "page", "shop", word == "收费") for word in ("收费", "今日", "交款", "走访", "网点", "经理", "文件")
        ]
        return render_template_string(PAGE, form=form, sorting=Sorted, navigation=places)

    def ask() -> str:
        return "已查到" if request.headers.get("HX-Request") else "不是局部请求"

    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    app.add_url_rule("/", "page", page)
    app.add_url_rule("/collect", "collect", page, methods=["POST"])
    app.add_url_rule("/ask", "ask", ask, methods=["POST"])
    app.add_url_rule("/language", "users.set_language", lambda: "", methods=["POST"])
    app.after_request(policy)
    return app


@pytest.fixture(scope="module")
def posted() -> list[dict[str, str]]:
    return []


@pytest.fixture(scope="module")
def address(posted: list[dict[str, str]]) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, build_town(posted), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()


@pytest.fixture
def phone(browser: Browser, address: str, posted: list[dict[str, str]]) -> Iterator[Page]:
    posted.clear()
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="zh-CN")
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_page_is_accessible_quiet_and_never_wider_than_the_screen(
    browser: Browser, address: str, width: int, language: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.locator("main button[type=submit]").click()
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator(".chart canvas")).to_be_visible()
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    context.close()


def test_a_household_number_falls_into_groups_as_it_is_typed_and_arrives_whole(
    phone: Page, posted: list[dict[str, str]]
) -> None:
    box = phone.locator("#household_no")
    box.press_sequentially("3310812345678")
    expect(box).to_have_value("3310 8123 4567 8")
    for _ in range(5):
        box.press("ArrowLeft")
    box.press("Backspace")
    box.press_sequentially("9")
    expect(box).to_have_value("3310 8123 9567 8")
    phone.locator("main button[type=submit]").click()
    expect(phone.locator("#household_no")).to_have_value("3310 8123 9567 8")
    expect(phone.locator("#household_no-error")).to_have_count(0)
    assert len(posted) == 1


def test_a_double_press_posts_once(phone: Page, posted: list[dict[str, str]]) -> None:
    phone.locator("#amount").fill("203.50")
    phone.locator("main button[type=submit]").dblclick(no_wait_after=True)
    expect(phone.locator("#household_no-error")).to_contain_text("请填写户号")
    expect(phone.locator("#amount")).to_have_value("203.50")
    assert len(posted) == 1


def test_typed_work_is_not_left_behind_without_asking(phone: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    phone.on("dialog", stay)
    phone.locator("#remark").press_sequentially("半句话")
    phone.locator(".trail a").click()
    expect(phone.locator("#remark")).to_have_value("半句话")
    assert asked == ["beforeunload"]


def test_a_partial_request_carries_the_forms_token(phone: Page) -> None:
    phone.locator("#ask").click()
    expect(phone.locator("#answer")).to_have_text("已查到")


def test_a_lost_connection_is_said(phone: Page) -> None:
    phone.route("**/gone", lambda route: route.abort())
    expect(phone.locator("#unreachable")).to_be_hidden()
    phone.locator("#fail").click()
    expect(phone.locator("#unreachable")).to_be_visible()


def test_an_open_menu_closes_on_escape(phone: Page) -> None:
    menu = phone.locator(".main-nav .more")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="文件")).to_be_visible()
    phone.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="文件")).to_be_hidden()


def test_targets_under_the_thumb_are_large_enough(phone: Page) -> None:
    small = phone.evaluate(
        """[...document.querySelectorAll("button, .btn, .choice, .main-nav a, summary, .form-control, .form-select")]
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_a_form_works_without_script(browser: Browser, address: str, posted: list[dict[str, str]]) -> None:
    posted.clear()
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(address)
    page.locator("#household_no").fill("3310 8123 45")
    page.locator("label.choice", has_text="现金").click()
    page.locator("main button[type=submit]").click()
    expect(page.locator(".summary a")).to_have_text("请填写金额")
    assert posted[0]["tender"] == "CASH"
    context.close()


def test_the_first_view_weighs_under_a_hundred_kilobytes(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    carried: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: carried.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    assert len(carried) >= 6
    assert sum(carried) < 100_000
    context.close()


def test_a_form_whose_answer_is_a_file_may_be_asked_again_and_any_other_is_held(browser: Browser) -> None:
    page = browser.new_page()
    script = (CHECKOUT / "agentnet" / "static" / "agentnet.js").read_text(encoding="utf-8")
    body = """<!doctype html><html lang="en"><body>
    <form method="post" action="/file" data-download><button type="submit" name="kind" value="csv">CSV</button>
    <button type="submit" name="kind" value="xlsx">XLSX</button></form>
    <form method="post" action="/waits"><button type="submit">Pay</button></form></body></html>"""
    page.route("http://house.test/", lambda route: route.fulfill(body=body, content_type="text/html"))
    attached = {"Content-Disposition": 'attachment; filename="a.csv"', "Content-Type": "text/csv"}
    page.route("http://house.test/file", lambda route: route.fulfill(body="a", headers=attached))
    page.route("http://house.test/waits", lambda route: route.fulfill(status=204))
    page.goto("http://house.test/")
    page.add_script_tag(content=script)
    for name in ("CSV", "XLSX", "CSV"):
        with page.expect_download():
            page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("button", name="Pay")).to_be_disabled()
    page.close()
