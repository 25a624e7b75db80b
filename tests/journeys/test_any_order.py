"""Money in any order: whatever two outlets do, and in whichever order, the book, the pages and the papers say what a
small independent model says (``money_model``)."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from agentnet.approvals.actions import approve
from agentnet.approvals.models import Approval
from agentnet.closing.actions import close_month
from agentnet.collecting.actions import NewCollection, record_collections, reverse_collection, void_collection
from agentnet.collecting.models import Collection, Household, Void
from agentnet.core.clock import Month, now
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.holding.rules import NewTopUp
from agentnet.holding.top_up_actions import confirm_top_up, declare_top_up
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from agentnet.settlement.corrections.actions import pay_refund
from agentnet.settlement.corrections.requests import request_adjustment, request_refund
from agentnet.settlement.corrections.rules import NewAdjustment, NewRefund
from agentnet.settlement.day_actions import close_day
from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.models import Remittance
from agentnet.settlement.queries import tender_totals
from agentnet.settlement.reconciliation.match_actions import confirm_by_statement
from agentnet.settlement.reconciliation.sides import plan_for
from agentnet.settlement.reconciliation.taking import (
    ReadPartnerFile,
    ReadStatements,
    take_partner_file,
    take_statements,
)
from agentnet.settlement.remittance_actions import confirm_remittance, declare_remittance, reject_remittance
from agentnet.settlement.rules import Count, NewClose, NewRemittance
from tests import world
from tests.conftest import fill_postgresql
from tests.journeys.money_machine import KEEPERS, STATION, TwoBooks
from tests.journeys.money_model import Deposit, Payment, Refused
from tests.machines import postgres
from tests.settlement.camt import document, entry, statement
from tests.settlement.reconciliation.given import partner_file, payment_line

AMOUNTS = st.sampled_from([1, 5_38, 102_00, 148_00, 203_50, 399_99, 400_01])
OUTLETS = st.sampled_from(sorted(KEEPERS))


EXAMPLES, STEPS = 30, 40

EVERYTHING = (
    *("collect", "void", "reverse", "close", "declare", "confirm", "confirm_by_file", "reject", "close_month"),
    *("top_up", "refund", "write_off", "partner_file"),
    *("float_empty", "void_instead", "refund_amount", "nothing_left", "more_than_short"),
    *("over_ceiling", "over_single_limit", "already_voided", "void_too_late", "day_closed_already"),
    *("over_cash_held", "remittance_decided", "month_not_settled"),
)
"""What must have happened at least once in a run: steps that took effect, and reasons they were refused for."""


CUSTOMERS = st.tuples(
    OUTLETS,
    st.sampled_from([world.MEI, world.GANG]),
    AMOUNTS,
    st.sampled_from(["CASH", "CASH", "UNIONPAY_CARD"]),
)
SELDOM = st.sampled_from([False, False, False, True])


class AnyOrder(TwoBooks):
    """What the people of two outlets and a newsstand, of finance and of the Post may do, in whichever order."""

    payments = Bundle("payments")
    deposits = Bundle("deposits")

    @initialize(target=payments)
    def begin(self) -> MultipleResults[tuple[Payment | None, object]]:
        """Open with some customers served and yesterday over, so that there is something to put right."""
        self.open_the_shops()
        served = [
            self._collect("WL0001", world.MEI, 203_50, "CASH"),
            self._collect("WL0002", world.GANG, 5_38, "CASH"),
            self._collect("WL0001", world.GANG, 102_00, "UNIONPAY_CARD"),
        ]
        self._count("WL0002", -100, 0)
        self._let_pass(1)
        return multiple(*served, self._collect("WL0001", world.GANG, 148_00, "CASH"))

    @rule(target=payments, several=st.lists(CUSTOMERS, min_size=1, max_size=4))
    def collect(self, several: list[tuple[str, str, int, str]]) -> MultipleResults[tuple[Payment | None, object]]:
        return multiple(*(self._collect(*customer) for customer in several))

    @rule(target=payments, customer=CUSTOMERS)
    def collect_one(self, customer: tuple[str, str, int, str]) -> tuple[Payment | None, object]:
        return self._collect(*customer)

    def _collect(self, outlet: str, household: str, amount: int, tender: str) -> tuple[Payment | None, object]:
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

    @rule(payment=payments)
    def reverse(self, payment: tuple[Payment | None, object]) -> None:
        model, id_ = payment
        if model is not None:
            by = world.actor("fang")
            with self.step():
                self.same(
                    "reverse",
                    lambda: reverse_collection(id_, new_id(), "TIMEOUT", "终端超时", by),
                    lambda: self.model.void(model),
                )

    @rule(outlet=st.just("JX0001"), amount=st.sampled_from([500_00, 1_000_00]), now_=SELDOM)
    def top_up(self, outlet: str, amount: int, now_: bool) -> None:
        if not now_:
            return

        def ours() -> None:
            new = NewTopUp(new_id(), outlet, f"CZ-{next(self.slips)}", amount, self.model.today)
            declare_top_up(new, world.actor(KEEPERS[outlet]))
            confirm_top_up(new.id, new_id(), world.actor("fang"))

        with self.step():
            self.same("top_up", ours, lambda: self.model.top_up(outlet, amount))

    @rule(payment=payments, share=st.sampled_from([1, 2]), more=st.sampled_from([0, 1]))
    def refund(self, payment: tuple[Payment | None, object], share: int, more: int) -> None:
        """Ask, have it approved by another, pay it out: all in one go, so that a refusal leaves no request behind."""
        model, id_ = payment
        if model is None or (model.day >= self.model.today and (model.outlet, model.day) in self.model.closed):
            return  # what the night has not sorted yet waits for it
        amount = max(model.stands // share + more, 1)

        def ours() -> None:
            receipt_no = db.session.scalars(select(Collection.receipt_no).where(Collection.id == id_)).one()
            new = NewRefund(new_id(), receipt_no, amount, "BANK", "客户多缴")
            request_refund(new, world.actor(KEEPERS[model.outlet]))
            self._approve(new.id, "fang")
            pay_refund(new.id, new_id(), "HK-1", world.actor("fang"))

        with self.step():
            self.same("refund", ours, lambda: self.model.refund(model, amount))

    @rule(outlet=st.sampled_from(STATION), amount=st.sampled_from([50, 50, 150]))
    def write_off(self, outlet: str, amount: int) -> None:
        def ours() -> None:
            new = NewAdjustment(new_id(), outlet, "SHORT_WRITTEN_OFF", amount, "盘点短款核销")
            request_adjustment(new, world.actor("fang"))
            self._approve(new.id, "grace")

        with self.step():
            self.same("write_off", ours, lambda: self.model.write_off(outlet, amount))

    def _approve(self, approval_id: UUID, username: str) -> None:
        seen = db.session.get_one(Approval, approval_id).content_sha256
        approve(approval_id, new_id(), seen, "", world.actor(username))

    @rule(
        outlet=st.sampled_from(STATION),
        difference=st.sampled_from([0, 0, -100, 250]),
        counterfeit=st.sampled_from([0, 0, 100]),
    )
    def close(self, outlet: str, difference: int, counterfeit: int) -> None:
        self._count(outlet, difference, counterfeit)

    def _count(self, outlet: str, difference: int, counterfeit: int) -> None:
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

    @rule(
        target=deposits,
        outlet=st.sampled_from(STATION),
        share=st.sampled_from([1, 2, 3]),
        more=st.sampled_from([0, 0, 0, 1]),
    )
    def remit(self, outlet: str, share: int, more: int) -> tuple[Deposit | None, object]:
        amount = self.model.drawers[outlet].cash // share + more
        if amount <= 0:
            return None, None
        id_ = new_id()
        with self.step():
            new = NewRemittance(id_, outlet, f"JK-20261118-{next(self.slips):04d}", amount, self.model.today)
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

    @rule(deposit=deposits, missing=st.sampled_from([0, 0, 1]))
    def confirm_by_file(self, deposit: tuple[Deposit | None, object], missing: int) -> None:
        """Take in a statement that says the bank received it, and confirm what it was matched with."""
        model, id_ = deposit
        if model is None or model.state != "DECLARED" or missing >= model.amount:
            return
        by = world.actor("fang")

        def ours() -> None:
            slip = db.session.get_one(Remittance, id_).slip_no
            number, day = next(self.slips), self.model.today.isoformat()
            inside = f"<AcctSvcrRef>B{number}</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Ustrd>{slip}</Ustrd></RmtInf></TxDtls></NtryDtls>"
            fen = model.amount - missing
            content = document(statement([entry(fen, inside, day=day)], 1_00, 1_00 + fen, id=f"S-{number}")).encode()
            new = ReadStatements("bank.xml", sha256(content).hexdigest(), read_camt053(content))
            (file_id,) = take_statements(new_id(), new, by)
            assert confirm_by_statement(file_id, new_id(), fen, by) == 1

        with self.step():
            self.same("confirm_by_file", ours, lambda: self.model.confirm(model, model.amount - missing))

    @rule(wrong=st.booleans())
    def partner_file(self, wrong: bool) -> None:
        """Take in the Post's file of yesterday, as the book has it or with one payment too many."""
        day = self.model.today - timedelta(days=1)
        ours = [one for one in self.model.standing() if one.outlet == "WL0001" and one.day == day]
        if day in self.told_days or not ours:
            return
        self.told_days.add(day)
        with self.step(), batch():
            rows = db.session.execute(
                select(Collection.receipt_no, Household.household_no, Collection.amount_fen)
                .join(Household, Household.id == Collection.household_id)
                .outerjoin(Void, Void.collection_id == Collection.id)
                .where(Collection.outlet_id == 1, Collection.business_on == day, Void.id.is_(None))
            ).all()
            at = f"{day:%Y%m%d}093000"
            lines = [payment_line(*row[:1], row.amount_fen, row.household_no, at=at) for row in rows]
            lines += [payment_line("P-000001", 9_99, world.OLD, at=at)] * wrong
            name = f"POST_COLLECTION_{day:%Y%m%d}.csv"
            file = read_partner_file(partner_file(*lines, day=f"{day:%Y%m%d}"), name, "POST")
            plan = plan_for(1, file)
            assert (len(plan.outcome.matches), len(plan.outcome.differences)) == (len(ours), int(wrong))
            take_partner_file(new_id(), ReadPartnerFile(1, name, file, plan), world.actor("fang"))
        self.seen["partner_file"] += 1

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

    @rule(signed=st.booleans(), now_=SELDOM)
    def close_the_month(self, signed: bool, now_: bool) -> None:
        """Wait for the 1st and close the month that is over, after any before it."""
        if not now_:
            return
        last = Month.of(self.model.today)
        self._let_pass((last.ends_on - self.model.today).days)
        month = Month.parse(self.model.first_open_month("2026-11"))
        while month <= last:
            self._close(month, signed=signed)
            month = month.next()

    def _close(self, month: Month, *, signed: bool) -> None:
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
                phases=[Phase.generate],  # shrinking takes minutes; run without this to look for a shorter story
            ),
        )
    never = [what for what in EVERYTHING if not seen[what]]
    assert never == [], f"an empty run proves nothing: {dict(seen)}"
