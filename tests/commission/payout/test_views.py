"""Pages of payouts: the steps by their buttons, what each role sees, masked accounts, files with whole ones."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select

from agentnet.closing.actions import close_month
from agentnet.commission.payout.models import PayoutBatch, PayoutHold
from agentnet.commission.payout.worth_a_look import own_adjustments, unproved_accounts
from agentnet.core.clock import frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT
from tests.commission.payout.given import (
    NOVEMBER,
    NUMBER,
    a_paid_batch,
    account,
    adjusted,
    an_october,
    approval_of,
    approved,
    cancelled,
    checked,
    company_balance,
    confirmed,
    drawn,
    found,
    on_hold,
    payee,
    payment_id,
    payments,
    ready,
    returned,
    shares,
)
from tests.commission.payout.test_batches import DECEMBER_2

SignIn = Callable[[str], FlaskClient]


def hidden(page, name):
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
    return re.search(r'value="([^"]*)"', tag)[1]


def test_the_steps_are_taken_by_buttons_and_the_money_is_shown_before_it_moves(sign_in: SignIn) -> None:
    ready()
    fang, grace = sign_in("fang"), sign_in("grace")
    assert "新做一批付款" in fang.get("/payouts").text
    form = fang.get("/payouts/new").text
    for words in ("制单 3.51 元", "周阿姨", "************5678", "3.51"):
        assert words in form
    assert NUMBER not in form
    sent = {"id": hidden(form, "id"), "month": "2026-10", "pay_on": "2026-11-18"}
    place = fang.post("/payouts/new", data=sent).location
    page = fang.get(place).text
    assert "核对无误，送审批" in page
    assert fang.post(f"{place}/check", data={"id": hidden(page, "id")}).location == place
    batch_id = UUID(place.rsplit("/", 1)[1])
    assert "等另一个人审批" in fang.get(place).text
    request_page = f"/approvals/{approval_of(batch_id)}"
    asked = grace.get(f"{request_page}/approve").text
    assert "3.51" in asked
    seen = {"id": new_id(), "seen": hidden(asked, "seen"), "note": ""}
    assert grace.post(f"{request_page}/approve", data=seen).status_code == 303
    assert "付款 3.51 元" in fang.get(place).text
    confirm = fang.get(f"{place}/pay").text
    for words in ("人民币叁元伍角壹分", "确认付款 3.51 元"):
        assert words in confirm
    paying = {"id": hidden(confirm, "id")}
    assert fang.post(f"{place}/pay", data=paying).status_code == 303
    assert fang.post(f"{place}/pay", data=paying).status_code == 303
    assert company_balance("BANK") == -3_51
    page = fang.get(place).text
    for words in ("全部已到账", "银行退回", "下载 XLSX 表格"):
        assert words in page
    back = f"/payouts/payments/{payment_id(batch_id, 2)}/return"
    asked_why = fang.get(back).text
    assert "登记退回 2.41 元" in asked_why
    assert fang.post(back, data={"id": hidden(asked_why, "id"), "reason": ""}).status_code == 422
    assert fang.post(back, data={"id": hidden(asked_why, "id"), "reason": "户名不符"}).status_code == 303
    one = f"/payouts/payments/{payment_id(batch_id, 1)}/confirm"
    assert fang.post(one, data={"id": new_id()}).status_code == 303
    page = fang.get(place).text
    assert fang.post(f"{place}/confirm", data={"id": hidden(page, "id")}).status_code == 303
    assert company_balance("BANK") == -1_10
    assert "户名不符" in fang.get(place).text


def test_what_is_refused_is_said_on_the_batchs_page(sign_in: SignIn) -> None:
    ready()
    id_ = approved()
    on_hold()
    fang = sign_in("fang")
    answer = fang.post(f"/payouts/{id_}/pay", data={"id": new_id()})
    assert answer.status_code == 409
    assert "WL0001 已暂停付款" in answer.text
    assert fang.post(f"/payouts/{id_}/check", data={"id": new_id()}).status_code == 409


def test_without_anything_closed_the_page_says_what_is_missing(sign_in: SignIn) -> None:
    assert "月份封账后，才能付这个月的代办费" in sign_in("fang").get("/payouts").text
    an_october()
    page = sign_in("fang").get("/payouts/new").text
    for words in ("还没有登记公司的付款账户", "没有登记收款人", "登记收款人"):
        assert words in page


def test_a_supervisor_reads_the_own_outlets_alone_and_changes_nothing(sign_in: SignIn) -> None:
    ready()
    id_ = drawn()
    carol, charlie = sign_in("carol"), sign_in("charlie")
    mine, theirs = carol.get(f"/payouts/{id_}").text, charlie.get(f"/payouts/{id_}").text
    assert "周阿姨" in mine
    assert "沈师傅" not in mine
    assert "沈师傅" in theirs
    assert "周阿姨" not in theirs
    assert "核对无误，送审批" not in mine
    assert "3.51" not in mine
    assert "2.51" in mine
    assert "2.51" in carol.get("/payouts").text
    for method, path in (("post", "check"), ("get", "pay"), ("post", "pay"), ("get", "cancel"), ("post", "file")):
        assert getattr(carol, method)(f"/payouts/{id_}/{path}").status_code == 403
    assert found(id_)[0] == "DRAFT"


def test_a_county_sees_of_a_payment_what_its_own_outlets_get(sign_in: SignIn) -> None:
    ready()
    payee(NEWSSTAND, code=SERVICE_POINT, name="王大伯", account=account("6228480012340002", "王大伯"))
    id_ = drawn()
    on_hold(NEWSSTAND)
    on_hold(POSTAL_STATION)
    page = sign_in("carol").get(f"/payouts/{id_}").text
    # 1.10 in one payment, of which 0.10 are WL0002's; JX0001 is none of the county's business.
    assert "1.10" not in page
    assert ">0.10<" in page
    assert NEWSSTAND not in page
    assert POSTAL_STATION in page
    assert NEWSSTAND in sign_in("fang").get(f"/payouts/{id_}").text


@pytest.mark.parametrize("username", ["alice", "bob", "paul", "adam"])
def test_who_may_not_read_payouts_is_refused(sign_in: SignIn, username: str) -> None:
    for path in ("/payouts", "/payouts/payees", "/payouts/holds"):
        assert sign_in(username).get(path).status_code == 403


def test_the_auditor_reads_and_sees_no_whole_account(sign_in: SignIn) -> None:
    ready()
    id_ = a_paid_batch()
    audrey = sign_in("audrey")
    for path in (f"/payouts/{id_}", "/payouts/payees", "/payouts/holds", "/payouts"):
        page = audrey.get(path)
        assert page.status_code == 200
        assert NUMBER not in page.text
    assert audrey.post(f"/payouts/{id_}/file", data={"kind": "csv"}).status_code == 403


def test_the_banks_files_hold_whole_accounts_and_the_trail_says_who_took_them(sign_in: SignIn) -> None:
    ready()
    id_ = a_paid_batch()
    fang = sign_in("fang")
    assert f'data-download action="/payouts/{id_}/file"' in fang.get(f"/payouts/{id_}").text
    sheet = fang.post(f"/payouts/{id_}/file", data={"kind": "csv", "layout": ""})
    head, *rows = csv.reader(io.StringIO(sheet.data.decode("utf-8-sig")))
    assert head[:6] == ["序号", "收款户名", "收款账号", "开户行", "行号", "金额"]
    assert rows[1][1:6] == ["周阿姨", NUMBER, "农商行太平支行", "313651027012", "2.41"]
    assert [row[5] for row in rows] == ["1.00", "2.41", "0.10"]
    workbook = load_workbook(io.BytesIO(fang.post(f"/payouts/{id_}/file", data={"kind": "xlsx"}).data))
    assert [cell.value for cell in workbook.active[3]][2] == NUMBER
    for kind in ("pain.001.001.03", "pain.001.001.09"):
        document = fang.post(f"/payouts/{id_}/file", data={"kind": kind})
        assert document.content_type.startswith("application/xml")
        assert "<CtrlSum>3.51</CtrlSum>" in document.data.decode()
    assert fang.post(f"/payouts/{id_}/file", data={"kind": "doc"}).status_code == 404
    with reading():
        taken = db.session.scalar(
            select(func.count()).select_from(AuditLine).where(AuditLine.action == "payout_file_made")
        )
    assert taken == 4


def test_once_the_bank_has_answered_there_is_no_file_to_pay_by_again(sign_in: SignIn) -> None:
    ready()
    id_ = a_paid_batch()
    returned(payment_id(id_, 1))
    fang = sign_in("fang")
    for kind in ("csv", "xlsx", "pain.001.001.09"):
        answer = fang.post(f"/payouts/{id_}/file", data={"kind": kind})
        assert answer.status_code == 409
        assert "退回的付款请在下一批里付" in answer.text
    page = fang.get(f"/payouts/{id_}").text
    assert "下载 XLSX 表格" not in page
    assert "不再生成银行文件" in page


def test_before_the_payment_there_is_no_file(sign_in: SignIn) -> None:
    ready()
    assert sign_in("fang").post(f"/payouts/{approved()}/file", data={"kind": "csv"}).status_code == 422


def test_a_batch_is_cancelled_with_its_reason(sign_in: SignIn) -> None:
    ready()
    id_ = drawn()
    fang = sign_in("fang")
    assert fang.post(f"/payouts/{id_}/cancel", data={"id": new_id(), "reason": "账号有误"}).status_code == 303
    assert "账号有误" in fang.get(f"/payouts/{id_}").text


def test_a_payee_is_entered_on_the_page_and_mistakes_are_said_at_their_field(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    form = fang.get(f"/payouts/payees/new?outlet={POSTAL_STATION}").text
    assert "周阿姨" in form
    typed = {
        "id": hidden(form, "id"), "outlet": "wl0001", "share": "代办人", "starts_on": "2026-11-18", "code": "WL0001",
        "name": "周阿姨", "type": "INDIVIDUAL", "number": "6228 4800 1234 5678", "bank": "农商行太平支行",
        "bank_no": "313651027013",
    }  # fmt: skip
    wrong = fang.post("/payouts/payees/new", data=typed)
    assert wrong.status_code == 422
    assert "行号应为 12 位数字且末位校验正确" in wrong.text
    assert fang.post("/payouts/payees/new", data=typed | {"bank_no": "313651027012"}).status_code == 303
    listed = fang.get("/payouts/payees").text
    assert "************5678" in listed
    assert NUMBER not in listed
    again = fang.get("/payouts/payees/new?outlet=WL0001&share=KEEPER").text
    assert NUMBER not in again


def test_a_hold_is_placed_and_lifted_on_the_page(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    page = fang.get("/payouts/holds").text
    assert "没有暂停付款的网点" in page
    sent = {"id": hidden(page, "id"), "outlet": "wl0001", "reason": "收费异常"}
    assert fang.post("/payouts/holds", data=sent | {"outlet": "WL9999"}).status_code == 404
    assert fang.post("/payouts/holds", data=sent).status_code == 303
    with reading():
        hold = db.session.scalars(select(PayoutHold.id)).one()
    assert "收费异常" in fang.get("/payouts/holds").text
    assert fang.post(f"/payouts/holds/{hold}/lift", data={"id": new_id(), "reason": "已查清"}).status_code == 303
    assert "已查清" in fang.get("/payouts/holds").text


def test_settings_and_the_sheet_are_kept_on_their_page(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    form = fang.get("/payouts/settings").text
    typed = {
        "id": hidden(form, "id"), "starts_on": "2026-11-18", "minimum": "10", "withholds": "y", "holder": "东海电力公司",
        "number": "33001234567890", "bank": "农商行", "bank_no": "402795602394", "reason": "财务制度",
    }  # fmt: skip
    assert fang.post("/payouts/settings", data=typed).status_code == 303
    page = fang.get("/payouts/settings").text
    assert "10.00" in page
    assert "33001234567890" not in page
    without_number = typed | {"id": hidden(page, "id"), "minimum": "", "number": ""}
    assert fang.post("/payouts/settings", data=without_number).status_code == 303
    assert "**********7890" in fang.get("/payouts/settings").text
    sheet = {"version": "0", "name": "农商行", "heading": "y"}
    assert fang.post("/payouts/settings/sheet", data=sheet | {"columns": "户名=holder"}).status_code == 422
    columns = "户名=holder\n账号=account\n开户行=bank\n行号=bank_no\n金额=amount"
    assert fang.post("/payouts/settings/sheet", data=sheet | {"columns": columns}).status_code == 303
    assert "户名=holder" in fang.get("/payouts/settings/sheet?name=农商行").text


def test_the_keeper_and_the_partner_see_what_was_paid_and_what_is_held(sign_in: SignIn) -> None:
    ready()
    alice, paul, dora = sign_in("alice"), sign_in("paul"), sign_in("dora")
    own = f"/commission/outlets/{POSTAL_STATION}?month=2026-10"
    assert "付款情况" not in alice.get(own).text
    on_hold(NEWSSTAND, reason="怀疑套取代办费")
    id_ = a_paid_batch()
    for client in (alice, paul):
        assert "已送银行，等结果" in client.get(own).text
    theirs = dora.get(f"/commission/outlets/{NEWSSTAND}?month=2026-10").text
    assert "网点核查期间暂停付款" in theirs
    assert "怀疑" not in theirs
    confirmed(id_)
    assert "已到账" in alice.get(own).text
    returned(payment_id(id_, 1), reason="账户已销户")
    for words in ("银行退回", "账户已销户；下一批再付"):
        assert words in alice.get(own).text
    assert f"/payouts/{id_}" not in alice.get(own).text


def test_the_lists_narrow_and_say_when_nothing_is_found(sign_in: SignIn) -> None:
    ready()
    id_ = drawn()
    fang = sign_in("fang")
    assert "沈师傅" not in fang.get(f"/payouts/{id_}?q=WL0001").text
    assert "周阿姨" in fang.get(f"/payouts/{id_}?q=周").text
    assert "没有符合筛选的付款" in fang.get(f"/payouts/{id_}?state=RETURNED").text
    assert "没有这种状态的付款" in fang.get("/payouts?state=PAID").text
    assert "没有符合筛选的收款人" in fang.get("/payouts/payees?q=nobody").text
    checked(id_)
    assert "第 1 批" in fang.get("/payouts?state=CHECKED").text


def test_a_finance_person_of_one_county_neither_draws_up_nor_pays(sign_in: SignIn) -> None:
    ready()
    id_ = approved()
    carol = sign_in("carol")  # finance of Wenling besides
    assert carol.get("/payouts/new").status_code == 403
    assert carol.post(f"/payouts/{id_}/pay", data={"id": new_id()}).status_code == 403
    assert carol.get("/payouts/settings").status_code == 403
    with reading():
        assert db.session.scalar(select(func.count()).select_from(PayoutBatch)) == 1
    assert company_balance("BANK") == 0


def test_english_readers_read_english(sign_in: SignIn) -> None:
    ready()
    id_ = a_paid_batch()
    fang = sign_in("fang")
    fang.post("/language", data={"locale": "en"})
    for path, words in ((f"/payouts/{id_}", "Returned by the bank"), ("/payouts", "New batch")):
        page = fang.get(path).text
        assert words in page


def test_a_partners_share_without_a_partner_says_what_to_do(sign_in: SignIn) -> None:
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    fang = sign_in("fang")
    for path in ("/payouts/new", f"/payouts/{drawn()}"):
        page = fang.get(path).text
        assert "方案给合作单位分成，但网点当月没有合作单位" in page
        assert "请给网点登记“合作单位”这一份的收款人" in page
        assert "/payouts/payees/new?outlet=JX0001&amp;share=PARTNER" in page
    for code in (NEWSSTAND, SERVICE_POINT):
        payee(code, code="P", share="PARTNER", name="张三", account=account("6228480012340033", "张三"))
    # 40 % of 1.00 and of 0.10.
    assert [one[:4] for one in payments(drawn())] == [("张三", 44, 0, 44)]


def test_the_second_person_reads_of_new_accounts_and_of_the_drawers_own_adjustments(sign_in: SignIn) -> None:
    ready()
    first = a_paid_batch()
    confirmed(first)
    adjusted(POSTAL_STATION, 5_00)
    adjusted(SERVICE_POINT, 3_00)
    adjusted(SERVICE_POINT, -1_00)
    adjusted("WL0004", 7_00)
    payee("WL0004", name="赵六", account=account("6228480012340044", "赵六"))
    payee(SERVICE_POINT, name="王大伯", account=account("6228480012340055", "王大伯"))
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = drawn(NOVEMBER)
        checked(id_)
        with reading():
            facts = dict(unproved(id_))
    # New: 赵六 7.00; changed: 王大伯 2.00; 周阿姨 as before. All four adjustments are Fang's.
    assert facts == {"accounts": (1, 1, 9_00), "adjustments": (4, 15_00, 1_00)}


def test_the_approval_page_says_so(sign_in: SignIn) -> None:
    ready()
    id_ = drawn()
    checked(id_)
    page = sign_in("grace").get(f"/approvals/{approval_of(id_)}").text
    assert "首次付款 3 笔，改过账户 0 笔，共 3.51 元" in page
    assert "制单或核对的人登记的调整" in page


def unproved(batch_id):
    found = db.session.get_one(PayoutBatch, batch_id)
    accounts, own = unproved_accounts(found), own_adjustments(found)
    yield "accounts", (accounts.new, accounts.changed, accounts.net_fen)
    yield "adjustments", (own.count, own.more_fen, own.less_fen)


def test_a_batch_drawn_up_meanwhile_stands_in_the_list_with_sums_of_its_own(sign_in: SignIn) -> None:
    ready()
    fang, first = sign_in("fang"), drawn()
    page = fang.get("/payouts").text
    assert ("3.51" in page, "2.41" in page) == (True, False)
    cancelled(first)
    on_hold()
    drawn()
    page = fang.get("/payouts").text
    for words in ("第 1 批", "第 2 批", "3.51", "1.10", "2.41"):
        assert words in page
