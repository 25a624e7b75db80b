"""What was booked for a row is booked once: its match stays until the booking is gone; what was only asked books nothing.

Gang paid 5.00 and the Post's file says 5.20, or the other way round.
"""

import pytest
from sqlalchemy import select

from agentnet.collecting.actions import void_collection
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.difference_actions import end
from agentnet.settlement.reconciliation.match_actions import NewMatch, match_by_hand, undo_match
from agentnet.settlement.reconciliation.models import RowMatch
from agentnet.settlement.reconciliation.rules import State
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes
from tests.collecting.counter import CASH_HELD, balance_of, item, record
from tests.settlement.camt import entry
from tests.settlement.corrections.given import of_yesterday
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.reconciliation.given import (
    TODAY,
    differences,
    matches,
    partner_file,
    payment_line,
    receipts,
    said,
    take_post,
)
from tests.settlement.reconciliation.test_bank_reversals import take
from tests.settlement.reconciliation.test_remedies import YESTERDAY, YESTERDAYS, book, only, right, shown, the_file
from tests.verify.test_planted import named_in


def undo(by="fang"):
    with reading():
        match_id = db.session.scalars(select(RowMatch.id).where(RowMatch.undone_at.is_(None))).one()
    with batch():
        undo_match(match_id, new_id(), "认错了", world.actor(by))


def match_again(file_id, receipt_no):
    with batch():
        match_by_hand(NewMatch(new_id(), file_id, 2, receipt_no, None, "收据存根"), world.actor("fang"))


@pytest.fixture
def more_there(app):
    """Ours says 5.00, the file 5.20; Grace joins finance."""
    more_finance()
    record(item(5_00))
    take_post(partner_file(payment_line(receipts()[0], 5_20)))
    return only("AMOUNT_MISMATCH")


def test_what_they_have_more_is_not_booked_twice_over_an_undone_match(more_there):
    say_yes(book(more_there, outlet_code=""))
    with pytest.raises(Conflict, match="row_booked") as refused:
        undo()
    assert "更正或退费" in refused.value.message
    assert (balance_of(CASH_HELD), matches(the_file())) == (5_20, [(2, "REFERENCE", receipts()[0])])
    assert [one[4] for one in differences()] == ["ADJUSTED"]


def test_once_what_was_booked_is_voided_the_match_is_undone_and_all_of_it_is_booked_anew(more_there):
    say_yes(book(more_there, outlet_code=""))
    booked_id = shown(more_there)[2]
    with batch():
        void_collection(booked_id, new_id(), "补记错了", world.actor("alice"))
    undo()
    assert differences("OPEN")[0] == ("MISSING_AT_UTILITY", "BOOK", 5_20, 2, "OPEN")
    match_again(the_file(), receipts()[0])
    assert differences("OPEN") == [("AMOUNT_MISMATCH", "BOOK", 20, 2, "OPEN")]


def test_what_we_had_more_is_not_given_back_twice_over_an_undone_match(app):
    more_finance()
    of_yesterday(5_38)
    take_post(partner_file(payment_line(receipts()[0], 3_00, at="20261117093000"), day=YESTERDAY), name=YESTERDAYS)
    more = only("AMOUNT_MISMATCH")
    say_yes(right(more, "REFUND", pay_by="BANK"))
    with pytest.raises(Conflict, match="row_booked"):
        undo()
    assert [one[:3] + one[4:] for one in differences()] == [("AMOUNT_MISMATCH", "REVERSE", 2_38, "ADJUSTED")]


@pytest.mark.parametrize("what_became_of_it", ["nothing asked", "refused", "ended by hand"])
def test_where_nothing_was_booked_a_match_is_undone_as_ever(more_there, what_became_of_it):
    if what_became_of_it != "nothing asked":
        say_no(book(more_there, outlet_code=""))
    if what_became_of_it == "ended by hand":
        with batch():
            end(more_there, new_id(), State.ADJUSTED, "已核对清楚", world.actor("fang"))
    undo()
    assert matches(the_file()) == []
    match_again(the_file(), receipts()[0])
    assert differences("OPEN") == [("AMOUNT_MISMATCH", "BOOK", 20, 2, "OPEN")]
    with reading():
        assert named_in(db.session.connection()) == set()


def test_a_line_whose_request_was_refused_is_matched_although_it_was_ended_by_hand(app):
    """Money that was to be set aside was not: nothing of it is in the books."""
    more_finance()
    record(item(300_00, world.MEI))
    file_id = take(entry(300_00, said("xyz", "B-1"), day=TODAY), closing=300_00)
    unknown = only("MISSING_AT_UTILITY")
    say_no(right(unknown, "SET_ASIDE", outlet_code="WL0001"))
    with batch():
        end(unknown, new_id(), State.ADJUSTED, "已核对清楚", world.actor("fang"))
    deposit = declare(new_remittance(300_00, slip_no="JK-0001"))
    with batch():
        match_by_hand(NewMatch(new_id(), file_id, 1, "", deposit.id, "存根"), world.actor("fang"))
    assert [(line, step) for line, step, _receipt in matches(file_id)] == [(1, "HAND")]
