"""A difference is taken on, explained or adjusted with a reason, or written off by two people; each step is kept."""

import pytest
from sqlalchemy import insert, select

from agentnet.approvals.actions import approve, reject
from agentnet.approvals.models import Approval
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.settlement.reconciliation.difference_actions import end, take_on
from agentnet.settlement.reconciliation.models import Difference, DifferenceStep
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.reconciliation.write_offs import ask_write_off
from agentnet.users.models import RoleGrant
from tests import world
from tests.approvals.given import more_finance
from tests.at_once import at_once
from tests.collecting.counter import count, item, record
from tests.settlement.reconciliation.given import partner_file, payment_line, take_post


@pytest.fixture
def short(app):
    """Alice took 5.38 of Gang that the Post does not tell; return the difference's id."""
    record(item(538))
    take_post(partner_file(payment_line("P-000001", 9_99, world.MEI)))
    with reading():
        return db.session.scalars(select(Difference.id).where(Difference.kind == "MISSING_AT_AGENT")).one()


def state_of(difference_id):
    with reading():
        found = db.session.get_one(Difference, difference_id)
        return found.state, found.owner_id, found.ended_by_id, found.reason


def verbs(difference_id):
    with reading():
        found = select(DifferenceStep.verb).where(DifferenceStep.difference_id == difference_id)
        return list(db.session.scalars(found.order_by(DifferenceStep.id)))


def finish(difference_id, state=State.EXPLAINED, reason="邮政次日补报", by="fang", request_id=None):
    with batch():
        end(difference_id, request_id or new_id(), state, reason, world.actor(by))


def own(difference_id, by="fang", request_id=None):
    with batch():
        take_on(difference_id, request_id or new_id(), world.actor(by))


def ask(difference_id, by="fang", reason="金额太小，追讨不值", approval_id=None):
    approval_id = approval_id or new_id()
    with batch():
        ask_write_off(difference_id, approval_id, reason, world.actor(by))
    return approval_id


def decide(approval_id, by="grace", yes=True):
    with reading():
        seen = db.session.get_one(Approval, approval_id).content_sha256
    with batch():
        if yes:
            approve(approval_id, new_id(), seen, "", world.actor(by))
        else:
            reject(approval_id, new_id(), "还要再查", world.actor(by))


def written_off(difference_id):
    """Write a difference off, Fang asking and Grace deciding."""
    more_finance()
    decide(ask(difference_id))


def test_taken_on_it_has_an_owner_and_explained_it_has_an_end(short):
    own(short)
    assert state_of(short) == ("OPEN", 9, None, "")
    finish(short)
    assert state_of(short) == ("EXPLAINED", 9, 9, "邮政次日补报")
    assert verbs(short) == ["OWNED", "EXPLAINED"]


def test_who_ends_what_nobody_owned_owns_it(short):
    finish(short, State.ADJUSTED, "已补账")
    assert state_of(short) == ("ADJUSTED", 9, 9, "已补账")


def test_no_end_without_a_reason(short):
    with pytest.raises(Invalid, match="reason_missing"):
        finish(short, reason=" ")
    assert (state_of(short)[0], verbs(short)) == ("OPEN", [])


def test_sent_twice_is_once_and_ended_is_ended(short):
    request_id = new_id()
    finish(short, request_id=request_id)
    finish(short, request_id=request_id)
    assert verbs(short) == ["EXPLAINED"]
    with pytest.raises(Conflict, match="id_reused"):
        finish(short, State.ADJUSTED, request_id=request_id)
    for again in (lambda: finish(short), lambda: own(short), lambda: ask(short)):
        with pytest.raises(Conflict, match="difference_ended"):
            again()


@pytest.mark.parametrize("username", ["alice", "carol", "paul", "audrey", "adam"])
def test_only_finance_acts(short, username):
    for act in (own, finish, ask):
        with pytest.raises(Forbidden, match="not_permitted"):
            act(short, by=username)
    assert state_of(short)[0] == "OPEN"


def test_finance_of_another_county_finds_nothing(short):
    more_finance()
    with batch() as session:  # Charlie joins finance in Jiaxing; the difference is Wenling's
        from_jiaxing = {"user_id": 7, "role": "FINANCE", "org_unit_id": world.JIAXING.id, "starts_on": world.LONG_AGO}
        session.execute(insert(RoleGrant).values(**from_jiaxing))
    for act in (own, finish, ask):
        with pytest.raises(Missing, match="difference_missing"):
            act(short, by="charlie")


def test_a_write_off_takes_two_people_and_moves_no_money(short):
    more_finance()
    before = count(Transfer)
    approval_id = ask(short)
    assert state_of(short)[0] == "OPEN"
    with pytest.raises(Forbidden, match="own_request"):
        decide(approval_id, by="fang")
    decide(approval_id)
    assert state_of(short) == ("WRITTEN_OFF", 13, 13, "金额太小，追讨不值")
    assert (verbs(short), count(Transfer)) == (["WRITTEN_OFF"], before)


def test_while_a_write_off_waits_nothing_else_ends_it_and_refused_it_is_open(short):
    more_finance()
    approval_id = ask(short)
    with pytest.raises(Conflict, match="write_off_waiting"):
        finish(short)
    with pytest.raises(Conflict, match="approval_pending"):
        ask(short)
    decide(approval_id, yes=False)
    finish(short)
    assert state_of(short)[0] == "EXPLAINED"


def test_asked_twice_with_one_id_is_once(short):
    approval_id = ask(short)
    ask(short, approval_id=approval_id)
    assert count(Approval) == 1


def test_of_eight_ends_at_once_one_wins(app, short):
    works = [lambda: end(short, new_id(), State.EXPLAINED, "邮政次日补报", world.actor("fang"))] * 8
    answers = at_once(app, works, batch)
    assert sorted(map(str, answers)) == ["None"] + ["difference_ended"] * 7
    assert verbs(short) == ["EXPLAINED"]
