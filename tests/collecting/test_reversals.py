"""The system undoes a technical failure on its own day: whoever may, before the close, once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agentnet.collecting.actions import reverse_collection, void_collection
from agentnet.collecting.models import Collection, Void
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, RECEIVED, balance_of, count, item, record
from tests.settlement.corrections.given import TOMORROW, due_of
from tests.settlement.drawer import close


@pytest.fixture
def taken(app):
    """Gang's 5.38 in cash, of today."""
    one = item(538)
    record(one)
    return one.id


def reverse(collection_id, code="TIMEOUT", note="终端没有应答", by=SYSTEM, id_=None):
    with batch():
        reverse_collection(collection_id, id_ or new_id(), code, note, by if by == SYSTEM else world.actor(by))


def refused(call, *given, **named):
    with pytest.raises(Refusal) as refusal:
        call(*given, **named)
    return refusal.value.code


@pytest.mark.parametrize("by", [SYSTEM, "fang"])
def test_a_reversal_undoes_it_all_with_no_one_at_a_counter(taken, by):
    reverse(taken, by=by)
    assert (balance_of(CASH_HELD), balance_of(RECEIVED)) == (0, 0)
    assert due_of(world.GANG) == [("2026-10", 538, 0)]
    with reading():
        void = db.session.scalars(select(Void)).one()
        transfer = db.session.get_one(Transfer, void.transfer_id)
        assert (void.reason_code, transfer.kind) == ("TIMEOUT", "REVERSAL")
        assert transfer.reverses_id == db.session.scalars(select(Collection.transfer_id)).one()
        assert db.session.scalars(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(1)).one() == (
            "collection_reversed"
        )


@pytest.mark.parametrize(
    ("by", "code"), [("alice", "not_permitted"), ("carol", "not_permitted"), ("audrey", "not_permitted")]
)
def test_only_the_system_and_finance_reverse(taken, by, code):
    assert refused(reverse, taken, by=by) == code
    assert count(Void) == 0


@pytest.mark.parametrize(
    ("code", "note", "answer"), [("MISTAKE", "输错了", "reversal_code"), ("TIMEOUT", "", "void_reason_missing")]
)
def test_a_reversal_names_what_failed(taken, code, note, answer):
    assert refused(reverse, taken, code, note) == answer
    assert count(Void) == 0


def test_it_comes_before_the_close_and_on_its_own_day(taken):
    with frozen_at(TOMORROW):
        assert refused(reverse, taken) == "void_too_late"
    close()
    assert refused(reverse, taken) == "void_too_late"
    assert refused(reverse, new_id()) == "collection_missing"


def test_sent_twice_it_is_once_and_what_is_undone_is_not_undone_again(taken):
    id_ = new_id()
    reverse(taken, id_=id_)
    reverse(taken, id_=id_)
    assert refused(reverse, taken, "ONE_SIDED", id_=id_) == "id_reused"
    assert refused(reverse, taken) == "already_voided"
    assert count(Void) == 1


def test_of_voids_and_reversals_at_once_one_wins(app, taken):
    with reading():
        alice = world.actor("alice")
    works = [
        lambda: void_collection(taken, new_id(), "收错了", alice),
        lambda: reverse_collection(taken, new_id(), "TIMEOUT", "终端没有应答", SYSTEM),
    ] * 16
    answers = at_once(app, works, batch)
    assert (answers.count(None), answers.count("already_voided")) == (1, 31)
    assert (balance_of(CASH_HELD), balance_of(RECEIVED), count(Void)) == (0, 0, 1)
