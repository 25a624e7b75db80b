"""Part of the work in a second process at the same time: a large file's outlets do not depend on each other."""

from __future__ import annotations

import os
import pickle  # nosec B403  # between this process and its own copy
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import IO, Any, Final

LARGE: Final = 100_000
"""Rows from which on a second process is worth its while."""

Write = Callable[[str], object]
Work = Callable[[Write], Any]
"""Writes text and answers with values that can be pickled."""


def worth_two(rows: int) -> bool:
    """Return whether so many rows are to be worked by two processes here."""
    return rows >= LARGE and len(os.sched_getaffinity(0)) > 1


def begin_beside(work: Work) -> Callable[[], tuple[Any, IO[str]]]:
    """Begin the work in a second process; return what waits for its answer and for the text it wrote.

    Whatever the work reads is there as it is now: the process is a copy of this one.

    Raises:
        RuntimeError: by what is returned, if the work failed; its traceback stands in standard error.
    """
    text, answer = tempfile.TemporaryFile("w+", encoding="utf-8"), tempfile.TemporaryFile()  # noqa: SIM115
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _work_and_end(work, text, answer)

    def finish() -> tuple[Any, IO[str]]:
        if os.waitpid(child, 0)[1]:
            raise RuntimeError("the second process failed")
        answer.seek(0)
        text.seek(0)
        return pickle.load(answer), text  # noqa: S301  # nosec B301  # written by our own copy

    return finish


def _work_and_end(work: Work, text: IO[str], answer: IO[bytes]) -> None:
    """Work and leave at once: what this process has of the first one's, buffers among it, is not its own to end."""
    status = 1
    try:
        pickle.dump(work(text.write), answer)
        text.flush()
        answer.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)
