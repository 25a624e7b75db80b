"""A write-off books what the bank has and our books have not, by two people; where no account holds it, it says so."""

import pytest
from sqlalchemy import select

from agentnet.approvals.models import Approval
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.rules import ORG_UNIT, AccountKey
from agentnet.settlement.reconciliation.match_actions import confirm_by_statement
from agentnet.settlement.reconciliation.models import Difference
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import balance_of, count, item, record
from tests.settlement.camt import entry
from tests.settlement.drawer import confirm, declare, new_remittance
from tests.settlement.reconciliation.given import bank_file, said, take_bank
from tests.settlement.reconciliation.test_bank_reversals import reversal, take
from tests.settlement.reconciliation.test_differences import ask, state_of

COMPANYS_BANK, COMPANYS_LOSS = (AccountKey(ORG_UNIT, world.COMPANY.id, code) for code in ("BANK", "WRITE_OFF"))
BANK, LOSS = (AccountKey(ORG_UNIT, world.TAIPING.id, code) for code in ("BANK", "WRITE_OFF"))


@pytest.fixture
def deposit(app):
    """Alice declared 300.00 by slip JK-0001; Grace joins finance."""
    more_finance()
    record(item(300_00, world.MEI))
    return declare(new_remittance(300_00, slip_no="JK-0001"))


def only():
    with reading():
        return db.session.scalars(select(Difference.id)).one()


def balances(*keys):
    return tuple(balance_of(key) for key in keys)


def test_money_nobody_claims_becomes_the_companys(deposit):
    take_bank(bank_file((77_77, said("来路不明"))))
    asked = ask(only(), reason="三个月无人认领")
    with reading():
        assert db.session.get_one(Approval, asked).content["moves"] == ["BANK", "WRITE_OFF"]
    assert balances(COMPANYS_BANK, COMPANYS_LOSS) == (0, 0)
    say_yes(asked)
    assert state_of(only())[0] == "WRITTEN_OFF"
    assert balances(COMPANYS_BANK, COMPANYS_LOSS) == (77_77, -77_77)
    with reading():
        made = db.session.scalars(select(Transfer).where(Transfer.subject_kind == "DIFFERENCE")).one()
        assert (made.kind, made.amount_fen, made.subject_id) == ("DIFFERENCE_WRITE_OFF", 77_77, str(only_id()))


def only_id():
    return db.session.scalars(select(Difference.id)).one()


def test_what_the_bank_received_less_than_was_confirmed_is_a_loss(deposit):
    """Finance confirmed 300.00 by hand; the bank's line says 280.00: BANK is 20.00 too high."""
    confirm(deposit.id, 300_00)
    take_bank(bank_file((280_00, said("JK-0001"))))
    say_yes(ask(only()))
    assert balances(BANK, LOSS) == (280_00, 20_00)


def test_what_will_go_back_to_the_drawer_is_no_loss_yet(deposit):
    """Declared 300.00, arrived 280.00, not confirmed: confirming gives 20.00 back, so nothing is written off."""
    take_bank(bank_file((280_00, said("JK-0001"))))
    asked, before = ask(only()), count(Transfer)
    with reading():
        assert "moves" not in db.session.get_one(Approval, asked).content
    say_yes(asked)
    assert (state_of(only())[0], count(Transfer)) == ("WRITTEN_OFF", before)


def test_what_moved_after_it_was_asked_for_is_not_written_off(deposit):
    """Asked for while the deposit was not confirmed; then finance confirms all of it by hand."""
    take_bank(bank_file((280_00, said("JK-0001"))))
    asked = ask(only())
    confirm(deposit.id, 300_00)
    with pytest.raises(Conflict, match="difference_moved"):
        say_yes(asked)
    assert (state_of(only())[0], balances(BANK, LOSS)) == ("OPEN", (300_00, 0))


def test_more_than_was_declared_stays_with_the_company(deposit):
    (file_id,) = take_bank(bank_file((320_00, said("JK-0001"))))
    with batch():
        confirm_by_statement(file_id, new_id(), 300_00, world.actor("fang"))
    say_yes(ask(only()))
    assert balances(BANK, LOSS) == (320_00, -20_00)


def test_what_the_bank_took_back_is_a_loss(deposit):
    confirm(deposit.id, 300_00)
    take(entry(300_00, said("JK-0001", "B-1"), day="2026-11-18"), reversal(), closing=0)
    say_yes(ask(only()))
    assert balances(BANK, LOSS) == (0, 300_00)


def test_the_approval_says_what_it_books(deposit, sign_in):
    take_bank(bank_file((77_77, said("来路不明"))))
    asked = ask(only())
    assert "借：银行存款，贷：核销损失" in sign_in("grace").get(f"/approvals/{asked}").text
