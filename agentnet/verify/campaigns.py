"""Campaigns: a closed month counts the days on which an outlet took part, no others, and nobody takes part twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Connection

from agentnet.verify.commission import FAR_FUTURE, closed_months, tariffs_known
from agentnet.verify.findings import Finding, rows
from agentnet.verify.register import as_day

Days = Mapping[int, list[tuple[str, date, date]]]


def taking_part(connection: Connection) -> Days:
    """Return by outlet each campaign with the days on which it ran and the outlet took part."""
    found: dict[int, list[tuple[str, date, date]]] = defaultdict(list)
    for row in rows(
        connection,
        """
        SELECT p.outlet_id, c.code, c.starts_on, c.ends_on, p.starts_on AS joined_on, p.ends_on AS left_on
        FROM campaign_outlets p JOIN campaigns c ON c.id = p.campaign_id ORDER BY p.outlet_id, c.code, p.starts_on
        """,
    ):
        first = max(as_day(row.starts_on), as_day(row.joined_on))
        end = min(as_day(day) if day else FAR_FUTURE for day in (row.ends_on, row.left_on))
        if first < end:
            found[row.outlet_id].append((row.code, first, end))
    return found


def campaigns_count_their_days(connection: Connection) -> Iterator[Finding]:
    """A closed month names, of the campaigns its plan pays by, the days the register has; no outlet is in one twice."""
    register, documents = taking_part(connection), tariffs_known(connection).documents
    for outlet_id, several in register.items():
        for one, other in pairwise(several):
            if one[0] == other[0] and other[1] < one[2]:
                yield Finding("campaign_twice", str(outlet_id), f"takes part in {one[0]} twice on {other[1]}")
    for month in closed_months(connection):
        if month.inputs is None:
            continue
        paid_by = {
            code
            for version, _first, _end in month.ruling
            for component in documents[version].get("components", ())
            for code in component.get("scope", {}).get("campaigns", ())
        }
        if not paid_by and not month.outlet.days:
            continue
        first, end = month.days
        days = {first + timedelta(days=n) for n in range((end - first).days)}
        for day in sorted(days | {as_day(line.business_on) for line in month.lines}):
            known = {code for code, a, b in register.get(month.outlet_id, ()) if a <= day < b and code in paid_by}
            if known != month.outlet.on(day).campaigns:
                says = f"counts {sorted(month.outlet.on(day).campaigns)} on {day}; the register has {sorted(known)}"
                yield Finding("campaign_days", f"{month.code} {month.month}", says)
                break
