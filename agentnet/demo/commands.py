"""``agentnet demo``: two networks of real villages to try everything on."""

from __future__ import annotations

import click
from flask import Flask


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Make the demo ready and end, without serving it.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_obj
def demo_command(app: Flask, no_serve: bool, as_json: bool) -> None:
    """Load two invented networks of real villages, print their reports, serve them. / 装入演示网络并启动。

    A second run goes on from what is there and doubles nothing.
    """
    from agentnet.demo.running import run_demo

    run_demo(app, no_serve, as_json)
