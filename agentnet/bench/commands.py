"""``agentnet bench``: what the product claims about its speed, measured here."""

from __future__ import annotations

import click
from flask import Flask

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("bench")
def bench_group() -> None:
    """Measure speed against a limit and a peer on this machine. / 在本机测速。"""


@bench_group.command("posting")
@as_json
@click.pass_obj
def posting_command(app: Flask, as_json: bool) -> None:
    """Post collections in scratch databases; PostgreSQL too if AGENTNET_DATABASE_URL names one. / 收费入账。"""
    from agentnet.bench import posting

    posting.run(app.extensions["agentnet"], as_json)


@bench_group.command("pages")
@as_json
@click.pass_obj
def pages_command(app: Flask, as_json: bool) -> None:
    """Ask for list pages in a database of a million collections, kept under the home for the day. / 列表页。"""
    from agentnet.bench import pages

    pages.run(app.extensions["agentnet"], as_json)


@bench_group.command("reconcile")
@as_json
@click.pass_obj
def reconcile_command(app: Flask, as_json: bool) -> None:
    """Reconcile a partner's day of 200,000 rows in scratch databases. / 对账。"""
    from agentnet.bench import reconcile

    reconcile.run(app.extensions["agentnet"], as_json)


@bench_group.command("accrual")
@as_json
@click.pass_obj
def accrual_command(app: Flask, as_json: bool) -> None:
    """Work out the commission of a million collections in scratch databases. / 计提代办费。"""
    from agentnet.bench import accrual

    accrual.run(app.extensions["agentnet"], as_json)


@bench_group.command("statements")
@as_json
def statements_command(as_json: bool) -> None:
    """Draw commission statements. / 绘制结算单。"""
    from agentnet.bench import statements

    statements.run(as_json)
