"""People who hold a second role, or the same one elsewhere."""

import pytest
from sqlalchemy import insert

from agentnet.infra.transaction import batch
from agentnet.users.models import RoleGrant
from tests import world


def _grant(user_id, role, place):
    with batch() as session:
        row = {"user_id": user_id, "role": role, "org_unit_id": place.id, "starts_on": world.LONG_AGO}
        session.execute(insert(RoleGrant), [row])


@pytest.fixture
def finance_of_jiaxing(app):
    """Charlie is finance too, in Jiaxing alone."""
    _grant(7, "FINANCE", world.JIAXING)


@pytest.fixture
def alice_is_finance_too(app):
    """Alice keeps WL0001 and works for finance."""
    _grant(1, "FINANCE", world.COMPANY)


@pytest.fixture
def adam_is_finance_too(app):
    """A second person in finance, for the whole company."""
    _grant(12, "FINANCE", world.COMPANY)
