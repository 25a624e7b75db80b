"""The bench of a month's commission finds what it wrote down to be right, and says so when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentnet.bench import accrual
from agentnet.bench.children import WrongResult
from tests.conftest import settings_for


def test_it_measures_a_small_month_and_checks_the_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = accrual.run(settings_for(tmp_path), json=True, outlets=20, collections=4_000)
    assert json.loads(capsys.readouterr().out) == found
    assert found["met"]
    assert found["ratio"] > 0


def test_a_wrong_sum_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = accrual.in_child

    def wrong(work, *arguments):
        found = real(work, *arguments)
        return {**found, "earned": found["earned"] + 1} if work is accrual._ours else found

    monkeypatch.setattr(accrual, "in_child", wrong)
    with pytest.raises(WrongResult, match="were written down"):
        accrual.run(settings_for(tmp_path), json=True, outlets=5, collections=500)
