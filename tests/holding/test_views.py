"""Float, deposits, limits and warnings in a browser without script; and who may stand there."""

from uuid import UUID

import pytest
from sqlalchemy import select

from agentnet.approvals.models import Approval
from agentnet.core.ids import new_id
from agentnet.holding import near_queries
from agentnet.holding.models import DepositMove, TopUp
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import BusinessDay
from agentnet.outlets.models import Limit, Outlet
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import balance_of, count, item, record
from tests.holding.given import DEPOSIT, FLOAT, agree, declare, deposit, limit, new_deposit, new_top_up, top_up
from tests.settlement.test_views import hidden_of


def test_a_keeper_tops_up_on_three_pages(app, sign_in):
    agree(holding_mode="PREPAID")
    limit(kind="VILLAGE_POST", first_top_up_fen=5000_00, top_up_multiple_fen=1000_00)
    alice = sign_in("alice")
    assert "还没有充值" in alice.get("/float").text
    page = alice.get("/float/top-up")
    assert "第一次至少" in page.text
    values = hidden_of(page, "/float/top-up?outlet=WL0001") | {"slip_no": "CZ-1", "paid_on": "2026-11-18"}
    page = alice.post("/float/top-up", data=values | {"amount": "4999.99"})
    assert page.status_code == 422
    assert "第一次充值至少 5,000.00 元" in page.text
    assert 'value="4999.99"' in page.text
    page = alice.post("/float/top-up", data=values | {"amount": "5000"})
    assert "人民币伍仟元整" in page.text
    assert count(TopUp) == 0
    sent = hidden_of(page, "/float/top-up/record?outlet=WL0001")
    for _ in range(2):
        answer = alice.post("/float/top-up/record", data=sent)
        assert (answer.status_code, answer.location) == (303, "/float?outlet=WL0001")
    assert count(TopUp) == 1
    assert "待财务确认" in alice.get("/float").text


def test_finance_confirms_what_it_sees_in_full(app, sign_in):
    agree(holding_mode="PREPAID")
    new = declare(new_top_up(5000_00))
    fang = sign_in("fang")
    assert "笔充值等着确认" in fang.get("/").text
    assert "CZ-0001" in fang.get("/top-ups?state=DECLARED").text
    page = fang.get(f"/top-ups/{new.id}")
    assert "人民币伍仟元整" in page.text
    values = hidden_of(page, f"/top-ups/{new.id}/confirm")
    assert fang.post(f"/top-ups/{new.id}/confirm", data=values).status_code == 303
    assert fang.post(f"/top-ups/{new.id}/confirm", data=values).status_code == 303
    assert balance_of(FLOAT) == 5000_00
    assert "确认充值" not in fang.get(f"/top-ups/{new.id}").text
    again = fang.post(f"/top-ups/{new.id}/reject", data={"id": str(new_id()), "note": "不行了"})
    assert again.status_code == 409


def test_finance_rejects_with_a_reason_the_keeper_reads(app, sign_in):
    agree(holding_mode="PREPAID")
    new = declare(new_top_up(5000_00))
    fang = sign_in("fang")
    values = hidden_of(fang.get(f"/top-ups/{new.id}"), f"/top-ups/{new.id}/reject")
    assert fang.post(f"/top-ups/{new.id}/reject", data=values | {"note": ""}).status_code == 422
    assert fang.post(f"/top-ups/{new.id}/reject", data=values | {"note": "查无此单"}).status_code == 303
    page = sign_in("alice").get(f"/top-ups/{new.id}")
    assert "查无此单" in page.text
    assert "银行收到了" not in page.text


def test_a_deposit_is_confirmed_on_a_page_of_its_own(app, sign_in):
    fang = sign_in("fang")
    assert "没有收过保证金" in fang.get("/outlets/WL0001/deposit").text
    page = fang.get("/outlets/WL0001/deposit/receive")
    values = hidden_of(page, "/outlets/WL0001/deposit/receive")
    values |= {"amount": "3000", "slip_no": "BZ-1", "moved_on": "2026-11-18"}
    page = fang.post("/outlets/WL0001/deposit/receive", data=values)
    assert "人民币叁仟元整" in page.text
    assert count(DepositMove) == 0
    sent = hidden_of(page, "/outlets/WL0001/deposit/receive/record")
    for _ in range(2):
        assert fang.post("/outlets/WL0001/deposit/receive/record", data=sent).status_code == 303
    assert balance_of(DEPOSIT) == 3000_00
    assert fang.get("/outlets/WL0001/deposit/burn").status_code == 404
    assert fang.get("/outlets/WL0001/pay-back/cash").status_code == 404


@pytest.mark.parametrize(
    ("what", "account", "held", "short"),
    [("deposit", DEPOSIT, "3000.00", "保证金只有 3,000.00 元"), ("float", FLOAT, "500.00", "预存款只有 500.00 元")],
)
def test_what_goes_back_is_shown_once_more_and_waits_for_a_second_person(app, sign_in, what, account, held, short):
    more_finance()
    agree(holding_mode="PREPAID")
    deposit(new_deposit(3000_00))
    top_up(500_00)
    fang, path = sign_in("fang"), f"/outlets/WL0001/pay-back/{what}"
    assert path in fang.get("/outlets/WL0001/deposit").text
    page = fang.get(path)
    assert f'value="{held}"' in page.text
    values = hidden_of(page, path) | {"slip_no": "TH-1", "moved_on": "2026-11-18", "reason": "网点停业"}
    page = fang.post(path, data=values | {"amount": "9999"})
    assert page.status_code == 422
    assert short in page.text
    assert fang.post(path, data=values | {"amount": held, "reason": ""}).status_code == 422
    page = fang.post(path, data=values | {"amount": held})
    for words in ("批准后", "网点停业", "由另一位财务审批"):
        assert words in page.text
    assert count(Approval) == 0
    sent = hidden_of(page, f"{path}/record")
    for _ in range(2):
        answer = fang.post(f"{path}/record", data=sent)
        assert (answer.status_code, answer.location) == (303, f"/approvals/{sent['id']}")
    assert "等另一位财务审批" in fang.get("/outlets/WL0001/deposit").text
    page = sign_in("grace").get(f"/approvals/{sent['id']}")
    for words in ("退还", "TH-1", "WL0001", "网点停业"):
        assert words in page.text
    say_yes(UUID(sent["id"]), by="grace")
    assert balance_of(account) == 0
    page = fang.get("/outlets/WL0001/deposit")
    for words in ("TH-1", "网点停业", "批准"):
        assert words in page.text
    assert path not in page.text
    assert fang.post(f"{path}/record", data=sent).status_code == 303


def test_a_keeper_sees_deposit_and_limits_and_changes_neither(app, sign_in):
    deposit(new_deposit(3000_00))
    alice = sign_in("alice")
    assert "3,000.00" in alice.get("/outlets/WL0001/deposit").text
    assert "登记收到" not in alice.get("/outlets/WL0001/deposit").text
    assert "5,000.00" in alice.get("/outlets/WL0001/limits").text
    for path in (
        "/outlets/WL0001/deposit/receive",
        "/outlets/WL0001/pay-back/deposit",
        "/outlets/WL0001/limits/set",
        "/limits/VILLAGE_POST/set",
    ):
        assert alice.get(path).status_code == 403
        assert alice.post(path).status_code == 403


@pytest.mark.parametrize("path", ["/outlets/WL0001/deposit", "/outlets/WL0001/limits"])
def test_strangers_find_nothing(app, sign_in, path):
    for name in ("charlie", "dora", "alan"):
        assert sign_in(name).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/top-ups", "/near-limits", "/near-limits?what=float"])
def test_lists_of_another_county_are_empty(app, sign_in, path):
    agree(holding_mode="PREPAID")
    declare(new_top_up(5000_00))
    agree(holding_mode="POSTPAID", ceiling_fen=1)
    page = sign_in("charlie").get(path)
    assert page.status_code == 200
    assert "WL0001" not in page.text


def _limits_sent(client, base, **typed):
    page = client.get(f"{base}/set")
    values = hidden_of(page, f"{base}/set") | {"starts_on": "2026-11-18", "reason": "旺季到了"} | typed
    page = client.post(f"{base}/set", data=values)
    assert page.status_code == 200, page.text
    return page, hidden_of(page, f"{base}/set/record")


def test_finance_lowers_a_kinds_limits_at_once(app, sign_in):
    fang = sign_in("fang")
    assert "村邮站" in fang.get("/limits").text
    page, sent = _limits_sent(fang, "/limits/VILLAGE_POST", ceiling="4000", daily_limit="20000")
    assert "没有提高" in page.text
    assert count(Limit) == 0
    for _ in range(2):
        assert fang.post("/limits/VILLAGE_POST/set/record", data=sent).status_code == 303
    assert count(Limit) == 1
    page = fang.get("/limits/VILLAGE_POST")
    for words in ("4,000.00", "20,000.00", "旺季到了"):
        assert words in page.text
    assert "4,000.00" in fang.get("/outlets/WL0001/limits").text


def test_a_raise_goes_to_a_second_person_and_the_page_says_so(app, sign_in):
    fang = sign_in("fang")
    page, sent = _limits_sent(fang, "/outlets/WL0001/limits", ceiling="8000")
    assert "要另一个人批准后才生效" in page.text
    answer = fang.post("/outlets/WL0001/limits/set/record", data=sent)
    assert answer.status_code == 303
    assert "等另一个人批准" in fang.get(answer.location).text
    with reading():
        approval_id = db.session.scalars(select(Approval.id)).one()
    page = sign_in("carol").get(f"/approvals/{approval_id}")
    for words in ("提高限额", "WL0001", "现金上限", "5,000.00", "8,000.00", "旺季到了"):
        assert words in page.text
    say_yes(approval_id, by="carol")
    page = fang.get("/outlets/WL0001/limits")
    assert "8,000.00" in page.text
    assert "Carol批准" in page.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"ceiling": "-1"}, "金额不能少于"),
        ({"single_limit": "0"}, "金额不能少于"),
        ({"starts_on": "2026-11-17"}, "限额不能从过去的日子起改"),
        ({"ends_on": "2026-11-18"}, "终止日要晚于起始日"),
        ({"reason": " "}, "请写明原因"),
        ({"ceiling": "一千"}, "请输入金额"),
    ],
)
def test_wrong_limits_are_said_at_their_field(app, sign_in, typed, words):
    fang = sign_in("fang")
    values = hidden_of(fang.get("/outlets/WL0001/limits/set"), "/outlets/WL0001/limits/set")
    page = fang.post(
        "/outlets/WL0001/limits/set", data=values | {"starts_on": "2026-11-18", "reason": "旺季到了"} | typed
    )
    assert page.status_code == 422
    assert words in page.text
    assert count(Limit) == 0


@pytest.mark.parametrize(
    ("held_fen", "words"),
    [(799_99, None), (800_00, "已到上限八成，今天去银行存一次"), (900_00, "请今天就去银行交款"), (1000_00, "已满额")],
)
def test_the_counter_and_the_supervisor_are_warned_at_80_90_and_100_percent(app, sign_in, held_fen, words):
    limit(outlet_id=1, ceiling_fen=1000_00)
    record(item(held_fen, world.MEI))
    alice, carol = sign_in("alice"), sign_in("carol")
    assert ("WL0001" in carol.get("/near-limits").text) == (words is not None)
    for path in ("/collect", "/drawer"):
        text = alice.get(path).text
        assert "1,000.00" in text
        assert (words in text) if words else ("上限八成" not in text)
    assert ("个网点现金快到上限" in carol.get("/").text) == (words is not None)
    text = carol.get("/near-limits").text
    assert ("满额，不能再收现金" in text) == (held_fen == 1000_00)
    if 800_00 <= held_fen < 1000_00:
        assert f"</svg>{held_fen // 1000}%" in text


def _a_normal_day(taken_fen):
    """Let WL0001 have had two days with collections, of which the average is a normal day."""
    with batch() as session:
        for day, part in ((16, taken_fen - 50_00), (17, taken_fen + 50_00)):
            session.add(
                BusinessDay(outlet_id=1, business_on=world.TODAY.replace(day=day), receipt_serial=0, taken_fen=part)
            )


@pytest.mark.parametrize(
    ("float_fen", "words"),
    [(1500_00, None), (1499_99, "预存款不够一天半了，请尽快充值")],
)
def test_low_float_is_said_under_one_and_a_half_normal_days(app, sign_in, float_fen, words):
    # 1.5 x a normal day's volume: Top Image for Safaricom (domain.md 3.1); (950 + 1050) / 2 = 1000 a day
    agree(holding_mode="PREPAID")
    _a_normal_day(1000_00)
    top_up(float_fen)
    alice, carol = sign_in("alice"), sign_in("carol")
    for path in ("/collect", "/float"):
        text = alice.get(path).text
        assert "平常一天收" in text
        assert (words in text) if words else ("请尽快充值" not in text)
    text = carol.get("/near-limits?what=float").text
    assert ("WL0001" in text) == (words is not None)
    if words:
        assert "1.4 天" in text
        assert "个网点预存款不够一天半" in carol.get("/").text


def test_an_empty_float_says_top_up_first(app, sign_in):
    agree(holding_mode="PREPAID")
    text = sign_in("alice").get("/collect").text
    assert "预存款用完了，先充值再收费" in text
    assert "/float/top-up" in text
    assert "用完了，不能收费" in sign_in("carol").get("/near-limits?what=float").text


def test_over_limit_and_no_cover_are_two_refusals_in_both_languages(app, sign_in):
    limit(outlet_id=1, ceiling_fen=1, daily_limit_fen=100_000_00, single_limit_fen=100_000_00)
    said = {}
    for name, prepare in (
        ("over_ceiling", lambda: None),
        ("float_empty", lambda: agree(holding_mode="PREPAID")),
        ("over_daily_limit", lambda: limit(outlet_id=1, daily_limit_fen=1)),
        ("over_single_limit", lambda: limit(outlet_id=1, single_limit_fen=1)),
    ):
        prepare()
        for language in ("zh", "en"):
            client = sign_in("alice")
            form = {"id": str(new_id()), "amount": "5.38", "tender": "CASH", "outlet": "WL0001"}
            answer = client.post(f"/collect/{world.GANG}/record", data=form, headers={"Accept-Language": language})
            assert answer.status_code == 422
            said[name, language] = answer.text
    for (name, language), words in {
        ("over_ceiling", "zh"): "请先解款再收费",
        ("float_empty", "zh"): "请先充值再收费",
        ("over_daily_limit", "zh"): "超过每天",
        ("over_single_limit", "zh"): "单笔最多收",
        ("float_empty", "en"): "top up",
        ("over_daily_limit", "en"): "pass its limit",
    }.items():
        assert words in said[name, language], (name, language)
    assert len(set(said.values())) == 8


def test_the_near_list_pages_sorts_and_finds(app, sign_in):
    for outlet_id in (1, 2):
        limit(outlet_id=outlet_id, ceiling_fen=1000_00)
    record(item(850_00, world.MEI))
    record(item(950_00, world.OLD, outlet_code="WL0002"), by="alan")
    carol = sign_in("carol")
    text = carol.get("/near-limits").text
    assert text.index("WL0002") < text.index("WL0001")
    text = carol.get("/near-limits?sort=code").text
    assert text.index("WL0001") < text.index("WL0002")
    text = carol.get("/near-limits?q=wl0002").text
    assert "WL0001" not in text
    assert "没有找到" in carol.get("/near-limits?q=xyz").text
    assert "13800000000" in text


@pytest.mark.parametrize("most_named", [0, near_queries.MOST_NAMED])
def test_an_outlet_is_listed_from_its_first_collection_on_in_a_large_network_and_in_a_small_one(
    app, sign_in, monkeypatch, most_named
):
    monkeypatch.setattr(near_queries, "MOST_NAMED", most_named)
    limit(outlet_id=1, ceiling_fen=1000_00)
    carol, fang, charlie = (sign_in(name) for name in ("carol", "fang", "charlie"))
    assert "WL0001" not in carol.get("/near-limits").text
    record(item(500_00, world.OLD, outlet_code="WL0002"), by="alan")
    assert "WL0002" not in carol.get("/near-limits").text
    record(item(850_00, world.MEI))
    for client, sees in ((carol, True), (fang, True), (charlie, False)):
        text = client.get("/near-limits").text
        assert ("WL0001" in text, "WL0002" in text) == (sees, False)
    limit(outlet_id=2, ceiling_fen=600_00)
    assert "WL0002" in carol.get("/near-limits").text


def test_who_is_near_a_limit_of_a_kind_or_of_its_own_is_listed_whatever_others_have_agreed(app, sign_in):
    record(item(850_00, world.MEI))
    record(item(950_00, world.OLD, outlet_code="WL0002"), by="alan")
    carol = sign_in("carol")
    assert "WL000" not in carol.get("/near-limits").text  # far from the lowest ceiling agreed with anybody
    with reading() as session:
        kind = session.scalar(select(Outlet.kind).where(Outlet.id == 1))
    limit(kind=kind, ceiling_fen=1000_00)
    assert "WL0001" in carol.get("/near-limits").text
    limit(outlet_id=1, ceiling_fen=5000_00)
    limit(outlet_id=2, ceiling_fen=0)
    text = carol.get("/near-limits").text
    assert ("WL0001" in text, "WL0002" in text) == (False, True)
