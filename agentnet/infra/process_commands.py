"""``agentnet serve``, ``web``, ``clock`` and ``worker``."""

from __future__ import annotations

import logging
import socket
import sys

import click
from flask import Flask

from agentnet.infra.clikit import answer
from agentnet.infra.config import Settings, WrongSetting
from agentnet.infra.db import db
from agentnet.infra.migrating import upgrade
from agentnet.infra.processes import (
    drain,
    require_newest_schema,
    run_clock,
    run_clock_once,
    run_web,
    run_worker,
    web_options,
)
from agentnet.infra.stopping import Stop, stop_with_parent
from agentnet.infra.supervising import Child, Supervisor, program

supervised = click.option("--supervised", is_flag=True, hidden=True)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in ("apscheduler", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


@click.command("web")
@click.option("--tls", is_flag=True, help="Speak HTTPS with AGENTNET_TLS_CERTIFICATE and AGENTNET_TLS_KEY.")
@supervised
@click.pass_obj
def web_command(app: Flask, tls: bool, supervised: bool) -> None:
    """Serve the pages. / 网页服务。"""
    _log_to_stderr()
    require_newest_schema(app)
    if supervised:
        stop_with_parent()
    run_web(app, tls)


@click.command("clock")
@click.option("--once", is_flag=True, help="Do every job once and end; status 1 if one failed.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print what each job did as JSON.")
@supervised
@click.pass_obj
def clock_command(app: Flask, once: bool, as_json: bool, supervised: bool) -> None:
    """Do what is due: close months, plan documents, seal the audit trail. / 定时任务。"""
    _log_to_stderr()
    require_newest_schema(app)
    if not once:
        if supervised:
            stop_with_parent()
        run_clock(app, Stop())
        return
    done = run_clock_once(app)
    answer(done, [f"{name}: {'failed' if count is None else count}" for name, count in done.items()], as_json)
    if None in done.values():
        sys.exit(1)


@click.command("worker")
@click.option("--once", is_flag=True, help="Work until nothing waits, then end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print what was done as JSON.")
@supervised
@click.pass_obj
def worker_command(app: Flask, once: bool, as_json: bool, supervised: bool) -> None:
    """Draw planned documents. / 绘制报表。"""
    _log_to_stderr()
    require_newest_schema(app)
    if not once:
        if supervised:
            stop_with_parent()
        run_worker(app, Stop())
        return
    done = drain(app)
    answer(done, [f"{name}: {count}" for name, count in done.items()], as_json)


@click.command("serve")
@click.option("--tls", is_flag=True, help="Speak HTTPS with AGENTNET_TLS_CERTIFICATE and AGENTNET_TLS_KEY.")
@click.pass_obj
def serve_command(app: Flask, tls: bool) -> None:
    """Serve pages, run the clock and draw documents in one command; Ctrl-C stops all. / 一条命令启动全部服务。"""
    serve_all(app, tls)


def serve_all(app: Flask, tls: bool) -> None:
    """Bring the database to the newest schema and run web, clock and worker until asked to stop.

    Raises:
        WrongSetting: if the address is in use, or TLS is not set up.
    """
    settings: Settings = app.extensions["agentnet"]
    environment = {"AGENTNET_SECURE_COOKIES": "yes"} if tls else {}
    if tls and (settings.tls_certificate is None or settings.tls_key is None):
        web_options(settings, tls)
    _require_free_address(settings.bind)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    stop = Stop()
    workers = [f"worker-{n}" for n in range(1, settings.worker_processes + 1)]
    family = [
        Child("web", program("web", "--supervised", *(["--tls"] if tls else [])), environment),
        Child("clock", program("clock", "--supervised"), environment),
        *(
            Child("worker" if len(workers) == 1 else name, program("worker", "--supervised"), environment)
            for name in workers
        ),
    ]
    click.echo(f"agentnet serves {'https' if tls else 'http'}://{settings.bind} - Ctrl-C stops it", err=True)
    Supervisor(family, lambda line: click.echo(line, err=True)).run(stop)
    click.echo("agentnet has stopped", err=True)


def _require_free_address(bind: str) -> None:
    """Refuse an address somebody else listens on, before any child tries it again and again."""
    host, _, port = bind.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise WrongSetting(f"AGENTNET_BIND: {bind!r} is not host:port")
    host = host.strip("[]") or "127.0.0.1"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise WrongSetting(f"AGENTNET_BIND: cannot listen on {bind}: {error.strerror or error}") from error
