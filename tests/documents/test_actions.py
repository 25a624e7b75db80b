"""Planning, revising and ordering documents."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.documents import actions
from agentnet.documents.freezing import read_figures
from agentnet.documents.models import Order, Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask, batch, reading
from tests import world
from tests.documents import invented
from tests.documents.conftest import plan, runs, unit
from tests.documents.invented import NOVEMBER, OCTOBER, Facts


def order(**changes: object) -> actions.NewOrder:
    usual = actions.NewOrder(
        id=new_id(), kind="INVENTED_MONTH", org_unit_code="WL", period=OCTOBER, language="zh", subject=None
    )
    return replace(usual, **changes)


def count(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_every_subject_gets_one_frozen_numbered_document(facts: Facts) -> None:
    facts.amounts["outlet:WL0001"] = 12_345
    plan(facts)
    planned = runs()
    assert [run.number for run in planned] == [f"DH-IM-202610-{serial:06d}" for serial in range(1, 6)]
    first = next(run for run in planned if run.subject == "outlet:WL0001:zh")
    figures = read_figures(invented.monthly(facts), first.frozen)
    assert figures.amount_fen == 12_345
    assert figures.head.check_code == first.check_code
    assert figures.head.verify_url == f"http://127.0.0.1:8000/d/{first.number}?c={first.check_code}"
    assert (first.org_path, first.outlet_id, first.state, first.revision) == (world.TAIPING.path, 1, "PLANNED", 1)


def test_planning_again_leaves_what_exists_alone(facts: Facts) -> None:
    plan(facts, "WL")
    before = {run.number: run.frozen_sha256 for run in runs()}
    facts.amounts["outlet:WL0001"] = 999
    with batch():
        planned = actions.plan_documents(invented.monthly(facts), unit(), OCTOBER, "zh", SYSTEM)
    assert (planned.new, planned.existing) == (1, 4)
    assert {run.number: run.frozen_sha256 for run in runs() if run.number in before} == before


def test_each_language_and_each_period_is_its_own_document(facts: Facts) -> None:
    plan(facts, "JX")
    plan(facts, "JX", language="en")
    plan(facts, "JX", NOVEMBER)
    assert [(run.number, run.subject) for run in runs()] == [
        ("DH-IM-202610-000001", "outlet:JX0001:zh"),
        ("DH-IM-202610-000002", "outlet:JX0001:en"),
        ("DH-IM-202611-000001", "outlet:JX0001:zh"),
    ]


def test_what_was_frozen_ahead_is_planned_as_it_was_frozen(facts: Facts) -> None:
    kind = invented.monthly(facts)
    facts.amounts["outlet:WL0001"] = 888
    with reading():
        subjects = list(kind.subjects(unit(), OCTOBER))
        draft = actions.draft_documents(kind, OCTOBER, "zh", subjects)
    facts.amounts["outlet:WL0001"] = 999
    with batch():
        actions.plan_documents(kind, unit(), OCTOBER, "zh", SYSTEM, subjects=subjects, draft=draft)
    first = next(run for run in runs() if run.subject == "outlet:WL0001:zh")
    assert read_figures(kind, first.frozen).amount_fen == 888


def test_what_was_frozen_ahead_is_frozen_anew_if_another_planned_in_between(facts: Facts) -> None:
    kind = invented.monthly(facts)
    with reading():
        subjects = list(kind.subjects(unit(), OCTOBER))
        draft = actions.draft_documents(kind, OCTOBER, "zh", subjects)
    plan(facts, "JX")
    with batch():
        actions.plan_documents(kind, unit(), OCTOBER, "zh", SYSTEM, subjects=subjects, draft=draft)
    assert [run.serial for run in runs()] == [1, 2, 3, 4, 5]
    assert len({run.subject for run in runs()}) == 5


def test_an_empty_list_of_subjects_plans_nothing(facts: Facts) -> None:
    with batch():
        assert actions.plan_documents(invented.monthly(facts), unit(), OCTOBER, "zh", SYSTEM, subjects=[]).new == 0
    assert runs() == []


def test_a_kind_that_forgets_a_subject_crashes_loudly_and_leaves_no_row(facts: Facts) -> None:
    kind = replace(invented.monthly(facts), freeze=lambda subjects, period, heads: iter(()))
    with pytest.raises(RuntimeError), batch():
        actions.plan_documents(kind, unit(), OCTOBER, "zh", SYSTEM)
    assert runs() == []


def test_planners_at_the_same_time_make_one_document_each_and_no_hole_in_the_serials(
    app: TransactionalFlask, facts: Facts
) -> None:
    ready = threading.Barrier(4)
    failures: list[Exception] = []

    def plan_at_once() -> None:
        try:
            with app.app_context():
                ready.wait()
                plan(facts)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=plan_at_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [run.serial for run in runs()] == [1, 2, 3, 4, 5]


def test_a_revision_is_frozen_from_todays_facts_and_keeps_the_first(facts: Facts) -> None:
    plan(facts)
    first = runs()[0]
    facts.amounts[first.subject.removesuffix(":zh")] = 777
    with batch():
        run = db.session.get_one(Run, first.id)
        newer = actions.revise(run, " 补记一笔 ", world.actor("fang"))
        assert newer.number == f"{first.number}-R2"
    old, new = (run for run in runs() if run.serial == first.serial)
    assert old.frozen_sha256 == first.frozen_sha256
    assert (new.revision, new.revision_reason, new.state, new.org_path) == (2, "补记一笔", "PLANNED", first.org_path)
    assert new.check_code != old.check_code


def revise(number: str, reason: str, who: str) -> None:
    with batch():
        run = db.session.scalars(select(Run).where(Run.number == number)).one()
        actions.revise(run, reason, world.actor(who))


def test_a_revision_without_a_reason_is_refused(facts: Facts) -> None:
    plan(facts)
    facts.amounts["outlet:JX0001"] = 1
    with pytest.raises(Invalid, match="reason_missing"):
        revise(runs()[0].number, "  ", "fang")
    assert len(runs()) == 5


def test_unchanged_figures_make_no_revision(facts: Facts) -> None:
    plan(facts)
    with pytest.raises(Invalid, match="figures_unchanged"):
        revise(runs()[0].number, "again", "fang")
    assert len(runs()) == 5


def test_only_the_newest_revision_is_revised(facts: Facts) -> None:
    plan(facts)
    facts.amounts["outlet:JX0001"] = 1
    number = next(run.number for run in runs() if run.subject == "outlet:JX0001:zh")
    revise(number, "first", "fang")
    facts.amounts["outlet:JX0001"] = 2
    with pytest.raises(Conflict, match="revision_pending"):
        revise(number, "second", "fang")
    revise(f"{number}-R2", "second", "fang")
    assert len(runs()) == 7


@pytest.mark.parametrize(("who", "refusal"), [("alice", Forbidden), ("audrey", Forbidden), ("charlie", Missing)])
def test_a_revision_by_the_wrong_person_is_refused(facts: Facts, who: str, refusal: type[Exception]) -> None:
    plan(facts, "WL")
    facts.amounts["outlet:WL0001"] = 1
    with pytest.raises(refusal):
        revise(runs()[0].number, "why not", who)
    assert len(runs()) == 4


def test_an_order_is_placed_once_however_often_it_is_sent(facts: Facts) -> None:
    new = order()
    for _ in range(2):
        with batch():
            assert actions.place_order(new, world.actor("carol")) == new.id
    assert count(Order) == 1


def test_the_id_of_a_schedules_order_is_a_conflict(facts: Facts) -> None:
    new = order()
    with batch() as session:
        session.add(
            Order(
                id=new.id,
                kind=new.kind,
                language="zh",
                org_unit_id=world.WENLING.id,
                org_path=world.WENLING.path,
                period_start=OCTOBER.starts_on,
                period_end=OCTOBER.ends_on,
                ordered_by="clock",
                ordered_at=world.NOW,
                state="OPEN",
            )
        )
    with pytest.raises(Conflict, match="id_reused"), batch():
        actions.place_order(new, world.actor("carol"))


def test_the_same_id_for_another_order_is_a_conflict(facts: Facts) -> None:
    new = order()
    with batch():
        actions.place_order(new, world.actor("carol"))
    with pytest.raises(Conflict, match="id_reused"), batch():
        actions.place_order(replace(new, language="en"), world.actor("carol"))


@pytest.mark.parametrize(
    ("who", "changes", "code"),
    [
        ("alice", {}, "not_permitted"),
        ("audrey", {}, "not_permitted"),
        ("charlie", {}, "org_unit_missing"),
        ("carol", {"org_unit_code": "DH"}, "org_unit_missing"),
        ("carol", {"kind": "NO_SUCH"}, "report_kind_missing"),
        ("carol", {"kind": "INVENTED_WEEK"}, "not_permitted"),
        ("carol", {"period": NOVEMBER}, "period_not_final"),
        ("carol", {"language": "fr"}, "language_unknown"),
        ("carol", {"subject": "outlet:JX0001"}, "subject_missing"),
    ],
)
def test_a_wrong_order_is_refused_by_name_and_leaves_no_rows(
    facts: Facts, who: str, changes: dict[str, object], code: str
) -> None:
    lines = count(AuditLine)
    with pytest.raises((Forbidden, Missing, Conflict, Invalid), match=code), batch():
        actions.place_order(order(**changes), world.actor(who))
    assert (count(Order), count(AuditLine)) == (0, lines)


def test_planning_revising_and_ordering_are_on_the_audit_trail(facts: Facts) -> None:
    plan(facts)
    facts.amounts["outlet:JX0001"] = 1
    revise(next(run.number for run in runs() if run.subject == "outlet:JX0001:zh"), "late fact", "fang")
    with batch():
        actions.place_order(order(), world.actor("carol"))
    with reading():
        lines = list(db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)))
    assert lines == ["plan_documents", "revise_document", "order_documents"]
