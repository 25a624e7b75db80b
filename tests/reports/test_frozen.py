"""Frozen figures: stored, read back, redrawn to the same bytes; floats and strange shapes are refused."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from reports import commission_statement, commission_summary, duty_visits_manager, duty_visits_station, receipt
from reports.frozen import FrozenShape, check_code_of, from_json, sealed, to_json
from reports.texts import Language
from tests.reports import territory_samples as territory
from tests.reports.samples import adjustments, statement

Draw = Callable[[Any], bytes]

DOCUMENTS: list[tuple[Draw, Callable[[Language], Any]]] = [
    (commission_statement.draw, lambda language: statement(5, language, adjustments(2))),
    (commission_summary.draw, lambda language: territory.summary(9, language)),
    (duty_visits_manager.draw, lambda language: territory.manager_week(8, language)),
    (duty_visits_station.draw, lambda language: territory.station_month(9, language)),
    (receipt.draw, territory.receipt),
]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("draw", "make"), DOCUMENTS)
def test_stored_figures_are_read_back_equal_and_redrawn_byte_for_byte(
    draw: Draw, make: Callable[[Language], Any], language: Language
) -> None:
    figures = make(language)
    stored = to_json(figures)
    again = from_json(type(figures), stored)
    assert again == figures
    assert to_json(again) == stored
    assert draw(again) == draw(figures)


def test_another_process_that_drew_other_things_first_draws_the_same_bytes() -> None:
    program = (
        "import sys; from tests.reports.samples import statement; from tests.reports.territory_samples import receipt;"
        "from reports import commission_statement as s, receipt as r;"
        "r.draw(receipt()); s.draw(statement(7, 'en')); sys.stdout.buffer.write(s.draw(statement(60)))"
    )
    drawn = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert drawn == commission_statement.draw(statement(60))


def test_a_float_has_no_place_in_a_document() -> None:
    with pytest.raises(FrozenShape, match="due_fen: float"):
        to_json(dataclasses.replace(statement(1), due_fen=0.5))  # type: ignore[arg-type]


def test_a_stored_float_is_not_read_as_an_amount() -> None:
    stored = json.loads(to_json(statement(1)))
    stored["due_fen"] = 50.0
    with pytest.raises(FrozenShape, match=r"CommissionStatement\.due_fen: expected int, found float"):
        from_json(commission_statement.CommissionStatement, json.dumps(stored).encode())


@pytest.mark.parametrize(
    "module", [commission_statement, commission_summary, duty_visits_manager, duty_visits_station, receipt]
)
def test_no_document_declares_a_float(module: Any) -> None:
    found = [kind for kind in vars(module).values() if dataclasses.is_dataclass(kind) and isinstance(kind, type)]
    shapes = [kind for kind in found if not kind.__module__.startswith("reports.kit.")]
    assert shapes
    assert not [kind for kind in shapes if any("float" in str(hint) for hint in get_type_hints(kind).values())]


def test_unknown_and_missing_fields_are_named() -> None:
    stored = json.loads(to_json(statement(1)))
    stored["colour"] = stored.pop("agent")
    with pytest.raises(FrozenShape, match=r"unknown \['colour'\], missing \['agent'\]"):
        from_json(commission_statement.CommissionStatement, json.dumps(stored).encode())


def test_a_field_added_later_takes_its_default() -> None:
    stored = json.loads(to_json(statement(1)))
    del stored["empty_reason"]
    assert from_json(commission_statement.CommissionStatement, json.dumps(stored).encode()) == statement(1)


def test_a_naive_instant_is_refused() -> None:
    stored = json.loads(to_json(statement(1)))
    stored["head"]["made_at"] = "2026-11-01T02:00:00"
    with pytest.raises(FrozenShape, match=r"head\.made_at"):
        from_json(commission_statement.CommissionStatement, json.dumps(stored).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"null"])
def test_what_is_no_document_is_refused(text: bytes) -> None:
    with pytest.raises(FrozenShape):
        from_json(commission_statement.CommissionStatement, text)


def test_an_unknown_state_is_refused() -> None:
    stored = json.loads(to_json(territory.manager_week(1)))
    stored["rows"][0]["state"] = "PERHAPS"
    with pytest.raises(FrozenShape, match="PERHAPS"):
        from_json(duty_visits_manager.ManagerWeek, json.dumps(stored).encode())


def test_the_check_code_changes_with_any_figure_but_not_with_itself() -> None:
    figures = statement(5)
    code = check_code_of(figures)
    assert check_code_of(dataclasses.replace(figures, due_fen=figures.due_fen + 1)) != code
    assert check_code_of(dataclasses.replace(figures, agent="另一人")) != code
    assert check_code_of(sealed(figures, "https://other.example/")) == code


def test_sealing_writes_the_code_and_its_address() -> None:
    head = sealed(statement(5), "https://agentnet.example/v/").head
    assert head.verify_url == f"https://agentnet.example/v/{head.check_code}"
    assert len(head.check_code) == 14
    assert not set(head.check_code) & set("ILOU")
