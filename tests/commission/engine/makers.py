"""Short ways to write versions, facts and outlets in the tests of the engine."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from agentnet.commission.engine.evaluating import Worked, month_of
from agentnet.commission.engine.inputs import Fact, OutletInputs
from agentnet.commission.engine.language import Plan, Version
from agentnet.commission.engine.reading import read_plan, read_version
from agentnet.core.clock import Month

OCTOBER = Month(2026, 10)
OUTLET = OutletInputs(OCTOBER)
PLANS = Path(__file__).resolve().parents[3] / "agentnet" / "data" / "plans"


def shipped(name: str) -> Plan:
    """Return a plan that is shipped with the product."""
    return read_plan((PLANS / f"{name}.json").read_text(encoding="utf-8"))


def version(*components: dict[str, Any], **more: Any) -> Version:
    """Return a version from components as the JSON document writes them."""
    content = {"starts_on": "2026-01-01", "components": [{"name": "x", **one} for one in components], **more}
    return read_version(json.dumps(content))


def document(*components: dict[str, Any], **more: Any) -> str:
    """Return a plan document with one version."""
    only = {"starts_on": "2026-01-01", "components": [{"name": "x", **one} for one in components], **more}
    return json.dumps({"format": "agentnet-plan-1", "code": "P", "name": "P", "versions": [only]})


def fact(id_: int, amount_fen: int, day: int = 5, tender: str = "CASH", household: str = "", **settled: int) -> Fact:
    """Return a collection of October; without a household it is one of its own."""
    return Fact(id_, date(2026, 10, day), tender, household or f"H{id_}", amount_fen, **settled)


def settled(id_: int, amount_fen: int, from_fen: int, to_fen: int, household: str = "") -> Fact:
    """Return a collection of which a part became settled."""
    return Fact(id_, date(2026, 10, 5), "CASH", household or f"H{id_}", amount_fen, from_fen, to_fen)


def pays(ruling: Version, *amounts_fen: int) -> int:
    """Return what October's collections of these amounts earn together."""
    return worked(ruling, *(fact(at, amount) for at, amount in enumerate(amounts_fen))).total_fen


def worked(ruling: Version, *facts: Fact, outlet: OutletInputs = OUTLET) -> Worked:
    """Work October out."""
    return month_of(ruling, outlet, facts)
