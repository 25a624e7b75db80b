"""agentnet: runs an electricity utility's network of village agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentnet.infra.quiet_heap import quiet_heap

if TYPE_CHECKING:
    from agentnet.infra.config import Settings
    from agentnet.infra.transaction import TransactionalFlask


def create_app(settings: Settings | None = None) -> TransactionalFlask:
    """Build the application from its settings (the environment's unless given); only now every feature is loaded.

    Raises:
        WrongSetting: naming the variable that cannot be used.
    """
    with quiet_heap():  # what is loaded stays: nothing of it is garbage to be looked for
        from agentnet.application import build

        return build(settings)
