"""Statements built once: building a list's select and finding its compiled form costs more than running it.

A builder marked ``built_once`` is asked once for the same arguments on the same business day (who is visible to whom
changes with the day); from then on the same select is answered, which SQLAlchemy knows at once. What it returns is a
question and never an answer, so nothing can be stale. A builder must not look at the request, the clock or the
database, the day apart, and takes arguments that can be compared: an ``Actor``, a filter, plain values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from agentnet.core.clock import today

P = ParamSpec("P")
S = TypeVar("S")

KEPT = 256
"""How many statements of a builder are kept; those with typed words come and go."""


def built_once(build: Callable[P, S]) -> Callable[P, S]:
    """Keep what a builder of statements answered, by its arguments, for the length of the day."""

    @lru_cache(maxsize=KEPT)
    def built(_day: Any, *arguments: Any, **named: Any) -> S:
        return build(*arguments, **named)

    @wraps(build)
    def once(*arguments: P.args, **named: P.kwargs) -> S:
        keys: dict[str, Any] = dict(named)
        return built(today(), *arguments, **keys)

    return once
