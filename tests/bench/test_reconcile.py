"""The bench of reconciliation finds what it plants and nothing else, in a day of two thousand rows."""

import pytest

from agentnet.bench import posting_world as world
from agentnet.bench import reconcile, reconcile_world
from agentnet.core.clock import today
from tests.conftest import settings_for

ROWS = 2_000


def test_the_planted_differences_are_found_and_nothing_else(tmp_path):
    file = tmp_path / f"{reconcile_world.PARTNER}_COLLECTION_{today():%Y%m%d}.csv"
    with world.scratch(settings_for(tmp_path), None) as settings:
        reconcile_world.fill(settings, file, ROWS)
        found = reconcile._ours(settings, file, ROWS)
        assert found["differences"] == 600


def test_a_difference_too_many_fails_the_bench(tmp_path):
    file = tmp_path / f"{reconcile_world.PARTNER}_COLLECTION_{today():%Y%m%d}.csv"
    with world.scratch(settings_for(tmp_path), None) as settings:
        reconcile_world.fill(settings, file, ROWS)
        head, *lines = file.read_text().splitlines(keepends=True)
        total, count, *days = head.split(",")
        fen = round(float(lines[-1].split(",")[3]) * 100)
        total = f"{(round(float(total) * 100) - fen) / 100:.2f}"
        file.write_text("".join([",".join([total, str(int(count) - 1), *days]), *lines[:-1]]))
        with pytest.raises(reconcile.WrongMatch):
            reconcile._ours(settings, file, ROWS)
