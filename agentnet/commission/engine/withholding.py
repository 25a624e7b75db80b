"""Income tax withheld from what an individual is paid for services; nothing unless a table is switched on.

Source: 国家税务总局公告2018年第61号《个人所得税扣缴申报管理办法（试行）》, article 8 and table II (预扣率表二), in
force from 2019-01-01: from each payment of at most 4,000 yuan 800 are deducted, from a larger one a fifth; of the rest
20 % up to 20,000, 30 % less 2,000 up to 50,000, 40 % less 7,000 above. The brackets apply to the rest, not to the
payment. What is settled month by month counts as one payment a month. Sole traders and companies invoice and pay
their own tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agentnet.commission.engine.amounts import rounded
from agentnet.core.money import PPM, Fen


class PayeeType(StrEnum):
    """Who is paid, as the tax rules tell them apart."""

    INDIVIDUAL = "INDIVIDUAL"
    SOLE_TRADER = "SOLE_TRADER"
    COMPANY = "COMPANY"


class Why(StrEnum):
    """Why nothing is withheld."""

    OFF = "OFF"
    OWN_TAX = "OWN_TAX"
    BELOW_DEDUCTION = "BELOW_DEDUCTION"
    NOTHING_PAID = "NOTHING_PAID"


@dataclass(frozen=True, slots=True)
class Bracket:
    """Taxable amounts up to and with ``up_to_fen`` (None: all above the others)."""

    up_to_fen: Fen | None
    rate_ppm: int
    quick_deduction_fen: Fen = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A dated table: payments up to ``small_fen`` lose a fixed deduction, larger ones a share; brackets in order."""

    starts_on: date
    source: str
    small_fen: Fen
    fixed_deduction_fen: Fen
    share_deduction_ppm: int
    brackets: tuple[Bracket, ...]


LABOUR_SERVICE_2019 = Table(
    starts_on=date(2019, 1, 1),
    source="国家税务总局公告2018年第61号 预扣率表二",
    small_fen=4_000_00,
    fixed_deduction_fen=800_00,
    share_deduction_ppm=200_000,
    brackets=(
        Bracket(20_000_00, 200_000),
        Bracket(50_000_00, 300_000, 2_000_00),
        Bracket(None, 400_000, 7_000_00),
    ),
)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is withheld from a payment. The taxable amount is in millionths of a fen: it is not rounded, the tax is."""

    income_fen: Fen
    taxable_millionths: int
    rate_ppm: int
    quick_deduction_fen: Fen
    tax_fen: Fen
    source: str
    why: Why | None

    @property
    def net_fen(self) -> Fen:
        """What is paid out."""
        return self.income_fen - self.tax_fen


def withhold(payee: PayeeType, income_fen: Fen, on: date, tables: Sequence[Table] = ()) -> Withheld:
    """Return what is withheld from a month's payment on a day; without tables nothing is.

    >>> withhold(PayeeType.INDIVIDUAL, 3_000_00, date(2026, 11, 1), [LABOUR_SERVICE_2019]).tax_fen
    44000
    >>> withhold(PayeeType.INDIVIDUAL, 60_000_00, date(2026, 11, 1), [LABOUR_SERVICE_2019]).tax_fen
    1240000
    """
    table = max((one for one in tables if one.starts_on <= on), key=lambda one: one.starts_on, default=None)
    if table is None:
        return _nothing(income_fen, "", Why.OFF)
    if payee is not PayeeType.INDIVIDUAL:
        return _nothing(income_fen, table.source, Why.OWN_TAX)
    if income_fen <= 0:
        return _nothing(income_fen, table.source, Why.NOTHING_PAID)
    if income_fen <= table.small_fen:
        taxable = (income_fen - table.fixed_deduction_fen) * PPM
    else:
        taxable = income_fen * (PPM - table.share_deduction_ppm)
    if taxable <= 0:
        return _nothing(income_fen, table.source, Why.BELOW_DEDUCTION)
    bracket = next(one for one in table.brackets if one.up_to_fen is None or taxable <= one.up_to_fen * PPM)
    tax = rounded(taxable * bracket.rate_ppm - bracket.quick_deduction_fen * PPM * PPM, PPM * PPM)
    return Withheld(income_fen, taxable, bracket.rate_ppm, bracket.quick_deduction_fen, tax, table.source, None)


def _nothing(income_fen: Fen, source: str, why: Why) -> Withheld:
    return Withheld(income_fen, 0, 0, 0, 0, source, why)
