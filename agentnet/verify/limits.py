"""The limits in force at an instant, worked out anew from agreements and from what finance set."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from agentnet.verify.findings import rows

FIGURES: Final = ("ceiling_fen", "single_limit_fen", "daily_limit_fen", "large_amount_fen")
SHANGHAI: Final = timedelta(hours=8)
MINUTE: Final = timedelta(minutes=1)
"""Limits are looked up a moment before the money is posted; what held in the minute before may still be meant."""


def instant(value: Any) -> datetime:
    """Return an instant as either database's driver hands it over."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def day_of(value: Any) -> date | None:
    """Return a date as either database's driver hands it over."""
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Said:
    """One row of limits: what it says, for which days, and since when it was said."""

    id: int
    starts_on: date
    ends_on: date | None
    set_at: datetime
    figures: Mapping[str, int | None]

    def names(self, day: date, at: datetime) -> bool:
        """Return whether the row, as far as it was set by then, names a day."""
        return self.set_at <= at and self.starts_on <= day and (self.ends_on is None or self.ends_on > day)


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement's days, its figures and whether the keeper's own code may be used."""

    starts_on: date
    ends_on: date | None
    ceiling_fen: int
    single_limit_fen: int
    own_qr: bool


@dataclass(slots=True)
class LimitsInForce:
    """Everything ever agreed and set, to be asked for an instant."""

    agreements: dict[int, list[Agreed]] = field(default_factory=lambda: defaultdict(list))
    of_outlet: dict[int, list[Said]] = field(default_factory=lambda: defaultdict(list))
    of_kind: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    kept: dict[tuple[int, date], Mapping[str, int | None]] = field(default_factory=dict)

    def agreed(self, outlet_id: int, day: date) -> Sequence[Agreed]:
        """Return the agreement of a day and the one before it: one that is signed late ends the earlier in the past."""
        started = [one for one in self.agreements[outlet_id] if one.starts_on <= day]
        return started[-2:]

    def at(self, outlet_id: int, at: datetime) -> Mapping[str, int | None]:
        """Return the most each limit may have been at an instant; None where nothing limits."""
        one, other = self._moment(outlet_id, at), self._moment(outlet_id, at - MINUTE)
        return {name: _most([one[name], other[name]]) for name in FIGURES}

    def large_from(self, outlet_id: int, at: datetime) -> set[int | None]:
        """Return from which amounts a collection may have been marked as large."""
        return {self._moment(outlet_id, moment)["large_amount_fen"] for moment in (at, at - MINUTE)}

    def _moment(self, outlet_id: int, at: datetime) -> Mapping[str, int | None]:
        day = (at + SHANGHAI).date()
        found = self.kept.get((outlet_id, day))
        if found is None:
            found = self._work_out(outlet_id, day, at)
            said = [*self.of_outlet[outlet_id], *(row for kind in self.kinds[outlet_id] for row in self.of_kind[kind])]
            if all((row.set_at + SHANGHAI).date() != day for row in said):
                self.kept[outlet_id, day] = found
        return found

    def _work_out(self, outlet_id: int, day: date, at: datetime) -> Mapping[str, int | None]:
        own = last_said(self.of_outlet[outlet_id], day, at)
        of_kinds = [last_said(self.of_kind[kind], day, at) for kind in sorted(self.kinds[outlet_id])]
        agreed = self.agreed(outlet_id, day)
        by_agreement: dict[str, int | None] = {
            "ceiling_fen": max((one.ceiling_fen for one in agreed), default=0),
            "single_limit_fen": max((one.single_limit_fen for one in agreed), default=0),
        }
        return {
            name: combined(by_agreement.get(name), _most([said.get(name) for said in of_kinds]), own.get(name))
            for name in FIGURES
        }


def last_said(said: Iterable[Said], day: date, at: datetime) -> Mapping[str, int | None]:
    """Return what was said last for a day, as of an instant; nothing where nothing was."""
    found: Mapping[str, int | None] = {}
    for row in said:
        if row.names(day, at):
            found = row.figures
    return found


def combined(agreed: int | None, of_kind: int | None, own: int | None) -> int | None:
    """Return one figure: the outlet's own, else the lower of agreement and kind."""
    if own is not None:
        return own
    return min((one for one in (agreed, of_kind) if one is not None), default=None)


def _most(figures: Sequence[int | None]) -> int | None:
    return None if None in figures or not figures else max(one for one in figures if one is not None)


def limits_in_force(connection: Connection) -> LimitsInForce:
    """Read everything ever agreed and set."""
    found = LimitsInForce()
    for row in rows(
        connection,
        "SELECT outlet_id, starts_on, ends_on, ceiling_fen, single_limit_fen, own_qr_allowed"
        " FROM agreements ORDER BY outlet_id, starts_on",
    ):
        starts_on = day_of(row.starts_on)
        assert starts_on is not None
        agreed = Agreed(starts_on, day_of(row.ends_on), row.ceiling_fen, row.single_limit_fen, bool(row.own_qr_allowed))
        found.agreements[row.outlet_id].append(agreed)
    for row in rows(connection, "SELECT * FROM limits ORDER BY id"):
        starts_on = day_of(row.starts_on)
        assert starts_on is not None
        figures = {name: getattr(row, name) for name in FIGURES}
        said = Said(row.id, starts_on, day_of(row.ends_on), instant(row.set_at), figures)
        (found.of_kind[row.kind] if row.outlet_id is None else found.of_outlet[row.outlet_id]).append(said)
    codes = {}
    for row in rows(connection, "SELECT id, code, kind FROM outlets"):
        found.kinds[row.id].add(row.kind)
        codes[row.code] = row.id
    for row in rows(
        connection, "SELECT subject_id, before FROM audit_lines WHERE action = 'change_outlet' ORDER BY id"
    ):
        before = json.loads(row.before) if isinstance(row.before, str) else row.before
        if row.subject_id in codes and before and before.get("kind"):
            found.kinds[codes[row.subject_id]].add(before["kind"])
    return found
