"""The plan language as JSON: what is read, what is refused and where, and that writing is stable to the byte."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given

from agentnet.commission.engine.checking import check_plan
from agentnet.commission.engine.faults import PlanRefused
from agentnet.commission.engine.language import Plan, Scope, Version
from agentnet.commission.engine.reading import read_plan, read_version
from agentnet.commission.engine.writing import version_sha256, write_plan, write_version
from agentnet.core.errors import Invalid
from tests.commission.engine.makers import document, version
from tests.commission.engine.test_properties import JANUARY, paying, tiers

FLAT = {"kind": "PER_COLLECTION", "fee": "1.00"}
SUBSIDY = {"kind": "SUBSIDY", "amount": "300"}


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(PlanRefused) as caught:
        read_plan(text)
    return [(fault.path, fault.code) for fault in caught.value.faults]


def sentence(text: str) -> str:
    with pytest.raises(PlanRefused) as caught:
        read_plan(text)
    return caught.value.faults[0].text()


def test_what_was_read_is_written_the_same_to_the_byte() -> None:
    text = document(
        {
            "kind": "BANDED",
            "scope": {"tenders": ["CASH", "ALIPAY"], "outlet_kinds": ["NEWSSTAND"], "settings": ["URBAN"]},
            "bands": [{"from": "2000.01", "rate": "1"}, {"from": "0", "to": "2000.01", "fee": "20"}],
            "household_month_cap": "30",
            "per_household": True,
            "month_maximum": "1000",
        },
        {"kind": "TIERED", "measure": "COUNT", "mode": "WHOLE", "tiers": [{"from": 0, "fee": "1"}, {"from": 10}]},
        {"kind": "GROWTH", "measure": "VOLUME", "mode": "MARGINAL", "steps": [{"from": "110.5", "rate": "0.0001"}]},
        {**SUBSIDY, "conditions": {"open_days": 20, "visits": 4}, "group": "s"},
        {"kind": "MANDATE_BONUS", "amount": "5"},
        basis="SETTLED",
        shares=[{"name": "KEEPER", "percent": "70"}, {"name": "张三", "percent": "30"}],
        note="试行",
    )
    plan = read_plan(text)
    written = write_plan(plan)
    assert read_plan(written) == plan
    assert write_plan(read_plan(written)) == written
    assert [band["from"] for band in json.loads(written)["versions"][0]["components"][0]["bands"]] == [
        "0.00",
        "2000.01",
    ]
    assert json.loads(written)["versions"][0]["components"][1]["tiers"][0] == {"from": 0, "to": 10, "fee": "1.00"}


@given(paying(), tiers())
def test_every_version_survives_the_journey(component: Any, scale: Any) -> None:
    one = Version(JANUARY, (component, scale))
    assert read_version(write_version(one)) == one


def test_the_hash_is_of_the_canonical_bytes() -> None:
    one = version(FLAT)
    expected = b'{"components":[{"fee":"1.00","kind":"PER_COLLECTION","name":"x"}],"starts_on":"2026-01-01"}'
    assert write_version(one).encode() == expected
    assert version_sha256(one) == hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize(
    ("component", "path", "code"),
    [
        ({**FLAT, "fee": 1.5}, "fee", "money_shape"),
        ({**FLAT, "fee": 1}, "fee", "money_shape"),
        ({**FLAT, "fee": "1.234"}, "fee", "money_shape"),
        ({**FLAT, "fee": "1,234.00"}, "fee", "money_shape"),
        ({**FLAT, "fee": "-1"}, "fee", "money_range"),
        ({**FLAT, "rate": 0.4}, "rate", "percent_shape"),
        ({**FLAT, "rate": "0.4%"}, "rate", "percent_shape"),
        ({**FLAT, "rate": "0.00001"}, "rate", "percent_shape"),
        ({**FLAT, "rate": "100.0001"}, "rate", "rate_range"),
        ({**FLAT, "feee": "1"}, "feee", "field_unknown"),
        ({**FLAT, "kind": "FLAT"}, "kind", "choice_unknown"),
        ({"fee": "1"}, "kind", "field_missing"),
        ({**FLAT, "name": ""}, "name", "text_missing"),
        ({**FLAT, "name": "长" * 81}, "name", "text_long"),
        ({**FLAT, "minimum": "2", "maximum": "1"}, "minimum", "bounds_order"),
        ({**FLAT, "month_minimum": "2", "month_maximum": "1"}, "month_minimum", "bounds_order"),
        ({**FLAT, "per_household": "yes"}, "per_household", "flag_shape"),
        ({**FLAT, "scope": {"outlet_kinds": ["KIOSK"]}}, "scope.outlet_kinds", "scope_unknown"),
        ({**FLAT, "scope": {"settings": ["CITY"]}}, "scope.settings", "scope_unknown"),
        ({**FLAT, "scope": {"tenders": ["CA SH"]}}, "scope.tenders", "scope_code"),
        ({**FLAT, "scope": {"tenders": "CASH"}}, "scope.tenders", "codes_wanted"),
        ({**FLAT, "scope": {"villages": ["A"]}}, "scope.villages", "field_unknown"),
        ({**FLAT, "scope": []}, "scope", "object_wanted"),
        ({**FLAT, "amount": "1"}, "amount", "field_stranger"),
        ({**FLAT, "conditions": {"visits": 1}}, "conditions", "field_stranger"),
        ({**SUBSIDY, "scope": {"tenders": ["CASH"]}}, "scope.tenders", "field_stranger"),
        ({**SUBSIDY, "household_month_cap": "1"}, "household_month_cap", "field_stranger"),
        ({**SUBSIDY, "conditions": {"open_days": 32}}, "conditions.open_days", "condition_range"),
        ({**SUBSIDY, "conditions": {"open_days": 20.5}}, "conditions.open_days", "whole_shape"),
        ({"kind": "SUBSIDY"}, "amount", "field_missing"),
        ({"kind": "BANDED"}, "bands", "field_missing"),
        ({"kind": "BANDED", "bands": []}, "bands", "parts_count"),
        ({"kind": "TIERED", "mode": "WHOLE", "tiers": [{"from": "0"}]}, "measure", "field_missing"),
        ({**FLAT, "mode": "WHOLE"}, "mode", "field_stranger"),
        (
            {"kind": "TIERED", "measure": "COUNT", "mode": "WHOLE", "tiers": [{"from": 0, "rate": "1"}]},
            "tiers[0].rate",
            "rate_by_count",
        ),
        (
            {"kind": "TIERED", "measure": "VOLUME", "mode": "WHOLE", "tiers": [{"from": "0", "fee": "1"}]},
            "tiers[0].fee",
            "fee_by_volume",
        ),
        (
            {"kind": "GROWTH", "measure": "VOLUME", "mode": "WHOLE", "steps": [{"from": "90", "rate": "1"}]},
            "steps[0].from",
            "steps_start",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(component: dict[str, Any], path: str, code: str) -> None:
    assert (f"versions[0].components[0].{path}", code) in faults(document(component))


@pytest.mark.parametrize(
    ("bands", "path", "said"),
    [
        ([("0", "100"), ("100.01", None)], "bands[1].from", "从 100.00 到 100.01（不含）没有任何一档"),
        ([("10", None)], "bands[0].from", "从 0.00 到 10.00（不含）没有任何一档"),
        ([("0", "100.01"), ("100", None)], "bands[1].from", "从 100.00 到 100.01 有两档重叠"),
        ([("0", "100")], "bands[0].to", "100.00 以上没有任何一档；最后一档不写终点"),
        ([("0", "0"), ("0", None)], "bands[0].to", "终点 0.00 应大于起点 0.00"),
    ],
)
def test_gaps_and_overlaps_are_named_with_their_edges(bands: list[tuple[str, Any]], path: str, said: str) -> None:
    listed = [{"from": start, "fee": "1"} | ({} if end is None else {"to": end}) for start, end in bands]
    with pytest.raises(PlanRefused) as caught:
        read_plan(document({"kind": "BANDED", "bands": listed}))
    found = [(fault.path, fault.text()) for fault in caught.value.faults]
    assert (f"versions[0].components[0].{path}", said) in found


def test_alternatives_nothing_tells_apart_are_refused() -> None:
    one = {**FLAT, "group": "g", "scope": {"tenders": ["CASH", "CARD"]}}
    other = {**FLAT, "group": "g", "scope": {"tenders": ["CARD"]}}
    assert ("versions[0].components[1].scope", "group_ambiguous") in faults(document(one, other))
    read_plan(document(one, {**other, "group": "h"}))
    read_plan(document(one, {**other, "scope": {"tenders": ["ALIPAY"]}}))
    read_plan(document(one, {**other, "scope": {"settings": ["URBAN"]}}))
    assert ("versions[0].components[1].group", "group_mixed") in faults(document(one, {**SUBSIDY, "group": "g"}))


def test_shares_are_the_whole_and_nothing_else() -> None:
    def shares(*parts: tuple[str, str]) -> str:
        return document(FLAT, shares=[{"name": name, "percent": percent} for name, percent in parts])

    assert sentence(shares(("A", "70"), ("B", "29.9999"))) == "各方比例合计 99.9999 %，应正好是 100 %"
    assert ("versions[0].shares[1].name", "share_twice") in faults(shares(("A", "50"), ("A", "50")))
    read_plan(shares(("A", "33.3334"), ("B", "33.3333"), ("C", "33.3333")))


def test_every_fault_is_said_at_once() -> None:
    text = json.dumps(
        {"format": "other", "code": 1, "versions": [{"starts_on": "1.1.2026", "components": [1, {"kind": 2}]}]}
    )
    assert faults(text) == [
        ("format", "format_unknown"),
        ("code", "text_wanted"),
        ("name", "field_missing"),
        ("versions[0].starts_on", "day_shape"),
        ("versions[0].components[0]", "object_wanted"),
        ("versions[0].components[0].kind", "field_missing"),
        ("versions[0].components[0].name", "field_missing"),
        ("versions[0].components[1].kind", "text_wanted"),
        ("versions[0].components[1].name", "field_missing"),
    ]
    with pytest.raises(PlanRefused) as caught:
        check_plan(Plan("不行", "", ()))
    assert [fault.path for fault in caught.value.faults] == ["code", "name", "versions"]


def test_a_wrong_cell_hides_no_other_fault_and_invents_none() -> None:
    gap = {"kind": "BANDED", "bands": [{"from": "0", "to": "5", "fee": 1.5}, {"from": "6"}]}
    assert [path.rpartition("components[0].")[2] for path, _ in faults(document(gap))] == [
        "bands[0].fee",
        "bands[1].from",
    ]
    unread = {"kind": "BANDED", "bands": [{"from": "0", "to": "5"}, {"from": "x"}], "minimum": "2", "maximum": "1"}
    assert [path.rpartition("components[0].")[2] for path, _ in faults(document(unread))] == [
        "bands[1].from",
        "minimum",
    ]
    assert faults(document({"kind": "BANDS", "bands": []})) == [("versions[0].components[0].kind", "choice_unknown")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "json_shape"),
        ("[" * 100_000, "json_shape"),
        ('{"a": ' + "9" * 5_000 + "}", "json_shape"),
        ('{"format": "x", "format": "y"}', "json_key_twice"),
        (" " * 4_000_001, "json_large"),
    ],
)
def test_what_is_no_document_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_plan(text)
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "NaN", "1.5"])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert ("$", "object_wanted") in faults(text)


def test_a_narrower_scope_weighs_more() -> None:
    some = frozenset({"A"})
    assert [Scope(campaigns=some).weight, Scope(partners=some).weight, Scope(outlet_kinds=some).weight] == [16, 8, 4]
    assert [Scope(tenders=some).weight, Scope(settings=some).weight, Scope().weight] == [2, 1, 0]
