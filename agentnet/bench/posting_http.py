"""Browsers at the counter: eight keepers, each signed in, posting confirm pages as fast as they are answered."""

from __future__ import annotations

import os
import re
import socket
import subprocess  # nosec B404
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Barrier
from urllib.parse import urlencode

from agentnet.bench import posting_world as world
from agentnet.core.ids import new_id
from agentnet.core.money import format_yuan
from agentnet.infra.config import Settings

WARM_UP_SECONDS = 1
SECONDS = 4


class Browser:
    """One connection that keeps its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._cookies: dict[str, str] = {}

    def send(self, method: str, path: str, **fields: str) -> tuple[int, str, str]:
        """Return status, place it leads to, and page."""
        headers = {"Cookie": self.cookies}
        body = None
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields)
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), page

    @property
    def cookies(self) -> str:
        """The cookies as a header carries them."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def token(self, path: str) -> str:
        """Return the form token of a page."""
        _status, _place, page = self.send("GET", path)
        found = re.search(r'name="csrf[-_]token" (?:content|type="hidden" value)="([^"]+)"', page)
        if found is None:
            raise RuntimeError(f"{path} has no form token")
        return found[1]


@contextmanager
def web(settings: Settings, *module: str) -> Iterator[int]:
    """Run the product's web process, or another module that serves, on a free port; yield the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environ = {
        **os.environ,
        "AGENTNET_HOME": str(settings.home),
        "AGENTNET_DATABASE_URL": settings.database_url,
        "AGENTNET_SECRET_KEY": settings.secret_key,
        "AGENTNET_BIND": f"127.0.0.1:{port}",
        "AGENTNET_SECURE_COOKIES": "no",
        "AGENTNET_TRUSTED_HOSTS": "",
    }
    process = subprocess.Popen(  # noqa: S603  # nosec B603 - our own modules
        [sys.executable, "-m", *(module or ("agentnet", "web"))],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the web process does not answer")


def _keeper(port: int, number: int, first: int, ready: Barrier) -> tuple[int, list[float]]:
    """Sign in, wait for the others, post until the time is up; return how many and the seconds each took once warm."""
    browser = Browser(port)
    token = browser.token("/sign-in")
    status, _place, _page = browser.send(
        "POST", "/sign-in", csrf_token=token, username=f"bench{number}", password=world.PASSWORD
    )
    if status != 303:
        raise RuntimeError(f"sign-in answered {status}")
    token = browser.token("/collect")
    ready.wait(60)
    posted, times = 0, []
    until = time.perf_counter() + WARM_UP_SECONDS + SECONDS
    warm = until - SECONDS
    while (began := time.perf_counter()) < until:
        status, place, page = browser.send(
            "POST",
            f"/collect/{world.household_no((first + posted) % world.HOUSEHOLDS)}/record",
            csrf_token=token,
            id=str(new_id()),
            outlet=world.outlet_code(number),
            amount=format_yuan(world.AMOUNT_FEN),
            tender="CASH",
            lookalike_confirmed="y",
        )
        if status != 303 or not place.startswith("/receipts/"):
            raise RuntimeError(f"a posting answered {status}: {page[:300]}")
        posted += 1
        if began >= warm:
            times.append(time.perf_counter() - began)
    return posted, times


def post_as_browsers(settings: Settings, clients: int) -> tuple[int, float, float]:
    """Return how many collections were posted in all, how many a second, and the 99th percentile in milliseconds."""
    with web(settings) as port, ThreadPoolExecutor(clients) as pool:
        ready = Barrier(clients)
        share = world.HOUSEHOLDS // clients
        keepers = [pool.submit(_keeper, port, number, number * share, ready) for number in range(clients)]
        results = [keeper.result() for keeper in keepers]
    times = sorted(took for _posted, taken in results for took in taken)
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    return sum(posted for posted, _taken in results), len(times) / SECONDS, p99 * 1000
