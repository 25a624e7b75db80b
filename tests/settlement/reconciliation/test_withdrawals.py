"""A file taken by mistake is withdrawn by two people, stays on record, counts for nothing, and the right one is taken."""

import re
from threading import Thread

import pytest
from sqlalchemy import insert, select

from agentnet.approvals.models import Approval
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation import withdrawals
from agentnet.settlement.reconciliation.difference_actions import end
from agentnet.settlement.reconciliation.match_actions import NewMatch, confirm_by_statement, match_by_hand
from agentnet.settlement.reconciliation.models import Difference, DifferenceStep, ReconciliationFile
from agentnet.settlement.reconciliation.rechecking import recheck, recheck_recent
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.reconciliation.tie import files_of, ties_of
from agentnet.settlement.reconciliation.withdrawals import ask_withdrawal
from agentnet.users.models import RoleGrant
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes
from tests.at_once import at_once
from tests.collecting.counter import count, item, record
from tests.settlement.corrections.given import of_yesterday
from tests.settlement.drawer import confirm, declare, new_remittance
from tests.settlement.reconciliation.given import (
    bank_file,
    differences,
    matches,
    partner_file,
    payment_line,
    receipts,
    rows,
    said,
    take_bank,
    take_post,
)
from tests.settlement.reconciliation.test_differences import ask as ask_write_off


def ask(file_id, by="fang", reason="导成了别的单位的文件", id_=None):
    id_ = id_ or new_id()
    with batch():
        ask_withdrawal(file_id, id_, reason, world.actor(by))
    return id_


def withdraw(file_id):
    asked = ask(file_id)
    say_yes(asked)
    return asked


def file(file_id):
    with reading():
        return db.session.get_one(ReconciliationFile, file_id)


@pytest.fixture
def wrong(app):
    """The Post's file of the 18th: 5.38 of Gang as we have it, 9.99 of Mei that we do not; Grace joins finance."""
    more_finance()
    record(item(538))
    return take_post(partner_file(payment_line(receipts()[0], 538), payment_line("P-000001", 9_99, world.MEI)))


def test_withdrawn_by_two_people_it_counts_for_nothing_and_stays(wrong):
    asked = ask(wrong)
    with pytest.raises(Forbidden, match="own_request"):
        say_yes(asked, by="fang")
    assert file(wrong).withdrawn_at is None
    say_yes(asked)
    found = file(wrong)
    assert (found.withdrawn_at, found.withdrawal_id, found.rows_count) == (world.NOW, asked, 2)
    assert (matches(wrong), len(rows(wrong))) == ([], 2)
    assert [(one[0], one[4]) for one in differences()] == [("MISSING_AT_UTILITY", "EXPLAINED")]
    with reading():
        step = db.session.scalars(select(DifferenceStep)).one()
        assert (step.verb, step.user_id, step.reason) == ("EXPLAINED", 13, "导成了别的单位的文件")
        assert files_of(world.TODAY, 1) is None
        (tie,) = ties_of(world.actor("fang"), world.TODAY)
        assert (tie.file.ours_fen, tie.file.theirs_fen) == (5_38, None)


def test_the_right_file_of_the_day_is_taken_then_and_the_same_one_as_well(wrong):
    content = partner_file(payment_line(receipts()[0], 538))
    with pytest.raises(Conflict, match="partner_day_known"):
        take_post(content)
    withdraw(wrong)
    right = take_post(content)
    assert matches(right) == [(2, "REFERENCE", receipts()[0])]
    withdraw(right)
    assert matches(take_post(content)) == [(2, "REFERENCE", receipts()[0])]


def test_the_clock_looks_at_a_withdrawn_file_no_more(wrong):
    withdraw(wrong)
    with batch():
        assert recheck(wrong, SYSTEM) == 0
    assert recheck_recent() == 0
    assert differences("OPEN") == []


def test_what_another_day_lacked_is_lacking_again(app):
    """The 17th's file lacks Gang's 5.38; a wrong file of the 18th names that receipt, and is withdrawn."""
    more_finance()
    of_yesterday()
    (receipt_no,) = receipts()
    other = payment_line("P-000002", 7_77, world.MEI, at="20261117093000")
    take_post(partner_file(other, day="20261117"), name="POST_COLLECTION_20261117.csv")
    wrong = take_post(partner_file(payment_line(receipt_no, 538)))
    lacking = ("MISSING_AT_AGENT", "REVERSE", 5_38, None)
    assert (*lacking, "EXPLAINED") in differences()
    withdraw(wrong)
    assert (*lacking, "OPEN") in differences()


def test_a_row_of_the_right_day_gets_its_collection_back(app):
    """A wrong file of the 18th has taken yesterday's receipt; yesterday's own file calls its row a duplicate."""
    more_finance()
    of_yesterday()
    (receipt_no,) = receipts()
    wrong = take_post(partner_file(payment_line(receipt_no, 538)))
    line = payment_line(receipt_no, 538, at="20261117093000")
    right = take_post(partner_file(line, day="20261117"), name="POST_COLLECTION_20261117.csv")
    assert differences("OPEN")[-1][0] == "DUPLICATE"
    withdraw(wrong)
    assert matches(right) == [(2, "REFERENCE", receipt_no)]
    assert differences("OPEN") == []


@pytest.fixture
def statement(app):
    """A statement with the 300.00 of slip JK-0001 and 66.00 of nobody; Grace joins finance."""
    more_finance()
    record(item(300_00, world.MEI))
    declare(new_remittance(300_00, slip_no="JK-0001"))
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001", "B-1")), (66_00, said("现金", "B-2"))))
    return file_id


def test_the_lines_of_a_withdrawn_statement_are_known_no_more(statement):
    withdraw(statement)
    assert {row.said_sha256 for row in rows(statement)} == {None}
    (again,) = take_bank(bank_file((300_00, said("JK-0001", "B-1")), (66_00, said("现金", "B-2"))))
    assert [row.repeats_line_no for row in rows(again)] == [None, None]
    assert [one[:2] for one in matches(again)] == [(1, "REFERENCE")]
    assert differences("OPEN") == [("MISSING_AT_UTILITY", "LOOK", 66_00, 2, "OPEN")]


def test_a_statement_that_confirmed_a_deposit_is_not_withdrawn(statement):
    with batch():
        confirm_by_statement(statement, new_id(), 300_00, world.actor("fang"))
    with pytest.raises(Conflict, match="file_confirmed"):
        ask(statement)
    assert count(Approval) == 0


def test_a_confirmation_between_asking_and_deciding_stops_it(statement):
    asked = ask(statement)
    with batch():
        confirm_by_statement(statement, new_id(), 300_00, world.actor("fang"))
    with pytest.raises(Conflict, match="file_confirmed"):
        say_yes(asked)
    assert (file(statement).withdrawn_at, len(matches(statement))) == (None, 1)


def test_a_deposit_that_finance_confirmed_by_hand_does_not_stop_it(app):
    more_finance()
    record(item(300_00, world.MEI))
    confirm(declare(new_remittance(300_00, slip_no="JK-0001")).id, 300_00)
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001", "B-1"))))
    withdraw(file_id)
    assert matches(file_id) == []


def test_what_a_later_statement_left_to_it_goes_first(statement):
    (later,) = take_bank(bank_file((66_00, said("现金", "B-2")), id="LATER"), name="later.xml")
    with pytest.raises(Conflict, match="file_repeated"):
        ask(statement)
    withdraw(later)
    withdraw(statement)


def test_what_was_adjusted_or_waits_for_a_decision_stops_it(wrong):
    with reading():
        (difference_id,) = db.session.scalars(select(Difference.id))
    asked = ask_write_off(difference_id)
    with pytest.raises(Conflict, match="file_requests_wait"):
        ask(wrong)
    say_no(asked)
    with batch():
        end(difference_id, new_id(), State.ADJUSTED, "已补账", world.actor("fang"))
    with pytest.raises(Conflict, match="file_adjusted"):
        ask(wrong)


def test_withdrawn_is_withdrawn(wrong):
    withdraw(wrong)
    with pytest.raises(Conflict, match="file_withdrawn"):
        ask(wrong)
    (receipt_no,) = receipts()
    with pytest.raises(Conflict, match="file_withdrawn"), batch():
        match_by_hand(NewMatch(new_id(), wrong, 2, receipt_no, None, "收据存根"), world.actor("fang"))


def test_no_withdrawal_without_a_reason_and_sent_twice_is_once(wrong):
    with pytest.raises(Invalid, match="reason_missing"):
        ask(wrong, reason=" ")
    id_ = ask(wrong)
    ask(wrong, id_=id_)
    with pytest.raises(Conflict, match="approval_pending"):
        ask(wrong)
    say_yes(id_)
    ask(wrong, id_=id_)
    with pytest.raises(Conflict, match="id_reused"):
        ask(wrong, id_=id_, reason="另一个原因")
    assert count(Approval) == 1


@pytest.mark.parametrize("username", ["alice", "bob", "paul", "audrey", "adam"])
def test_only_finance_withdraws(wrong, username):
    with pytest.raises(Forbidden, match="not_permitted"):
        ask(wrong, by=username)


def test_finance_of_another_county_finds_nothing(wrong):
    with batch() as session:
        from_jiaxing = {"user_id": 7, "role": "FINANCE", "org_unit_id": world.JIAXING.id, "starts_on": world.LONG_AGO}
        session.execute(insert(RoleGrant).values(**from_jiaxing))
    with pytest.raises(Missing, match="channel_file_missing"):
        ask(wrong, by="charlie")


def test_the_pages_lead_through_it(wrong, sign_in):
    fang, path = sign_in("fang"), f"/reconciliation/files/{wrong}"
    assert "撤回这个文件" in fang.get(path).text
    page = fang.get(path + "/withdraw")
    for words in ("会取消的匹配", "15.37", "另一个人批准后"):
        assert words in page.text
    id_ = re.search(r'name="id"[^>]*value="([^"]+)"', page.text)[1]
    assert fang.post(path + "/withdraw", data={"id": id_, "reason": ""}).status_code == 422
    assert fang.post(path + "/withdraw", data={"id": id_, "reason": "导错了"}).status_code == 303
    assert "已申请撤回这个文件" in fang.get(path).text
    assert "计入对账" in sign_in("grace").get(f"/approvals/{id_}").text
    with reading():
        asked = db.session.scalars(select(Approval.id)).one()
    say_yes(asked)
    assert "这个文件已撤回" in fang.get(path).text
    assert "已撤回" in fang.get("/reconciliation/files").text
    assert "已经撤回" in fang.get(path + "/withdraw").text
    assert "这个文件已撤回" in sign_in("paul").get(path).text


def test_what_is_ended_while_its_file_is_withdrawn_waits_and_finds_it_ended(wrong, app, monkeypatch):
    """The withdrawal has judged the file and ends its differences; meanwhile somebody explains one of them."""
    asked = ask(wrong)
    with reading():
        one = db.session.scalars(select(Difference.id)).one()
    answers = []

    def explain():
        answers.extend(
            at_once(app, [lambda: end(one, new_id(), State.EXPLAINED, "已核对", world.actor("fang"))], batch)
        )

    other, undo = Thread(target=explain), withdrawals._undo_matches

    def meanwhile(*given):
        other.start()
        other.join(1)
        return undo(*given)

    monkeypatch.setattr(withdrawals, "_undo_matches", meanwhile)
    say_yes(asked)
    other.join(30)
    assert answers == ["difference_ended"]
    with reading():
        assert [step.reason for step in db.session.scalars(select(DifferenceStep))] == ["导成了别的单位的文件"]


def test_a_write_off_and_its_fee_are_one_difference_that_stands_in_the_way(app):
    more_finance()
    charges = '<Chrgs><Rcrd><Amt Ccy="CNY">1.00</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
    (file_id,) = take_bank(bank_file((299_00, charges + said("来路不明", "B-1"))))
    with reading():
        one = db.session.scalars(select(Difference.id)).one()
    say_yes(ask_write_off(one))
    with pytest.raises(Conflict, match="file_adjusted") as refused:
        ask(file_id)
    assert refused.value.params == {"count": 1}
