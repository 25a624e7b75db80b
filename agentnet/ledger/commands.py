"""``agentnet rebuild-sums``: the monthly sums of the book from its transfers."""

from __future__ import annotations

import click
from flask import Flask

from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import write_audit
from agentnet.infra.transaction import batch
from agentnet.ledger.rolling import forget_sums, roll_up


@click.command("rebuild-sums")
@click.pass_obj
def rebuild_sums_command(app: Flask) -> None:
    """Add up the book's months anew, where verify finds wrong sums. / 重新汇总各账户月度发生额。

    Transfers are never touched; pages stay right meanwhile, and slower.
    """
    with app.app_context():
        with batch():
            forget_sums()
            write_audit(SYSTEM, "ledger_sums_rebuilt", "month", "*")
        click.echo(f"{roll_up():,} sums added up")
