"""A difference is put right from its own page: booked, reversed, refunded, set aside or made short, and ended with the link.

Gang owes 5.38; Mei 100.00 + 2.00 late of September and 203.50 of October.
"""

import re

import pytest
from sqlalchemy import delete, insert, select

from agentnet.approvals.models import Approval
from agentnet.collecting.models import Collection, Correction, Void
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey
from agentnet.settlement.reconciliation.difference_actions import end
from agentnet.settlement.reconciliation.match_actions import NewMatch, match_by_hand
from agentnet.settlement.reconciliation.models import Difference, ReconciliationFile
from agentnet.settlement.reconciliation.rechecking import recheck
from agentnet.settlement.reconciliation.remedy_actions import NewRemedy, put_right
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.reconciliation.tie import ties_of
from agentnet.settlement.reconciliation.write_offs import ask_write_off
from agentnet.users.models import RoleGrant
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes, take_back
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record
from tests.settlement.camt import entry
from tests.settlement.corrections.given import due_of, of_yesterday
from tests.settlement.drawer import confirm, declare, new_remittance, reject
from tests.settlement.reconciliation.given import (
    bank_file,
    matches,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)
from tests.settlement.reconciliation.test_bank_reversals import reversal, take

SUSPENSE, BANK = (AccountKey(ORG_UNIT, world.TAIPING.id, code) for code in ("SUSPENSE", "BANK"))
SHORT = AccountKey(OUTLET, 1, "OVER_SHORT")
YESTERDAY = "20261117"
YESTERDAYS = "POST_COLLECTION_20261117.csv"


def only(kind):
    """Return the id of the only difference of a kind."""
    with reading():
        return db.session.scalars(select(Difference.id).where(Difference.kind == kind)).one()


def the_file():
    with reading():
        return db.session.scalars(select(ReconciliationFile.id)).one()


def shown(difference_id):
    with reading():
        found = db.session.get_one(Difference, difference_id)
        return found.state, found.approval_id, found.booked_id


def right(difference_id, remedy, by="fang", reason="与邮政核对过原始凭证", id_=None, **more):
    new = NewRemedy(id_ or new_id(), difference_id, remedy, reason, **more)
    with batch():
        put_right(new, world.actor(by))
    return new.id


def book(difference_id, by="fang", **more):
    told = {"outlet_code": "WL0001", "tender": "CASH"} | more
    return right(difference_id, "BOOK", by, **told)


@pytest.fixture
def theirs(app):
    """The Post tells 9.99 of Mei that we do not have; Grace joins finance."""
    more_finance()
    take_post(partner_file(payment_line("P-000001", 9_99, world.MEI)))
    return only("MISSING_AT_UTILITY")


def test_what_they_have_is_booked_by_two_people_and_matched(theirs):
    asked = book(theirs)
    assert (shown(theirs)[:2], count(Collection), balance_of(CASH_HELD)) == (("OPEN", asked), 0, 0)
    with pytest.raises(Forbidden, match="own_request"):
        say_yes(asked, by="fang")
    say_yes(asked)
    state, approval_id, booked_id = shown(theirs)
    assert (state, approval_id) == ("ADJUSTED", asked)
    with reading():
        collection = db.session.get_one(Collection, booked_id)
        assert (collection.amount_fen, collection.outlet_id, collection.tender) == (9_99, 1, "CASH")
        assert collection.user_id == 13
    # Late charge first: 2.00, then 7.99 of September's 100.00.
    assert due_of(world.MEI) == [("2026-09", 92_01, 0), ("2026-10", 203_50, 0)]
    assert balance_of(CASH_HELD) == 9_99
    assert matches(the_file()) == [(2, "HAND", receipts()[0])]
    file_id = the_file()
    with batch():
        assert recheck(file_id, SYSTEM) == 0
    with reading():
        (tie,) = ties_of(world.actor("fang"), world.TODAY)
        assert (tie.file.ours_fen, tie.file.theirs_fen) == (9_99, 9_99)


def test_refused_or_withdrawn_it_is_as_open_as_before_and_may_be_asked_again(theirs):
    say_no(book(theirs))
    take_back(book(theirs))
    assert (shown(theirs)[0], count(Collection)) == ("OPEN", 0)
    say_yes(book(theirs))
    assert shown(theirs)[0] == "ADJUSTED"


def test_while_it_waits_nothing_else_ends_it(theirs):
    book(theirs)
    with pytest.raises(Conflict, match="write_off_waiting"), batch():
        end(theirs, new_id(), State.EXPLAINED, "已核对", world.actor("fang"))
    with pytest.raises(Conflict, match="write_off_waiting"):
        book(theirs)


def test_what_was_matched_meanwhile_is_not_booked(theirs):
    asked = book(theirs)
    record(item(9_99, world.MEI))
    (receipt_no,) = receipts()
    file_id = the_file()
    with batch():
        match_by_hand(NewMatch(new_id(), file_id, 2, receipt_no, None, "收据存根"), world.actor("fang"))
    with pytest.raises(Conflict, match="difference_ended"):
        say_yes(asked)
    assert count(Collection) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"outlet_code": "WL0002"}, "outlet_of_others"),
        ({"tender": "CITIZEN_CARD"}, "tender_not_accepted"),
        ({"tender": "UNIONPAY_CARD"}, "reference_missing"),
        ({"reason": " "}, "reason_missing"),
    ],
)
def test_what_the_counter_would_refuse_is_refused_when_it_is_asked_for(theirs, more, code):
    with pytest.raises(Invalid, match=code):
        book(theirs, **more)
    assert (count(Approval), shown(theirs)[:2]) == (0, ("OPEN", None))


def test_an_outlet_nobody_knows_is_missing(theirs):
    with pytest.raises(Missing, match="outlet_missing"):
        book(theirs, outlet_code="WL7777")


def test_sent_twice_is_once_before_and_after_the_decision_and_other_content_is_a_conflict(theirs):
    id_ = new_id()
    book(theirs, id_=id_)
    book(theirs, id_=id_)
    assert count(Approval) == 1
    say_yes(id_)
    book(theirs, id_=id_)
    with pytest.raises(Conflict, match="id_reused"):
        book(theirs, id_=id_, reason="另一个原因")
    assert (count(Approval), count(Collection)) == (1, 1)


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_puts_right(theirs, username):
    if username == "carol":
        with batch() as session:  # in this test Carol has her second role no more
            session.execute(delete(RoleGrant).where(RoleGrant.user_id == 6, RoleGrant.role == "FINANCE"))
    with pytest.raises(Forbidden, match="not_permitted"):
        book(theirs, by=username)


def test_finance_of_another_county_finds_nothing(theirs):
    with batch() as session:
        from_jiaxing = {"user_id": 7, "role": "FINANCE", "org_unit_id": world.JIAXING.id, "starts_on": world.LONG_AGO}
        session.execute(insert(RoleGrant).values(**from_jiaxing))
    with pytest.raises(Missing, match="difference_missing"):
        book(theirs, by="charlie")


def test_what_they_took_more_of_one_payment_is_booked_beside_it(app):
    """We have 5.00, they 7.00; today's tie holds 7.00 against 7.00 once the 2.00 are booked."""
    more_finance()
    record(item(5_00))
    take_post(partner_file(payment_line(receipts()[0], 7_00)))
    more = only("AMOUNT_MISMATCH")
    say_yes(book(more, outlet_code=""))
    assert shown(more)[0] == "ADJUSTED"
    assert due_of(world.GANG) == []
    file_id = the_file()
    with batch():
        assert recheck(file_id, SYSTEM) == 0
    with reading():
        (tie,) = ties_of(world.actor("fang"), world.TODAY)
        assert (tie.file.ours_fen, tie.file.theirs_fen) == (7_00, 7_00)


def test_what_we_have_of_today_is_reversed_at_once(app):
    record(item(538))
    take_post(partner_file(payment_line("P-000001", 9_99, world.MEI)))
    ours = only("MISSING_AT_AGENT")
    id_ = right(ours, "REVERSE")
    right(ours, "REVERSE", id_=id_)
    assert shown(ours) == ("ADJUSTED", None, None)
    with reading():
        void = db.session.scalars(select(Void)).one()
        assert (void.reason_code, void.user_id) == ("ONE_SIDED", 9)
    assert (balance_of(CASH_HELD), due_of(world.GANG)) == (0, [("2026-10", 5_38, 0)])


@pytest.fixture
def ours(app):
    """Yesterday Alice took 5.38 of Gang that the Post does not tell; Grace joins finance."""
    more_finance()
    of_yesterday()
    take_post(
        partner_file(payment_line("P-000001", 9_99, world.MEI, at="20261117093000"), day=YESTERDAY), name=YESTERDAYS
    )
    return only("MISSING_AT_AGENT")


def test_what_we_have_of_an_earlier_day_is_refunded_and_ends_with_the_approval(ours):
    asked = right(ours, "REFUND", pay_by="CASH")
    assert shown(ours)[:2] == ("OPEN", asked)
    say_yes(asked)
    assert shown(ours)[0] == "ADJUSTED"
    with reading():
        correction = db.session.scalars(select(Correction)).one()
        assert (correction.id, correction.amount_fen, correction.clears) == (asked, 5_38, True)
    assert due_of(world.GANG) == [("2026-10", 5_38, 0)]


def test_a_remedy_that_is_none_any_more_is_refused(ours):
    with pytest.raises(Conflict, match="remedy_changed"):
        right(ours, "REVERSE")
    with pytest.raises(Invalid, match="refund_way"):
        right(ours, "REFUND", pay_by="POST")
    assert (count(Approval), shown(ours)[:2]) == (0, ("OPEN", None))


def test_what_is_matched_meanwhile_is_not_refunded(app):
    """The Post's row of Gang is found to be the same payment before the refund is decided."""
    more_finance()
    of_yesterday()
    line = payment_line("P-000001", 5_00, at="20261117093000")
    file_id = take_post(partner_file(line, day=YESTERDAY), name=YESTERDAYS)
    asked = right(only("MISSING_AT_AGENT"), "REFUND", pay_by="CASH")
    (receipt_no,) = receipts()
    with batch():
        match_by_hand(NewMatch(new_id(), file_id, 2, receipt_no, None, "收据存根"), world.actor("fang"))
    with pytest.raises(Conflict, match="difference_ended"):
        say_yes(asked)
    assert count(Correction) == 0


def test_money_nobody_declared_is_set_aside(app):
    """77.77 reached the bank: Dr BANK, Cr SUSPENSE of the outlet's unit."""
    more_finance()
    take_bank(bank_file((77_77, said("来路不明"))))
    unknown = only("MISSING_AT_UTILITY")
    say_yes(right(unknown, "SET_ASIDE", outlet_code="WL0001"))
    assert (shown(unknown)[0], balance_of(BANK), balance_of(SUSPENSE)) == ("ADJUSTED", 77_77, 77_77)


@pytest.mark.parametrize("remedy", ["REFUND", "BOOK", "REVERSE", "SHORT", "RETURN"])
def test_a_remedy_that_a_difference_of_the_bank_does_not_have_is_answered_with_a_reason(app, sign_in, remedy):
    more_finance()
    take_bank(bank_file((77_77, said("来路不明"))))
    unknown = only("MISSING_AT_UTILITY")
    path, fang = f"/reconciliation/differences/{unknown}", sign_in("fang")
    told = {"id": str(new_id()), "remedy": remedy, "outlet": "WL0001", "tender": "CASH", "pay_by": "BANK"}
    answer = fang.post(path + "/remedy/record", data=told | {"reason": "与银行核对过"})
    assert (answer.status_code, answer.location) == (303, path)
    assert "这个差异的处理办法刚刚有变" in fang.get(path).text
    assert fang.post(path + "/remedy/record", data=told | {"reason": ""}).status_code == 422
    assert (count(Approval), shown(unknown)[0]) == (0, "OPEN")


def test_a_deposit_that_the_bank_took_back_is_short_at_its_outlet(app):
    more_finance()
    record(item(300_00, world.MEI))
    confirm(declare(new_remittance(300_00, slip_no="JK-0001")).id, 300_00)
    take(entry(300_00, said("JK-0001", "B-1"), day="2026-11-18"), reversal(), closing=0)
    back = only("BANK_REVERSAL")
    assert balance_of(BANK) == 300_00
    say_yes(right(back, "SHORT"))
    assert (shown(back)[0], balance_of(BANK), balance_of(SHORT)) == ("ADJUSTED", 0, 300_00)


def test_a_deposit_taken_back_before_it_was_confirmed_is_rejected_and_nothing_is_booked(app, sign_in):
    more_finance()
    record(item(300_00, world.MEI))
    deposit = declare(new_remittance(300_00, slip_no="JK-0001"))
    take(entry(300_00, said("JK-0001", "B-1"), day="2026-11-18"), reversal(), closing=0)
    back = only("BANK_REVERSAL")
    with pytest.raises(Conflict, match="remedy_changed"):
        right(back, "SHORT")
    with pytest.raises(Conflict, match="deposit_undecided"), batch():
        ask_write_off(back, new_id(), "银行冲回", world.actor("fang"))
    assert "请先在解款页面退回它" in sign_in("fang").get(f"/reconciliation/differences/{back}").text
    reject(deposit.id)
    with batch():
        end(back, new_id(), State.EXPLAINED, "解款已退回，网点重新交", world.actor("fang"))
    assert (balance_of(BANK), balance_of(CASH_HELD)) == (0, 300_00)


def test_what_was_set_aside_and_then_taken_back_leaves_suspense_again(app):
    more_finance()
    take(entry(77_77, said("来路不明", "B-1"), day="2026-11-18"), closing=77_77)
    say_yes(right(only("MISSING_AT_UTILITY"), "SET_ASIDE", outlet_code="WL0001"))
    take(reversal(-77_77), closing=-77_77, name="later.xml", id="S-2")
    say_yes(right(only("BANK_REVERSAL"), "RETURN", outlet_code="WL0001"))
    assert (balance_of(BANK), balance_of(SUSPENSE)) == (0, 0)


def hidden(page):
    form = page.text[page.text.rindex("<form") :]
    tags = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form)
    return {re.search(r'name="([^"]+)"', tag)[1]: re.search(r'value="([^"]*)"', tag)[1] for tag in tags}


def test_the_page_leads_through_it_with_the_fields_filled_in(app, sign_in):
    more_finance()
    take_post(partner_file(payment_line("WL0001-261118-0099", 9_99, world.MEI)))
    id_ = only("MISSING_AT_UTILITY")
    fang, path = sign_in("fang"), f"/reconciliation/differences/{id_}"
    page = fang.get(path)
    for words in ("补记这笔收费", "不记账：这个差异没有占用任何科目的钱"):
        assert words in page.text
    page = fang.get(path + "/remedy")
    for words in ('value="WL0001"', f"对账差异 #{id_}", "9.99", "要由另一位财务批准"):
        assert words in page.text
    told = {"outlet": "WL0001", "tender": "CASH", "reason": "与邮政核对过原始凭证"}
    assert fang.post(path + "/remedy", data=hidden(page) | told | {"reason": ""}).status_code == 422
    assert fang.post(path + "/remedy", data=hidden(page) | told | {"outlet": "WL7777"}).status_code == 404
    check = fang.post(path + "/remedy", data=hidden(page) | told)
    for words in ("小河头村邮站", "人民币玖元玖角玖分", "提出申请"):
        assert words in check.text
    values = hidden(check)
    assert fang.post(path + "/remedy/record", data=values).status_code == 303
    assert fang.post(path + "/remedy/record", data=values).status_code == 303
    page = fang.get(path)
    for words in ("已提出处理申请，等另一个人批准", "处理申请"):
        assert words in page.text
    assert fang.get(path + "/remedy").status_code == 303
    with reading():
        asked = db.session.scalars(select(Approval)).one()
    grace = sign_in("grace")
    for words in ("补记收费", "小河头村邮站", "现金"):
        assert words in grace.get(f"/approvals/{asked.id}").text
    say_yes(asked.id)
    page = fang.get(path)
    for words in ("已调账", "补记的收费", receipts()[0]):
        assert words in page.text


def test_a_refund_and_a_bank_s_remedy_have_their_own_pages(ours, sign_in):
    take_bank(bank_file((77_77, said("来路不明"))))
    fang = sign_in("fang")
    page = fang.get(f"/reconciliation/differences/{ours}/remedy")
    assert "网点退现金" in page.text
    with reading():
        unknown = db.session.scalars(select(Difference.id).where(Difference.amount_fen == 77_77)).one()
    assert "借：银行存款，贷：核销损失" in fang.get(f"/reconciliation/differences/{unknown}").text
    page = fang.get(f"/reconciliation/differences/{unknown}/remedy")
    values = hidden(page) | {"outlet": "wl0001", "reason": "客户打错账户"}
    check = fang.post(f"/reconciliation/differences/{unknown}/remedy", data=values)
    assert "待查款项" in check.text
    assert fang.post(f"/reconciliation/differences/{unknown}/remedy/record", data=hidden(check)).status_code == 303


def test_a_line_whose_money_is_in_the_books_is_no_deposit_any_more(app):
    more_finance()
    record(item(77_77, world.MEI))
    (file_id,) = take_bank(bank_file((77_77, said("来路不明"))))
    say_yes(right(only("MISSING_AT_UTILITY"), "SET_ASIDE", outlet_code="WL0001"))
    deposit = declare(new_remittance(77_77, slip_no="JK-0001"))
    with pytest.raises(Conflict, match="row_booked"), batch():
        match_by_hand(NewMatch(new_id(), file_id, 1, "", deposit.id, "网点认领"), world.actor("fang"))
