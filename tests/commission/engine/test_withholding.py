"""Tax withheld from individuals, by 国家税务总局公告2018年第61号 and published examples of it; counted by hand at the edges."""

from __future__ import annotations

from datetime import date

import pytest

from agentnet.commission.engine.withholding import LABOUR_SERVICE_2019, PayeeType, Why, Withheld, withhold

NOVEMBER = date(2026, 11, 1)


def individual(income_fen: int, on: date = NOVEMBER) -> Withheld:
    return withhold(PayeeType.INDIVIDUAL, income_fen, on, [LABOUR_SERVICE_2019])


@pytest.mark.parametrize(
    ("income_fen", "tax_fen"),
    [
        (800_00, 0),
        (800_02, 0),  # 0.004
        (800_03, 1),  # 0.006
        (3_000_00, 440_00),  # published: (3,000 - 800) x 20 %
        (4_000_00, 640_00),
        (4_000_01, 640_00),  # 3,200.008 x 20 % = 640.0016
        (4_000_04, 640_01),  # 3,200.032 x 20 % = 640.0064
        (25_000_00, 4_000_00),  # taxable exactly 20,000
        (25_000_01, 4_000_00),  # 20,000.008 x 30 % - 2,000 = 4,000.0024
        (25_000_03, 4_000_01),  # 20,000.024 x 30 % - 2,000 = 4,000.0072
        (30_000_00, 5_200_00),  # 24,000 x 30 % - 2,000: by the taxable amount, not by the payment
        (60_000_00, 12_400_00),  # published: 48,000 x 30 % - 2,000
        (62_500_00, 13_000_00),  # taxable exactly 50,000
        (100_000_00, 25_000_00),  # 80,000 x 40 % - 7,000
    ],
)
def test_what_is_withheld_from_an_individual(income_fen: int, tax_fen: int) -> None:
    found = individual(income_fen)
    assert (found.tax_fen, found.net_fen) == (tax_fen, income_fen - tax_fen)


def test_nothing_is_withheld_unless_switched_on() -> None:
    assert withhold(PayeeType.INDIVIDUAL, 60_000_00, NOVEMBER).why is Why.OFF
    assert individual(60_000_00, date(2018, 12, 31)).why is Why.OFF


@pytest.mark.parametrize("payee", [PayeeType.SOLE_TRADER, PayeeType.COMPANY])
def test_who_invoices_pays_their_own_tax(payee: PayeeType) -> None:
    found = withhold(payee, 60_000_00, NOVEMBER, [LABOUR_SERVICE_2019])
    assert (found.tax_fen, found.why) == (0, Why.OWN_TAX)


def test_small_and_negative_months_say_why() -> None:
    assert individual(800_00).why is Why.BELOW_DEDUCTION
    assert individual(-5_00).why is Why.NOTHING_PAID
    assert individual(-5_00).net_fen == -5_00
