"""A plan document as JSON in its one spelling: sorted keys, what is empty left out, money and percentages as text.

Reading what was written gives the same plan, and writing that gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

from agentnet.commission.engine.language import (
    FORMAT,
    SCOPE_FIELDS,
    Basis,
    Component,
    Kind,
    Measure,
    Plan,
    Version,
)
from agentnet.core.ids import canonical
from agentnet.core.money import Fen

Content = Mapping[str, object]
_Words = Callable[[int], str]


def write_plan(plan: Plan) -> str:
    """Return the document, ending in a line feed."""
    content = {
        "format": FORMAT,
        "code": plan.code,
        "name": plan.name,
        "versions": [version_content(version) for version in plan.versions],
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write_version(version: Version) -> str:
    """Return one version as canonical JSON without spaces; what ``version_sha256`` is the hash of."""
    return canonical(version_content(version)).decode()


def version_sha256(version: Version) -> str:
    """Return the SHA-256 (64 hex digits) of a version's canonical form."""
    return hashlib.sha256(canonical(version_content(version))).hexdigest()


def money(fen: Fen) -> str:
    """Write fen as yuan with two decimals and no separators.

    >>> money(123_456_78), money(5)
    ('123456.78', '0.05')
    """
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def percent(ppm: int) -> str:
    """Write parts per million as a percentage without needless zeros.

    >>> percent(4_000), percent(1_200_000), percent(0)
    ('0.4', '120', '0')
    """
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def version_content(version: Version) -> Content:
    """Return a version as plain values."""
    return _without_empty(
        {
            "starts_on": version.starts_on.isoformat(),
            "note": version.note,
            "basis": None if version.basis is Basis.ENTERED else version.basis.value,
            "components": [_component(component) for component in version.components],
            "shares": [{"name": share.name, "percent": percent(share.ppm)} for share in version.shares],
        }
    )


def _component(one: Component) -> Content:
    measured = one.kind in (Kind.TIERED, Kind.GROWTH)
    amount = one.kind in (Kind.SUBSIDY, Kind.MANDATE_BONUS)
    return _without_empty(
        {
            "kind": one.kind.value,
            "name": one.name,
            "scope": _without_empty({name: sorted(getattr(one.scope, name)) for name in SCOPE_FIELDS}),
            "group": one.group,
            "fee": money(one.fee_fen) if one.fee_fen else None,
            "rate": percent(one.rate_ppm) if one.rate_ppm else None,
            "minimum": _money(one.minimum_fen),
            "maximum": _money(one.maximum_fen),
            "per_household": one.per_household or None,
            "household_month_cap": _money(one.household_month_cap_fen),
            "bands": [_part(money, band.from_fen, band.to_fen, band.rate_ppm, band.fee_fen) for band in one.bands],
            "measure": one.measure.value if measured else None,
            "mode": one.mode.value if measured else None,
            "tiers": [_tier(one.measure, tier.from_, tier.to, tier.rate_ppm, tier.fee_fen) for tier in one.tiers],
            "steps": [_part(percent, step.from_ppm, step.to_ppm, step.rate_ppm, step.fee_fen) for step in one.steps],
            "amount": money(one.amount_fen) if amount else None,
            "conditions": _without_empty(
                {"open_days": one.minimum_open_days or None, "visits": one.minimum_visits or None}
            ),
            "month_minimum": _money(one.month_minimum_fen),
            "month_maximum": _money(one.month_maximum_fen),
        }
    )


def _money(fen: Fen | None) -> str | None:
    return None if fen is None else money(fen)


def _part(words: _Words, start: int, end: int | None, rate_ppm: int, fee_fen: Fen) -> Content:
    return _without_empty(
        {
            "from": words(start),
            "to": None if end is None else words(end),
            "rate": percent(rate_ppm) if rate_ppm else None,
            "fee": money(fee_fen) if fee_fen else None,
        }
    )


def _tier(measure: Measure, start: int, end: int | None, rate_ppm: int, fee_fen: Fen) -> Content:
    if measure is Measure.VOLUME:
        return _part(money, start, end, rate_ppm, fee_fen)
    part = dict(_part(str, start, end, rate_ppm, fee_fen))
    return part | {"from": start} | ({} if end is None else {"to": end})


def _without_empty(content: Content) -> Content:
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}
