"""Money in any order: whatever two outlets do, and in whichever order, the book, the pages and the papers say what a
small independent model says (``money_model``)."""

from __future__ import annotations

import shutil
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select, update

from agentnet import create_app
from agentnet.closing.actions import close_month
from agentnet.collecting.actions import NewCollection, record_collections, void_collection
from agentnet.collecting.jobs import allocate_received
from agentnet.collecting.models import Collection
from agentnet.collecting.queries import echo_of, household_by_no
from agentnet.core.clock import Month, frozen_at, now, shanghai_instant
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import balance, trial_balance, wrong_balances
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey
from agentnet.outlets.models import Agreement, Outlet
from agentnet.settlement.day_actions import close_day
from agentnet.settlement.jobs import close_what_nobody_closed
from agentnet.settlement.queries import tender_totals
from agentnet.settlement.remittance_actions import confirm_remittance, declare_remittance, reject_remittance
from agentnet.settlement.rules import Count, NewClose, NewRemittance
from agentnet.verify.commands import CHECKS, findings_of
from reports.commission_statement import CommissionStatement, draw
from reports.frozen import from_json
from tests import world
from tests.conftest import fill_postgresql, settings_for
from tests.journeys.money_model import Deposit, Drawer, Money, Payment, Refused
from tests.machines import postgres

KEEPERS = {"WL0001": "alice", "WL0002": "alan"}
CEILING, SINGLE_LIMIT = 600_00, 400_00
AMOUNTS = st.sampled_from([1, 5_38, 102_00, 148_00, 203_50, 399_99, 400_01])
OUTLETS = st.sampled_from(sorted(KEEPERS))


EXAMPLES, STEPS = 15, 30

EVERYTHING = (
    *("collect", "void", "close", "declare", "confirm", "reject", "close_month"),
    *("over_ceiling", "over_single_limit", "already_voided", "void_too_late", "day_closed_already"),
    *("over_cash_held", "remittance_decided", "month_not_settled"),
)
"""What must have happened at least once in a run: steps that took effect, and reasons they were refused for."""


class AnyOrder(RuleBasedStateMachine):
    """Two outlets of one station, two households, a clock that only goes on."""

    fresh: ClassVar[Iterator[tuple[str, Path]]]
    seen: ClassVar[Counter[str]]
    payments = Bundle("payments")
    deposits = Bundle("deposits")

    @initialize()
    def open_the_shops(self) -> None:
        url, home = next(self.fresh)
        self.app = create_app(settings_for(home, url))
        self.context = self.app.app_context()
        self.context.push()
        self.at = world.NOW
        self.slips = count(1)
        with batch() as session:
            session.execute(update(Agreement).values(ceiling_fen=CEILING, single_limit_fen=SINGLE_LIMIT))
            self.outlet_ids = dict(session.execute(select(Outlet.code, Outlet.id)).all())
        self.model = Money(
            today=world.TODAY,
            single_limit=SINGLE_LIMIT,
            drawers={code: Drawer(CEILING) for code in KEEPERS},
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

    @rule(target=payments, outlet=OUTLETS, household=st.sampled_from([world.MEI, world.GANG]), amount=AMOUNTS,
          tender=st.sampled_from(["CASH", "CASH", "UNIONPAY_CARD"]))  # fmt: skip
    def collect(self, outlet: str, household: str, amount: int, tender: str) -> tuple[Payment | None, object]:
        id_, cash = new_id(), tender == "CASH"

        def ours() -> None:
            item = NewCollection(
                id_,
                outlet,
                household,
                tender,
                amount,
                now(),
                reference=None if cash else "R1",
                lookalike_confirmed=True,
            )
            (verdict,) = record_collections([item], world.actor(KEEPERS[outlet]))
            if verdict.refusal is not None:
                raise verdict.refusal

        with self.step():
            return self.same("collect", ours, lambda: self.model.collect(outlet, household, amount, cash=cash)), id_

    @rule(payment=payments)
    def void(self, payment: tuple[Payment | None, object]) -> None:
        model, id_ = payment
        if model is not None:
            by = world.actor(KEEPERS[model.outlet])
            with self.step():
                self.same(
                    "void", lambda: void_collection(id_, new_id(), "客户付错了", by), lambda: self.model.void(model)
                )

    @rule(outlet=OUTLETS, difference=st.sampled_from([0, 0, -100, 250]), counterfeit=st.sampled_from([0, 0, 100]))
    def close(self, outlet: str, difference: int, counterfeit: int) -> None:
        held = self.model.drawers[outlet].cash
        good = held + difference - counterfeit
        if good < 0:
            return

        def ours() -> None:
            with_cards = {
                total.tender: total.system_fen
                for total in tender_totals(self.outlet_ids[outlet], self.model_day)
                if total.tender != "CASH"
            }
            count_ = Count(other_fen=good, counterfeit_fen=counterfeit)
            new = NewClose(new_id(), outlet, self.model_day, count_, with_cards, held, "清点差异，已核对")
            close_day(new, world.actor(KEEPERS[outlet]))

        self.model_day = self.model.today
        with self.step():
            self.same("close", ours, lambda: self.model.close(outlet, difference, counterfeit))

    @rule(target=deposits, outlet=OUTLETS, share=st.sampled_from([1, 2, 3]), more=st.sampled_from([0, 0, 0, 1]))
    def remit(self, outlet: str, share: int, more: int) -> tuple[Deposit | None, object]:
        amount = self.model.drawers[outlet].cash // share + more
        if amount <= 0:
            return None, None
        id_ = new_id()
        with self.step():
            new = NewRemittance(id_, outlet, f"JK-{next(self.slips)}", amount, self.model.today)
            by = world.actor(KEEPERS[outlet])
            return self.same(
                "declare", lambda: declare_remittance(new, by), lambda: self.model.declare(outlet, amount)
            ), id_

    @rule(deposit=deposits, missing=st.sampled_from([0, 0, 1, 5_00]))
    def confirm(self, deposit: tuple[Deposit | None, object], missing: int) -> None:
        model, id_ = deposit
        if model is not None:
            amount = model.amount - missing
            by = world.actor("fang")
            with self.step():
                self.same(
                    "confirm",
                    lambda: confirm_remittance(id_, new_id(), amount, "少到账", by),
                    lambda: self.model.confirm(model, amount),
                )

    @rule(deposit=deposits)
    def reject(self, deposit: tuple[Deposit | None, object]) -> None:
        model, id_ = deposit
        if model is not None:
            by = world.actor("fang")
            with self.step():
                self.same(
                    "reject",
                    lambda: reject_remittance(id_, new_id(), "银行没有收到", by),
                    lambda: self.model.reject(model),
                )

    @rule(days=st.sampled_from([1, 1, 2, 7]))
    def sleep(self, days: int) -> None:
        self._let_pass(days)

    def _let_pass(self, days: int) -> None:
        self.model.night(days)
        self.at = shanghai_instant(self.model.today, 3)
        with frozen_at(self.at):
            close_what_nobody_closed()
            allocate_received()
        self.at = shanghai_instant(self.model.today, 9)

    @rule(signed=st.booleans())
    def close_the_month(self, signed: bool) -> None:
        """Wait for the 1st and close the month before."""
        month = Month.of(self.model.today)
        self._let_pass((month.ends_on - self.model.today).days)
        wanted = None
        try:
            earned = self.model.close_month(str(month), signed=signed)
        except Refused as refused:
            wanted = str(refused)
        with self.step():
            if wanted is not None:
                with pytest.raises(Refusal) as refusal:
                    close_month(month, SYSTEM)
                assert refusal.value.code == wanted
                self.seen[wanted] += 1
                earned = self.model.close_month(str(month), signed=True)
            closed = close_month(month, world.actor("fang"), signature="财务已核对，先行封账")
            assert closed.written.due_fen == sum(earned.values())
            self.seen["close_month"] += 1
            self._papers_agree(month, earned)

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
                    payment.amount
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
                assert balance(AccountKey(OUTLET, id_, "IN_TRANSIT")) == model.in_transit(code)
                assert abs(balance(AccountKey(OUTLET, id_, "OVER_SHORT"))) == abs(drawer.over_short)
                assert abs(balance(AccountKey(OUTLET, id_, "OVER_SHORT", "COUNTERFEIT"))) == drawer.counterfeit
                for day in {model.today, model.open_day(code)}:
                    totals = tender_totals(id_, day)
                    found = sum(total.count for total in totals), sum(total.system_fen for total in totals)
                    assert found == model.taken(code, day)
            assert balance(AccountKey(ORG_UNIT, world.TAIPING.id, "BANK")) == model.banked()
            sums = {row.code: row.credit_fen - row.debit_fen for row in trial_balance()}
            assert sum(sums.values()) == 0
            taken = sum(payment.amount for payment in model.standing())
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


@contextmanager
def fresh_worlds(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iterator[tuple[str, Path]]]:
    """Give copies of the cast's world, one for each run of the machine."""
    made: list[str] = []

    def worlds() -> Iterator[tuple[str, Path]]:
        for number in count():
            home = tmp_path / str(number)
            home.mkdir()
            if kind == "sqlite":
                shutil.copy(request.getfixturevalue("sqlite_template"), home / "agentnet.db")
                yield f"sqlite:///{home / 'agentnet.db'}", home
            else:
                made.append(postgres.fresh_database(postgres.server(), fill_postgresql))
                yield made[-1], home

    yield worlds()
    for url in made:
        postgres.drop_database(url)


def test_money_in_any_order_comes_to_what_the_model_says(database: str, request, tmp_path: Path) -> None:
    kind = "sqlite" if database.startswith("sqlite") else "postgresql"
    with fresh_worlds(kind, request, tmp_path) as worlds:
        seen: Counter[str] = Counter()
        machine = type("AnyOrderHere", (AnyOrder,), {"fresh": worlds, "seen": seen})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    never = [what for what in EVERYTHING if not seen[what]]
    assert never == [], f"an empty run proves nothing: {dict(seen)}"
