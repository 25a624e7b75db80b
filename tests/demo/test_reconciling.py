"""The demo's week of files holds one of each kind of difference, and what was taken in stays as it is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from agentnet.approvals.models import Approval
from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.clock import frozen_at
from agentnet.core.ids import new_id
from agentnet.demo.reconciling import reconcile_week
from agentnet.demo.remedying import put_differences_right
from agentnet.demo.timeline import Timeline
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.models import Difference, ReconciliationFile, RowMatch
from agentnet.users.models import User
from agentnet.verify.commands import CHECKS, findings_of
from tests import world
from tests.approvals.given import more_finance
from tests.collecting.counter import count, item, record

NINE = datetime(2026, 11, 11, 1, tzinfo=UTC)


@pytest.fixture
def week(app):
    """WL0001 takes four payments on each of seven days and voids one on the fifth; Fang's sign-in is called finance."""
    with batch() as session:
        session.execute(update(User).where(User.username == "fang").values(username="finance"))
    for day in range(7):
        with frozen_at(NINE + timedelta(days=day)):
            record(*(item(50_00 + 100 * number + day, world.MEI) for number in range(4)))
            if day == 4:
                with reading():
                    last = db.session.scalars(select(Collection.id).order_by(Collection.id.desc())).first()
                with batch():
                    void_collection(last, new_id(), "客户改主意", world.actor("alice"))


def test_each_kind_of_difference_is_there_once_the_week_is_reconciled(app, week):
    timeline = Timeline.ending(world.NOW)
    reconcile_week(timeline)
    with reading():
        found = db.session.execute(select(Difference.kind, Difference.state).order_by(Difference.kind)).all()
        assert {kind for kind, _state in found} == {
            "AMOUNT_MISMATCH",
            "DUPLICATE",
            "LATE_REVERSAL",
            "MISSING_AT_AGENT",
            "MISSING_AT_UTILITY",
            "WRONG_DATE",
        }
        connection = db.session.connection()
        checks = [check for check in CHECKS if check.run.__module__.endswith("reconciliation")]
        assert [one for check in checks for one in findings_of(check, connection)[0]] == []
    files, matches = count(ReconciliationFile), count(RowMatch)
    assert files == 7
    reconcile_week(timeline)
    assert (count(ReconciliationFile), count(RowMatch)) == (files, matches)


def test_what_the_partner_has_and_we_lack_waits_for_the_second_person_and_is_asked_for_once(app, week):
    more_finance()
    with batch() as session:
        session.execute(update(User).where(User.username == "grace").values(username="reviewer"))
    reconcile_week(Timeline.ending(world.NOW))
    for _ in range(2):
        put_differences_right()
    with reading():
        asked = db.session.execute(select(Approval.kind, Approval.state).order_by(Approval.kind)).all()
        assert asked == [("BOOK_COLLECTION", "PENDING"), ("WRITE_OFF_DIFFERENCE", "PENDING")]
        connection = db.session.connection()
        checks = [check for check in CHECKS if check.run.__module__.endswith("remedies")]
        assert [one for check in checks for one in findings_of(check, connection)[0]] == []
