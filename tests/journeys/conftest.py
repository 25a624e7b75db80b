"""People at browsers of their own, for the journeys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.people import DESK, Person


@pytest.fixture
def person(browser: Browser, address: str) -> Iterator[object]:
    people: list[Person] = []

    def at_a_browser(viewport: dict[str, int] = DESK) -> Person:
        people.append(Person(browser, address, viewport))
        return people[-1]

    yield at_a_browser
    for one in people:
        one.context.close()
