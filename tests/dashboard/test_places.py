"""Every place of the navigation can be reached by whoever may go there."""

from __future__ import annotations

import pytest

from agentnet.dashboard.navigation import PLACES, places_for
from agentnet.users.permissions import may
from tests import world

ELSEWHERE = {"dashboard.home", "collecting.collections", "settlement.remittances", "visits.compliance"}
"""What a keeper's and a manager's own page of the same drawing takes the place of."""


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "fang", "paul", "audrey", "adam"])
def test_no_place_is_hidden_behind_another_of_the_same_drawing(app, username: str) -> None:
    actor = world.actor(username)
    allowed = {place.endpoint for place in PLACES if may(actor, place.permission)}
    assert allowed - {place.endpoint for place in places_for(actor)} <= ELSEWHERE


def test_finance_reaches_reconciliation_and_the_books(app) -> None:
    shown = {place.endpoint for place in places_for(world.actor("fang"))}
    assert {"reconciliation.differences", "books.trial", "closing.months", "approvals.approvals"} <= shown
