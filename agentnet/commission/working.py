"""What an outlet's month was worked from, written down at the close and read again: versions, days and outside facts.

Together with the lines it is all the engine needs, so that a year later the same month comes out to the fen, and a
correction can be followed by working the whole month anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from agentnet.commission.engine.inputs import CampaignDays, DaySum, OutletInputs, Profile
from agentnet.commission.rules import Ruled, Version
from agentnet.core.clock import Month
from agentnet.core.money import Fen

Written = dict[str, Any]
Who = TypeVar("Who")
"""A partner as the caller knows it: an id, a name."""


def written(ruling: Sequence[Ruled], inputs: OutletInputs, unsettled: tuple[int, Fen] | None = None) -> Written:
    """Return as plain values what a month is worked from beside its collections; what is empty is left out.

    ``unsettled`` is how many collections are not wholly settled yet, and how much of them, where that matters.
    """
    profile = inputs.profile
    content = {
        "ruling": [[one.version.id, one.starts_on.isoformat(), one.ends_on.isoformat()] for one in ruling],
        "partner": profile.partner,
        "campaigns": [[one.code, one.starts_on.isoformat(), one.ends_on.isoformat()] for one in inputs.campaigns],
        "last_year": [[one.day.isoformat(), one.tender, one.volume_fen, one.number] for one in inputs.last_year or ()],
        "open_days": sorted(day.isoformat() for day in inputs.open_days),
        "visits_passed": sorted(day.isoformat() for day in inputs.visits_passed),
        "mandates": sorted(day.isoformat() for day in inputs.mandates),
        "unsettled": list(unsettled) if unsettled and unsettled[0] else [],
    }
    return {name: value for name, value in content.items() if value}


def read_ruling(found: Written, versions: Mapping[int, Version]) -> tuple[Ruled, ...]:
    """Return which version ruled which days."""
    return tuple(
        Ruled(versions[id_], date.fromisoformat(starts_on), date.fromisoformat(ends_on))
        for id_, starts_on, ends_on in found.get("ruling", ())
    )


def read_inputs(found: Written, month: Month, outlet_kind: str, setting: str) -> OutletInputs:
    """Return the outlet's month as the engine takes it; kind and setting are the accrual's own stamps."""
    return OutletInputs(
        month=month,
        profile=Profile(outlet_kind, setting, found.get("partner", "")),
        last_year=[
            DaySum(date.fromisoformat(day), tender, volume_fen, number)
            for day, tender, volume_fen, number in found.get("last_year", ())
        ],
        open_days=frozenset(map(date.fromisoformat, found.get("open_days", ()))),
        visits_passed=[date.fromisoformat(day) for day in found.get("visits_passed", ())],
        mandates=[date.fromisoformat(day) for day in found.get("mandates", ())],
        campaigns=tuple(
            CampaignDays(code, date.fromisoformat(starts_on), date.fromisoformat(ends_on))
            for code, starts_on, ends_on in found.get("campaigns", ())
        ),
    )


def partner_then(found: Written | None, present: Who | None, by_code: Mapping[str, Who]) -> Who | None:
    """Return the partner an outlet had in a closed month; before that was written down, the one it has.

    >>> partner_then({"partner": "POST"}, 2, {"POST": 1, "BANK": 2}), partner_then({}, 2, {}), partner_then(None, 2, {})
    (1, None, 2)
    """
    return present if found is None else by_code.get(found.get("partner", ""))


def parts_text(parts: Sequence[tuple[int, Fen]]) -> str | None:
    """Return what each component paid a collection, as JSON; nothing where one alone did.

    >>> parts_text(((7, 50), (9, -3))), parts_text(((7, 50),))
    ('[[7,50],[9,-3]]', None)
    """
    if len(parts) < 2:
        return None
    return "[" + ",".join([f"[{component_id},{fen}]" for component_id, fen in parts]) + "]"


def read_parts(commission_fen: Fen, component_id: int | None, parts: str | None) -> tuple[tuple[int, Fen], ...]:
    """Return what each component paid for a stored line."""
    if parts:
        return tuple((id_, fen) for id_, fen in json.loads(parts))
    return () if component_id is None else ((component_id, commission_fen),)
