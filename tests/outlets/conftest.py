"""Do one thing as one of the cast, each in a transaction of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from agentnet.infra.transaction import batch
from tests import world

Do = Callable[..., Any]


@pytest.fixture
def do(app: Any) -> Do:
    """Return a function that runs an action as somebody in a writing transaction."""

    def run(username: str, action: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        with batch():
            return action(*arguments, by=world.actor(username), **more)

    return run
