"""Drawing: leases, fencing tokens, failures and retries."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from agentnet.core.clock import now
from agentnet.core.errors import Conflict
from agentnet.documents import actions, worker
from agentnet.documents.models import Run
from agentnet.documents.rules import RunState, failure_parts
from agentnet.infra import files
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask, batch
from reports.head import FiguresDisagree
from tests import world
from tests.documents.conftest import plan, runs
from tests.documents.invented import Facts


def expire_leases() -> None:
    with batch():
        db.session.execute(update(Run).values(lease_until=now() - timedelta(days=3650)))


def states() -> list[str]:
    return [run.state for run in runs()]


def test_a_planned_document_is_drawn_and_stored_by_the_hash_of_its_bytes(facts: Facts) -> None:
    plan(facts)
    assert worker.draw_some() == 5
    for run in runs():
        data = files.read(run.file_sha256 or "", ".pdf")
        assert data.startswith(b"%PDF")
        assert (run.state, run.file_bytes, run.pages, run.attempts) == (RunState.DONE, len(data), 1, 1)
    assert worker.draw_some() == 0


def test_workers_at_the_same_time_draw_each_document_once(app: TransactionalFlask, facts: Facts) -> None:
    plan(facts)
    ready = threading.Barrier(3)
    failures: list[Exception] = []

    def work() -> None:
        try:
            with app.app_context():
                ready.wait()
                while worker.draw_some(1):
                    continue
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert states() == [RunState.DONE] * 5
    assert facts.draws == 5


def test_a_leased_document_is_nobody_elses_until_the_lease_expires(facts: Facts) -> None:
    plan(facts)
    assert len(worker.lease(20)) == 5
    assert worker.lease(20) == []
    expire_leases()
    assert len(worker.lease(20)) == 5


def test_a_dead_workers_document_is_drawn_by_another_to_the_same_bytes(facts: Facts) -> None:
    plan(facts)
    worker.draw_some()
    first = {run.number: run.file_sha256 for run in runs()}
    with batch():
        db.session.execute(update(Run).values(state=RunState.PLANNED, file_sha256=None))
    worker.lease(20)
    expire_leases()
    worker.draw_some()
    assert {run.number: run.file_sha256 for run in runs()} == first


def test_a_worker_that_wakes_up_late_changes_nothing(facts: Facts) -> None:
    plan(facts, "JX")
    late = worker.lease(20)
    expire_leases()
    worker.draw_some()
    done = runs()[0]
    assert worker.finish(late, [worker.Drawing(failure="unexpected late")]) == 0
    assert runs()[0].state == RunState.DONE
    assert runs()[0].file_sha256 == done.file_sha256


def test_a_renewed_lease_does_not_expire(facts: Facts) -> None:
    plan(facts, "JX")
    mine = worker.lease(20)
    expire_leases()
    worker.renew(mine)
    assert worker.lease(20) == []


def test_a_document_whose_worker_died_three_times_fails_with_that_reason(facts: Facts) -> None:
    plan(facts, "JX")
    for _ in range(3):
        assert len(worker.lease(20)) == 1
        expire_leases()
    assert worker.lease(20) == []
    assert states() == [RunState.FAILED]
    assert failure_parts(runs()[0].failure or "")[0] == "worker_died"


def test_figures_that_disagree_fail_at_once_and_do_not_hold_up_the_others(facts: Facts) -> None:
    plan(facts)
    facts.broken = FiguresDisagree("due: stated 1, its parts add up to 2")
    worker.draw_some(1)
    facts.broken = None
    worker.draw_some()
    assert sorted(states()) == [RunState.DONE] * 4 + [RunState.FAILED]
    failed = next(run for run in runs() if run.state == RunState.FAILED)
    assert failure_parts(failed.failure or "")[0] == "figures_disagree"


def test_a_full_disk_is_tried_again_by_itself_and_gives_up_after_three_attempts(facts: Facts) -> None:
    plan(facts, "JX")
    facts.broken = OSError(28, "No space left on device")
    for attempt in range(1, 4):
        assert worker.draw_some() == 1
        assert runs()[0].state == (RunState.FAILED if attempt == 3 else RunState.PLANNED)
        assert worker.draw_some() == 0, "it waits a little before it is tried again"
        expire_leases()
    assert failure_parts(runs()[0].failure or "") == ("storage", "No space left on device")


def retry(who: str) -> None:
    with batch():
        actions.retry(db.session.scalars(select(Run)).first(), world.actor(who))


def test_a_failed_document_is_drawn_after_somebody_says_retry(facts: Facts) -> None:
    plan(facts, "JX")
    facts.broken = FiguresDisagree("due: stated 1, its parts add up to 2")
    worker.draw_some()
    facts.broken = None
    retry("charlie")
    worker.draw_some()
    assert (states(), runs()[0].failure) == ([RunState.DONE], None)


def test_only_a_failed_document_is_retried(facts: Facts) -> None:
    plan(facts, "JX")
    with pytest.raises(Conflict, match="not_failed"):
        retry("charlie")


def test_retrying_all_reaches_the_own_territory_alone(facts: Facts) -> None:
    plan(facts)
    facts.broken = FiguresDisagree("due: stated 1, its parts add up to 2")
    worker.draw_some()
    with batch():
        assert actions.retry_all(world.actor("charlie")) == 1
    assert sorted(states()) == [RunState.FAILED] * 4 + [RunState.PLANNED]
