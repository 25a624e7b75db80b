"""The weekly duty-visit report: one manager's outlets in one ISO week, what was done and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from agentnet.core.clock import IsoWeek
from reports.duties import DutyCounts, DutyState, counts_of, require_counts
from reports.head import DocumentHead
from reports.kit import blocks
from reports.kit.fonts import own_words
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, count_text, short_instant, week_text
from reports.texts import VISITS, words

DRAWING_VERSION: Final = 1

_WHOLE_WEEK = 7


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One outlet's duty in the week.

    ``distance_m`` in metres and ``score`` out of 100 belong to the visit that counts, None without one.
    ``failed_items`` and ``needs`` are short texts. ``visited_by`` is set where someone else came; ``shared_with`` names
    the other manager of a shared outlet; ``days_held`` of the week's seven is below 7 after a hand-over.
    """

    outlet_code: str
    outlet_name: str
    setting: str
    state: DutyState
    slot: Literal["PRIMARY", "DEPUTY"] = "PRIMARY"
    visited_at: datetime | None = None
    distance_m: int | None = None
    score: int | None = None
    failed_items: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    outside_radius: bool = False
    visited_by: str = ""
    shared_with: str = ""
    days_held: int = _WHOLE_WEEK


@dataclass(frozen=True, slots=True)
class HandoverNote:
    """An outlet that changed hands in the week."""

    handed_on: date
    outlet_code: str
    outlet_name: str
    from_manager: str
    to_manager: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ManagerWeek:
    """The frozen figures of a manager's week; the counts must be those of the rows."""

    head: DocumentHead
    period: IsoWeek
    manager_name: str
    manager_no: str
    rows: tuple[DutyRow, ...]
    urban: DutyCounts
    rural: DutyCounts
    whole: DutyCounts
    handovers: tuple[HandoverNote, ...] = ()


_PRIMING = Priming(
    VISITS,
    regular="城区农村",
    bold=(
        "visits_manager_title",
        "compliance",
        "outlets_heading",
        "setting_heading",
        "handover_heading",
        "outlet_code",
        "outlet_name",
        "state",
        "visited_at",
        "distance",
        "score",
        "needs",
        "setting_column",
        "duties_due",
        "duties_done",
        "duties_missed",
        "duties_exempt",
        "urban_and_rural",
    ),
)


def draw(week: ManagerWeek) -> bytes:
    """Return the report as PDF.

    Raises:
        FiguresDisagree: if the counts are not those of the rows.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a code has no word.
    """
    for what, stated, setting in (("urban", week.urban, "URBAN"), ("rural", week.rural, "RURAL")):
        require_counts(what, stated, counts_of(row.state for row in week.rows if row.setting == setting))
    require_counts("whole", week.whole, counts_of(row.state for row in week.rows))
    language = week.head.language
    text = words(language)
    paper = Paper(
        week.head,
        text["visits_manager_title"],
        text["manager_subject"] % {"name": week.manager_name, "number": week.manager_no},
        week_text(week.period, language),
        _PRIMING.primers(language),
    )
    duty_box(paper, week.whole)
    tail = blocks.ending_height(paper, text["visits_note"])
    _draw_outlets(paper, week)
    if week.handovers:
        _draw_handovers(paper, week)
    draw_settings(paper, text["setting_heading"], week.urban, week.rural, week.whole, tail)
    blocks.ending(paper, text["visits_note"])
    return paper.finish()


def duty_box(paper: Paper, counts: DutyCounts) -> None:
    """Write the answer of a visit report: the compliance, and the counts it comes from."""
    text = paper.words
    blocks.counts_box(
        paper,
        text["compliance"],
        counts.compliance,
        (
            (text["duties_due"], count_text(counts.due)),
            (text["duties_done"], count_text(counts.done)),
            (text["duties_missed"], count_text(counts.missed)),
            (text["duties_open"], count_text(counts.open)),
            (text["duties_exempt"], count_text(counts.exempt)),
        ),
        alarm=counts.missed > 0,
    )


def draw_settings(
    paper: Paper, heading: str, urban: DutyCounts, rural: DutyCounts, whole: DutyCounts, tail: float = 0.0
) -> None:
    """Write urban and rural duties apart, with their sum."""
    text = paper.words
    columns = (
        Column(text["setting_column"], 30),
        *count_columns(paper),
    )
    rows = [Row((text["urban"], *urban.cells())), Row((text["rural"], *rural.cells()))]
    Table(paper, heading, columns).draw(rows, (Total(text["urban_and_rural"], whole.cells(), "grand"),), tail)


def count_columns(paper: Paper) -> tuple[Column, ...]:
    """Return the columns of due, done, missed, exempt and compliance."""
    text = paper.words
    keys = ("duties_due", "duties_done", "duties_missed", "duties_exempt", "compliance")
    return tuple(Column(text[key], 13, "right") for key in keys)


def _draw_outlets(paper: Paper, week: ManagerWeek) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_code"], 13, unbroken=True),
        Column(text["outlet_name"], 34),
        Column(text["setting_column"], 9),
        Column(text["state"], 12, unbroken=True),
        Column(text["visited_at"], 14, unbroken=True),
        Column(text["distance"], 13, "right"),
        Column(text["score"], 8, "right"),
        Column(text["needs"], 8, "right"),
    )
    rows = [
        Row(
            (
                row.outlet_code,
                row.outlet_name,
                text[row.setting],
                text[row.state],
                NOTHING if row.visited_at is None else short_instant(row.visited_at),
                count_text(row.distance_m),
                count_text(row.score),
                NOTHING if row.visited_at is None else count_text(len(row.needs)),
            ),
            note=_note(paper, row),
        )
        for row in week.rows
    ]
    Table(paper, text["outlets_heading"], columns).draw(rows, empty=text["empty_no_duties"])


def _note(paper: Paper, row: DutyRow) -> str:
    """Return what is to be said below an outlet's row: who shared it, what failed, what was asked for."""
    text = paper.words
    comma = text["list_comma"]
    parts = [
        text["shared_with"] % {"name": row.shared_with} if row.shared_with else "",
        text["as_deputy"] if row.slot == "DEPUTY" else "",
        text["days_held"] % {"days": row.days_held} if row.days_held < _WHOLE_WEEK else "",
        text["visited_by"] % {"name": row.visited_by} if row.visited_by else "",
        text["outside_radius"] if row.outside_radius else "",
        text["failed_items"] % {"items": comma.join(row.failed_items)} if row.failed_items else "",
        text["needs_found"] % {"items": comma.join(row.needs)} if row.needs else "",
    ]
    return text["semicolon"].join(part for part in parts if part)


def _draw_handovers(paper: Paper, week: ManagerWeek) -> None:
    text = paper.words
    columns = (
        Column(text["handed_on"], 13, unbroken=True),
        Column(text["outlet_code"], 13, unbroken=True),
        Column(text["outlet_name"], 30),
        Column(text["handed_from"], 14),
        Column(text["handed_to"], 14),
        Column(text["handed_note"], 26),
    )
    rows = [
        Row(
            (
                one.handed_on.isoformat(),
                one.outlet_code,
                one.outlet_name,
                one.from_manager,
                one.to_manager,
                own_words(one.note) or NOTHING,
            )
        )
        for one in week.handovers
    ]
    Table(paper, text["handover_heading"], columns).draw(rows)
