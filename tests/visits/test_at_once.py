"""Two senders at once: one visit, one set of duties."""

from agentnet.infra.actor import SYSTEM
from agentnet.infra.idempotency import Request
from agentnet.infra.transaction import batch
from agentnet.visits.actions import log_visit, log_visits, plan_duties
from agentnet.visits.models import Duty, DutyVisit, Visit
from tests.at_once import at_once
from tests.visits.given import W47, a_visit, rows_of
from tests.world import actor

TIMES = 6


def test_a_visit_sent_by_six_threads_at_once_is_logged_once(app) -> None:
    with batch():
        plan_duties(W47, SYSTEM)
        bob = actor("bob")
    item = a_visit()
    assert at_once(app, [lambda: log_visit(item, bob)] * TIMES, batch) == [item.id] * TIMES
    assert rows_of(Visit, Request, DutyVisit) == [1, 1, 1]


def test_batches_at_once_that_share_a_visit_lose_none_of_the_others(app) -> None:
    with batch():
        plan_duties(W47, SYSTEM)
        bob = actor("bob")
    shared, first, last = a_visit(), a_visit(), a_visit()
    answers = at_once(
        app, [lambda: log_visits([shared, first], bob), lambda: log_visits([shared, last], bob)] * 3, batch
    )
    assert {verdict.status for verdicts in answers for verdict in verdicts} == {"created", "exists"}
    assert rows_of(Visit, Request, DutyVisit) == [3, 3, 3]


def test_six_clocks_plan_each_duty_once(app) -> None:
    answers = at_once(app, [lambda: plan_duties(W47, SYSTEM)] * TIMES, batch)
    assert all(isinstance(answer, int) for answer in answers), answers
    assert rows_of(Duty) == [5]


def test_a_visit_and_the_clock_at_once_leave_the_duty_done(app) -> None:
    with batch():
        bob = actor("bob")
    item = a_visit()
    at_once(app, [lambda: log_visit(item, bob), lambda: plan_duties(W47, SYSTEM)] * 3, batch)
    with batch():
        plan_duties(W47, SYSTEM)
    assert rows_of(Visit, Duty, DutyVisit) == [1, 5, 1]
