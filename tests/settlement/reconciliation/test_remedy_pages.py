"""The pages that put a difference right: nothing is chosen for a person, nothing typed is lost, words and buttons agree."""

import re

from sqlalchemy import select

from agentnet.approvals.models import Approval
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.settlement.reconciliation.models import Difference
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import count, item, record
from tests.settlement.camt import entry
from tests.settlement.corrections.given import of_yesterday
from tests.settlement.drawer import confirm, declare, new_remittance
from tests.settlement.reconciliation.given import (
    bank_file,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)
from tests.settlement.reconciliation.test_bank_reversals import reversal, take
from tests.settlement.reconciliation.test_remedies import YESTERDAY, YESTERDAYS, hidden, only, right


def text_of(page):
    return re.sub(r"<[^>]+>", "", page.text)


def remedy_path(difference_id):
    return f"/reconciliation/differences/{difference_id}/remedy"


def test_money_of_nobody_without_an_outlet_is_answered_at_its_field_and_nothing_is_asked(app, sign_in):
    take_bank(bank_file((77_77, said("来路不明"))))
    fang, path = sign_in("fang"), remedy_path(only("MISSING_AT_UTILITY"))
    values = hidden(fang.get(path)) | {"outlet": " ", "reason": "客户打错账户"}
    page = fang.post(path, data=values)
    assert page.status_code == 422
    assert re.search(r'id="outlet-error">.*?请填写网点编号', page.text, re.S)
    assert fang.post(path + "/record", data=values).status_code == 422
    assert count(Approval) == 0


def test_no_tender_is_chosen_for_a_person_and_what_their_file_says_is_shown(app, sign_in):
    take_post(partner_file(payment_line("WL0001-261118-0099", 9_99, world.MEI)))
    fang, path = sign_in("fang"), remedy_path(only("MISSING_AT_UTILITY"))
    page = fang.get(path)
    assert "对方写的支付方式现金" in text_of(page)
    choices = page.text[page.text.index('<select class="form-select" id="tender"') :].split("</select>")[0]
    assert (choices.index('value=""') < choices.index('value="CASH"'), "selected" in choices) == (True, False)
    answer = fang.post(path, data=hidden(page) | {"outlet": "WL0001", "tender": "", "reason": "与邮政核对过"})
    assert (answer.status_code, "请选择支付方式" in answer.text) == (422, True)


def test_no_way_of_refunding_is_chosen_for_a_person_and_the_words_say_refund(app, sign_in):
    """Yesterday Alice took 5.38 of Gang that the Post does not tell; her day is over, so nothing can be reversed."""
    of_yesterday()
    line = payment_line("P-000001", 9_99, world.MEI, at="20261117093000")
    take_post(partner_file(line, day=YESTERDAY), name=YESTERDAYS)
    ours = only("MISSING_AT_AGENT")
    fang = sign_in("fang")
    page = text_of(fang.get(f"/reconciliation/differences/{ours}"))
    assert "当天已经结束，按单边账规则退费" in page
    assert "建议申请退费" in re.sub(r"\s", "", page)
    assert "冲正" not in page
    page = fang.get(remedy_path(ours))
    assert "checked" not in page.text[page.text.index('name="pay_by"') :]
    answer = fang.post(remedy_path(ours), data=hidden(page) | {"reason": "与邮政核对过"})
    assert (answer.status_code, "请选择退费方式" in answer.text) == (422, True)


def test_going_back_from_the_last_look_keeps_what_was_typed(app, sign_in):
    take_bank(bank_file((77_77, said("来路不明"))))
    fang, path = sign_in("fang"), remedy_path(only("MISSING_AT_UTILITY"))
    first = fang.get(path)
    check = fang.post(path, data=hidden(first) | {"outlet": "WL0002", "reason": "客户打错账户"})
    assert re.search(r'<button[^>]*formaction="[^"]*/remedy" name="back"', check.text)
    page = fang.post(path, data=hidden(check) | {"back": "yes"})
    assert page.status_code == 200
    assert 'value="WL0002"' in page.text
    assert "客户打错账户" in page.text
    assert hidden(page)["id"] == hidden(first)["id"]
    assert count(Approval) == 0


def test_a_difference_with_no_remedy_says_so_by_direct_address(app, sign_in):
    record(item(5_38))
    (receipt_no,) = receipts()
    twice = payment_line(receipt_no, 5_38)
    take_post(partner_file(twice, twice))
    fang = sign_in("fang")
    answer = fang.get(remedy_path(only("DUPLICATE")))
    assert answer.status_code == 303
    page = fang.get(answer.location)
    assert "这个差异不用记账处理" in page.text
    assert "刚刚有变" not in page.text


def test_two_differences_of_one_outlet_and_amount_do_not_block_each_other(app):
    more_finance()
    take_bank(bank_file((88_00, said("来路不明")), (88_00, said("又一笔"))))
    with reading():
        first, second = db.session.scalars(select(Difference.id).order_by(Difference.id)).all()
    asked = right(first, "SET_ASIDE", outlet_code="WL0001")
    also = right(second, "SET_ASIDE", outlet_code="WL0001")
    say_yes(asked)
    say_yes(also)
    with reading():
        assert db.session.scalars(
            select(AuditLine.subject_id).where(AuditLine.action == "adjustment_booked")
        ).all() == ["WL0001", "WL0001"]


def test_what_the_bank_took_back_is_worded_as_its_button_says(app, sign_in):
    record(item(300_00, world.MEI))
    confirm(declare(new_remittance(300_00, slip_no="JK-0001")).id, 300_00)
    take(entry(300_00, said("JK-0001", "B-1"), day="2026-11-18"), reversal(), closing=0)
    page = text_of(sign_in("fang").get(f"/reconciliation/differences/{only('BANK_REVERSAL')}"))
    assert "再记为网点短款，由网点补交" in page
    assert "建议记为网点短款" in re.sub(r"\s", "", page)


def test_a_request_says_what_it_is_about_and_what_both_sides_have(app, sign_in):
    """We have 5.00, they 7.00: the 2.00 are booked, and who decides sees both."""
    more_finance()
    record(item(5_00))
    take_post(partner_file(payment_line(receipts()[0], 7_00)))
    id_ = only("AMOUNT_MISMATCH")
    asked = right(id_, "BOOK", tender="CASH")
    page = text_of(sign_in("grace").get(f"/approvals/{asked}"))
    for words in (f"对账差异 #{id_}", "我方金额5.00 元", "对方金额7.00 元"):
        assert words in page
    assert f"Difference #{id_}" in text_of(
        sign_in("grace").get(f"/approvals/{asked}", headers={"Accept-Language": "en"})
    )
    assert f"对账差异 #{id_}" in text_of(sign_in("grace").get("/approvals"))


def test_a_request_that_is_in_the_way_is_linked(app, sign_in):
    fang = sign_in("fang")
    told = {"outlet": "WL0001", "adjustment": "CHANNEL_FEE", "amount": "0.07", "reason": "手续费"}
    first = str(new_id())
    assert fang.post("/corrections/adjust/record", data=told | {"id": first}).status_code == 303
    page = fang.post("/corrections/adjust/record", data=told | {"id": str(new_id())})
    assert page.status_code == 409
    assert f'请先处理或撤回那一份 <a href="/approvals/{first}">打开那份申请</a>' in page.text
    assert count(Approval) == 1
