"""Two senders at once: one visit, one set of duties."""

import threading
from collections.abc import Callable

from agentnet.core.clock import frozen_at
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.idempotency import Request
from agentnet.infra.transaction import batch
from agentnet.visits.actions import log_visit, plan_duties
from agentnet.visits.models import Duty, DutyVisit, Visit
from tests.visits.given import W47, a_visit, rows_of
from tests.world import NOW, actor


def at_once(app, work: Callable[[], object], times: int = 6) -> list[object]:
    """Do the work in several threads that start together; return each one's answer or exception."""
    gate, answers = threading.Barrier(times), []

    def run() -> None:
        with app.app_context(), frozen_at(NOW):
            gate.wait()
            try:
                with batch():
                    answers.append(work())
            except Exception as error:
                answers.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_visit_sent_by_six_threads_at_once_is_logged_once(app) -> None:
    with batch():
        plan_duties(W47, SYSTEM)
        bob = actor("bob")
    item = a_visit()
    assert at_once(app, lambda: log_visit(item, bob)) == [item.id] * 6
    assert rows_of(Visit, Request, DutyVisit) == [1, 1, 1]


def test_six_clocks_plan_each_duty_once(app) -> None:
    answers = at_once(app, lambda: plan_duties(W47, SYSTEM))
    assert all(isinstance(answer, int) for answer in answers), answers
    assert rows_of(Duty) == [5]


def test_a_visit_and_the_clock_at_once_leave_the_duty_done(app) -> None:
    with batch():
        bob = actor("bob")
    item = a_visit()
    turns = iter([lambda: log_visit(item, bob), lambda: plan_duties(W47, SYSTEM)] * 3)
    lock = threading.Lock()

    def work() -> object:
        with lock:
            mine = next(turns)
        return mine()

    answers = at_once(app, work)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    with batch():
        plan_duties(W47, SYSTEM)
    assert rows_of(Visit, Duty, DutyVisit) == [1, 5, 1]
