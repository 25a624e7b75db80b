"""How fast list pages answer in a large network, as a ratio to a bare "hello" served by the same web server.

*Ours* is each list page in a database of 3,000 outlets and a million collections, asked for by someone signed in whose
territory is the whole company (the counter's page by its keeper). The *limit* is a Flask application that only says
hello. Both are served by gunicorn with the product's settings, asked by the same thin clients in alternating rounds,
and the medians count. A fast wrong page is worth nothing: each page is read once before and must show its rows.

The database is SQLite's under the home, or one of its own on the PostgreSQL server the settings name; it is kept.
"""

from __future__ import annotations

import json as json_format
import os
import platform
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

from agentnet.bench.crowd import COUNTY, cash_account, outlet_code
from agentnet.bench.crowd_claims import LAST
from agentnet.bench.crowd_commission import TRIALS, batch_id, sheet_id, trial_id
from agentnet.bench.crowd_home import KEEPER, MANAGER, PASSWORD, Size, crowded
from agentnet.bench.posting_http import Browser, web
from agentnet.core.clock import Month, today
from agentnet.infra.config import Settings

CLIENTS = 4
ROUNDS = 7
SECONDS = 0.25
FIRST_STEP = 0.08

PAGES = (
    ("/", "supervisor"),
    ("/outlets", "supervisor"),
    ("/collections", "supervisor"),
    ("/collect/today", KEEPER),
    ("/visits", "supervisor"),
    ("/needs", "supervisor"),
    ("/duties", MANAGER),
    ("/compliance", "supervisor"),
    ("/documents", "supervisor"),
    ("/commission", "finance"),
    ("/commission/outlets", "finance"),
    ("/ledger", "finance"),
    ("/ledger/lines/outlet/cash_held", "finance"),
    (f"/ledger/accounts/{cash_account(0)}", "auditor"),
    ("/households", "supervisor"),
    ("/managers", "supervisor"),
    ("/people", "administrator"),
    ("/audit", "auditor"),
    ("/ageing", "finance"),
    ("/ageing/stations", "supervisor"),
    (f"/outlets/{outlet_code(0)}/accounts/cash", "supervisor"),
    ("/days", "finance"),
    ("/remittances", "finance"),
    ("/remittance-days", "finance"),
    ("/top-ups", "finance"),
    ("/near-limits", "supervisor"),
    ("/corrections", "finance"),
    ("/approvals", "finance"),
    ("/approvals?show=all", "supervisor"),
    ("/commission/adjustments", "finance"),
    ("/commission/what-if", "finance"),
    (f"/commission/what-if/{trial_id(TRIALS - 1)}", "finance"),
    ("/commission/parallel", "finance"),
    (f"/commission/parallel/{sheet_id(TRIALS - 1)}", "finance"),
    (f"/commission/patterns?month={Month.of(today()).previous()}", "finance"),
    ("/commission/disputes", "finance"),
    ("/payouts", "finance"),
    (f"/payouts/{batch_id(0)}", "finance"),
    ("/payouts/payees", "finance"),
    ("/payouts/holds", "finance"),
    ("/ledger/journal", "finance"),
    ("/reconciliation/files", "finance"),
    (f"/reconciliation/files/{LAST}", "finance"),
    ("/reconciliation/differences", "finance"),
    (f"/divisions/{COUNTY}001000", "administrator"),
    ("/dockings", "supervisor"),
    (f"/commission/outlets/{outlet_code(0)}", "finance"),
    ("/commission/plans", "finance"),
    ("/reconciliation/tie", "finance"),
    ("/limits", "finance"),
    ("/partners", "administrator"),
    ("/org-units", "administrator"),
    ("/closing", "finance"),
)
"""Each page and who asks for it."""


FULL = Size()


class WrongPage(AssertionError):
    """A page was refused, or does not show what it lists."""


@dataclass(frozen=True, slots=True)
class Address:
    """A page as a client asks for it."""

    port: int
    path: str
    cookies: str = ""

    def request(self) -> bytes:
        """Return the bytes a browser would send."""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookies}\r\n"
            "Accept: text/html\r\nAccept-Language: zh-CN\r\n\r\n"
        ).encode()


@dataclass(slots=True)
class Figures:
    """What rounds measured of one page."""

    ours: list[float] = field(default_factory=list)
    hello: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    hello_times: list[float] = field(default_factory=list)


def run(settings: Settings, json: bool = False, size: Size = FULL) -> dict[str, Any]:
    """Measure every page; write the result and return it. Takes about a minute once the database stands.

    Raises:
        WrongPage: if a page is refused or shows nothing.
    """
    filled = crowded(settings, size)
    with web(filled) as port, web(filled, "agentnet.bench.hello") as hello_port:
        cookies = {name: _signed_in(port, name) for name in {who for _path, who in PAGES}}
        results = [_measured(Address(port, path, cookies[who]), Address(hello_port, "/")) for path, who in PAGES]
    worst = min(results, key=lambda result: float(result["ratio"]))
    found: dict[str, Any] = {
        "bench": "pages",
        "unit": "pages/s",
        "outlets": size.outlets,
        "collections": size.collections,
        "ours": worst["ours"],
        "limit": worst["limit"],
        "ratio": worst["ratio"],
        "limit_is": f"a bare hello by the same gunicorn, {CLIENTS} clients",
        "first_step": FIRST_STEP,
        "slowest_page": worst["page"],
        "results": results,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    sys.stdout.write("\n".join([json_format.dumps(found, ensure_ascii=False)] if json else _lines(found)) + "\n")
    return found


def _lines(found: dict[str, Any]) -> list[str]:
    head = f"{'page':<32}{'ours/s':>8}{'hello/s':>9}{'ratio':>8}{'p99 ms':>9}{'hello p99':>11}{'bytes':>9}"
    lines = [
        f"{one['page']:<32}{one['ours']:>8}{one['limit']:>9}{one['ratio']:>8.4f}{one['p99_ms']:>9}"
        f"{one['hello_p99_ms']:>11}{one['bytes']:>9}"
        for one in found["results"]
    ]
    rest = [f"{key}: {found[key]}" for key in ("slowest_page", "ratio", "first_step", "limit_is", "machine")]
    return [head, *lines, *rest]


def _signed_in(port: int, username: str) -> str:
    """Sign in; return the cookies."""
    browser = Browser(port)
    token = browser.token("/sign-in")
    status, _place, _page = browser.send("POST", "/sign-in", csrf_token=token, username=username, password=PASSWORD)
    if status != 303:
        raise WrongPage(f"the sign-in of {username} answered {status}")
    # The first page gives the session its form token; a browser keeps that cookie, and no later page sends one again.
    browser.send("GET", "/sessions")
    return browser.cookies


def _measured(page: Address, hello: Address) -> dict[str, Any]:
    with closing(_Client(page)) as client:
        body = client.ask()
    if b"<tr" not in body and b"<li" not in body and b"<article" not in body:
        raise WrongPage(f"{page.path} lists nothing")
    figures = Figures()
    for _round in range(ROUNDS):
        for address, rates, times in (
            (page, figures.ours, figures.times),
            (hello, figures.hello, figures.hello_times),
        ):
            taken = _asked_for_a_while(address)
            # By the time really taken: the last answers of a slow page come long after the round is over.
            rates.append(sum(len(client) / sum(client) for client in taken))
            times += [seconds for client in taken for seconds in client]
    ours, limit = statistics.median(figures.ours), statistics.median(figures.hello)
    return {
        "page": page.path,
        "ours": round(ours, 1),
        "limit": round(limit),
        "ratio": round(ours / limit, 4),
        "p99_ms": round(_p99(figures.times) * 1000, 1),
        "hello_p99_ms": round(_p99(figures.hello_times) * 1000, 1),
        "bytes": len(body),
    }


def _p99(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * 99 // 100)]


def _asked_for_a_while(address: Address) -> list[list[float]]:
    """Return the seconds each answer took, by client."""
    ready = Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        taken = [pool.submit(_ask_on, address, ready) for _client in range(CLIENTS)]
        return [client.result() for client in taken]


def _ask_on(address: Address, ready: Barrier) -> list[float]:
    with closing(_Client(address)) as client:
        client.ask()
        ready.wait(60)
        taken = []
        until = time.perf_counter() + SECONDS
        while (began := time.perf_counter()) < until:
            client.ask()
            taken.append(time.perf_counter() - began)
        return taken


class _Client:
    """One kept connection that reads answers with as little work as possible: its own work must not be measured."""

    def __init__(self, address: Address) -> None:
        self._address, self._request = address, address.request()
        self._socket = socket.create_connection(("127.0.0.1", address.port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> bytes:
        """Return the body of one answer.

        Raises:
            WrongPage: unless the status is 200.
        """
        self._socket.sendall(self._request)
        read = b""
        while (head_ends := read.find(b"\r\n\r\n")) < 0:
            read += self._more()
        head = read[:head_ends].lower()
        if not head.startswith(b"http/1.1 200"):
            raise WrongPage(f"{self._address.path} answered {head[:40]!r}")
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        parts, missing = [read[head_ends + 4 :]], length - (len(read) - head_ends - 4)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        return b"".join(parts)

    def _more(self) -> bytes:
        part = self._socket.recv(262_144)
        if not part:
            raise WrongPage(f"{self._address.path}: the connection was closed")
        return part

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
