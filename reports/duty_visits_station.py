"""The monthly duty-visit report of a station or county: by setting, week, manager and outlet, and what was missed.

A month's weeks are the ISO weeks whose Thursday lies in it, so every week belongs to exactly one month (ISO 8601).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentnet.core.clock import IsoWeek, Month
from reports.duties import SHAPES, DutyCounts, DutyShares, WeekState, counts_of, require_counts
from reports.duty_visits_manager import count_columns, draw_settings, duty_box
from reports.head import DocumentHead, Level, require_agreement
from reports.kit import blocks
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import month_text, short_week, week_text
from reports.texts import VISITS, words

DRAWING_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class OutletWeeks:
    """One outlet's states, one per week of the report: a duty state, or "" where nobody was assigned."""

    outlet_code: str
    outlet_name: str
    setting: str
    managers: str
    states: tuple[WeekState, ...]


@dataclass(frozen=True, slots=True)
class ManagerCounts:
    """One manager's duties in the month, as shared out by days held; a shared duty counts with each of the two."""

    manager_no: str
    manager_name: str
    counts: DutyShares


@dataclass(frozen=True, slots=True)
class MissedVisit:
    """A week in which nobody came; ``cause`` as the manager or supervisor gave it, or ""."""

    week: IsoWeek
    outlet_code: str
    outlet_name: str
    managers: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class StationMonth:
    """The frozen figures of a territory's month; all counts must be those of the outlets' states."""

    head: DocumentHead
    period: Month
    level: Level
    org_code: str
    weeks: tuple[IsoWeek, ...]
    outlets: tuple[OutletWeeks, ...]
    managers: tuple[ManagerCounts, ...]
    missed: tuple[MissedVisit, ...]
    urban: DutyCounts
    rural: DutyCounts
    whole: DutyCounts


_PRIMING = Priming(
    VISITS,
    bold=(
        "visits_station_title",
        "compliance",
        "by_setting_heading",
        "by_week_heading",
        "by_manager_heading",
        "by_outlet_urban_heading",
        "by_outlet_rural_heading",
        "missed_heading",
        "outlet_code",
        "outlet_name",
        "managers",
        "setting_column",
        "duties_due",
        "duties_done",
        "duties_missed",
        "duties_exempt",
        "urban_and_rural",
        "week",
        "cause",
    ),
)


def draw(month: StationMonth) -> bytes:
    """Return the report as PDF.

    Raises:
        FiguresDisagree: if a count or the list of missed visits is not what the outlets' states say.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a code has no word.
    """
    urban = [outlet for outlet in month.outlets if outlet.setting == "URBAN"]
    rural = [outlet for outlet in month.outlets if outlet.setting == "RURAL"]
    _require_agreement(month, urban, rural)
    language = month.head.language
    text = words(language)
    paper = Paper(
        month.head,
        text["visits_station_title"],
        month.head.org_name,
        month_text(month.period, language),
        _PRIMING.primers(language),
        aside=f"{text['level_' + month.level.lower()]} {month.org_code}",
    )
    duty_box(paper, month.whole)
    draw_settings(paper, text["by_setting_heading"], month.urban, month.rural, month.whole)
    _draw_weeks(paper, month)
    _draw_managers(paper, month)
    for heading, outlets in (("by_outlet_urban_heading", urban), ("by_outlet_rural_heading", rural)):
        if outlets:
            _draw_outlets(paper, text[heading], month.weeks, outlets)
    blocks.note(paper, text["shapes"])
    paper.y -= 6
    tail = blocks.ending_height(paper, text["visits_note"])
    _draw_missed(paper, month, tail)
    blocks.ending(paper, text["visits_note"])
    return paper.finish()


def _require_agreement(month: StationMonth, urban: Sequence[OutletWeeks], rural: Sequence[OutletWeeks]) -> None:
    for outlet in month.outlets:
        require_agreement(f"weeks of {outlet.outlet_code}", len(month.weeks), len(outlet.states))
    for what, stated, outlets in (
        ("urban", month.urban, urban),
        ("rural", month.rural, rural),
        ("whole", month.whole, month.outlets),
    ):
        require_counts(what, stated, counts_of(state for outlet in outlets for state in outlet.states))
    require_agreement("missed", month.whole.missed, len(month.missed))


def _draw_weeks(paper: Paper, month: StationMonth) -> None:
    text, language = paper.words, month.head.language
    columns = (Column(text["week"], 50, unbroken=True), *count_columns(paper))
    rows = [
        Row((week_text(week, language), *counts_of(outlet.states[at] for outlet in month.outlets).cells()))
        for at, week in enumerate(month.weeks)
    ]
    Table(paper, text["by_week_heading"], columns).draw(rows, (Total(text["total"], month.whole.cells()),))


def _draw_managers(paper: Paper, month: StationMonth) -> None:
    text = paper.words
    columns = (Column(text["number"], 18, unbroken=True), Column(text["manager"], 32), *count_columns(paper))
    rows = [Row((one.manager_no, one.manager_name, *one.counts.cells())) for one in month.managers]
    Table(paper, text["by_manager_heading"], columns).draw(rows, empty=text["empty_no_duties"])


def _draw_outlets(paper: Paper, heading: str, weeks: Sequence[IsoWeek], outlets: Sequence[OutletWeeks]) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_code"], 15, unbroken=True),
        Column(text["outlet_name"], 40),
        Column(text["managers"], 26),
        *(Column(short_week(week, paper.head.language), 8, "centre") for week in weeks),
        Column(text["compliance"], 15, "right"),
    )
    rows = [
        Row(
            (
                outlet.outlet_code,
                outlet.outlet_name,
                outlet.managers or text["nobody"],
                *(SHAPES[state] for state in outlet.states),
                counts_of(outlet.states).compliance,
            )
        )
        for outlet in outlets
    ]
    by_week = tuple(counts_of(outlet.states[at] for outlet in outlets) for at in range(len(weeks)))
    whole = counts_of(state for outlet in outlets for state in outlet.states)
    totals = (Total(text["duties_done"], (*(str(week.done) for week in by_week), whole.compliance), "subtotal"),)
    Table(paper, heading, columns).draw(rows, totals)


def _draw_missed(paper: Paper, month: StationMonth, tail: float) -> None:
    text = paper.words
    columns = (
        Column(text["week"], 12, unbroken=True),
        Column(text["outlet_code"], 15, unbroken=True),
        Column(text["outlet_name"], 38),
        Column(text["managers"], 26),
        Column(text["cause"], 26),
    )
    rows = [
        Row(
            (
                short_week(one.week, paper.head.language),
                one.outlet_code,
                one.outlet_name,
                one.managers or text["nobody"],
                one.cause or "-",
            )
        )
        for one in month.missed
    ]
    Table(paper, text["missed_heading"], columns).draw(rows, tail=tail, empty=text["empty_no_missed"])
