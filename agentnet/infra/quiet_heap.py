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


SELDOM = 200_000, 20, 100
"""When the collector looks, instead of after some 700 new values: what garbage in cycles holds stays bounded."""


def walk_seldom() -> None:
    """Let the collector look seldom from now on: for a process that makes rows by the million until it ends."""
    gc.set_threshold(*SELDOM)


@contextmanager
def seldom_walked() -> Iterator[None]:
    """Let the collector look seldom inside the block."""
    before = gc.get_threshold()
    walk_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
