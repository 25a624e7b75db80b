"""Let millions of small values come and go without being walked for cycles each time some thousands were made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_heap() -> Iterator[None]:
    """Look for cycles of garbage only afterwards; what is in none, as rows and lines are, is freed at once as ever."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


@contextmanager
def loading_for_good() -> Iterator[None]:
    """Load what a process keeps until it ends: none of it is walked for cycles, while it runs or when it ends."""
    with quiet_heap():
        yield
        gc.freeze()
