"""Months looked through: what each pattern costs under the plan in force, who may mark a finding, and what stays.

Under the STANDARD plan cash earns 0.50 a payment: a bill paid in two parts earns 1.00, taken as one 0.50.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from agentnet.closing.actions import close_month
from agentnet.commission.abuse import actions
from agentnet.commission.abuse.actions import NewMark, look_now, mark_finding
from agentnet.commission.abuse.jobs import look_for_patterns, months_due
from agentnet.commission.abuse.models import PatternFinding, PatternScan
from agentnet.commission.actions import add_version
from agentnet.commission.engine.language import Band, Component, Kind, Version
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT, collected, voided

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
NOV_5 = date(2026, 11, 5)


def look(month=OCTOBER, by="carol") -> bool:
    with batch():
        return look_now(month, world.actor(by))


def findings(month=OCTOBER) -> dict[tuple[int, str], PatternFinding]:
    with reading():
        rows = db.session.scalars(select(PatternFinding).where(PatternFinding.month == str(month))).all()
    return {(one.outlet_id, one.pattern): one for one in rows}


def a_split(code=POSTAL_STATION, on=date(2026, 10, 5)):
    return collected(code, 60_00, 40_00, on=on)


def marked(finding_id: int, by="carol", **changes) -> PatternFinding:
    with batch():
        return mark_finding(replace(NewMark(new_id(), finding_id, "EXPLAINED", "一户两表"), **changes), world.actor(by))


def test_a_split_of_a_closed_month_costs_what_one_payment_less_earns(app):
    ids = a_split()
    collected(POSTAL_STATION, 7_00, household_id=2)
    close_month(OCTOBER, SYSTEM)
    assert look()
    (found,) = findings().values()
    assert (found.pattern, found.number, found.group_count, found.amount_fen) == ("SPLIT", 2, 1, 100_00)
    assert found.cost_fen == 50
    assert found.evidence == [[str(id_) for id_ in ids]]


def test_payments_above_an_edge_cost_what_the_band_below_would_not_have_paid(app):
    with batch():
        bands = (Band(0, 50_00, 10), Band(50_00, None, 50))
        version = Version(date(2026, 11, 1), (Component(Kind.BANDED, "分档", bands=bands),), note="分档")
        add_version("STANDARD", version, SYSTEM)
    for day in range(3):
        collected(SERVICE_POINT, 50_40, on=date(2026, 11, 5 + day))
    look(NOVEMBER)
    found = findings(NOVEMBER)[2, "EDGE"]
    # Three payments earn 0.50 each; at 49.99 they would earn 0.10 each.
    assert (found.number, found.cost_fen) == (3, 1_20)


def test_voids_cost_nothing_and_are_shown_with_the_day(app):
    for id_ in collected(NEWSSTAND, 10_00, 20_00, 30_00, tender="ALIPAY", household_id=2)[:2]:
        voided(id_)
    look()
    found = findings()[11, "UNDONE"]
    assert (found.number, found.cost_fen, found.amount_fen) == (2, 0, 30_00)


def test_figures_follow_marks_stay_and_what_grew_is_open_again(app):
    a_split(on=NOV_5)
    look(NOVEMBER)
    (found,) = findings(NOVEMBER).values()
    marked(found.id)
    look(NOVEMBER)
    (same,) = findings(NOVEMBER).values()
    assert (same.id, same.state, same.note) == (found.id, "EXPLAINED", "一户两表")
    extra = collected(POSTAL_STATION, 5_50, on=NOV_5)
    look(NOVEMBER)
    (grown,) = findings(NOVEMBER).values()
    assert (grown.state, grown.number, grown.note) == ("OPEN", 3, "一户两表")
    voided(extra[0])
    look(NOVEMBER)
    assert findings(NOVEMBER)[1, "SPLIT"].number == 2


def test_what_is_no_longer_there_is_emptied_and_what_was_said_of_it_kept(app):
    ids = a_split(on=NOV_5)
    look(NOVEMBER)
    (found,) = findings(NOVEMBER).values()
    marked(found.id)
    voided(ids[1])
    look(NOVEMBER)
    gone = findings(NOVEMBER)[1, "SPLIT"]
    assert (gone.number, gone.cost_fen, gone.evidence, gone.state) == (0, 0, [], "EXPLAINED")


def test_the_clock_looks_once_a_day_and_when_asked(app, monkeypatch):
    a_split(on=NOV_5)
    assert months_due() == [OCTOBER, NOVEMBER]
    assert look_for_patterns() == 1
    assert months_due() == []
    assert look_for_patterns() == 0
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    assert not look(NOVEMBER)
    assert months_due() == [NOVEMBER]
    look_for_patterns()
    assert months_due() == []


def test_nothing_of_the_books_changes_and_the_trail_says_who_looked(app):
    a_split()
    close_month(OCTOBER, SYSTEM)
    look()
    (found,) = findings().values()
    marked(found.id, state="SEEN", note="")
    with reading():
        actions_ = set(db.session.scalars(select(AuditLine.action)))
    assert {"looked_for_patterns", "marked_pattern"} <= actions_


def test_a_mark_sent_twice_is_one_and_other_content_is_a_conflict(app):
    a_split()
    look()
    (found,) = findings().values()
    id_ = new_id()
    marked(found.id, id=id_)
    marked(found.id, id=id_)
    with reading():
        assert db.session.scalar(select(func.count()).where(AuditLine.action == "marked_pattern")) == 1
    with pytest.raises(Conflict):
        marked(found.id, id=id_, note="别的")


@pytest.mark.parametrize(("by", "refusal"), [("alice", Forbidden), ("audrey", Forbidden), ("charlie", Missing)])
def test_who_may_not_mark_a_finding_is_refused(app, by, refusal):
    a_split()
    look()
    (found,) = findings().values()
    with pytest.raises(refusal):
        marked(found.id, by=by)
    assert findings()[1, "SPLIT"].state == "OPEN"


@pytest.mark.parametrize(("changes", "code"), [({"note": ""}, "note_missing"), ({"state": "GUILTY"}, "mark_unknown")])
def test_a_mark_that_says_nothing_is_refused(app, changes, code):
    a_split()
    look()
    (found,) = findings().values()
    with pytest.raises(Invalid) as refused:
        marked(found.id, **changes)
    assert refused.value.code == code
    assert findings()[1, "SPLIT"].state == "OPEN"


def test_a_month_to_come_is_not_looked_through(app):
    with pytest.raises(Missing):
        look(Month(2026, 12))
    with reading():
        assert db.session.scalar(select(func.count()).select_from(PatternScan)) == 0
