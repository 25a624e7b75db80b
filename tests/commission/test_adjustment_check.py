"""The page that asks once more before an adjustment moves says what was paid, and warns of a slip."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.collecting.models import Collection
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import POSTAL_STATION, collected

SignIn = Callable[[str], FlaskClient]
OCTOBER = Month(2026, 10)
CHECK = "/commission/adjustments/new"


def an_october() -> str:
    """Close a month in which the outlet earned 0.50 twice, and return the receipt number of one collection."""
    first, _second = collected(POSTAL_STATION, 203_50, 102_00)
    close_month(OCTOBER, SYSTEM)
    with reading():
        return db.session.scalars(select(Collection.receipt_no).where(Collection.id == first)).one()


def asked(**changes: str) -> dict[str, str]:
    return {
        "id": str(new_id()),
        "outlet": "WL0001",
        "of_month": "2026-10",
        "direction": "TAKE_BACK",
        "amount": "0.50",
        "receipt_no": "",
        "reason": "重复缴费",
    } | changes


def test_the_check_page_says_what_the_month_and_the_payment_were_paid(sign_in: SignIn) -> None:
    receipt_no = an_october()
    with batch():
        record_adjustment(
            NewAdjustment(new_id(), "WL0001", OCTOBER, -20, "多计", receipt_no=receipt_no), world.actor("fang")
        )
    page = sign_in("fang").post(CHECK, data=asked(receipt_no=receipt_no, amount="0.30")).text
    assert "0.80 元 <span" in page  # 1.00 when it closed, 0.20 taken back since
    assert "封账时 1.00 元，以后调整 -0.20 元" in page
    assert "封账时 0.50 元，以后调整 -0.20 元" in page
    assert "还多" not in page


@pytest.mark.parametrize(
    ("amount", "direction", "by_receipt", "words"),
    [
        ("1.00", "TAKE_BACK", False, ""),
        ("1.01", "TAKE_BACK", False, "要扣回的比2026年10月付过的代办费（1.00 元）还多"),
        ("0.50", "TAKE_BACK", True, ""),
        ("0.51", "TAKE_BACK", True, "要扣回的比这笔收费付过的代办费（0.50 元）还多"),
        ("5000.00", "PAY_MORE", False, ""),
    ],
)
def test_taking_back_more_than_was_paid_is_warned_of(
    sign_in: SignIn, amount: str, direction: str, by_receipt: bool, words: str
) -> None:
    receipt_no = an_october()
    data = asked(amount=amount, direction=direction, receipt_no=receipt_no if by_receipt else "")
    page = sign_in("fang").post(CHECK, data=data).text
    assert words in page
    assert ("还多" in page) == bool(words)


@pytest.mark.usefixtures("app")
def test_more_than_a_million_is_refused_whatever_sends_it() -> None:
    an_october()
    with batch(), pytest.raises(Invalid, match="adjustment_large"):
        record_adjustment(NewAdjustment(new_id(), "WL0001", OCTOBER, -1_000_000_01, "手误"), world.actor("fang"))


def test_a_month_below_zero_is_told_in_words_that_fit_an_adjustment(sign_in: SignIn) -> None:
    an_october()
    with batch():
        record_adjustment(NewAdjustment(new_id(), "WL0001", OCTOBER, -5_000_00, "多计"), world.actor("fang"))
    page = sign_in("fang").get("/commission/outlets/WL0001?month=2026-11").text
    assert "要扣回的（冲正、退费或调整）比本月的代办费多" in page
    assert '<th scope="row">2026年10月</th>' in page
    assert "2026-10</th>" not in page


def test_a_payment_working_has_units_and_leads_to_its_receipt(sign_in: SignIn) -> None:
    receipt_no = an_october()
    page = sign_in("fang").get(f"/commission/outlets/WL0001/lines/{receipt_no}").text
    assert page.count('<span class="figure">203.50 元</span>') == 1
    assert '<dd class="figure">203.50 元</dd>' in page
    assert f'href="/receipts/{receipt_no}"' in page
