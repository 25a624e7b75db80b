"""A second, smaller book: what the money of two outlets must come to, worked out with plain sums.

Nothing here is shared with the product. A step either takes effect, or is refused for a reason the model names too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta


class Refused(Exception):
    """The model refuses the step; the text is the code the product must refuse it with."""


@dataclass
class Payment:
    outlet: str
    household: str
    amount: int
    cash: bool
    day: date
    parts: list[tuple[str, int]] = field(default_factory=list)
    """Bill month (or "" for the advance) and how much."""
    voided: bool = False
    allocated: bool = False
    refunded: int = 0

    @property
    def stands(self) -> int:
        return self.amount - self.refunded

    def earns(self) -> int:
        """Return the commission of what stands: 0.50 yuan for cash, 0.2 % (half up, 0.10 to 1.00) for a card."""
        if self.stands == 0:
            return 0
        return 50 if self.cash else min(max((self.stands * 2 + 500) // 1000, 10), 100)


@dataclass
class Deposit:
    outlet: str
    amount: int
    banked_on: date
    state: str = "DECLARED"
    confirmed: int = 0


@dataclass
class Drawer:
    ceiling: int
    prepaid: bool = False
    cash: int = 0
    float_left: int = 0
    over_short: int = 0
    """What was missing (below zero) or too much (above), suspected counterfeit apart, and not yet put right."""
    counterfeit: int = 0


@dataclass
class Money:
    """Two outlets, their households' bills, and the month."""

    today: date
    single_limit: int
    drawers: dict[str, Drawer]
    bills: dict[str, dict[str, tuple[int, int]]]
    """By household and month: principal and late charge."""
    payments: list[Payment] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    closed: set[tuple[str, date]] = field(default_factory=set)
    spent: list[tuple[str, str, int]] = field(default_factory=list)
    """What advances paid: household, bill month, amount."""
    closed_months: dict[str, dict[str, int]] = field(default_factory=dict)
    """Commission by outlet."""
    taken_back: dict[tuple[str, str], int] = field(default_factory=dict)
    """By month and outlet: commission of earlier, closed months that a refund takes back in it."""
    written_off: int = 0
    topped_up: int = 0

    def standing(self) -> list[Payment]:
        return [payment for payment in self.payments if not payment.voided]

    def open_day(self, outlet: str) -> date:
        return self.today + timedelta(days=(outlet, self.today) in self.closed)

    # what is owed

    def due(self, household: str) -> dict[str, int]:
        """Return what each bill still wants, oldest first."""
        owed = {month: sum(bill) for month, bill in sorted(self.bills[household].items())}
        for payment in self.standing():
            if payment.household == household:
                for month, amount in payment.parts:
                    if month:
                        owed[month] -= amount
        for of_household, month, amount in self.spent:
            if of_household == household:
                owed[month] -= amount
        return {month: amount for month, amount in owed.items() if amount}

    def advance(self, household: str) -> int:
        """Return the advance that the night has booked and nothing has used."""
        came = sum(
            amount
            for payment in self.standing()
            if payment.household == household and payment.allocated
            for month, amount in payment.parts
            if not month
        )
        return came - sum(amount for of_household, _month, amount in self.spent if of_household == household)

    # the steps

    def collect(self, outlet: str, household: str, amount: int, *, cash: bool) -> Payment:
        drawer = self.drawers[outlet]
        if amount > self.single_limit:
            raise Refused("over_single_limit")
        if cash and drawer.prepaid and drawer.float_left < amount:
            raise Refused("float_empty")
        if cash and not drawer.prepaid and drawer.cash + amount > drawer.ceiling:
            raise Refused("over_ceiling")
        payment = Payment(outlet, household, amount, cash, self.open_day(outlet))
        left = amount
        for month, owed in self.due(household).items():
            if left:
                payment.parts.append((month, min(left, owed)))
                left -= min(left, owed)
        if left:
            payment.parts.append(("", left))
        if cash and drawer.prepaid:
            drawer.float_left -= amount
        elif cash:
            drawer.cash += amount
        self.payments.append(payment)
        return payment

    def void(self, payment: Payment) -> None:
        if payment.voided:
            raise Refused("already_voided")
        if payment.day < self.today or (payment.outlet, payment.day) in self.closed:
            raise Refused("void_too_late")
        drawer = self.drawers[payment.outlet]
        if payment.cash and drawer.prepaid:
            drawer.float_left += payment.amount
        elif payment.cash:
            if drawer.cash < payment.amount:
                raise Refused("under_floor")
            drawer.cash -= payment.amount
        payment.voided = True

    def close(self, outlet: str, difference: int, counterfeit: int) -> None:
        """Count the drawer: ``difference`` more (or less) than the book holds, some of it suspected counterfeit."""
        if (outlet, self.today) in self.closed:
            raise Refused("day_closed_already")
        drawer = self.drawers[outlet]
        drawer.cash += difference - counterfeit
        drawer.over_short += difference
        drawer.counterfeit += counterfeit
        self.closed.add((outlet, self.today))

    def declare(self, outlet: str, amount: int) -> Deposit:
        drawer = self.drawers[outlet]
        if amount > drawer.cash:
            raise Refused("over_cash_held")
        drawer.cash -= amount
        deposit = Deposit(outlet, amount, self.today)
        self.deposits.append(deposit)
        return deposit

    def confirm(self, deposit: Deposit, amount: int) -> None:
        if deposit.state != "DECLARED":
            raise Refused("remittance_decided")
        if not 0 < amount <= deposit.amount:
            raise Refused("confirmed_amount")
        deposit.state, deposit.confirmed = "CONFIRMED", amount
        self.drawers[deposit.outlet].cash += deposit.amount - amount

    def reject(self, deposit: Deposit) -> None:
        if deposit.state != "DECLARED":
            raise Refused("remittance_decided")
        deposit.state = "REJECTED"
        self.drawers[deposit.outlet].cash += deposit.amount

    def top_up(self, outlet: str, amount: int) -> None:
        self.drawers[outlet].float_left += amount
        self.topped_up += amount

    def refund(self, payment: Payment, amount: int) -> None:
        """Pay back through the bank, from the advance first and then from the newest bill."""
        if payment.voided:
            raise Refused("already_voided")
        if payment.day >= self.today and (payment.outlet, payment.day) not in self.closed:
            raise Refused("void_instead")
        if payment.stands == 0:
            raise Refused("nothing_left")
        if amount > payment.stands:
            raise Refused("refund_amount")
        left, parts = amount, []
        for month, held in sorted(payment.parts, key=lambda part: part[0] or "9999", reverse=True):
            take = min(left, held)
            left -= take
            parts.append((month, held - take, take))
        if sum(take for month, _held, take in parts if not month) > self.advance(payment.household):
            raise Refused("advance_used")
        before = payment.earns()
        payment.parts = [(month, held) for month, held, _take in parts if held]
        payment.refunded += amount
        of_month = f"{payment.day:%Y-%m}"
        if of_month in self.closed_months:
            key = (self.first_open_month(of_month), payment.outlet)
            self.taken_back[key] = self.taken_back.get(key, 0) + payment.earns() - before

    def first_open_month(self, month: str) -> str:
        """Return the first month from this one on that is not closed."""
        year, number = (int(part) for part in month.split("-"))
        while f"{year}-{number:02d}" in self.closed_months:
            year, number = year + number // 12, number % 12 + 1
        return f"{year}-{number:02d}"

    def write_off(self, outlet: str, amount: int) -> None:
        drawer = self.drawers[outlet]
        if amount > -drawer.over_short:
            raise Refused("more_than_short")
        drawer.over_short += amount
        self.written_off += amount

    def night(self, days: int) -> None:
        """Let days pass: what was taken is allocated, days nobody closed are closed, advances pay what is owed."""
        self.today += timedelta(days=days)
        for payment in self.standing():
            if payment.day < self.today:
                payment.allocated = True
                self.closed.add((payment.outlet, payment.day))
        for payment in self.payments:
            if payment.day < self.today:
                self.closed.add((payment.outlet, payment.day))
        for household in self.bills:
            for month, owed in self.due(household).items():
                use = min(owed, self.advance(household))
                if use:
                    self.spent.append((household, month, use))

    def close_month(self, month: str, *, signed: bool) -> dict[str, int]:
        """Return commission by outlet."""
        if month in self.closed_months:
            return self.closed_months[month]
        waiting = [one for one in self.deposits if one.state == "DECLARED" and f"{one.banked_on:%Y-%m}" <= month]
        if waiting and not signed:
            raise Refused("month_not_settled")
        earned = {outlet: self.taken_back.get((month, outlet), 0) for outlet in self.drawers}
        for payment in self.standing():
            if f"{payment.day:%Y-%m}" == month:
                earned[payment.outlet] += payment.earns()
        self.closed_months[month] = earned
        return earned

    # what the book must say

    def in_transit(self, outlet: str) -> int:
        return sum(one.amount for one in self.deposits if one.outlet == outlet and one.state == "DECLARED")

    def banked(self, outlets: Collection[str]) -> int:
        """Return what the bank of these outlets' unit holds: deposits, less what was refunded through it."""
        came = sum(one.confirmed for one in self.deposits if one.state == "CONFIRMED" and one.outlet in outlets)
        return came - sum(one.refunded for one in self.payments if one.outlet in outlets)

    def taken(self, outlet: str, day: date) -> tuple[int, int]:
        """Return how many payments stand on a day and over how much."""
        found = [one.amount for one in self.standing() if one.outlet == outlet and one.day == day]
        return len(found), sum(found)
