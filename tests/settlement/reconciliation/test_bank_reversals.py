"""A line by which the bank takes back what it booked is a difference of its own kind, with the deposit it undoes."""

import pytest
from sqlalchemy import select

from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.match_actions import NewMatch, match_by_hand, waiting_lines
from agentnet.settlement.reconciliation.models import Difference
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.camt import document, entry, statement
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.reconciliation.given import TODAY, differences, said, take_bank

REVERSED = "<RvslInd>true</RvslInd>"


@pytest.fixture
def deposit(app):
    record(item(300_00, world.MEI))
    return declare(new_remittance(300_00, slip_no="JK-0001"))


def reversal(fen=-300_00, reference="B-1"):
    return entry(fen, said("冲正", reference), day=TODAY, before=REVERSED)


def take(*entries, closing, name="statement.xml", id="S-1"):
    (file_id,) = take_bank(document(statement(entries, 0, closing, id=id)).encode(), name=name)
    return file_id


def the_reversal():
    with reading():
        return db.session.scalars(select(Difference).where(Difference.kind == "BANK_REVERSAL")).one()


def test_a_deposit_that_the_bank_took_back_is_named_with_its_outlet_and_not_confirmed(deposit):
    file_id = take(entry(300_00, said("JK-0001", "B-1"), day=TODAY), reversal(), closing=0)
    assert differences() == [("BANK_REVERSAL", "REVERSE", 300_00, 2, "OPEN")]
    found = the_reversal()
    assert (found.remittance_id, found.outlet_id, found.org_unit_id) == (deposit.id, 1, world.TAIPING.id)
    with reading():
        assert waiting_lines(file_id, world.actor("fang")) == []


def test_a_later_statement_takes_back_what_an_earlier_one_booked(deposit):
    take(entry(300_00, said("JK-0001", "B-1"), day=TODAY), closing=300_00)
    take(reversal(), closing=-300_00, name="later.xml", id="S-2")
    assert the_reversal().remittance_id == deposit.id


def test_another_reference_or_amount_is_of_no_deposit(deposit):
    take(
        entry(300_00, said("JK-0001", "B-1"), day=TODAY),
        reversal(reference="B-9"),
        reversal(-299_00),
        closing=-299_00,
    )
    assert differences() == [
        ("BANK_REVERSAL", "REVERSE", 300_00, 2, "OPEN"),
        ("BANK_REVERSAL", "REVERSE", 299_00, 3, "OPEN"),
    ]
    with reading():
        assert set(db.session.scalars(select(Difference.remittance_id))) == {None}


def test_what_the_bank_gives_back_is_named_too_and_is_no_deposit(deposit):
    file_id = take(reversal(300_00, "JK-0001"), closing=300_00)
    assert differences() == [("BANK_REVERSAL", "LOOK", 300_00, 1, "OPEN")]
    with pytest.raises(Invalid, match="row_not_matchable"), batch():
        match_by_hand(NewMatch(new_id(), file_id, 1, "", deposit.id, "看起来像"), world.actor("fang"))


def test_a_reversal_that_is_only_announced_is_nothing_yet(deposit):
    pending = entry(-300_00, said("冲正"), status="<Sts><Cd>PDNG</Cd></Sts>", day=TODAY, before=REVERSED)
    take(pending, closing=0)
    assert differences() == []


def test_the_pages_say_so(deposit, sign_in):
    file_id = take(entry(300_00, said("JK-0001", "B-1"), day=TODAY), reversal(), closing=0)
    fang = sign_in("fang")
    assert "银行冲回" in fang.get(f"/reconciliation/files/{file_id}").text
    page = fang.get(f"/reconciliation/differences/{the_reversal().id}")
    for words in ("银行冲回", "银行把已入账的钱冲回去了", "JK-0001", "小河头村邮站"):
        assert words in page.text
    assert "300.00" in fang.get("/reconciliation/differences?kind=BANK_REVERSAL").text
