"""``agentnet commission simulate``: files alone, in any folder. Expected figures are counted by hand."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentnet.__main__ import cli
from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.inputs import Fact, OutletInputs
from agentnet.commission.engine.reading import read_plan
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid
from tests.commission.engine.makers import PLANS, document

HEAD = "outlet_code,household_no,amount,tender,collected_at"
FLAT = {"kind": "PER_COLLECTION", "fee": "1.00"}
SCALE = {
    "kind": "TIERED",
    "measure": "COUNT",
    "mode": "WHOLE",
    "tiers": [{"from": 0, "fee": "1"}, {"from": 3, "fee": "2"}],
}


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def run(plan: str, rows: str | bytes, *more: str, against: str = "") -> Result:
        (tmp_path / "plan.json").write_text(plan, encoding="utf-8")
        (tmp_path / "rows.csv").write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        words = ["commission", "simulate", "--plan", str(tmp_path / "plan.json")]
        words += ["--collections", str(tmp_path / "rows.csv"), *more]
        if against:
            (tmp_path / "old.json").write_text(against, encoding="utf-8")
            words += ["--against", str(tmp_path / "old.json")]
        return CliRunner().invoke(cli, words)

    return run


@pytest.fixture
def answer(run: Any) -> Any:
    def answer(plan: str, rows: str | bytes, *more: str, against: str = "") -> dict[str, Any]:
        result = run(plan, rows, "--json", *more, against=against)
        assert result.exit_code == 0, (result.output, result.exception)
        found: dict[str, Any] = json.loads(result.output)
        return found

    return answer


def refusal(result: Result) -> str:
    assert isinstance(result.exception, Invalid), (result.output, result.exception)
    return result.exception.code


def errors(result: Result) -> list[tuple[int, str, str]]:
    assert result.exit_code == 1, (result.output, result.exception)
    return [(one["row"], one["column"], one["code"]) for one in json.loads(result.output)["errors"]]


def test_it_works_in_a_clean_folder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    rows = f"{HEAD}\nWL1,3310810000017,2000.50,CASH,2026-10-05 09:00:00\n"
    (tmp_path / "rows.csv").write_text(rows, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AGENTNET_")}
    command = [sys.executable, "-m", "agentnet", "commission", "simulate", "--collections", "rows.csv"]
    done = subprocess.run(
        [*command, "--plan", str(PLANS / "up-rural.json")],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "20.01" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_every_outlet_month_and_component_has_its_working(answer: Any) -> None:
    rows = f"{HEAD}\nWL1,3310810000017,2000.50,CASH,2026-10-05\nWL1,3310810000025,100,CASH,2026-10-06\nWL2,3310,5,CARD,2026-11-01\n"
    found = answer((PLANS / "up-rural.json").read_text(encoding="utf-8"), rows)
    first = found["months"][0]
    assert (first["outlet_code"], first["month"], first["collections"], first["volume_fen"]) == (
        "WL1",
        "2026-10",
        2,
        2_100_50,
    )
    assert (first["commission_fen"], first["clawback_fen"], first["total_fen"]) == (40_01, 0, 40_01)
    low, high = first["components"][0]["working"]
    assert (low["part"], low["collections"], low["fen"]) == ("[0.00, 2,000.01) 20.00", 1, 20_00)
    assert high["example"]["formula"] == ["2,000.50 × 1 % = 20.005 → 20.01"]
    assert high["example"]["row"] == 2
    assert found["totals"]["by_month"] == {"2026-10": 40_01, "2026-11": 20_00}
    assert found["totals"]["by_component"][0]["total_fen"] == 60_01


def test_what_is_reversed_in_its_month_was_never_there_and_later_is_taken_back(answer: Any) -> None:
    rows = f"""{HEAD},reversed_at
WL1,33100001,10,CASH,2026-10-01,
WL1,33100002,10,CASH,2026-10-02,2026-10-31 23:59:59
WL1,33100003,10,CASH,2026-10-03,2026-11-01
WL1,33100004,10,CASH,2026-10-04,2026-12-05
WL1,33100005,10,CASH,2026-11-05,
"""
    found = answer(document(FLAT, SCALE), rows)
    months = {one["month"]: one for one in found["months"]}
    # October: three at 1.00, and of three or more 2.00 each. November takes back one (2.00 + 2 x 1.00 + 1.00), December
    # another (1.00 + 1.00).
    assert (months["2026-10"]["total_fen"], months["2026-10"]["collections"]) == (9_00, 3)
    assert (months["2026-11"]["commission_fen"], months["2026-11"]["clawback_fen"]) == (2_00, -5_00)
    assert (months["2026-12"]["commission_fen"], months["2026-12"]["clawback_fen"]) == (0, -2_00)
    assert months["2026-11"]["clawbacks"] == [{"of_month": "2026-10", "rows": [4], "total_fen": -5_00}]
    assert [one["clawback_fen"] for one in months["2026-11"]["components"]] == [-1_00, -4_00]
    assert found["totals"]["total_fen"] == sum(one["total_fen"] for one in found["months"]) == 4_00


def test_settled_plans_pay_in_the_month_of_settlement(answer: Any) -> None:
    rows = f"{HEAD},settled_at\nWL1,33100001,10,CASH,2026-10-31,2026-11-02\nWL1,33100002,10,CASH,2026-10-31,\n"
    found = answer(document(FLAT, basis="SETTLED"), rows)
    assert [(one["month"], one["total_fen"]) for one in found["months"]] == [("2026-11", 1_00)]


def test_growth_is_measured_against_the_files_own_rows_of_last_year(answer: Any) -> None:
    growth = {"kind": "GROWTH", "measure": "VOLUME", "mode": "MARGINAL", "steps": [{"from": "100", "rate": "10"}]}
    rows = f"{HEAD}\nWL1,33100001,100,CASH,2026-10-31\nWL1,33100001,150,CASH,2027-10-01\n"
    found = answer(document(growth), rows)
    assert [(one["month"], one["total_fen"]) for one in found["months"]] == [("2026-10", 0), ("2027-10", 5_00)]
    assert found["months"][0]["components"][0]["working"][0]["reason"] == "NO_LAST_YEAR"
    assert len(found["assumptions"]) == 1


def test_a_subsidy_is_due_in_months_without_collections_too(answer: Any) -> None:
    rows = f"{HEAD}\nWL1,33100001,1,CASH,2026-10-31\nWL1,33100001,1,CASH,2026-12-01\n"
    found = answer(document({"kind": "SUBSIDY", "amount": "300", "conditions": {"open_days": 20, "visits": 4}}), rows)
    assert [one["total_fen"] for one in found["months"]] == [300_00, 300_00, 300_00]
    assert "count as met" in found["assumptions"][0]


def test_shares_are_split_and_scopes_are_read_from_the_file(answer: Any) -> None:
    rows = (
        f"{HEAD},outlet_kind,setting,partner,campaign\n"
        "WL1,33100001,1,现金,2026-10-31,便利店,农村,P1,A、B\nWL2,33100001,1,CASH,2026-10-31,NEWSSTAND,URBAN,,\n"
    )
    scopes = [
        {"outlet_kinds": ["CONVENIENCE_STORE"]},
        {"settings": ["RURAL"]},
        {"partners": ["P1"]},
        {"campaigns": ["B"]},
    ]
    plan = document(
        *({**FLAT, "fee": fee, "scope": scope} for fee, scope in zip(("1", "2", "4", "8"), scopes, strict=True)),
        shares=[{"name": "KEEPER", "percent": "66.67"}, {"name": "PARTNER", "percent": "33.33"}],
    )
    found = answer(plan, rows)
    assert [one["total_fen"] for one in found["months"]] == [15_00, 0]
    assert found["months"][0]["shares"] == {"KEEPER": 10_00, "PARTNER": 5_00}
    assert found["months"][1]["reason"] == "NOT_COVERED"


def test_two_plans_are_compared_outlet_by_outlet(run: Any, answer: Any) -> None:
    rows = (
        f"{HEAD}\nWL1,33100001,100,CASH,2026-10-01\nWL2,33100001,10,CASH,2026-10-01\nWL3,33100001,50,CASH,2026-10-01\n"
    )
    rate = document({"kind": "PER_COLLECTION", "rate": "2"})
    found = answer(rate, rows, against=document(FLAT))
    assert found["outlets"] == [
        {"outlet_code": "WL1", "total_fen": 2_00, "against_fen": 1_00, "change_fen": 1_00},
        {"outlet_code": "WL3", "total_fen": 1_00, "against_fen": 1_00, "change_fen": 0},
        {"outlet_code": "WL2", "total_fen": 20, "against_fen": 1_00, "change_fen": -80},
    ]
    said = run(rate, rows, against=document(FLAT)).output
    assert "1 outlets gain, 1 lose, 1 get the same" in said
    assert ["2026-10", "3.20", "3.00", "0.20"] in [line.split() for line in said.splitlines()]


def test_days_before_the_plan_are_said_and_as_of_rules_them(run: Any, answer: Any) -> None:
    rows = f"{HEAD}\nWL1,33100001,100,CASH,2025-12-31\n"
    said = run(document(FLAT), rows)
    assert said.exit_code == 0
    assert "1 collections lie before any version of P: choose one by --as-of YYYY-MM" in said.output
    assert answer(document(FLAT), rows)["months"][0]["reason"] == "NO_VERSION"
    assert answer(document(FLAT), rows, "--as-of", "2026-01")["totals"]["total_fen"] == 1_00
    assert refusal(run(document(FLAT), rows, "--as-of", "2025-12")) == "as_of_too_early"
    assert refusal(run(document(FLAT), rows, "--as-of", "2025")) == "month_shape"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_heads_in_any_encoding(answer: Any, encoding: str) -> None:
    rows = "网点编号,户号,收费金额（元）,支付方式,收费时间,备注\n温岭1,3310810000017,1.5,现金,2026/10/5 9:30,无\n"
    found = answer(document(FLAT), rows.encode(encoding))
    assert (found["months"][0]["outlet_code"], found["months"][0]["volume_fen"]) == ("温岭1", 1_50)
    assert found["passed_over_columns"] == ["备注"]


def test_the_month_is_shanghais(answer: Any) -> None:
    stamps = ["2026-10-31T16:30:00Z", "2026-10-31T23:30:00+08:00", "2026-10-31 23:59:59", "2026-11-01T00:30:00+09:00"]
    rows = "".join(f"WL1,33100001,1,CASH,{stamp}\n" for stamp in stamps)
    months = {one["month"]: one["collections"] for one in answer(document(FLAT), f"{HEAD}\n{rows}")["months"]}
    assert months == {"2026-10": 3, "2026-11": 1}


def test_an_instant_of_the_next_month_does_not_draw_others_along(answer: Any) -> None:
    stamps = ["2026-10-01", "2026-10-31T16:30:00Z", "2026-10-02", "2026-10-01", "2026-10-02 10:00", "2026-10-02 10:00"]
    late = "".join(f"WL2,33100001,1,CASH,{stamp}\n" for stamp in stamps[1:])
    rows = "".join(f"WL1,33100001,1,CASH,{stamp}\n" for stamp in stamps) + late
    found = answer(document(FLAT), f"{HEAD}\n{rows}")["months"]
    assert {(one["outlet_code"], one["month"]): one["collections"] for one in found} == {
        ("WL1", "2026-10"): 5,
        ("WL1", "2026-11"): 1,
        ("WL2", "2026-10"): 4,
        ("WL2", "2026-11"): 1,
    }


def test_a_column_of_references_is_not_a_tender(run: Any) -> None:
    rows = f"{HEAD}\n" + "".join(f"WL1,33100001,1,T{at},2026-10-05\n" for at in range(502))
    assert errors(run(document(FLAT), rows, "--json")) == [
        (502, "tender", "tenders_many"),
        (503, "tender", "tenders_many"),
    ]


def test_versions_inside_a_month_are_told_apart(run: Any) -> None:
    plan = json.loads(document(FLAT))
    second = {**plan["versions"][0], "starts_on": "2026-10-16", "components": [{**FLAT, "fee": "3", "name": "x"}]}
    plan["versions"].append(second)
    rows = f"{HEAD}\nWL1,33100001,1,CASH,2026-10-15\nWL1,33100001,1,CASH,2026-10-16\n"
    lines = [line.split() for line in run(json.dumps(plan), rows).output.splitlines()]
    assert ["2026-01-01", "x", "PER_COLLECTION", "1.00"] in lines
    assert ["2026-10-16", "x", "PER_COLLECTION", "3.00"] in lines


def test_every_bad_row_is_listed_and_nothing_is_worked_out(run: Any) -> None:
    rows = f"""{HEAD},reversed_at
WL1,33100001,"1,234.5",CASH,2026-10-05,
WL1,33100001,12.345,CASH,2026-10-05,
WL1,33100001,-1,CASH,2026-10-05,
WL1,33100001,0.00,CASH,2026-10-05,
WL1,33100001,,CASH,2026-10-05,
WL1,3.31E+12,1,CASH,2026-10-05,
WL1,33100001,1,,2026-10-05,
,33100001,1,CASH,2026-10-05,
WL1,33100001,1,CASH,2026-13-05,
WL1,33100001,1,CASH,2026-10-05 25:00:00,
WL1,33100001,1,CASH,2026-10-05T25:00:00Z,
WL1,33100001,1,CASH,2026-10-05,2026-10-04
WL1,33100001,1,CASH
WL1,33100001,1,CASH,2026-10-05,,7
WL1,33100001,1,CASH,2026-10-05,
"""
    assert errors(run(document(FLAT), rows, "--json")) == [
        (2, "amount", "amount_shape"),
        (3, "amount", "amount_shape"),
        (4, "amount", "amount_shape"),
        (5, "amount", "amount_zero"),
        (6, "amount", "amount_shape"),
        (7, "household_no", "household_shape"),
        (8, "tender", "code_shape"),
        (9, "outlet_code", "code_shape"),
        (10, "collected_at", "cell_day"),
        (11, "collected_at", "cell_time"),
        (12, "collected_at", "cell_time"),
        (13, "reversed_at", "day_before"),
        (14, "", "row_width"),
        (15, "", "row_width"),
    ]


def test_the_same_faults_are_found_once_everything_is_known(run: Any) -> None:
    good = "WL1,33100001,1,CASH,2026-10-05 09:00:00,\n"
    bad = [
        good.replace(",1,", ",1.234,"),
        good.replace("09:00", "29:00"),
        good.replace("33100001", "3"),
        "WL1" + good[3:-2] + "\n",
    ]
    bad += [good.replace("00,\n", "00,2026-10-04\n"), good.replace("00,\n", "00,,x\n")]
    found = errors(run(document(FLAT), f"{HEAD},reversed_at\n" + good * 3 + "".join(bad), "--json"))
    assert [(row, column) for row, column, _ in found] == [
        (5, "amount"),
        (6, "collected_at"),
        (7, "household_no"),
        (9, "reversed_at"),
        (10, ""),
    ]


def test_fifty_are_shown_and_all_are_counted(run: Any) -> None:
    rows = f"{HEAD}\n" + "WL1,33100001,x,CASH,2026-10-05\n" * 60
    result = run(document(FLAT), rows)
    assert result.exit_code == 1
    assert "60 errors, 10 not shown; nothing was worked out" in result.output
    assert result.output.count("row ") == 50


def test_what_the_plan_asks_for_has_to_be_in_the_file(run: Any) -> None:
    rows = f"{HEAD}\nWL1,33100001,1,CASH,2026-10-05\n"
    scoped = run(document({**FLAT, "scope": {"settings": ["URBAN"]}}), rows)
    assert refusal(scoped) == "column_needed"
    assert "setting" in str(scoped.exception)
    assert refusal(run(document(FLAT, basis="SETTLED"), rows)) == "column_needed"
    assert refusal(run(document(FLAT), "outlet_code,amount\nWL1,1\n")) == "columns_missing"
    assert refusal(run(document(FLAT), HEAD)) == "no_rows"
    assert refusal(run(document(FLAT), b"")) == "file_empty"


def test_an_outlet_is_one_thing_in_a_month(run: Any, answer: Any) -> None:
    scoped = document({**FLAT, "scope": {"settings": ["URBAN"]}})
    rows = f"{HEAD},setting\nWL1,33100001,1,CASH,2026-10-05,URBAN\nWL1,33100001,1,CASH,2026-10-06,RURAL\n"
    assert errors(run(scoped, rows, "--json")) == [(3, "", "profile_changes")]
    moved = rows.replace("2026-10-06", "2026-11-06")
    assert [one["total_fen"] for one in answer(scoped, moved)["months"]] == [1_00, 0]
    blank = rows.replace("RURAL", "")
    assert errors(run(scoped, blank, "--json")) == [(3, "setting", "cell_choice")]


def test_a_faulty_plan_is_listed_with_its_places(run: Any) -> None:
    result = run(document({**FLAT, "fee": 1.5}), HEAD, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["faults"][0]["path"] == "versions[0].components[0].fee"
    assert refusal(run("{", HEAD)) == "json_shape"


@pytest.mark.parametrize("seed", range(3))
def test_simulating_is_working_each_month(answer: Any, seed: int) -> None:
    chance = random.Random(seed)
    plan = document(
        {
            "kind": "BANDED",
            "bands": [{"from": "0", "fee": "0.3"}, {"from": "50", "rate": "0.4"}],
            "per_household": True,
        },
        {**FLAT, "rate": "0.2", "maximum": "1.2", "scope": {"tenders": ["CASH"]}},
        SCALE,
    )
    lines, facts = [HEAD], defaultdict(list)
    for row in range(2, 202):
        outlet, day = f"WL{chance.randrange(3)}", date(2026, chance.randrange(9, 12), chance.randrange(1, 29))
        fen, tender, household = (
            chance.randrange(1, 100_00),
            chance.choice(["CASH", "CARD"]),
            f"3310{chance.randrange(9)}",
        )
        lines.append(f"{outlet},{household},{fen // 100}.{fen % 100:02d},{tender},{day} 10:00")
        facts[str(Month.of(day)), outlet].append(Fact(row, day, tender, household, fen))
    found = answer(plan, "\n".join(lines))
    version = read_plan(plan).versions[0]
    expected = {
        (month, outlet): month_of(version, OutletInputs(Month.parse(month)), rows).total_fen
        for (month, outlet), rows in facts.items()
    }
    assert {(one["month"], one["outlet_code"]): one["total_fen"] for one in found["months"]} == expected
