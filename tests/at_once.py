"""Many threads that begin together, each in a transaction of its own: what a unique row or a lock must hold apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from agentnet.core.clock import frozen_at, now
from agentnet.core.errors import Refusal
from agentnet.infra.db import db

Work = Callable[[], Any]


def at_once(app: Flask, works: Sequence[Work], door: Callable[[], Any]) -> list[Any]:
    """Do each work in a thread and behind a door of its own; return each one's answer, or the refusal's code.

    Every thread takes the caller's time. Anything that is no refusal is a bug and raised here.
    """
    gate, at = threading.Barrier(len(works)), now()

    def run(work: Work) -> Any:
        with app.app_context(), frozen_at(at):
            gate.wait(30)
            try:
                with door():
                    return work()
            except Refusal as refusal:
                return refusal.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
