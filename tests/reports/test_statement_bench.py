"""The statement bench measures what it says and notices a wrong page."""

from __future__ import annotations

import json

import pytest

from agentnet.bench import statement_samples, statements
from reports import commission_statement


def test_it_reports_ours_limit_peer_and_the_time_for_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(statements, "STATEMENTS", 6)
    monkeypatch.setattr(statements, "_ROUNDS", 1)
    monkeypatch.setattr(statements, "_PER_ROUND", 2)
    found = statements.run(json=True)
    assert json.loads(capsys.readouterr().out) == found
    assert {"ours", "limit", "peer", "ratio", "machine", "seconds_for_3000"} <= found.keys()
    assert found["ours"] > found["peer"]  # type: ignore[operator]


def test_its_statements_differ_and_are_the_same_every_time() -> None:
    assert statement_samples.statement(7) == statement_samples.statement(7)
    assert statement_samples.statement(7) != statement_samples.statement(8)


def test_a_page_with_another_figure_is_noticed() -> None:
    pdf = commission_statement.draw(statement_samples.statement(7))
    with pytest.raises(statements.WrongPage):
        statements._check(statement_samples.statement(8), pdf)


def test_without_the_reader_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "pypdfium2", None)
    with pytest.raises(RuntimeError, match="pypdfium2"):
        statements.run()
