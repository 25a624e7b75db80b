"""One invented world for all tests here: it is drawn once and never changed."""

from __future__ import annotations

from datetime import date

import pytest

from agentnet.core.clock import shanghai_instant
from agentnet.demo.timeline import Timeline
from agentnet.demo.world import World, invent, invent_people

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def timeline() -> Timeline:
    return Timeline.ending(shanghai_instant(TODAY, 12))


@pytest.fixture(scope="session")
def world(timeline: Timeline) -> World:
    return invent(invent_people(timeline))
