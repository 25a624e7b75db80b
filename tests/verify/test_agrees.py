"""On a world nobody tampered with, every check runs on both databases and finds nothing."""

import pytest

from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.verify.commands import CHECKS, findings_of


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_finds_nothing_wrong_with_the_cast(app, check):
    with reading():
        assert findings_of(check, db.session.connection()) == ([], 0)
