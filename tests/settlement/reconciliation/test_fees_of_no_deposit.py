"""The bank keeps its fee of money that no deposit brought as well: BANK stands where the account does.

300.00 was paid in, the bank kept 1.00, the account has 299.00.
"""

import re

import pytest
from sqlalchemy import select

from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.rules import ORG_UNIT, AccountKey
from agentnet.settlement.reconciliation.match_actions import confirm_by_statement
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes
from tests.collecting.counter import balance_of, count, item, record
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.reconciliation.given import bank_file, said, take_bank
from tests.settlement.reconciliation.test_differences import ask as ask_write_off
from tests.settlement.reconciliation.test_remedies import hidden, only, right, shown
from tests.verify.test_planted import named_in

CODES = ("BANK", "CHANNEL_FEE", "SUSPENSE", "WRITE_OFF")
CHARGES = '<Chrgs><Rcrd><Amt Ccy="CNY">1.00</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'


def stands(unit=world.TAIPING):
    return tuple(balance_of(AccountKey(ORG_UNIT, unit.id, code)) for code in CODES)


def named():
    with reading():
        return named_in(db.session.connection())


@pytest.fixture
def unknown(app):
    """A line of 300.00 gross that nobody declared; Grace joins finance."""
    more_finance()
    take_bank(bank_file((299_00, CHARGES + said("来路不明", "B-1"))))
    return only("MISSING_AT_UTILITY")


def test_what_is_set_aside_is_what_was_paid_in_and_the_fee_is_an_expense(unknown):
    asked = right(unknown, "SET_ASIDE", outlet_code="WL0001")
    assert stands() == (0, 0, 0, 0)
    say_yes(asked)
    assert (shown(unknown)[0], stands()) == ("ADJUSTED", (299_00, 1_00, 300_00, 0))
    with reading():
        fee = db.session.scalars(select(Transfer).where(Transfer.kind == "CHANNEL_FEE")).one()
        assert (fee.amount_fen, fee.subject_kind, fee.subject_id) == (1_00, "DIFFERENCE", str(unknown))
    assert named() == set()


def test_the_page_says_the_fee_before_it_is_asked_for(unknown, sign_in):
    fang, path = sign_in("fang"), f"/reconciliation/differences/{unknown}/remedy"
    told = hidden(fang.get(path)) | {"outlet": "WL0001", "reason": "银行已核对"}
    assert re.search(r"手续费</dt><dd[^>]*>[^<]*1\.00", fang.post(path, data=told).text)


def test_what_is_written_off_as_well(unknown, sign_in):
    asked = ask_write_off(unknown)
    page = sign_in("grace").get(f"/approvals/{asked}").text
    assert re.search(r"手续费</dt>\s*<dd[^>]*>[^<]*1\.00", page)
    say_yes(asked)
    assert stands(world.COMPANY) == (299_00, 1_00, 0, -300_00)
    assert named() == set()


def test_what_was_refused_books_no_fee(unknown):
    say_no(right(unknown, "SET_ASIDE", outlet_code="WL0001"))
    assert (shown(unknown)[0], count(Transfer)) == ("OPEN", 0)


def test_approved_twice_the_fee_is_booked_once(unknown):
    asked, request_id = right(unknown, "SET_ASIDE", outlet_code="WL0001"), new_id()
    say_yes(asked, request_id=request_id)
    say_yes(asked, request_id=request_id)
    with pytest.raises(Conflict):
        say_yes(asked)
    assert stands() == (299_00, 1_00, 300_00, 0)


@pytest.mark.parametrize("way", ["SET_ASIDE", "WRITE_OFF"])
def test_what_came_beyond_a_deposit_has_no_fee_of_its_own(app, way):
    """Declared 280.00, came 300.00 less 1.00: confirming books the fee, the 20.00 beyond does not again."""
    more_finance()
    record(item(280_00, world.MEI))
    declare(new_remittance(280_00, slip_no="JK-0001"))
    (file_id,) = take_bank(bank_file((299_00, CHARGES + said("JK-0001", "B-1"))))
    with batch():
        confirm_by_statement(file_id, new_id(), 280_00, world.actor("fang"))
    beyond = only("AMOUNT_MISMATCH")
    say_yes(right(beyond, "SET_ASIDE") if way == "SET_ASIDE" else ask_write_off(beyond))
    aside, off = (20_00, 0) if way == "SET_ASIDE" else (0, -20_00)
    assert stands() == (299_00, 1_00, aside, off)
    assert named() == set()
