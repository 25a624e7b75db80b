"""Work in a fresh process, whose memory and time are its own."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.queues import Queue
from typing import Any, Final

_PATIENCE_SECONDS: Final = 900

Work = Callable[..., dict[str, Any]]


class WrongResult(AssertionError):
    """What a measured piece of work came to is not what it had to come to."""


def in_child(work: Work, *arguments: Any) -> dict[str, Any]:
    """Do the work in a fresh process; return what it found.

    Raises:
        WrongResult: if it failed.
    """
    context = get_context("spawn")
    answers: Queue[dict[str, Any]] = context.Queue()
    child = context.Process(target=_answer, args=(work, arguments, answers))
    child.start()
    found = answers.get(timeout=_PATIENCE_SECONDS)
    child.join()
    if "wrong" in found:
        raise WrongResult(found["wrong"])
    return found


def _answer(work: Work, arguments: tuple[Any, ...], answers: Queue[dict[str, Any]]) -> None:
    try:
        answers.put(work(*arguments))
    except Exception as wrong:
        answers.put({"wrong": repr(wrong)})
        raise
