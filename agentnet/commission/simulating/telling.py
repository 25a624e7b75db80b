"""What a simulation answers: totals by month, component and outlet, and each outlet's month with its working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from agentnet.commission.engine.amounts import band_at
from agentnet.commission.engine.explaining import explain_line
from agentnet.commission.engine.explaining_month import explain_monthly
from agentnet.commission.engine.inputs import Fact
from agentnet.commission.engine.language import Component, Kind, Plan, Version
from agentnet.commission.engine.sharing import split
from agentnet.commission.simulating.running import OutletMonth, Ruling, version_at
from agentnet.core.clock import Month
from agentnet.core.money import Fen, format_yuan

Key = tuple[int, int]
"""A component: the version's place in the plan, and its own in the version."""


@dataclass(slots=True)
class Totals:
    """Sums of a plan while outlets pass by."""

    plan: Plan
    total_fen: Fen = 0
    clawback_fen: Fen = 0
    months: dict[Month, Fen] = field(default_factory=dict)
    components: dict[Key, Fen] = field(default_factory=dict)
    outlets: dict[str, Fen] = field(default_factory=dict)
    unruled: int = 0
    """Collections of days on which no version ruled."""
    _places: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places = {id(version): at for at, version in enumerate(self.plan.versions)}

    def add(self, one: OutletMonth) -> dict[Key, tuple[Fen, Fen]]:
        """Add an outlet's month; return what each component earned in it and what of it was taken back."""
        total = one.total_fen
        self.total_fen += total
        self.clawback_fen += one.clawback_fen
        self.months[one.month] = self.months.get(one.month, 0) + total
        self.outlets[one.outlet_code] = self.outlets.get(one.outlet_code, 0) + total
        by_component = self._by_component(one)
        for key, (fen, clawback) in by_component.items():
            self.components[key] = self.components.get(key, 0) + fen + clawback
        if one.worked and not isinstance(one.ruling, Version):
            self.unruled += sum(line.span < 0 for line in one.worked.lines)
        return by_component

    def join(self, other: Totals) -> None:
        """Add the sums of other outlets, worked beside these by a copy of this process."""
        self.total_fen += other.total_fen
        self.clawback_fen += other.clawback_fen
        self.unruled += other.unruled
        for month, fen in other.months.items():
            self.months[month] = self.months.get(month, 0) + fen
        for key, fen in other.components.items():
            self.components[key] = self.components.get(key, 0) + fen
        self.outlets |= other.outlets

    def _by_component(self, one: OutletMonth) -> dict[Key, tuple[Fen, Fen]]:
        found: dict[Key, tuple[Fen, Fen]] = {}
        if one.worked:
            for (span, index), fen in one.worked.by_component().items():
                found[self.key(one.ruling, span, index)] = (fen, 0)
        for clawback in one.clawbacks:
            for span, index, before, after in clawback.difference.components:
                key = self.key(clawback.ruling, span, index)
                earned, back = found.get(key, (0, 0))
                found[key] = (earned, back + after - before)
        return found

    def key(self, ruling: Ruling, span: int, index: int) -> Key:
        """Return the key of a component of a ruling."""
        return self._places[id(version_at(ruling, span))], index

    def component(self, key: Key) -> Component:
        """Return the component of a key."""
        return self.plan.versions[key[0]].components[key[1]]

    def title(self, key: Key) -> str:
        """Return a component's name; where there are several versions, behind the day its version starts on."""
        start = f"{self.plan.versions[key[0]].starts_on} " if len(self.plan.versions) > 1 else ""
        return f"{start}{self.component(key).name}"

    def content(self) -> dict[str, Any]:
        """Return the totals as plain values."""
        return {
            "plan": self.plan.code,
            "total_fen": self.total_fen,
            "clawback_fen": self.clawback_fen,
            "collections_without_version": self.unruled,
            "by_month": {str(month): fen for month, fen in sorted(self.months.items())},
            "by_component": [{**self.label(key), "total_fen": fen} for key, fen in sorted(self.components.items())],
        }

    def label(self, key: Key) -> dict[str, Any]:
        """Return what names a component in an answer."""
        component = self.component(key)
        return {
            "version_starts_on": self.plan.versions[key[0]].starts_on.isoformat(),
            "component": key[1],
            "name": component.name,
            "kind": component.kind.value,
        }


def month_content(totals: Totals, one: OutletMonth, by_component: Mapping[Key, tuple[Fen, Fen]]) -> dict[str, Any]:
    """Return an outlet's month with the working of each component as plain values."""
    workings = _workings(totals, one)
    last = None if one.worked is None or not one.ruling else _last_version(one.ruling)
    return {
        "month": str(one.month),
        "outlet_code": one.outlet_code,
        "collections": len(one.facts),
        "volume_fen": sum(fact.amount_fen for fact in one.facts),
        "commission_fen": one.total_fen - one.clawback_fen,
        "clawback_fen": one.clawback_fen,
        "total_fen": one.total_fen,
        "reason": one.worked.reason.value if one.worked and one.worked.reason else None,
        "shares": dict(split(one.total_fen, last.shares)) if last else {},
        "components": [
            {
                **totals.label(key),
                "commission_fen": earned,
                "clawback_fen": back,
                "working": workings.get(key, []),
            }
            for key, (earned, back) in sorted(by_component.items())
        ],
        "clawbacks": [
            {
                "of_month": str(clawback.of_month),
                "rows": list(clawback.rows),
                "total_fen": clawback.difference.total_fen,
            }
            for clawback in one.clawbacks
        ],
    }


def _last_version(ruling: Ruling) -> Version:
    return ruling if isinstance(ruling, Version) else ruling[-1].version


def _workings(totals: Totals, one: OutletMonth) -> dict[Key, list[dict[str, Any]]]:
    """Return each component's working: collections band by band with an example, monthly figures in full."""
    if one.worked is None:
        return {}
    found: dict[Key, list[dict[str, Any]]] = {}
    facts = sorted(one.facts, key=itemgetter(1, 0))
    pieces: dict[tuple[int, int, int], list[Any]] = {}
    for line, fact in zip(one.worked.lines, facts, strict=True):
        for index, fen in line.parts:
            component = version_at(one.ruling, line.span).components[index]
            banded = component.kind is Kind.BANDED and not component.joins_household
            key = (line.span, index, band_at(component, fact.amount_fen) if banded else 0)
            piece = pieces.get(key)
            if piece is None:
                pieces[key] = [1, fact.amount_fen, fen, fact]
            else:
                piece[0] += 1
                piece[1] += fact.amount_fen
                piece[2] += fen
    for (span, index, _band), (count, volume, fen, first) in sorted(pieces.items(), key=itemgetter(0)):
        band = _piece(version_at(one.ruling, span), span, index, count, volume, fen, first)
        found.setdefault(totals.key(one.ruling, span, index), []).append(band)
    for monthly in one.worked.monthly:
        version = version_at(one.ruling, monthly.span)
        working = explain_monthly(version, monthly.span, monthly.component, monthly.inputs).content()
        found.setdefault(totals.key(one.ruling, monthly.span, monthly.component), []).append(_short(working))
    return found


def _piece(version: Version, span: int, index: int, count: int, volume: Fen, fen: Fen, first: Fact) -> dict[str, Any]:
    working = explain_line(version, span, index, first).content()  # of its household the first of the month
    return {
        "part": working["part"],
        "collections": count,
        "volume_fen": volume,
        "fen": fen,
        "example": {"row": first.id, **_short(working)},
    }


def _short(working: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the component's own entry says already."""
    return {name: value for name, value in working.items() if name not in ("component", "name", "kind")}


def outlets_compared(new: Totals, old: Totals) -> list[tuple[str, Fen, Fen]]:
    """Return every outlet with what it gets by the new and by the old plan, the largest gain first."""
    codes = sorted({*new.outlets, *old.outlets})
    found = [(code, new.outlets.get(code, 0), old.outlets.get(code, 0)) for code in codes]
    return sorted(found, key=lambda one: (one[2] - one[1], one[0]))


def table(new: Totals, old: Totals | None) -> Iterator[str]:
    """Yield the lines people read: cost by month, by component, and who gains and loses."""
    yield from _columns(
        ("month", "yuan", *(("before", "change") if old else ())),
        [
            _compared(str(month), new.months.get(month, 0), None if old is None else old.months.get(month, 0))
            for month in sorted({*new.months, *(old.months if old else ())})
        ]
        + [_compared("total", new.total_fen, None if old is None else old.total_fen)],
    )
    if new.clawback_fen:
        yield f"of which taken back for reversals: {format_yuan(new.clawback_fen)}"
    for totals in (new, *((old,) if old else ())):
        yield ""
        rows = [
            (totals.title((at, index)), totals.component((at, index)).kind.value, format_yuan(fen))
            for (at, index), fen in sorted(totals.components.items())
        ]
        yield from _columns((f"component of {totals.plan.code}", "kind", "yuan"), rows)
    if old is not None:
        yield ""
        yield from _gains(outlets_compared(new, old))


def _compared(name: str, fen: Fen, before: Fen | None) -> tuple[str, ...]:
    if before is None:
        return name, format_yuan(fen)
    return name, format_yuan(fen), format_yuan(before), format_yuan(fen - before)


_SHOWN = 10


def _gains(outlets: Sequence[tuple[str, Fen, Fen]]) -> Iterator[str]:
    gain = [one for one in outlets if one[1] > one[2]]
    lose = [one for one in reversed(outlets) if one[1] < one[2]]
    same = len(outlets) - len(gain) - len(lose)
    yield f"{len(gain)} outlets gain, {len(lose)} lose, {same} get the same"
    for title, listed in (("gains most", gain), ("loses most", lose)):
        if listed:
            rows = [_compared(code, fen, before) for code, fen, before in listed[:_SHOWN]]
            yield from _columns((title, "yuan", "before", "change"), rows)


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table: the first column to the left, figures to the right; a Chinese character is two wide."""
    every = [tuple(head), *map(tuple, rows)]
    widths = [max(_width(row[at]) for row in every) for at in range(len(head))]
    for row in every:
        cells = [
            text + " " * (wide - _width(text)) if at == 0 else " " * (wide - _width(text)) + text
            for at, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if character >= "\u2e80" else 1 for character in text)
