"""Four eyes: who may decide, once, exactly what was asked; delegates; and sixteen at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from agentnet.approvals.actions import approve, end_delegation, name_delegate, request_approval
from agentnet.approvals.models import Approval, Delegation
from agentnet.approvals.queries import approval_for, approvals_page, waiting_count
from agentnet.approvals.rules import NewDelegation
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Missing, Refusal
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.queries import wrong_balances
from tests import world
from tests.approvals.given import (
    ADVANCE,
    SUSPENSE,
    asked,
    give_advance,
    know_the_sample,
    more_finance,
    say_no,
    say_yes,
    seen,
    state_of,
    take_back,
)
from tests.at_once import at_once
from tests.collecting.counter import balance_of, count

FANG, GRACE, CAROL, BEN, CHARLIE = 9, 13, 6, 4, 7


@pytest.fixture
def office(app):
    """Finance of two, and Gang's advance of 10.00."""
    know_the_sample()
    more_finance()
    give_advance(1000)


def refused(call, *given, **named):
    with pytest.raises(Refusal) as refusal:
        call(*given, **named)
    return refusal.value.code


def delegate(username, by="fang", first=world.TODAY, days=7, id_=None):
    new = NewDelegation(id_ or new_id(), username, first, first + timedelta(days=days))
    with batch():
        name_delegate(new, world.actor(by))
    return new


def test_what_is_approved_is_carried_out_at_once(office):
    new = asked(500)
    assert state_of(new.id) == ("PENDING", None, None)
    assert balance_of(ADVANCE) == 1000
    say_yes(new.id, note="核对无误")
    assert state_of(new.id) == ("APPROVED", GRACE, None)
    assert (balance_of(ADVANCE), balance_of(SUSPENSE)) == (500, -500)
    with reading():
        lines = db.session.scalars(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(2)).all()
        assert lines == ["approval_approved", "approval_requested"]
        assert wrong_balances() == []


def test_what_is_rejected_or_withdrawn_moves_nothing_and_is_final(office):
    one, other = asked(500), asked(500, subject_id="2")
    say_no(one.id)
    take_back(other.id)
    assert state_of(one.id) == ("REJECTED", GRACE, None)
    assert state_of(other.id) == ("WITHDRAWN", FANG, None)
    assert balance_of(ADVANCE) == 1000
    assert refused(say_yes, one.id) == refused(say_yes, other.id) == "approval_decided"
    assert refused(take_back, one.id) == "approval_decided"


def test_who_asked_never_decides_in_no_role_and_in_nobodys_name(office):
    own = asked(500)
    assert refused(say_yes, own.id, by="fang") == refused(say_no, own.id, by="fang") == "own_request"
    # Carol supervises and has finance as a second role; what she asked for stays hers.
    hers = asked(500, by="carol", subject_id="2")
    assert refused(say_yes, hers.id, by="carol") == "own_request"
    # Grace names Fang: he would decide his own request in her name.
    delegate("fang", by="grace")
    assert refused(say_yes, own.id, by="fang") == "own_request"
    # Fang names Ben: Ben would decide Fang's request in Fang's own name.
    delegate("ben", by="fang")
    assert refused(say_yes, own.id, by="ben") == "approval_missing"
    assert state_of(own.id)[0] == state_of(hers.id)[0] == "PENDING"


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("alice", "not_permitted"),
        ("paul", "not_permitted"),
        ("audrey", "not_permitted"),
        ("bob", "not_permitted"),  # manages in the place, and decides nothing of finance
        ("charlie", "approval_missing"),
        ("jing", "approval_missing"),
    ],
)
def test_only_who_decides_such_requests_there_decides_this(office, by, code):
    new = asked(500)
    assert refused(say_yes, new.id, by=by) == refused(say_no, new.id, by=by) == code
    assert state_of(new.id)[0] == "PENDING"
    assert balance_of(ADVANCE) == 1000


def test_another_person_cannot_withdraw(office):
    new = asked(500)
    assert refused(take_back, new.id, by="grace") == "approval_missing"


def test_a_rule_that_refuses_leaves_the_request_pending_and_nothing_moved(office):
    new = asked(1001)
    assert refused(say_yes, new.id) == "under_floor"
    assert state_of(new.id) == ("PENDING", None, None)
    assert balance_of(ADVANCE) == 1000
    give_advance(1)
    say_yes(new.id)
    assert balance_of(ADVANCE) == 0


def test_what_was_not_shown_is_not_carried_out(office):
    new = asked(500)
    assert refused(say_yes, new.id, sha256="0" * 64) == "approval_changed"
    assert state_of(new.id)[0] == "PENDING"


def test_the_database_keeps_what_was_asked_and_decided(office):
    new = asked(500)
    for values in ({"amount_fen": 1}, {"content": {"amount_fen": 1}}, {"reason": "x"}, {"requested_by_id": 1}):
        with pytest.raises(DBAPIError), batch() as session:
            session.execute(update(Approval).where(Approval.id == new.id).values(**values))
    decided = {"state": "APPROVED", "decided_at": world.NOW}
    for own in ({"decided_by_id": FANG}, {"decided_by_id": GRACE, "on_behalf_of_id": FANG}, {"decided_by_id": None}):
        with pytest.raises(DBAPIError), batch() as session:
            session.execute(update(Approval).where(Approval.id == new.id).values(**decided, **own))
    say_no(new.id)
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(update(Approval).where(Approval.id == new.id).values(state="PENDING", decided_at=None))
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(delete(Approval))


@pytest.mark.parametrize("reason", ["", " ", "x", "x" * 201])
def test_a_request_without_a_reason_leaves_nothing(office, reason):
    assert refused(asked, 500, reason=reason) == "reason_missing"
    assert count(Approval) == 0


def test_a_subject_has_one_pending_request_of_a_kind(office):
    one = asked(500)
    assert refused(asked, 400) == "approval_pending"
    say_no(one.id)
    asked(400)


def test_the_same_request_and_decision_sent_twice_are_once(office):
    new, request_id = asked(500), new_id()
    with batch():
        request_approval(new, world.actor("fang"))
    with pytest.raises(Conflict), batch():
        request_approval(replace(new, content={"amount_fen": 501}), world.actor("fang"))
    say_yes(new.id, request_id=request_id)
    say_yes(new.id, request_id=request_id)
    assert refused(say_yes, new.id, note="别的", request_id=request_id) == "id_reused"
    assert (count(Approval), balance_of(ADVANCE)) == (1, 500)


def test_of_eight_requests_for_one_subject_at_once_one_waits_and_the_same_one_is_once(app, office):
    with reading():
        fang = world.actor("fang")
    new = replace(asked(100, subject_id="9"), subject_id="1")
    different = [replace(new, id=new_id()) for _ in range(8)]
    answers = at_once(app, [lambda one=one: request_approval(one, fang) for one in different], batch)
    assert (answers.count(None), answers.count("approval_pending")) == (1, 7)
    same = replace(new, id=new_id(), subject_id="2")
    assert at_once(app, [lambda: request_approval(same, fang)] * 8, batch) == [None] * 8
    assert count(Approval) == 3


def test_of_sixteen_approvals_at_once_one_is_carried_out(app, office):
    new = asked(100)
    sha256 = seen(new.id)
    with reading():
        grace = world.actor("grace")
    works = [lambda: approve(new.id, new_id(), sha256, "", grace)] * 16
    answers = at_once(app, works, batch)
    assert (answers.count(None), answers.count("approval_decided")) == (1, 15)
    assert balance_of(ADVANCE) == 900
    with reading():
        assert wrong_balances() == []
        assert len(db.session.scalars(select(Transfer).where(Transfer.kind == "SAMPLE")).all()) == 1


def test_a_delegate_decides_in_anothers_name_on_those_days_only(office):
    delegate("ben", by="grace", first=world.TODAY + timedelta(days=1), days=1)
    early, due, late = (asked(100, subject_id=str(number)) for number in range(3))
    assert refused(say_yes, early.id, by="ben") == "approval_missing"
    with frozen_at(world.NOW + timedelta(days=1)):
        say_yes(due.id, by="ben")
    with frozen_at(world.NOW + timedelta(days=2)):
        assert refused(say_yes, late.id, by="ben") == "approval_missing"
    assert state_of(due.id) == ("APPROVED", BEN, GRACE)
    with reading():
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == "approval_approved")).one()
        assert (line.user_id, line.after["on_behalf_of"]) == (BEN, GRACE)


def test_a_delegation_taken_back_or_of_somebody_disabled_gives_nothing(office):
    new = asked(100)
    given = delegate("ben", by="grace")
    with reading():
        assert waiting_count(world.actor("ben")) == 1
    with batch() as session:
        session.execute(text("UPDATE users SET disabled_at = '2026-11-01 00:00:00' WHERE id = 13"))
    assert refused(say_yes, new.id, by="ben") == "approval_missing"
    with batch() as session:
        session.execute(text("UPDATE users SET disabled_at = NULL WHERE id = 13"))
    with batch():
        end_delegation(given.id, world.actor("grace"))
    assert refused(say_yes, new.id, by="ben") == "approval_missing"
    with pytest.raises(Missing), batch():
        end_delegation(given.id, world.actor("fang"))


def test_a_delegate_does_not_pass_it_on(office):
    new = asked(100)
    delegate("adam", by="grace")
    delegate("bob", by="adam")
    assert refused(say_yes, new.id, by="bob") == "not_permitted"


@pytest.mark.parametrize(
    ("by", "username", "days", "first", "code"),
    [
        ("grace", "nobody", 7, 0, "delegate_unknown"),
        ("grace", "grace", 7, 0, "delegate_self"),
        ("grace", "alice", 7, 0, "delegate_elsewhere"),  # a keeper decides nothing
        ("grace", "audrey", 7, 0, "delegate_elsewhere"),  # who audits does not decide
        ("carol", "charlie", 7, 0, "delegate_elsewhere"),
        ("grace", "ben", 0, 0, "delegation_days"),
        ("grace", "ben", 7, -1, "delegation_past"),
        ("grace", "ben", 63, 0, "delegation_long"),
        ("alice", "ben", 7, 0, "not_permitted"),
    ],
)
def test_who_may_stand_in_and_for_how_long(office, by, username, days, first, code):
    assert refused(delegate, username, by=by, first=world.TODAY + timedelta(days=first), days=days) == code
    assert count(Delegation) == 0


def test_a_delegation_sent_twice_is_once_and_does_not_overlap(office):
    id_ = new_id()
    delegate("ben", by="grace", id_=id_)
    delegate("ben", by="grace", id_=id_)
    assert refused(delegate, "ben", by="grace", first=world.TODAY + timedelta(days=6)) == "delegation_overlaps"
    assert count(Delegation) == 1


def test_each_sees_what_waits_for_them_what_is_theirs_and_their_territory(office):
    new = asked(100, by="alice")

    def shown(who, show):
        with reading():
            return len(approvals_page(world.actor(who), {}, show).items)

    assert [shown("alice", show) for show in ("waiting", "mine", "all")] == [0, 1, 1]
    assert [shown("fang", show) for show in ("waiting", "mine", "all")] == [1, 0, 1]
    assert [shown("charlie", show) for show in ("waiting", "mine", "all")] == [0, 0, 0]
    assert [shown("audrey", show) for show in ("waiting", "mine", "all")] == [0, 0, 1]
    with reading():
        assert approval_for(world.actor("alice"), new.id).id == new.id
        with pytest.raises(Missing):
            approval_for(world.actor("alan"), new.id)
        with pytest.raises(Forbidden):
            approval_for(world.actor("paul"), new.id)
