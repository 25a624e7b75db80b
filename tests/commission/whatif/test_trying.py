"""A plan tried on closed months comes to what a close under it would pay, and leaves the books alone.

October by hand, under the STANDARD plan (cash 0.50 a payment; any other tender 0.2 %, at least 0.10, at most 1.00):
WL0001 took 203.50 and 102.00 in cash (0.50 + 0.50), WL0002 203.50 by Alipay (0.407, so 0.41).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from agentnet.closing.actions import close_month
from agentnet.commission.actions import create_plan
from agentnet.commission.commands import commission_group
from agentnet.commission.engine.language import Component, Kind, Plan, Scope, Tier, Version
from agentnet.commission.engine.writing import write_plan
from agentnet.commission.models import OutletAccrual
from agentnet.commission.queries import plan_by_code, tariffs
from agentnet.commission.whatif import actions
from agentnet.commission.whatif.actions import NewWhatIf, ask_what_if, lease
from agentnet.commission.whatif.jobs import try_some
from agentnet.commission.whatif.models import WhatIf, WhatIfOutlet, WhatIfSum
from agentnet.core.clock import Month, frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from tests import world
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT, collected
from tests.commission.test_language_months import DECEMBER_2, EVERYTHING, closed
from tests.commission.test_language_months import november as november

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
HALF_PERCENT = Version(date(2027, 1, 1), (Component(Kind.PER_COLLECTION, "千分之五", rate_ppm=5_000),), note="试算")
POSTAL_ALONE = Version(
    date(2027, 1, 1),
    (
        Component(Kind.PER_COLLECTION, "村邮站", scope=Scope(outlet_kinds=frozenset({"VILLAGE_POST"})), fee_fen=80),
        Component(Kind.TIERED, "阶梯", tiers=(Tier(0, 1_000_00, 0), Tier(1_000_00, None, 10_000))),
    ),
    note="试算",
)


def an_october() -> None:
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(SERVICE_POINT, 203_50, tender="ALIPAY")
    close_month(OCTOBER, SYSTEM)


def wanted(says=HALF_PERCENT, **changes) -> NewWhatIf:
    return replace(NewWhatIf(new_id(), "试算方案", "FILE", says, OCTOBER, OCTOBER), **changes)


def asked(new: NewWhatIf, by: str = "fang"):
    with batch():
        return ask_what_if(new, world.actor(by)).id


def by_outlet(what_if_id) -> dict[str, WhatIfOutlet]:
    codes = {1: POSTAL_STATION, 2: SERVICE_POINT}
    with reading():
        found = db.session.scalars(select(WhatIfOutlet).where(WhatIfOutlet.what_if_id == what_if_id)).all()
    return {codes[one.outlet_id]: one for one in found if one.outlet_id in codes}


def counted(model) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_each_outlet_is_set_beside_what_it_was_paid(app):
    # 0.5 % of 203.50 is 1.0175, of 102.00 it is 0.51.
    an_october()
    outlets = by_outlet(asked(wanted()))
    first, second = outlets[POSTAL_STATION], outlets[SERVICE_POINT]
    assert (first.collections_count, first.collected_fen) == (2, 305_50)
    assert (first.paid_fen, first.new_fen, first.change_fen) == (1_00, 1_02 + 51, 53)
    assert (second.paid_fen, second.new_fen, second.change_fen) == (41, 1_02, 61)
    assert first.why["more"] == [2, 53]
    assert first.why["new_by"] == {"千分之五": 1_53}


def test_a_component_that_covers_an_outlet_no_longer_is_named_as_why_it_loses(app):
    an_october()
    lost = by_outlet(asked(wanted(POSTAL_ALONE)))[SERVICE_POINT]
    assert (lost.paid_fen, lost.new_fen) == (41, 0)
    assert lost.why["uncovered"] == [1, -41]
    assert lost.why["reasons"] == {"阶梯": {"RATE_ZERO": 1}}


def test_the_plan_in_force_comes_to_what_its_close_paid_component_by_component(app):
    an_october()
    with reading():
        (in_force,) = tariffs().versions_by_plan[plan_by_code("STANDARD").id]
    what_if_id = asked(wanted(in_force.says))
    with reading():
        outlets = db.session.scalars(select(WhatIfOutlet)).all()
        sums = db.session.execute(
            select(WhatIfSum.side, WhatIfSum.component, func.sum(WhatIfSum.amount_fen))
            .where(WhatIfSum.what_if_id == what_if_id)
            .group_by(WhatIfSum.side, WhatIfSum.component)
        ).all()
        earned = db.session.scalar(select(func.sum(OutletAccrual.earned_fen)))
    assert {one.change_fen for one in outlets} == {0}
    assert sum(one.new_fen for one in outlets) == earned == 1_41
    paid = {name: fen for side, name, fen in sums if side == "PAID" and fen}
    new = {name: fen for side, name, fen in sums if side == "NEW" and fen}
    assert paid == new
    assert sum(new.values()) == earned


def test_trying_is_what_the_close_then_pays(november):
    # The example of the language: 1.00 + 6.80 + 5.50 + 3.00, see test_language_months.
    with frozen_at(DECEMBER_2):
        closed()
        first = by_outlet(asked(wanted(EVERYTHING, first_month=NOVEMBER, last_month=NOVEMBER)))[POSTAL_STATION]
    assert (first.paid_fen, first.new_fen) == (16_30, 16_30)
    assert first.why["paid_by"] == first.why["new_by"] == {"每户": 1_00, "阶梯": 6_80, "增长": 5_50, "补贴": 3_00}


def test_the_command_on_a_file_of_the_same_collections_comes_to_the_same(app, tmp_path):
    an_october()
    says = replace(POSTAL_ALONE, starts_on=date(2026, 1, 1))
    outlets = by_outlet(asked(wanted(says)))
    rows = [("WL0001", "203.50"), ("WL0001", "102.00"), ("WL0002", "203.50")]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["outlet_code", "household_no", "amount", "tender", "collected_at", "outlet_kind"])
    for at, (code, amount) in enumerate(rows):
        kind = "VILLAGE_POST" if code == "WL0001" else "SERVICE_POINT"
        table.writerow([code, world.MEI, amount, "CASH", f"2026-10-05 09:00:0{at}", kind])
    (tmp_path / "rows.csv").write_text(written.getvalue(), encoding="utf-8")
    (tmp_path / "plan.json").write_text(write_plan(Plan("NEW", "新方案", (says,))), encoding="utf-8")
    given = ["simulate", "--plan", str(tmp_path / "plan.json"), "--collections", str(tmp_path / "rows.csv"), "--json"]
    result = CliRunner().invoke(commission_group, given)
    assert result.exit_code == 0, result.output
    months = {one["outlet_code"]: one for one in json.loads(result.stdout)["months"]}
    assert {code: one.new_fen for code, one in outlets.items()} == {
        code: months[code]["total_fen"] for code in (POSTAL_STATION, SERVICE_POINT)
    }
    assert outlets[POSTAL_STATION].new_fen == 1_60


def test_a_plan_tried_on_its_own_outlets_leaves_others_out(app):
    an_october()
    with batch():
        create_plan("OTHER", "另一个方案", replace(HALF_PERCENT, starts_on=date(2026, 11, 1)), SYSTEM)
        db.session.execute(
            text("UPDATE agreements SET plan_id = (SELECT id FROM plans WHERE code = 'OTHER') WHERE outlet_id = 2")
        )
    outlets = by_outlet(asked(wanted(plan_code="OTHER")))
    assert list(outlets) == [SERVICE_POINT]
    assert outlets[SERVICE_POINT].new_fen == 1_02


def test_nothing_of_the_books_changes_and_the_trail_says_who_tried(app):
    an_october()
    before = counted(Transfer), counted(OutletAccrual)
    asked(wanted())
    assert (counted(Transfer), counted(OutletAccrual)) == before
    with reading():
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == "tried_plan")).one()
    assert line.after["name"] == "试算方案"


def test_sent_twice_is_tried_once_and_other_content_is_a_conflict(app):
    an_october()
    new = wanted()
    assert asked(new) == asked(new)
    assert counted(WhatIf) == 1
    with pytest.raises(Conflict) as refused:
        asked(replace(new, says=POSTAL_ALONE))
    assert refused.value.code == "id_reused"


@pytest.mark.parametrize("username", ["carol", "alice", "audrey"])
def test_only_finance_of_the_company_tries_a_plan(app, username):
    an_october()
    with pytest.raises(Forbidden):
        asked(wanted(), by=username)
    assert counted(WhatIf) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first_month": NOVEMBER, "last_month": NOVEMBER}, "what_if_months"),
        ({"first_month": NOVEMBER, "last_month": OCTOBER}, "months_turned"),
        (
            {"says": replace(HALF_PERCENT, components=(Component(Kind.PER_COLLECTION, "错", fee_fen=1, scope=Scope(tenders=frozenset({"GOLD"}))),))},
            "scope_unknown",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_refused_and_leaves_nothing(app, changes, code):
    an_october()
    with pytest.raises(Invalid) as refused:
        asked(wanted(**changes))
    assert refused.value.code == code
    assert counted(WhatIf) == counted(WhatIfOutlet) == 0


def test_a_large_network_is_worked_by_the_worker_in_portions_that_come_to_the_same(app, monkeypatch):
    an_october()
    at_once = by_outlet(asked(wanted()))
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    monkeypatch.setattr(actions, "OUTLETS_A_PORTION", 1)
    later = asked(wanted())
    with reading():
        assert db.session.get_one(WhatIf, later).state == "WAITING"
    portions = 0
    while try_some():
        portions += 1
    with reading():
        done = db.session.get_one(WhatIf, later)
    assert (done.state, done.outlets_done) == ("DONE", done.outlets_count)
    assert portions == done.outlets_count + 1
    assert {code: one.new_fen for code, one in by_outlet(later).items()} == {
        code: one.new_fen for code, one in at_once.items()
    }


def test_a_worker_that_lost_its_lease_writes_nothing(app, monkeypatch):
    an_october()
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    what_if_id = asked(wanted())
    with batch():
        late = lease()
        token = late.token
        late.asked.lease_until = None
    with reading():
        ids, portion = actions.next_portion(what_if_id)
    assert try_some() == 1
    with batch():
        assert not actions.write_portion(what_if_id, token, ids, portion)


def test_what_fails_over_and_over_is_given_up(app, monkeypatch):
    an_october()
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    what_if_id = asked(wanted())
    for _ in range(actions.MOST_ATTEMPTS):
        with batch():
            lease().asked.lease_until = None
    assert try_some() == 1
    assert try_some() == 0
    with reading():
        assert db.session.get_one(WhatIf, what_if_id).state == "FAILED"
