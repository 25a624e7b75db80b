"""Plans, versions and adjustments: who may, what is refused, and that sending twice is once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from agentnet.approvals.models import Approval
from agentnet.closing.actions import close_month
from agentnet.commission.accruing import outlet_months
from agentnet.commission.actions import add_version, create_plan
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.engine.language import Component, Kind, Scope, Version
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import version_sha256
from agentnet.commission.models import CommissionAdjustment, Plan, PlanComponent, PlanVersion
from agentnet.commission.plan_requests import NewVersion, ask_for_version
from agentnet.commission.queries import plan_lines, tariffs
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Agreement
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, collected, voided

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
FANG = 9

pytestmark = pytest.mark.usefixtures("app")


def each(fee_fen: int, name: str = "每笔", group: str | None = None) -> Component:
    return Component(Kind.PER_COLLECTION, name, group=group, fee_fen=fee_fen)


def a_version(starts_on: date = date(2026, 11, 1), *components: Component, note: str = "2026 年第 8 号文") -> Version:
    return Version(starts_on, components or (each(60),), note=note)


def asked(says: Version | None = None, **changes: object) -> NewVersion:
    return replace(NewVersion(new_id(), "STANDARD", says or a_version()), **changes)


def ask(new: NewVersion, by: Actor | None = None) -> NewVersion:
    with batch():
        ask_for_version(new, by or world.actor("fang"))
    return new


def counted(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def october_is_closed() -> None:
    collected(POSTAL_STATION, 203_50)
    close_month(OCTOBER, SYSTEM)


def an_adjustment(**changes: object) -> NewAdjustment:
    return replace(NewAdjustment(new_id(), "WL0001", OCTOBER, -50, "重复缴费，已退款"), **changes)


def test_a_version_rules_once_a_second_person_has_agreed() -> None:
    more_finance()
    new = ask(asked())
    assert counted(PlanVersion) == 1
    say_yes(new.id)
    with reading():
        version = db.session.scalars(select(PlanVersion).where(PlanVersion.number == 2)).one()
        assert (version.starts_on, version.user_id, version.content_sha256) == (
            date(2026, 11, 1), FANG, version_sha256(new.says)
        )  # fmt: skip
        assert read_version(version.content) == new.says
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == "add_plan_version")).one()
        assert (line.actor_name, line.subject_id) == ("Grace", "STANDARD")
        assert line.after is not None
        assert line.after["components"][0]["fee"] == "0.60"


def test_nobody_agrees_to_their_own_version() -> None:
    new = ask(asked())
    with pytest.raises(Forbidden) as refusal:
        say_yes(new.id, by="fang")
    assert (refusal.value.code, counted(PlanVersion)) == ("own_request", 1)


def test_a_month_that_closed_since_refuses_the_version_that_was_asked_for() -> None:
    more_finance()
    new = ask(asked(a_version(date(2026, 10, 15))))
    october_is_closed()
    with pytest.raises(Conflict) as refusal:
        say_yes(new.id)
    assert (refusal.value.code, counted(PlanVersion)) == ("month_locked", 1)


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_asks_for_a_version(username: str) -> None:
    with reading():
        by = world.actor(username)
    with pytest.raises(Forbidden):
        ask(asked(), by)
    assert counted(Approval) == 0


def test_finance_of_a_county_may_not_change_the_companys_plans() -> None:
    with reading():
        fang = world.actor("fang")
    in_county = replace(fang, grants=(replace(fang.grants[0], org_path=world.WENLING.path),))
    with pytest.raises(Forbidden) as refusal:
        ask(asked(), in_county)
    assert refusal.value.code == "company_only"


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (Version(date(2026, 11, 1), (), note="上调"), "plan_faults"),
        (a_version(date(2026, 11, 1), each(1, "a", "g"), each(2, "b", "g")), "plan_faults"),
        (a_version(note=""), "note_missing"),
        (a_version(date(2026, 11, 1), Component(Kind.MANDATE_BONUS, "签约", amount_fen=1)), "mandates_later"),
        (a_version(date(2026, 11, 1), each(1), each(2)), "name_twice"),
        (a_version(date(2026, 11, 1), replace(each(1), scope=Scope(partners=frozenset({"MARS"})))), "scope_unknown"),
        (a_version(date(2026, 11, 1), replace(each(1), scope=Scope(campaigns=frozenset({"X"})))), "scope_unknown"),
    ],
)
def test_a_senseless_version_leaves_no_rows(says: Version, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(asked(says))
    assert refusal.value.code == code
    assert (counted(PlanVersion), counted(PlanComponent), counted(Approval)) == (1, 2, 0)


def test_a_version_may_not_start_in_a_closed_month() -> None:
    october_is_closed()
    with pytest.raises(Conflict) as refusal:
        ask(asked(a_version(date(2026, 10, 31))))
    assert refusal.value.code == "month_locked"
    ask(asked(a_version(date(2026, 11, 1))))


def test_a_version_asked_for_twice_is_one_and_other_content_is_a_conflict() -> None:
    new = ask(asked())
    ask(new)
    assert counted(Approval) == 1
    with pytest.raises(Conflict) as refusal:
        ask(replace(new, says=a_version(date(2026, 11, 1), each(61))))
    assert refusal.value.code == "id_reused"
    with pytest.raises(Conflict) as refusal:
        ask(asked())
    assert refusal.value.code == "approval_pending"
    more_finance()
    say_yes(new.id)
    ask(new)  # the answer to a resend is the same, whatever became of it
    assert counted(PlanVersion) == 2


def test_a_new_plan_is_agreed_with_its_first_version() -> None:
    more_finance()
    new = ask(asked(plan_code="POST-2026", new_name="邮政方案"))
    assert counted(Plan) == 1
    say_yes(new.id)
    assert (counted(Plan), counted(PlanVersion)) == (2, 2)


def test_a_slip_is_put_right_by_a_further_version_from_the_same_day() -> None:
    with batch():
        add_version("STANDARD", a_version(date(2026, 11, 1), each(6000)), SYSTEM)
    with batch():
        add_version("STANDARD", a_version(date(2026, 11, 1), each(60)), SYSTEM)
    collected(POSTAL_STATION, 20_00, on=date(2026, 11, 3))
    with reading():
        assert outlet_months(NOVEMBER, [1], tariffs())[0].earned_fen == 60


def test_the_database_refuses_to_rewrite_a_version_or_to_hold_two_components_in_one_place() -> None:
    for statement in (
        update(PlanVersion).values(content="{}"),
        update(PlanComponent).values(position=7),
        text("DELETE FROM plan_components"),
    ):
        with pytest.raises(DatabaseError), batch():
            db.session.execute(statement)
    with pytest.raises(IntegrityError), batch():
        db.session.execute(insert(PlanComponent).values(version_id=1, position=1, kind="BANDED", name="x"))


def test_a_second_plan_pays_the_outlets_whose_agreement_names_it() -> None:
    with batch():
        plan = create_plan("NEWSSTAND-2026", "报刊亭方案", a_version(), SYSTEM)
        assert not plan.is_default
        db.session.execute(update(Agreement).where(Agreement.outlet_id == 11).values(plan_id=plan.id))
    collected(NEWSSTAND, 20_00, on=date(2026, 11, 3))
    with reading():
        assert outlet_months(NOVEMBER, [11], tariffs())[0].earned_fen == 60
        assert [(line.plan.code, line.agreements) for line in plan_lines()] == [("STANDARD", 4), ("NEWSSTAND-2026", 1)]


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [("STANDARD", "又一个", "plan_code_taken"), ("标准", "名", "plan_code_shape"), ("B", "", "plan_name_missing")],
)
def test_a_plan_needs_a_code_of_its_own_and_a_name(code: str, name: str, expected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(asked(plan_code=code, new_name=name))
    assert refusal.value.code == expected
    assert counted(Plan) == 1


def test_voided_collections_earn_nothing() -> None:
    kept, gone = collected(POSTAL_STATION, 203_50, 100_00, on=date(2026, 11, 3))
    voided(gone)
    with reading():
        month = outlet_months(NOVEMBER, [1], tariffs())[0]
        assert [line.collection_id for line in month.earned] == [kept]
        assert (month.collected_fen, month.earned_fen) == (203_50, 50)


def test_an_adjustment_goes_to_the_next_open_month_with_an_audit_line() -> None:
    october_is_closed()
    with batch():
        receipt = "WL0001-261005-000001"
        made = record_adjustment(an_adjustment(receipt_no=receipt), world.actor("fang"))
        assert (made.of_month, made.month, made.amount_fen) == ("2026-10", "2026-11", -50)
        assert made.collection_id is not None
    with reading():
        line = db.session.scalars(select(AuditLine).order_by(AuditLine.id.desc()).limit(1)).one()
        assert (line.action, line.subject_id) == ("adjust_commission", "WL0001")


def test_an_adjustment_sent_twice_is_one_and_other_content_is_a_conflict() -> None:
    october_is_closed()
    new = an_adjustment()
    for _ in range(2):
        with batch():
            record_adjustment(new, world.actor("fang"))
    assert counted(CommissionAdjustment) == 1
    with pytest.raises(Conflict) as refusal, batch():
        record_adjustment(replace(new, amount_fen=-51), world.actor("fang"))
    assert refusal.value.code == "id_reused"


@pytest.mark.parametrize("username", ["alice", "carol", "paul", "audrey", "adam"])
def test_only_finance_adjusts(username: str) -> None:
    october_is_closed()
    with reading():
        by = world.actor(username)
    with pytest.raises(Forbidden), batch():
        record_adjustment(an_adjustment(), by)
    assert counted(CommissionAdjustment) == 0


def test_finance_adjusts_its_own_territory_alone() -> None:
    october_is_closed()
    with reading():
        fang = world.actor("fang")
    stranger = replace(fang, grants=(replace(fang.grants[0], org_path=world.JIAXING.path),))
    with pytest.raises(Missing), batch():
        record_adjustment(an_adjustment(), stranger)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "adjustment_zero"),
        ({"reason": ""}, "reason_missing"),
        ({"of_month": NOVEMBER}, "month_still_open"),
        ({"receipt_no": "WL0001-261005-999999"}, "receipt_elsewhere"),
        ({"receipt_no": "WL0001-261005-000001", "outlet_code": "WL0002"}, "receipt_elsewhere"),
    ],
)
def test_a_senseless_adjustment_leaves_no_rows(changes: dict[str, object], code: str) -> None:
    october_is_closed()
    with pytest.raises(Invalid) as refusal, batch():
        record_adjustment(an_adjustment(**changes), world.actor("fang"))
    assert refusal.value.code == code
    assert counted(CommissionAdjustment) == 0
