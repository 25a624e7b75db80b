"""Whatever a file holds, the answer is a plan or a refusal; and reversals add up however late they come."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.faults import PlanRefused
from agentnet.commission.engine.inputs import Fact, OutletInputs
from agentnet.commission.engine.language import Kind
from agentnet.commission.engine.reading import read_plan
from agentnet.commission.engine.writing import write_plan
from agentnet.commission.simulating.collections_file import ROW, OutletRows, month_number
from agentnet.commission.simulating.running import Days, Ruler, outlet_months
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid
from tests.commission.engine.makers import document

cells = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.sampled_from(["0", "1.00", "100", "CASH", "VOLUME", "BANDED", "NEWSSTAND", "2026-01-01", "9999999999999"])
)
parts = st.dictionaries(st.sampled_from(["from", "to", "rate", "fee", "x"]), cells, max_size=3)
anything: st.SearchStrategy[Any] = cells | parts | st.lists(cells | parts, max_size=3)
FIELDS = [
    *(
        "scope",
        "group",
        "fee",
        "rate",
        "minimum",
        "maximum",
        "per_household",
        "household_month_cap",
        "bands",
        "measure",
    ),
    *("mode", "tiers", "steps", "amount", "conditions", "month_minimum", "month_maximum", "kind", "name"),
]


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is slow to invent nested values
@given(st.sampled_from(Kind), st.dictionaries(st.sampled_from(FIELDS), anything, max_size=5))
def test_no_component_breaks_the_reader(kind: Kind, fields: dict[str, Any]) -> None:
    try:
        plan = read_plan(document({"kind": kind.value, "name": "x", **fields}))
    except PlanRefused as refused:
        for fault in refused.faults:
            fault.text()
    else:
        assert read_plan(write_plan(plan)) == plan
        month_of(plan.versions[0], OutletInputs(Month(2026, 10)), [Fact(1, date(2026, 10, 1), "CASH", "A", 12_34)])


@given(anything)
def test_no_document_breaks_the_reader(content: Any) -> None:
    try:
        read_plan(json.dumps(content))
    except Invalid:
        return
    raise AssertionError("no such document is a plan")


PLAN = read_plan(
    document(
        {
            "kind": "TIERED",
            "measure": "COUNT",
            "mode": "WHOLE",
            "tiers": [{"from": 0, "fee": "1"}, {"from": 3, "fee": "2"}],
        },
        {
            "kind": "BANDED",
            "bands": [{"from": "0", "fee": "3"}, {"from": "5", "rate": "10"}],
            "household_month_cap": "4",
        },
        {"kind": "PER_COLLECTION", "rate": "5", "per_household": True, "month_maximum": "2"},
    )
)
rows = st.tuples(st.integers(0, 120), st.integers(1, 2), st.integers(1, 20_00), st.none() | st.integers(0, 120))


@given(st.lists(rows, max_size=14))
def test_what_is_paid_less_what_is_taken_back_is_what_stands(found: list[tuple[int, int, int, int | None]]) -> None:
    first = date(2026, 1, 1)
    outlet, standing = OutletRows(), {}
    for number, (at, household, fen, gone) in enumerate(found):
        day = first + timedelta(at)
        undone = 0 if gone is None else (day + timedelta(gone)).toordinal()
        outlet.months.setdefault(month_number(day), bytearray()).extend(
            ROW.pack(number, day.toordinal(), 0, household, fen, 0, undone)
        )
        if gone is None:
            standing.setdefault(Month.of(day), []).append(Fact(number, day, "CASH", household, fen))
    months = outlet_months("WL1", outlet, ["CASH"], Ruler(PLAN), Days())
    stands = sum(month_of(PLAN.versions[0], OutletInputs(month), facts).total_fen for month, facts in standing.items())
    assert sum(one.total_fen for one in months) == stands
