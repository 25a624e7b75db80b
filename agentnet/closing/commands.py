"""``agentnet close-month``: close a month by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from flask import Flask
from rich.console import Console
from rich.progress import Progress

from agentnet.core.clock import Month
from agentnet.core.money import format_yuan
from agentnet.infra.actor import SYSTEM
from agentnet.infra.clikit import answer

if TYPE_CHECKING:
    from agentnet.closing.actions import Closed

STEPS = {"accrue": "computing", "COMMISSION_STATEMENT": "statements", "COMMISSION_SUMMARY": "summaries"}


@click.command("close-month")
@click.argument("month", metavar="YYYY-MM")
@click.option("--sign", "signature", default="", metavar="REASON", help="Close over what is not settled, and say why.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_obj
def close_month_command(app: Flask, month: str, signature: str, as_json: bool) -> None:
    """Close a month that is over: accrue commission, freeze every printed figure, plan the documents. / 月度封账。

    Safe to repeat: a close that was interrupted goes on where it stopped, a closed month stays as it is.
    """
    from agentnet.closing.actions import close_month

    wanted = Month.parse(month)
    with (
        app.app_context(),
        Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar,
    ):
        tasks = {step: bar.add_task(words, total=None) for step, words in STEPS.items()}
        closed = close_month(
            wanted,
            SYSTEM,
            lambda step, done, total: bar.update(tasks[step], completed=done, total=total),
            signature=signature,
        )
    answer(_as_json(closed), _as_lines(closed), as_json)


def _as_json(closed: Closed) -> dict[str, object]:
    return {
        "month": str(closed.month),
        "already_closed": closed.already,
        "outlets": closed.written.outlets,
        "collections": closed.written.collections,
        "collected_fen": closed.written.collected_fen,
        "earned_fen": closed.written.earned_fen,
        "adjusted_fen": closed.written.adjusted_fen,
        "due_fen": closed.written.due_fen,
        "documents_planned": closed.documents,
    }


def _as_lines(closed: Closed) -> list[str]:
    sums = closed.written
    return [
        f"{closed.month} {'was closed already' if closed.already else 'is closed'}",
        f"  {sums.outlets:,} outlets, {sums.collections:,} collections of {format_yuan(sums.collected_fen)} yuan",
        f"  commission due {format_yuan(sums.due_fen)} yuan, of it adjustments {format_yuan(sums.adjusted_fen)}",
        f"  {closed.documents:,} documents planned",
    ]
