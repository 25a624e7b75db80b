"""The trial balance is the week worked out by hand, whatever of it is already in the monthly sums."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from agentnet.books.queries import trial_balance
from agentnet.books.rules import Moved, Span, span_of_day
from agentnet.core.clock import Month, frozen_at
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import post_many
from agentnet.ledger.commands import rebuild_sums_command
from agentnet.ledger.models import LedgerMonth
from agentnet.ledger.rolling import BEGINNING, add_sums, forget_sums, roll_up, rolled_until, sums_between
from agentnet.ledger.rules import AccountKey, NewTransfer
from tests import world
from tests.at_once import at_once
from tests.books.week import FRIDAY, TOTAL, UP_TO_WEDNESDAY, WEDNESDAY, WEEK, a_week, at_ten

pytestmark = pytest.mark.usefixtures("app")

NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
THIS_MONTH = Span(NOVEMBER)


def balance_of(place=world.COMPANY, span=THIS_MONTH):
    with reading():
        return trial_balance(db.session.get_one(OrgUnit, place.id), span)


def moved(found):
    return {(line.owner_kind, line.code): (line.whole.debit_fen, line.whole.credit_fen) for line in found.lines}


def rows():
    with reading():
        return db.session.scalar(select(func.count()).select_from(LedgerMonth))


def test_a_week_of_one_outlet_is_as_worked_out_by_hand():
    a_week()
    found = balance_of()
    assert moved(found) == WEEK
    assert (found.total.debit_fen, found.total.credit_fen) == (TOTAL, TOTAL)
    assert found.sides(closing=True) == (330_88, 330_88)
    assert found.proved
    closing = {line.code: line.closing_fen for line in found.lines}
    assert (closing["CASH_HELD"], closing["ADVANCE"], closing["BILLING_CLEARING"]) == (36_38, 20_00, 310_88)


@pytest.mark.parametrize("until", [at_ten(date(2026, 11, 10)), at_ten(FRIDAY), world.NOW])
def test_it_says_the_same_however_much_is_in_the_monthly_sums(until: datetime):
    a_week()
    before = balance_of()
    assert roll_up(until) > 0
    assert rows() > 0
    assert balance_of() == before
    assert roll_up(until) == 0
    assert balance_of(span=span_of_day(WEDNESDAY)).proved


def test_up_to_a_day_leaves_out_what_came_later():
    a_week()
    for until in (None, at_ten(FRIDAY), world.NOW):
        if until:
            roll_up(until)
        assert moved(balance_of(span=span_of_day(WEDNESDAY))) == UP_TO_WEDNESDAY


def test_the_next_month_opens_with_what_this_one_left():
    a_week()
    with frozen_at(at_ten(date(2026, 12, 2))):
        for until in (None, world.NOW):
            if until:
                roll_up(until)
            found = balance_of(span=Span(DECEMBER))
            opening = {line.code: line.opening_fen for line in found.lines}
            assert opening == {
                "CASH_HELD": 36_38, "NONCASH_CLEARING": 203_50, "OVER_SHORT": 1_00, "ADVANCE": 20_00, "BANK": 90_00,
                "BILLING_CLEARING": 310_88,
            }  # fmt: skip
            assert found.proved


def test_a_stations_balance_shows_what_rests_on_others():
    a_week()
    roll_up(at_ten(FRIDAY))
    found = balance_of(world.TAIPING)
    assert ("HOUSEHOLD", "ADVANCE") not in moved(found)
    assert found.outside == Moved(0, 0, 20_00)
    assert found.proved
    assert moved(balance_of(world.WENLING)) == moved(found)
    assert balance_of(world.JIAXING).lines == []


def test_urban_and_rural_stand_apart():
    a_week()
    (cash,) = (line for line in balance_of().lines if line.code == "CASH_HELD")
    assert (cash.rural, cash.urban) == (cash.whole, Moved())


def test_what_is_posted_late_into_an_earlier_month_is_found():
    a_week()
    roll_up(world.NOW)
    late = NewTransfer(
        new_id(), "TEST", AccountKey("ORG_UNIT", 1, "BANK"), AccountKey("ORG_UNIT", 1, "SUSPENSE"), 700,
        date(2026, 10, 31), "TEST", "1",
    )  # fmt: skip
    with batch():
        post_many(SYSTEM, [late])
    assert moved(balance_of(span=Span(Month(2026, 10))))["ORG_UNIT", "SUSPENSE"] == (0, 700)
    opening = {line.code: line.opening_fen for line in balance_of().lines}
    assert (opening["BANK"], opening["SUSPENSE"]) == (700, 700)
    with frozen_at(at_ten(date(2026, 11, 20))):
        assert roll_up() > 0
        assert {line.code: line.opening_fen for line in balance_of().lines} == opening


def test_the_clock_leaves_out_what_may_still_be_underway():
    a_week()
    with frozen_at(at_ten(FRIDAY)):
        roll_up()
        with reading():
            assert rolled_until() < at_ten(FRIDAY)
        assert moved(balance_of()) == WEEK


def test_two_clocks_add_nothing_twice(app):
    a_week()
    before = balance_of()
    at_once(app, [lambda: roll_up(world.NOW)] * 4, nullcontext)
    assert balance_of() == before
    with reading():
        found = sums_between(BEGINNING, world.NOW)
    with batch():
        assert not add_sums(found, BEGINNING, world.NOW)
    assert balance_of() == before


def test_a_moved_outlet_takes_its_accounts_along():
    a_week()
    roll_up(world.NOW)
    assert balance_of(world.ZEGUO).lines == []
    with batch():
        db.session.connection().exec_driver_sql("UPDATE outlets SET org_unit_id = 5 WHERE id = 1")
    assert ("OUTLET", "CASH_HELD") in moved(balance_of(world.ZEGUO))


def test_a_book_that_does_not_add_up_says_so():
    a_week()
    roll_up(world.NOW)
    with batch():
        db.session.execute(
            update(LedgerMonth).where(LedgerMonth.debit_fen == 90_00).values(debit_fen=LedgerMonth.debit_fen + 1)
        )
    assert not balance_of().proved


def test_wrong_sums_are_added_up_anew_and_pages_stay_right_meanwhile(app):
    a_week()
    before = balance_of()
    roll_up(world.NOW)
    with batch():  # a clock that was set back: posted before the instant the sums reach to
        db.session.execute(update(LedgerMonth).values(debit_fen=LedgerMonth.debit_fen + 1))
    with batch():
        forget_sums()
    assert (rows(), balance_of()) == (0, before)
    done = CliRunner().invoke(rebuild_sums_command, [], obj=app)
    assert done.exit_code == 0, done.output
    assert rows() > 0
    assert balance_of() == before
