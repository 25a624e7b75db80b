"""The machine that holds product and model side by side: opens the shops, takes a step in both, compares the books."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import ClassVar

from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)
from sqlalchemy import func, select, update

from agentnet import create_app
from agentnet.collecting.jobs import allocate_received
from agentnet.collecting.models import Collection
from agentnet.collecting.queries import echo_of, household_by_no
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.core.errors import Refusal
from agentnet.documents.models import Run
from agentnet.infra.db import db
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import balance, trial_balance, wrong_balances
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey
from agentnet.outlets.models import Agreement, Outlet
from agentnet.settlement.jobs import close_what_nobody_closed
from agentnet.settlement.queries import tender_totals
from agentnet.verify.commands import CHECKS, findings_of
from reports.commission_statement import CommissionStatement, draw
from reports.frozen import from_json
from tests import world
from tests.approvals.given import more_finance
from tests.conftest import settings_for
from tests.journeys.money_model import Drawer, Money, Refused

KEEPERS = {"WL0001": "alice", "WL0002": "alan", "JX0001": "dora"}
STATION = ("WL0001", "WL0002")
"""Two postpaid outlets of one station; the newsstand is prepaid."""
CEILING, SINGLE_LIMIT = 600_00, 400_00


class TwoBooks(RuleBasedStateMachine):
    """Two outlets of one station and a newsstand, two households, a clock that only goes on."""

    fresh: ClassVar[Iterator[tuple[str, Path]]]
    seen: ClassVar[Counter[str]]

    def open_the_shops(self) -> None:
        """Move into a fresh world; the machine's first step calls this."""
        url, home = next(self.fresh)
        self.app = create_app(settings_for(home, url))
        self.context = self.app.app_context()
        self.context.push()
        self.at = world.NOW
        self.slips = count(1)
        with batch() as session:
            session.execute(update(Agreement).values(ceiling_fen=CEILING, single_limit_fen=SINGLE_LIMIT))
            session.execute(update(Agreement).where(Agreement.outlet_id == 11).values(holding_mode="PREPAID"))
            self.outlet_ids = dict(session.execute(select(Outlet.code, Outlet.id)).all())
        more_finance()
        self.told_days: set[date] = set()
        self.model = Money(
            today=world.TODAY,
            single_limit=SINGLE_LIMIT,
            drawers={code: Drawer(CEILING, prepaid=code not in STATION) for code in KEEPERS},
            bills={world.MEI: {"2026-09": (10000, 200), "2026-10": (20350, 0)}, world.GANG: {"2026-10": (538, 0)}},
        )

    def teardown(self) -> None:
        if not hasattr(self, "context"):
            return
        with frozen_at(self.at):
            self._verify()
        db.session.remove()
        db.engine.dispose()
        self.context.pop()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Let a minute pass; product and model must refuse the same things."""
        self.at += timedelta(minutes=1)
        with frozen_at(self.at):
            yield

    def same(self, what, ours, theirs):
        """Take a step in both; return what the model made of it, None if both refused for the same reason."""
        wanted = made = None
        try:
            made = theirs()
        except Refused as refused:
            wanted = str(refused)
        refused = None
        try:
            with batch():
                ours()
        except Refusal as refusal:
            refused = refusal.code
        assert refused == wanted
        self.seen[wanted or what] += 1
        return made

    def _let_pass(self, days: int) -> None:
        self.model.night(days)
        self.at = shanghai_instant(self.model.today, 3)
        with frozen_at(self.at):
            close_what_nobody_closed()
            allocate_received()
        self.at = shanghai_instant(self.model.today, 9)

    def _papers_agree(self, month: Month, earned: dict[str, int]) -> None:
        with reading():
            for code, fen in earned.items():
                frozen = db.session.scalars(
                    select(Run.frozen).where(
                        Run.kind == "COMMISSION_STATEMENT",
                        Run.subject == f"outlet:{code}:zh",
                        Run.period_start == month.starts_on,
                    )
                ).one()
                statement = from_json(CommissionStatement, zlib.decompress(frozen))
                of_month = [
                    payment.stands
                    for payment in self.model.standing()
                    if payment.outlet == code and Month.of(payment.day) == month
                ]
                assert (statement.due_fen, statement.collected_fen) == (fen, sum(of_month))
                assert draw(statement).startswith(b"%PDF")

    # What must hold after every step

    @invariant()
    def the_book_says_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        model = self.model
        with frozen_at(self.at), reading():
            assert wrong_balances() == []
            for code, drawer in model.drawers.items():
                id_ = self.outlet_ids[code]
                assert balance(AccountKey(OUTLET, id_, "CASH_HELD")) == drawer.cash
                assert balance(AccountKey(OUTLET, id_, "FLOAT")) == drawer.float_left
                assert balance(AccountKey(OUTLET, id_, "IN_TRANSIT")) == model.in_transit(code)
                assert abs(balance(AccountKey(OUTLET, id_, "OVER_SHORT"))) == abs(drawer.over_short)
                assert abs(balance(AccountKey(OUTLET, id_, "OVER_SHORT", "COUNTERFEIT"))) == drawer.counterfeit
                for day in {model.today, model.open_day(code)}:
                    totals = tender_totals(id_, day)
                    found = sum(total.count for total in totals), sum(total.system_fen for total in totals)
                    assert found == model.taken(code, day)
            assert balance(AccountKey(ORG_UNIT, world.TAIPING.id, "BANK")) == model.banked(STATION)
            newsstand = model.banked(["JX0001"]) + model.topped_up
            assert balance(AccountKey(ORG_UNIT, world.NANHU_STATION.id, "BANK")) == newsstand
            assert abs(balance(AccountKey(ORG_UNIT, world.TAIPING.id, "WRITE_OFF"))) == model.written_off
            sums = {row.code: row.credit_fen - row.debit_fen for row in trial_balance()}
            assert sum(sums.values()) == 0
            taken = sum(payment.stands for payment in model.standing())
            assert sums.get("RECEIVED", 0) + sums.get("ADVANCE", 0) + sums.get("BILLING_CLEARING", 0) == taken
            for household in model.bills:
                echo = echo_of(household_by_no(household))
                assert {bill.bill_month: bill.total_fen for bill in echo.bills} == model.due(household)
                assert echo.advance_fen == model.advance(household)
            assert db.session.scalar(select(func.count()).select_from(Collection)) == len(model.payments)

    def _verify(self) -> None:
        seal_settled()
        with reading():
            connection = db.session.connection()
            found = {
                check.name: findings_of(check, connection)[0] for check in CHECKS if check.name != "files_are_as_drawn"
            }
        assert {name: findings for name, findings in found.items() if findings} == {}
