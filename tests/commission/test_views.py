"""Pages of commission: who sees which territory, why a line was paid, and what goes into a file."""

from __future__ import annotations

import csv
import html
import io
import operator
import re
from collections.abc import Callable
from datetime import date
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import event, func, insert, select

from agentnet.closing.actions import close_month
from agentnet.collecting.models import Collection
from agentnet.commission.actions import add_version
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.engine.language import Component, Kind, Version
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Agreement, Outlet
from tests import world
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT, collected

SignIn = Callable[[str], FlaskClient]
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


def an_october() -> None:
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(POSTAL_STATION, 203_50, tender="ALIPAY")
    collected(SERVICE_POINT, 5_38, tender="UNIONPAY_CARD")
    collected(NEWSSTAND, 2_000_00, tender="ALIPAY")
    close_month(OCTOBER, SYSTEM)


def counted(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_finance_sees_every_station_with_urban_and_rural_apart(sign_in: SignIn) -> None:
    an_october()
    page = sign_in("fang").get("/commission")
    assert page.status_code == 200
    for words in ("2026年10月代办费", "太平供电所", "建设供电所", "2.51", "1.51", "城区", "农村"):
        assert words in page.text


def test_a_supervisor_sees_the_own_territory_alone(sign_in: SignIn) -> None:
    an_october()
    carol, charlie = (sign_in(name).get("/commission?month=2026-10").text for name in ("carol", "charlie"))
    assert "太平供电所" in carol
    assert "建设供电所" not in carol
    assert "建设供电所" in charlie
    assert "太平供电所" not in charlie


def test_the_post_company_sees_its_own_outlets_alone(sign_in: SignIn) -> None:
    an_october()
    page = sign_in("paul").get("/commission/outlets?month=2026-10").text
    assert "WL0001" in page
    assert "WL0005" in page
    assert "WL0002" not in page


def test_a_keeper_is_led_to_the_own_outlet(sign_in: SignIn) -> None:
    alice = sign_in("alice")
    answer = alice.get("/commission")
    assert (answer.status_code, answer.location) == (303, "/commission/outlets/WL0001")
    assert alice.get(answer.location).status_code == 200


@pytest.mark.parametrize(("username", "code"), [("alice", "WL0002"), ("charlie", "WL0001"), ("paul", "WL0002")])
def test_an_outlet_outside_the_territory_is_missing(sign_in: SignIn, username: str, code: str) -> None:
    assert sign_in(username).get(f"/commission/outlets/{code}").status_code == 404


@pytest.mark.parametrize("path", ["/commission", "/commission/plans", "/commission/adjustments"])
def test_a_manager_has_no_business_here(sign_in: SignIn, path: str) -> None:
    assert sign_in("bob").get(path).status_code == 403


def test_an_outlets_page_says_why_each_line_was_paid(sign_in: SignIn) -> None:
    an_october()
    page = sign_in("alice").get("/commission/outlets/WL0001?month=2026-10").text
    for words in ("1.41", "每笔 0.50 元", "金额的 0.2%，最低 0.10 元，最高 1.00 元", "0.41", "DH-CS-202610-", "已封账"):
        assert words in page
    assert world.MEI not in page
    assert "*********0017" in page


def test_the_month_so_far_is_provisional(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 203_50, on=date(2026, 11, 3))
    page = sign_in("alice").get("/commission/outlets/WL0001").text
    assert "截至目前的代办费" in page
    assert "未封账，暂计" in page
    assert "0.50" in page
    assert "0.50" in sign_in("fang").get("/commission?month=2026-11").text


def test_a_month_too_large_for_a_page_shows_counts_and_no_made_up_commission(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentnet.commission.month_figures.PROVISIONAL_LIMIT", 1)
    collected(POSTAL_STATION, 203_50, 100_00, on=date(2026, 11, 3))
    page = sign_in("fang").get("/commission?month=2026-11").text
    assert "代办费在封账时计算" in page
    assert "303.50" in page


@pytest.mark.parametrize(("month", "status"), [("2026-12", 404), ("hello", 422), ("2026-11", 200)])
def test_only_months_that_have_come_are_shown(sign_in: SignIn, month: str, status: int) -> None:
    assert sign_in("fang").get(f"/commission?month={month}").status_code == status


def test_a_page_of_outlets_runs_a_bounded_number_of_queries(app, sign_in: SignIn) -> None:
    with batch():
        for number in range(70):
            db.session.execute(
                insert(Outlet).values(
                    id=200 + number,
                    code=f"WL2{number:03d}",
                    name="箬横镇村邮站",
                    kind="VILLAGE_POST",
                    state="ACTIVE",
                    setting="RURAL",
                    org_unit_id=world.TAIPING.id,
                    division_code=world.VILLAGE,
                    address="示例",
                    applied_on=world.LONG_AGO,
                    opened_on=world.LONG_AGO,
                )
            )
    fang = sign_in("fang")
    counts = {}
    for path in ("/commission?month=2026-11", "/commission/outlets?month=2026-11", "/commission/outlets?month=2026-10"):
        statements: list[str] = []

        def note(_connection, _cursor, statement, *_rest, seen=statements) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        page = fang.get(path)
        event.remove(db.engine, "before_cursor_execute", note)
        assert page.status_code == 200
        counts[path] = len(statements)
    assert max(counts.values()) <= 20, counts


def pages_of_lines(client: FlaskClient, address: str) -> list[list[str]]:
    """Return the receipt numbers on each page of an outlet's lines, in their order."""
    pages = []
    while address:
        text = client.get(address).text
        pages.append(re.findall(r">(WL0001-[^<]+)<", text))
        following = re.search(r'rel="next" href="([^"]+cursor=[^"]+)"', text)
        address = urljoin(address, html.unescape(following[1])) if following else ""
    return pages


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("sort", ["collected_at", "-collected_at", "amount", "-amount"])
def test_an_outlets_lines_turn_over_alike_while_the_month_runs_and_once_it_is_closed(
    app, sign_in: SignIn, sort: str, is_closed: bool
) -> None:
    amounts = [1_00 + number * 7919 % 40 for number in range(70)]
    collected(POSTAL_STATION, *amounts)
    if is_closed:
        close_month(OCTOBER, SYSTEM)
    address = f"/commission/outlets/WL0001?month=2026-10&sort={sort}"
    pages = pages_of_lines(sign_in("fang"), address)
    with reading():
        rows = db.session.execute(select(Collection.receipt_no, Collection.collected_at, Collection.amount_fen)).all()
    by = operator.itemgetter(2 if "amount" in sort else 1)
    wanted = [by(row) for row in sorted(rows, key=by, reverse=sort.startswith("-"))]
    value = {row.receipt_no: by(row) for row in rows}
    assert [len(page) for page in pages] == [50, 20]
    assert [value[receipt_no] for page in pages for receipt_no in page] == wanted
    assert len({receipt_no for page in pages for receipt_no in page}) == 70


def test_the_list_of_outlets_pages_sorts_and_filters_by_its_address(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    page = fang.get("/commission/outlets?month=2026-10&sort=-due").text
    assert page.index("WL0001") < page.index("JX0001") < page.index("WL0002")
    urban = fang.get("/commission/outlets?month=2026-10&setting=URBAN").text
    assert "JX0001" in urban
    assert "WL0001" not in urban
    assert "WL0001" not in fang.get("/commission/outlets?month=2026-10&unit=JX").text
    assert "没有符合条件的网点" in fang.get("/commission/outlets?month=2026-10&q=nothing").text


def test_a_unit_outside_the_territory_is_missing(sign_in: SignIn) -> None:
    assert sign_in("carol").get("/commission/outlets?month=2026-10&unit=JX").status_code == 404


def test_lines_are_exported_without_formulas_and_household_numbers(sign_in: SignIn) -> None:
    an_october()
    with batch():
        adjustment = NewAdjustment(new_id(), "WL0001", OCTOBER, -50, "=HYPERLINK(1)")
        record_adjustment(adjustment, world.actor("fang"))
    close_in_december()
    answer = sign_in("fang").get("/commission/lines.csv?month=2026-11")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[1][-1] == "'=HYPERLINK(1)"
    assert rows[1][11] == "-0.50"
    october = sign_in("fang").get("/commission/lines.csv?month=2026-10").data.decode("utf-8-sig")
    assert len(october.splitlines()) == 1 + 5
    assert world.MEI not in october
    book = load_workbook(io.BytesIO(sign_in("carol").get("/commission/lines.xlsx?month=2026-10").data))
    assert book.active is not None
    assert [row[2].value for row in book.active.iter_rows(min_row=2)] == ["WL0001"] * 3 + ["WL0002"]


def close_in_december() -> None:
    with frozen_at(shanghai_instant(date(2026, 12, 1), 9)):
        close_month(NOVEMBER, SYSTEM)


@pytest.mark.parametrize(
    ("username", "path", "status"),
    [
        ("alice", "/commission/lines.csv?month=2026-10", 403),
        ("fang", "/commission/lines.csv?month=2026-11", 422),
        ("fang", "/commission/lines.exe?month=2026-10", 404),
    ],
)
def test_exports_are_for_those_who_may_and_for_closed_months(
    sign_in: SignIn, username: str, path: str, status: int
) -> None:
    assert sign_in(username).get(path).status_code == status


def test_too_long_an_export_says_what_to_do(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    an_october()
    monkeypatch.setattr("agentnet.commission.exporting.MOST_ROWS", 3)
    answer = sign_in("fang").get("/commission/lines.csv?month=2026-10")
    assert answer.status_code == 422
    assert "请先按供电所筛选" in answer.text


def test_a_plans_page_works_an_example(sign_in: SignIn) -> None:
    page = sign_in("carol").get("/commission/plans/STANDARD").text
    # 203.50 by cash earns 0.50, otherwise 0.2 % = 0.407.
    for words in ("203.50", "0.41", "不限网点 · 现金", "第 1 版", "首版"):
        assert words in page
    assert "定新版本" not in page
    assert sign_in("carol").get("/commission/plans/NONE").status_code == 404


def test_an_outlet_without_agreement_says_so(sign_in: SignIn) -> None:
    with batch():
        db.session.execute(Agreement.__table__.delete().where(Agreement.outlet_id == 2))
    collected(SERVICE_POINT, 20_00, on=date(2026, 11, 3))
    page = sign_in("carol").get("/commission/outlets/WL0002").text
    assert "没有协议" in page
    assert "0.50" in page


def test_an_outlets_page_names_a_version_agreed_a_moment_ago(sign_in: SignIn) -> None:
    alice = sign_in("alice")
    assert "第 1 版" in alice.get("/commission/outlets/WL0001").text
    with batch():
        fee = Component(Kind.PER_COLLECTION, "每笔", fee_fen=60)
        add_version("STANDARD", Version(date(2026, 11, 1), (fee,), note="2026 年第 8 号文"), SYSTEM)
    assert "第 2 版" in alice.get("/commission/outlets/WL0001").text
