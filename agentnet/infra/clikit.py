"""How commands speak: plain lines for people, JSON for scripts, a progress bar only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def answer(result: Mapping[str, Any], lines: Iterable[str], as_json: bool) -> None:
    """Print the result as one JSON object, or as the lines written for people."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, default=str))
    else:
        for line in lines:
            click.echo(line)


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield the items, with a bar and remaining time on a terminal and silence elsewhere."""
    if not sys.stderr.isatty():
        yield from items
        return
    yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)
