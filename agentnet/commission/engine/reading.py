"""A plan document from JSON (``"format": "agentnet-plan-1"``): all faults at once, each with its path."""

from __future__ import annotations

from collections.abc import Sequence

from agentnet.commission.engine.checking import note_plan, note_version
from agentnet.commission.engine.faults import Faults
from agentnet.commission.engine.json_cells import Cells, load
from agentnet.commission.engine.language import (
    FORMAT,
    SCOPE_FIELDS,
    Band,
    Basis,
    Component,
    Kind,
    Measure,
    Mode,
    Plan,
    Scope,
    Share,
    Step,
    Tier,
    Version,
)
from agentnet.core.words import translatable


def read_plan(text: str) -> Plan:
    """Read a plan document.

    Raises:
        PlanRefused: with every fault. Invalid: ``json_shape``, ``json_large``, ``json_key_twice``.
    """
    faults = Faults()
    cells = Cells.of(load(text), "", faults)
    if cells.text("format", needed=True) not in ("", FORMAT):
        faults.add("format", "format_unknown", translatable("只认识格式 %(format)s"), format=FORMAT)
    plan = Plan(
        code=cells.text("code", needed=True),
        name=cells.text("name", needed=True),
        versions=tuple(_version(one) for one in cells.objects("versions", needed=True)),
    )
    cells.done()
    meaning = Faults()
    note_plan(plan, meaning)
    _join(faults, meaning)
    faults.refuse_any()
    return plan


def read_version(text: str) -> Version:
    """Read one version as ``writing.write_version`` writes it.

    Raises:
        PlanRefused: with every fault. Invalid: ``json_shape``, ``json_large``, ``json_key_twice``.
    """
    faults = Faults()
    version = _version(Cells.of(load(text), "", faults))
    meaning = Faults()
    note_version(version, "", meaning)
    _join(faults, meaning)
    faults.refuse_any()
    return version


def _join(faults: Faults, meaning: Faults) -> None:
    """Add faults of meaning to those of shape, but for what only follows from a cell that could not be read."""
    unread = set()
    for fault in faults.kept:
        above, _, name = fault.path.rpartition(".")
        unread.add(fault.path)
        if name in ("kind", "measure"):
            unread.add(above)  # nothing of the component can be judged
        elif name in ("from", "to"):
            unread.add(above.rpartition("[")[0])  # nor how its parts lie
    for fault in meaning.kept:
        if not any(fault.path.startswith(path) or path.startswith(fault.path) for path in unread):
            faults.add(fault.path, fault.code, fault.message, **fault.params)


def _version(cells: Cells) -> Version:
    version = Version(
        starts_on=cells.day("starts_on"),
        note=cells.text("note"),
        basis=cells.choice("basis", Basis, Basis.ENTERED) or Basis.ENTERED,
        components=tuple(_component(one) for one in cells.objects("components", needed=True)),
        shares=tuple(_share(one) for one in cells.objects("shares")),
    )
    cells.done()
    return version


def _share(cells: Cells) -> Share:
    share = Share(cells.text("name", needed=True), cells.percent("percent", needed=True) or 0)
    cells.done()
    return share


def _component(cells: Cells) -> Component:
    kind = cells.choice("kind", Kind)
    conditions = cells.object("conditions")
    scope = cells.object("scope")
    measure = cells.choice("measure", Measure, Measure.VOLUME) or Measure.VOLUME
    if kind in (Kind.TIERED, Kind.GROWTH) and "measure" not in cells.content:
        cells.text("measure", needed=True)
    if kind in (Kind.TIERED, Kind.GROWTH) and "mode" not in cells.content:
        cells.text("mode", needed=True)
    if kind not in (Kind.TIERED, Kind.GROWTH):
        for name in ("measure", "mode"):
            if name in cells.content:
                cells.faults.add(
                    cells.at(name), "field_stranger", translatable("只有 TIERED 和 GROWTH 项目有这一项，请删去")
                )
    component = Component(
        kind=kind or Kind.PER_COLLECTION,
        name=cells.text("name", needed=True),
        scope=Scope(**{name: scope.codes(name) for name in SCOPE_FIELDS}),
        group=cells.text("group") or None,
        fee_fen=cells.money("fee") or 0,
        rate_ppm=cells.percent("rate") or 0,
        minimum_fen=cells.money("minimum"),
        maximum_fen=cells.money("maximum"),
        per_household=cells.flag("per_household"),
        household_month_cap_fen=cells.money("household_month_cap"),
        bands=_bands(cells.objects("bands", needed=kind is Kind.BANDED)),
        measure=measure,
        mode=cells.choice("mode", Mode, Mode.MARGINAL) or Mode.MARGINAL,
        tiers=_tiers(cells.objects("tiers", needed=kind is Kind.TIERED), measure),
        steps=_steps(cells.objects("steps", needed=kind is Kind.GROWTH)),
        amount_fen=cells.money("amount", needed=kind in (Kind.SUBSIDY, Kind.MANDATE_BONUS)) or 0,
        minimum_open_days=conditions.whole("open_days") or 0,
        minimum_visits=conditions.whole("visits") or 0,
        month_minimum_fen=cells.money("month_minimum"),
        month_maximum_fen=cells.money("month_maximum"),
    )
    for inner in (conditions, scope, cells):
        inner.done()
    return component


def _ends(edges: Sequence[tuple[int, int | None]]) -> list[int | None]:
    """Return where each part ends: as written, else where the next begins; the last has no end unless written."""
    following: list[int | None] = [start for start, _ in edges[1:]]
    return [end if end is not None else after for (_, end), after in zip(edges, [*following, None], strict=False)]


def _bands(listed: Sequence[Cells]) -> tuple[Band, ...]:
    found = []
    for cells in listed:
        band = Band(
            cells.money("from", needed=True) or 0,
            cells.money("to"),
            cells.money("fee") or 0,
            cells.percent("rate") or 0,
        )
        cells.done()
        found.append(band)
    found.sort(key=lambda band: band.from_fen)
    ends = _ends([(band.from_fen, band.to_fen) for band in found])
    return tuple(Band(band.from_fen, end, band.fee_fen, band.rate_ppm) for band, end in zip(found, ends, strict=True))


def _tiers(listed: Sequence[Cells], measure: Measure) -> tuple[Tier, ...]:
    found = []
    for cells in listed:
        read = cells.money if measure is Measure.VOLUME else cells.whole
        tier = Tier(read("from", needed=True) or 0, read("to"), cells.percent("rate") or 0, cells.money("fee") or 0)
        cells.done()
        found.append(tier)
    found.sort(key=lambda tier: tier.from_)
    ends = _ends([(tier.from_, tier.to) for tier in found])
    return tuple(Tier(tier.from_, end, tier.rate_ppm, tier.fee_fen) for tier, end in zip(found, ends, strict=True))


def _steps(listed: Sequence[Cells]) -> tuple[Step, ...]:
    found = []
    for cells in listed:
        step = Step(
            cells.percent("from", needed=True) or 0,
            cells.percent("to"),
            cells.percent("rate") or 0,
            cells.money("fee") or 0,
        )
        cells.done()
        found.append(step)
    found.sort(key=lambda step: step.from_ppm)
    ends = _ends([(step.from_ppm, step.to_ppm) for step in found])
    return tuple(Step(step.from_ppm, end, step.rate_ppm, step.fee_fen) for step, end in zip(found, ends, strict=True))
