"""How fast commission statements are drawn: two pages, 60 rows, Chinese, QR code, embedded fonts.

*Ours* is the product's drawing. The *limit* is the same pages already laid out, so that only fonts, compression and the
file remain. The *peer* is the same statement the usual ReportLab way (platypus). All three alternate in rounds in one
process and the medians count; then 3,000 different statements are drawn by two processes. A fast wrong page is worth
nothing: the text of what was drawn is read back and its figures are compared.
"""

from __future__ import annotations

import json as json_format
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from agentnet.bench import platypus_statement
from agentnet.bench.statement_samples import statement
from agentnet.core.money import format_yuan, rmb_capitals
from reports import commission_statement
from reports.commission_statement import CommissionStatement

try:
    import pypdfium2
except ImportError:
    pypdfium2 = None

STATEMENTS = 3_000
PROCESSES = 2

_ROUNDS = 7
_PER_ROUND = 20
_PATIENCE_SECONDS = 600


class WrongPage(AssertionError):
    """A drawn statement does not say what its figures say."""


def run(json: bool = False) -> dict[str, object]:
    """Measure, write the result to standard output (as JSON if asked) and return it; rates are statements a second.

    Raises:
        RuntimeError: if the PDF reader that checks the pages is not installed.
        WrongPage: if a page does not say what its figures say.
    """
    if pypdfium2 is None:
        raise RuntimeError("the bench reads its pages back with pypdfium2: pip install 'agentnet[dev]'")
    platypus_statement.register_fonts()
    sample = statement(42)
    _check(sample, commission_statement.draw(sample))
    _check(sample, platypus_statement.draw(sample))
    ours, limit, peer = _rates(sample)
    seconds = _seconds_for_all()
    found: dict[str, object] = {
        "bench": "statements",
        "unit": "statements/s, one process",
        "ours": round(ours, 1),
        "limit": round(limit, 1),
        "peer": round(peer, 1),
        "ratio": round(ours / limit, 2),
        "ratio_to_peer": round(ours / peer, 2),
        "limit_is": "the same pages already laid out",
        "peer_is": "plain platypus",
        "seconds_for_3000": round(seconds, 1),
        "processes": PROCESSES,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    lines = [json_format.dumps(found, ensure_ascii=False)] if json else [f"{key}: {found[key]}" for key in found]
    sys.stdout.write("\n".join(lines) + "\n")
    return found


def _rates(sample: CommissionStatement) -> tuple[float, float, float]:
    """Return the median rates of ours, limit and peer over alternating rounds."""
    laid_out = commission_statement.compose(sample)
    laid_out.finish()
    works: tuple[Callable[[], bytes], ...] = (
        lambda: commission_statement.draw(sample),
        laid_out.bound,
        lambda: platypus_statement.draw(sample),
    )
    rates: tuple[list[float], ...] = tuple([] for _ in works)
    for _ in range(_ROUNDS):
        for work, found in zip(works, rates, strict=True):
            started = time.perf_counter()
            for _ in range(_PER_ROUND):
                work()
            found.append(_PER_ROUND / (time.perf_counter() - started))
    ours, limit, peer = (statistics.median(found) for found in rates)
    return ours, limit, peer


def _seconds_for_all() -> float:
    """Return how long two fresh processes take to draw all statements, parsing of the fonts included.

    Each process first invents the figures of its share; the clock starts when both are ready.
    """
    context = get_context("spawn")
    ready = context.Barrier(PROCESSES + 1)
    drawn: Queue[tuple[int, bytes]] = context.Queue()
    shares = [range(1 + at, STATEMENTS + 1, PROCESSES) for at in range(PROCESSES)]
    workers = [context.Process(target=_draw_share, args=(share, ready, drawn), daemon=True) for share in shares]
    for worker in workers:
        worker.start()
    ready.wait(_PATIENCE_SECONDS)
    started = time.perf_counter()
    last = [drawn.get(timeout=_PATIENCE_SECONDS) for _ in workers]
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    for number, pdf in last:
        _check(statement(number), pdf)
    return seconds


def _draw_share(numbers: range, ready: Barrier, drawn: Queue[tuple[int, bytes]]) -> None:
    """Draw a share of the statements and hand back the last one, to be read."""
    prepared = [statement(number) for number in numbers]
    ready.wait(_PATIENCE_SECONDS)
    pdf = b""
    for one in prepared:
        pdf = commission_statement.draw(one)
    drawn.put((numbers[-1], pdf))


def _check(sample: CommissionStatement, pdf: bytes) -> None:
    """Read a statement back and compare its figures.

    Raises:
        WrongPage: naming what is missing.
    """
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    if len(pages) != 2:
        raise WrongPage(f"{sample.head.number} has {len(pages)} pages, not 2")
    read = "".join(pages)
    expected = [sample.outlet_name, rmb_capitals(sample.due_fen), sample.head.check_code]
    expected += [format_yuan(fen) for fen in (sample.due_fen, sample.collected_fen)]
    expected += [f"{line.receipt_no}" for line in sample.collections]
    expected += [format_yuan(line.amount_fen) for line in sample.collections]
    missing = [text for text in expected if text not in read]
    if missing:
        raise WrongPage(f"{sample.head.number} does not say {missing[:3]}")


if __name__ == "__main__":
    run(json="--json" in sys.argv[1:])
