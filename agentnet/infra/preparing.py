"""Slow work on what was sent (decoding a photo, parsing a file) happens before the transaction opens.

A view names its preparation with ``@prepared_by(work)``; the request door runs it first, while nobody waits for the
database, and the view takes the result with ``prepared()``. A refusal is kept and raised there, where the form can
show it. Nothing is prepared for a visitor without a signed session, whom the guard will turn away, except by views
that say they are for anybody (signing in).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import g, session
from werkzeug.exceptions import HTTPException

from agentnet.core.errors import Refusal

View = TypeVar("View", bound=Callable[..., Any])


def prepared_by(work: Callable[[], Any], *, for_anybody: bool = False) -> Callable[[View], View]:
    """Declare the work to be done on an unsafe request before its transaction opens."""

    def declare(view: View) -> View:
        cast(Any, view).prepare = work
        cast(Any, view).prepare_for_anybody = for_anybody
        return view

    return declare


def prepare_request(view: Callable[..., Any] | None) -> None:
    """Run a view's preparation, if it names one; called by the request door alone."""
    work = getattr(view, "prepare", None)
    if work is None or ("_user_id" not in session and not cast(Any, view).prepare_for_anybody):
        return
    try:
        g.prepared = work()
    except (Refusal, HTTPException) as refusal:
        g.prepared = refusal


def prepared() -> Any:
    """Return what the view's preparation made of the request; None when there was none.

    Raises:
        Refusal: as the preparation raised it.
    """
    made = g.get("prepared")
    if isinstance(made, Exception):
        raise made
    return made
