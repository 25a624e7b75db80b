"""A large file is worked by two processes; nobody can tell from the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from agentnet.__main__ import cli
from agentnet.commission.simulating import beside
from tests.commission.engine.makers import PLANS


def rows(outlets: int) -> str:
    lines = ["outlet_code,household_no,amount,tender,collected_at,reversed_at"]
    for number in range(outlets * 4):
        gone = "2026-11-03" if number % 5 == 0 else ""
        lines.append(
            f"WL{number % outlets:03d},33108100{number:05d},{10 + number}.{number % 10}0,CASH,2026-10-0{1 + number % 9},{gone}"
        )
    return "\n".join(lines)


def simulated(tmp_path: Path, *more: str, outlets: int = 7) -> str:
    (tmp_path / "rows.csv").write_text(rows(outlets), encoding="utf-8")
    words = ["commission", "simulate", "--plan", str(PLANS / "odisha-shg.json")]
    result = CliRunner().invoke(cli, [*words, "--collections", str(tmp_path / "rows.csv"), *more])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


@pytest.mark.parametrize("outlets", [1, 2, 7])
@pytest.mark.parametrize("more", [(), ("--json",), ("--json", "--against", str(PLANS / "up-rural.json"))])
def test_two_processes_answer_to_the_byte_what_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], outlets: int
) -> None:
    alone = simulated(tmp_path, *more, outlets=outlets)
    monkeypatch.setattr("agentnet.commission.commands.worth_two", lambda rows: True)
    assert simulated(tmp_path, *more, outlets=outlets) == alone


def test_work_that_fails_beside_fails_here(capfd: pytest.CaptureFixture[str]) -> None:
    def fails(_write: beside.Write) -> None:
        raise ValueError("no such month")

    finish = beside.begin_beside(fails)
    with pytest.raises(RuntimeError, match="second process failed"):
        finish()
    assert "no such month" in capfd.readouterr().err


def test_a_small_file_is_worked_by_one() -> None:
    assert not beside.worth_two(beside.LARGE - 1)
