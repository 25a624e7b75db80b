"""Where the demo may not go."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from agentnet.core.errors import Conflict
from agentnet.demo.preparing import prepare
from agentnet.demo.sign_ins import Keys
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask
from agentnet.outlets.models import Outlet


def test_another_network_is_left_alone(app: TransactionalFlask, tmp_path: Path):
    statement = select(func.count()).select_from(Outlet)
    outlets = db.session.scalar(statement)
    db.session.rollback()
    with pytest.raises(Conflict, match="not_the_demo"):
        prepare(app, Keys(tmp_path), lambda _stage, _done, _total: None, print_all=True)
    assert db.session.scalar(statement) == outlets
