"""Disputes: who may raise, answer and withdraw one; once is once; what is accepted is adjusted in the same step."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from agentnet.closing.actions import close_month
from agentnet.commission.disputes.actions import (
    accept_dispute,
    raise_dispute,
    refuse_dispute,
    take_on_dispute,
    withdraw_dispute,
)
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.disputes.queries import LineKey, open_count
from agentnet.commission.models import CommissionAdjustment
from agentnet.core.clock import frozen_at, shanghai_instant
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.disputes.given import (
    NOVEMBER,
    OCTOBER,
    WRONG,
    a_dispute,
    closed_october,
    disputed,
    found,
    line_id,
    paid_more,
)

pytestmark = pytest.mark.usefixtures("app")


def counted(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def audited(action: str) -> AuditLine:
    with reading():
        return db.session.scalars(select(AuditLine).where(AuditLine.action == action)).one()


@pytest.fixture
def line(app) -> int:
    """The line of WL0001's first October collection: 203.50 in cash, 0.50."""
    return line_id(closed_october()[0])


def test_a_keeper_disputes_a_line_of_a_closed_month(line: int) -> None:
    dispute = found(disputed(line))
    assert (dispute.state, dispute.month, dispute.line_id, dispute.reason) == ("OPEN", "2026-10", line, WRONG)
    written = audited("dispute_commission")
    assert written.subject_id == "WL0001"
    assert written.after is not None
    assert (written.after["amount_fen"], written.after["reason"]) == (50, WRONG)


def test_the_partner_disputes_for_its_outlets(line: int) -> None:
    assert found(disputed(line, by="paul")).user_id == world.actor("paul").user_id


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("carol", Forbidden), ("fang", Forbidden), ("bob", Forbidden), ("alan", Missing), ("dora", Missing)],
)
def test_who_has_no_part_in_the_outlet_disputes_nothing(line: int, who: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal), batch():
        raise_dispute(a_dispute(line), world.actor(who))
    assert counted(Dispute) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"reason": "长" * 201}, "reason_missing"),
        ({"month": NOVEMBER}, "month_not_closed"),
        ({"key": LineKey(999_999)}, "line_missing"),
        ({"key": LineKey(monthly_id=1)}, "line_missing"),
    ],
)
def test_what_cannot_be_disputed_leaves_nothing(line: int, changes: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refused, batch():
        raise_dispute(a_dispute(line, **changes), world.actor("alice"))
    assert refused.value.code == code
    assert counted(Dispute) == 0


def test_sent_twice_is_once_and_other_words_are_a_conflict(line: int) -> None:
    new = a_dispute(line)
    for _ in range(2):
        with batch():
            raise_dispute(new, world.actor("alice"))
    assert counted(Dispute) == 1
    with pytest.raises(Conflict, match="提交编号"), batch():
        raise_dispute(a_dispute(line, id=new.id, reason="不是这样的"), world.actor("alice"))


def test_a_line_has_one_open_dispute_and_may_be_disputed_again_later(line: int) -> None:
    first = disputed(line)
    with pytest.raises(Conflict) as refused, batch():
        raise_dispute(a_dispute(line), world.actor("paul"))
    assert refused.value.code == "line_disputed"
    with batch():
        withdraw_dispute(first, new_id(), world.actor("alice"))
    disputed(line)
    assert counted(Dispute) == 2


def test_it_is_withdrawn_once_and_then_no_more_answered(line: int) -> None:
    id_, request = disputed(line), new_id()
    for _ in range(2):
        with batch():
            withdraw_dispute(id_, request, world.actor("alice"))
    assert found(id_).state == "WITHDRAWN"
    assert found(id_).answered_in is None
    with pytest.raises(Conflict, match="已经有结果"), batch():
        refuse_dispute(id_, new_id(), "核对无误", world.actor("fang"))


def test_finance_takes_it_on_and_refuses_with_a_reason(line: int) -> None:
    id_, request = disputed(line), new_id()
    with batch():
        take_on_dispute(id_, new_id(), world.actor("fang"))
    assert found(id_).owner_id == world.actor("fang").user_id
    for _ in range(2):
        with batch():
            refuse_dispute(id_, request, " 这一笔收的是现金 ", world.actor("fang"))
    dispute = found(id_)
    assert (dispute.state, dispute.answer, dispute.answered_in) == ("REFUSED", "这一笔收的是现金", "2026-11")
    with pytest.raises(Conflict), batch():
        refuse_dispute(id_, request, "别的说法", world.actor("fang"))


def test_an_answer_without_a_reason_leaves_it_open(line: int) -> None:
    id_ = disputed(line)
    with pytest.raises(Invalid), batch():
        refuse_dispute(id_, new_id(), " ", world.actor("fang"))
    assert found(id_).state == "OPEN"


@pytest.mark.parametrize("who", ["alice", "carol", "paul", "audrey"])
def test_only_finance_answers(line: int, who: str) -> None:
    id_ = disputed(line)
    for answer in (
        lambda by: refuse_dispute(id_, new_id(), "核对无误", by),
        lambda by: take_on_dispute(id_, new_id(), by),
        lambda by: accept_dispute(id_, paid_more(), by),
    ):
        with pytest.raises(Forbidden), batch():
            answer(world.actor(who))
    assert found(id_).state == "OPEN"
    assert counted(CommissionAdjustment) == 0


@pytest.mark.parametrize(("who", "refusal"), [("fang", Forbidden), ("dora", Missing)])
def test_only_the_outlet_withdraws(line: int, who: str, refusal: type[Refusal]) -> None:
    id_ = disputed(line)
    with pytest.raises(refusal), batch():
        withdraw_dispute(id_, new_id(), world.actor(who))
    assert found(id_).state == "OPEN"


def test_accepted_it_is_adjusted_in_the_same_step_and_once(line: int) -> None:
    id_, new = disputed(line), paid_more()
    for _ in range(2):
        with batch():
            accept_dispute(id_, new, world.actor("fang"))
    dispute = found(id_)
    assert (dispute.state, dispute.adjustment_id, dispute.answered_in) == ("ACCEPTED", new.id, "2026-11")
    assert dispute.answer == "按合同补付"
    assert counted(CommissionAdjustment) == 1
    with pytest.raises(Conflict), batch():
        accept_dispute(id_, paid_more(), world.actor("fang"))
    assert counted(CommissionAdjustment) == 1


def test_an_adjustment_of_another_outlet_is_no_answer(line: int) -> None:
    id_ = disputed(line)
    with pytest.raises(Invalid) as refused, batch():
        accept_dispute(id_, paid_more(outlet_code="WL0002"), world.actor("fang"))
    assert refused.value.code == "dispute_elsewhere"
    assert (found(id_).state, counted(CommissionAdjustment)) == ("OPEN", 0)


def test_the_answer_belongs_to_the_first_open_month(line: int) -> None:
    id_ = disputed(line)
    with frozen_at(shanghai_instant(date(2026, 12, 2), 9)):
        close_month(NOVEMBER, SYSTEM)
        with batch():
            refuse_dispute(id_, new_id(), "核对无误", world.actor("fang"))
    assert found(id_).answered_in == "2026-12"


def test_finance_counts_what_is_open_in_its_territory(line: int) -> None:
    id_ = disputed(line)
    with reading():
        assert open_count(world.actor("fang")) == 1
        assert open_count(world.actor("alice")) == 0
    with batch():
        refuse_dispute(id_, new_id(), "核对无误", world.actor("fang"))
    with reading():
        assert open_count(world.actor("fang")) == 0
    assert OCTOBER.next() == NOVEMBER
