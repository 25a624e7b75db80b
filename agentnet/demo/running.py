"""What ``agentnet demo`` does: makes the networks ready, says who may sign in, serves them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select

from agentnet.collecting.models import Collection
from agentnet.demo.history import Watch
from agentnet.demo.preparing import prepare
from agentnet.demo.sign_ins import Keys, SignIn, shown
from agentnet.documents.models import Run
from agentnet.infra.clikit import answer
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.migrating import upgrade
from agentnet.infra.process_commands import serve_all
from agentnet.infra.quiet_heap import seldom_walked
from agentnet.infra.transaction import reading
from agentnet.outlets.models import Manager, Outlet
from agentnet.outlets.rules import State
from agentnet.visits.models import Visit


def run_demo(app: Flask, no_serve: bool, as_json: bool) -> None:
    """Make the demo ready, or go on from what is there; answer what there is, and serve it unless told not to."""
    settings: Settings = app.extensions["agentnet"]
    started = time.monotonic()
    keys = Keys(settings.home)
    if keys.made:
        keys.begin_hashing()
    with app.app_context():
        upgrade()
    with _watching() as watch, seldom_walked():
        made = prepare(app, keys, watch, print_all=no_serve)
    with app.app_context(), reading():
        sign_ins, counts = shown(keys), _counts()
        db.engine.dispose()
    seconds = round(time.monotonic() - started, 1)
    address = f"http://{settings.bind}"
    result = {
        "made": made,
        "seconds": seconds,
        "address": address,
        "sign_ins": [
            {"role": one.role, "username": one.username, "password": one.password, "name": one.display_name}
            for one in sign_ins
        ],
        "sign_in_file": str(keys.path),
        **counts,
    }
    answer(result, _lines(counts, sign_ins, address, seconds, made=made), as_json)
    if not no_serve:
        sys.stdout.flush()
        serve_all(app, tls=False)


def _counts() -> dict[str, int]:
    def count(model: type[Any], *conditions: Any) -> int:
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0

    return {
        "outlets": count(Outlet, Outlet.state == State.ACTIVE),
        "managers": count(Manager),
        "collections": count(Collection),
        "visits": count(Visit),
        "documents": count(Run, Run.state == "DONE"),
        "documents_planned": count(Run, Run.state != "DONE"),
    }


def _lines(counts: dict[str, int], sign_ins: list[SignIn], address: str, seconds: float, *, made: bool) -> list[str]:
    width = max(len(one.username) for one in sign_ins)
    return [
        f"The demo {'is ready' if made else 'was ready and goes on from where it stood'} ({seconds:.1f} s): "
        f"{counts['outlets']:,} open outlets, {counts['managers']:,} managers, {counts['collections']:,} collections, "
        f"{counts['visits']:,} visits, {counts['documents']:,} documents"
        + (f"; {planned:,} more are being drawn." if (planned := counts["documents_planned"]) else "."),
        "Village names are real; every person, phone number, household and company is invented.",
        "",
        *(f"  {one.username:<{width}}  {one.password or '(changed)':<21} {one.display_name}" for one in sign_ins),
        "",
        f"Open {address}",
    ]


STAGES = {"network": "Network", "collections": "Collections", "documents": "Documents"}


@contextmanager
def _watching() -> Iterator[Watch]:
    """Show how far each stage is, with counts and remaining time on a terminal and nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks: dict[str, TaskID] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(STAGES[stage], total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield watch
