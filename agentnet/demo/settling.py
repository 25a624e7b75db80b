"""The demo's last week: drawers counted and banked, and the bank's statements.

All of it by the product's own actions, on the evening or morning it would have happened. Everybody of Wenling banks
once at the week's beginning, after that only the week's cast of village postal stations; Jiaxing has not begun to. So
cash has every age.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select

from agentnet.collecting.models import Collection
from agentnet.collecting.rules import CASH
from agentnet.core.clock import frozen_at, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.demo.bank_statement import Credit, bank_statement
from agentnet.demo.sign_ins import COUNTY, FINANCE, KEEPERS
from agentnet.demo.timeline import Timeline
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.ledger.models import Account, Balance
from agentnet.ledger.rules import OUTLET
from agentnet.outlets.models import Outlet
from agentnet.settlement.day_actions import close_day
from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.queries import tender_totals
from agentnet.settlement.reconciliation.match_actions import confirm_by_statement, waiting_lines
from agentnet.settlement.reconciliation.taking import (
    ReadStatements,
    take_statements,
)
from agentnet.settlement.remittance_actions import declare_remittance
from agentnet.settlement.rules import Count, NewClose, NewRemittance
from agentnet.users.models import User
from agentnet.users.queries import actor_for

DAYS = 6
CAST = 6
"""Village postal stations that count and bank each day of the week."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a drawer holds against the book, and what the keeper says of it."""

    difference_fen: Fen = 0
    counterfeit_fen: Fen = 0
    words: str = ""


COUNTS: Sequence[Found] = (
    Found(),
    Found(-100, words="找零时多给了 1 元"),
    Found(),
    Found(250, words="抽屉里多出 2.50 元，未找到原因"),
    Found(),
    Found(counterfeit_fen=20_00, words="一张 20 元疑似假币，已封存待银行鉴定"),
)
"""What the cast finds on an evening, one after the other; who holds too little finds that all is right."""


@dataclass
class Week:
    """The week's actors and what they have banked; one transaction after the other moves it on."""

    timeline: Timeline
    number: int = 0
    banked: list[NewRemittance] = field(default_factory=list)

    @property
    def first_on(self) -> date:
        return self.timeline.last_on - timedelta(days=DAYS - 1)

    def evening(self, day: date) -> None:
        """Count, close and bank after a day's last collection, inside the day's transaction."""
        if day < self.first_on:
            return
        with frozen_at(shanghai_instant(day, 21, 30)):
            keepers = Actor(_person(KEEPERS).id, "demo", (Grant(Role.AGENT, org_path="/"),))
            cast = list(_cast(day))
            for outlet, found in zip(cast, COUNTS, strict=False):
                _close(outlet, day, found, keepers)
            held = _held()
            banking = {outlet.code: held.get(outlet.id, 0) for outlet in cast}
            if day == self.first_on:
                banking = {code: held[id_] for id_, code in _codes(held).items() if code.startswith(COUNTY)}
            self.banked = [
                NewRemittance(new_id(), code, f"{code[:2]}JK{day:%m%d}{number:04d}", fen, day)
                for number, (code, fen) in enumerate(sorted(banking.items()), 1)
                if fen > 0
            ]
            for deposit in self.banked:
                declare_remittance(deposit, keepers)

    def morning(self, day: date) -> None:
        """Take in what the bank says of a day, on the morning after it."""
        if day < self.first_on or not self.banked:
            return
        self.number += 1
        with frozen_at(shanghai_instant(day + timedelta(days=1), 9)):
            finance = actor_for(_person(FINANCE))
            _take_statement(day, self.number, _credits(day, self.banked, last=day == self.timeline.last_on), finance)


def _person(username: str) -> User:
    return db.session.scalars(select(User).where(User.username == username)).one()


def _cast(day: date) -> Iterator[Outlet]:
    """Yield the first village postal stations that collected on a day."""
    collected = select(Collection.outlet_id).where(Collection.business_on == day)
    yield from db.session.scalars(
        select(Outlet).where(Outlet.id.in_(collected), Outlet.kind == "VILLAGE_POST").order_by(Outlet.code).limit(CAST)
    )


def _held() -> dict[int, Fen]:
    """Return the cash every outlet holds."""
    rows = db.session.execute(
        select(Account.owner_id, Balance.balance_fen)
        .join(Balance, Balance.account_id == Account.id)
        .where(Account.owner_kind == OUTLET, Account.code == "CASH_HELD", Balance.balance_fen > 0)
    )
    return dict(rows.all())


def _codes(outlet_ids: Mapping[int, Fen]) -> dict[int, str]:
    codes = dict(db.session.execute(select(Outlet.id, Outlet.code)).all())
    return {id_: codes[id_] for id_ in outlet_ids}


def _close(outlet: Outlet, day: date, found: Found, by: Actor) -> None:
    held = _held().get(outlet.id, 0)
    if held + found.difference_fen - found.counterfeit_fen < 0:
        found = Found()
    good = held + found.difference_fen - found.counterfeit_fen
    totals = tender_totals(outlet.id, day)
    cards = {total.tender: total.system_fen for total in totals if total.tender != CASH}
    pieces = {100_00: good // 100_00}
    count = Count(pieces, other_fen=good % 100_00, counterfeit_fen=found.counterfeit_fen)
    close_day(NewClose(new_id(), outlet.code, day, count, cards, held, found.words), by)


def _credits(day: date, banked: Sequence[NewRemittance], *, last: bool) -> list[Credit]:
    """Return what the bank says came in: mostly what was declared."""
    told = [Credit(one.amount_fen, one.slip_no, f"{day:%Y%m%d}{n:06d}") for n, one in enumerate(banked, 1)]
    if last:
        # The first is still on its way; what nobody had declared was a slip of the bank, which takes it back.
        return [*told[1:], Credit(88_00, "unknown payer", f"{day:%Y%m%d}999998", taken_back=True)]
    if len(told) > 3 and told[1].amount_fen > 1_00:
        told[1] = Credit(told[1].amount_fen - 1_00, told[1].text, told[1].reference)  # counted one yuan less
        told[2] = Credit(told[2].amount_fen, told[2].text, told[2].reference, fee_fen=2_00)  # the bank keeps a fee
        told.append(Credit(88_00, "unknown payer", f"{day:%Y%m%d}999999"))
    return told


def _take_statement(day: date, number: int, told: Sequence[Credit], finance: Actor) -> None:
    content = bank_statement(day, number, told)
    statements = read_camt053(content)
    new = ReadStatements(f"bank-{day:%Y%m%d}.xml", hashlib.sha256(content).hexdigest(), statements)
    for file_id in take_statements(new_id(), new, finance):
        total = sum(one.confirmed_fen for one in waiting_lines(file_id, finance))
        confirm_by_statement(file_id, new_id(), total, finance)
