"""Every test of mail has a real server to hand it to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.machines.mail import PostOffice, post_office, send_through


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    """A mail server the application knows."""
    with post_office() as opened:
        send_through(app, opened.server)
        yield opened
