"""A station's deposits in a week or month, and the cash its outlets still hold by age; urban and rural apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agentnet.core.money import Fen, rmb_capitals
from reports.head import DocumentHead, Level, require_agreement
from reports.kit import blocks
from reports.kit.fonts import own_words
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, amount_text, count_text, day_text, period_text
from reports.texts import words
from reports.texts_books import REMITTANCES

DRAWING_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class OutletDeposits:
    """An outlet's deposits declared in the period, and its cash at the end with the day of its oldest part.

    ``missed`` counts the opportunities that passed since that day; None where there is no cash, and in what was frozen
    before they were counted.
    """

    outlet_code: str
    outlet_name: str
    setting: str
    declared_fen: Fen
    confirmed_fen: Fen
    transit_fen: Fen
    returned_fen: Fen
    held_fen: Fen
    oldest_on: date | None
    missed: int | None = None


@dataclass(frozen=True, slots=True)
class OpenDeposit:
    """A deposit of the period that is in transit, was returned, or arrived in part."""

    slip_no: str
    outlet_code: str
    outlet_name: str
    deposited_on: date
    amount_fen: Fen
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What outlets come to (fen)."""

    outlets: int
    declared_fen: Fen
    confirmed_fen: Fen
    transit_fen: Fen
    returned_fen: Fen
    held_fen: Fen


@dataclass(frozen=True, slots=True)
class StationRemittances:
    """The frozen figures of a station's period, half-open."""

    head: DocumentHead
    starts_on: date
    ends_on: date
    level: Level
    org_code: str
    outlets: tuple[OutletDeposits, ...]
    open_deposits: tuple[OpenDeposit, ...]
    whole: Sums


COLUMNS: Final = (
    "remittances_declared", "remittances_confirmed", "remittances_transit", "remittances_rejected", "remittances_cash",
)  # fmt: skip

_PRIMING = Priming(
    REMITTANCES,
    regular="村邮站报刊亭便利店民服务点",
    bold=(
        "remittances_title", "remittances_held", "remittances_urban_heading", "remittances_rural_heading",
        "remittances_open_heading", *COLUMNS,
    ),
    bold_extra="（个网点）小计城乡",
)  # fmt: skip


def sums_of(outlets: Sequence[OutletDeposits]) -> Sums:
    """Return what outlets come to."""
    return Sums(
        len(outlets),
        sum(one.declared_fen for one in outlets),
        sum(one.confirmed_fen for one in outlets),
        sum(one.transit_fen for one in outlets),
        sum(one.returned_fen for one in outlets),
        sum(one.held_fen for one in outlets),
    )


def draw(station: StationRemittances) -> bytes:
    """Return the report as PDF.

    Raises:
        FiguresDisagree: if a total is not the sum of its rows, or a deposit is not all in one of its three places.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a state has no word.
    """
    _require_sums(station)
    language = station.head.language
    text = words(language)
    paper = Paper(
        station.head,
        text["remittances_title"],
        station.head.org_name,
        period_text(station.starts_on, station.ends_on, language),
        _PRIMING.primers(language),
        aside=f"{text['level_' + station.level.lower()]} {station.org_code}",
    )
    blocks.answer_box(
        paper,
        text["remittances_held"],
        amount_text(station.whole.held_fen),
        text["yuan"],
        rmb_capitals(station.whole.held_fen),
        (
            (text["remittances_declared"], amount_text(station.whole.declared_fen)),
            (text["remittances_confirmed"], amount_text(station.whole.confirmed_fen)),
            (text["remittances_transit"], amount_text(station.whole.transit_fen)),
            (text["remittances_rejected"], amount_text(station.whole.returned_fen)),
        ),
    )
    if station.outlets:
        urban = [one for one in station.outlets if one.setting == "URBAN"]
        rural = [one for one in station.outlets if one.setting == "RURAL"]
        _draw_outlets(paper, station, "remittances_urban_heading", urban, "urban_subtotal", last=False)
        _draw_outlets(paper, station, "remittances_rural_heading", rural, "rural_subtotal", last=True)
    else:
        blocks.sentence(paper, text["remittances_empty"])
    _draw_open(paper, station)
    blocks.ending(paper, text["remittances_note"])
    return paper.finish()


def _require_sums(station: StationRemittances) -> None:
    added = sums_of(station.outlets)
    for name in ("outlets", "declared_fen", "confirmed_fen", "transit_fen", "returned_fen", "held_fen"):
        require_agreement(name, getattr(station.whole, name), getattr(added, name))
    for one in station.outlets:
        placed = one.confirmed_fen + one.transit_fen + one.returned_fen
        require_agreement(f"{one.outlet_code} declared", one.declared_fen, placed)


def _draw_outlets(
    paper: Paper,
    station: StationRemittances,
    heading: str,
    outlets: Sequence[OutletDeposits],
    subtotal: str,
    *,
    last: bool,
) -> None:
    text = paper.words
    # What was frozen before opportunities were counted is drawn without them: a dash would say that there were none.
    counted = all(one.missed is not None for one in station.outlets if one.oldest_on is not None)
    # Chinese heads are short and the names of outlets long; English heads need the room.
    name, amount, missed = (32, 10, 6) if paper.head.language == "zh" else (24, 12, 9)
    columns = (
        Column(text["outlet_code"], 8, unbroken=True),
        Column(text["outlet_name"], name),
        *(Column(text[key], amount, "right") for key in COLUMNS),
        Column(text["remittances_oldest"], 10, "right"),
        Column(text["remittances_age"], 6, "right"),
        *([Column(text["remittances_missed"], missed, "right")] if counted else []),
    )
    last_on = station.ends_on - timedelta(days=1)
    blank = ("", "", "") if counted else ("", "")
    rows = [
        Row(
            (
                one.outlet_code,
                one.outlet_name,
                *map(amount_text, _amounts(one)),
                f"{one.oldest_on:%m-%d}" if one.oldest_on else NOTHING,
                count_text((last_on - one.oldest_on).days if one.oldest_on else None),
                *([count_text(one.missed)] if counted else []),
            )
        )
        for one in outlets
    ]
    here = sums_of(outlets)
    label = text[subtotal] % {"outlets": count_text(here.outlets)}
    totals = [Total(label, (*map(amount_text, _amounts(here)), *blank), "subtotal")]
    if last:
        whole = text["grand_total"] % {"outlets": count_text(station.whole.outlets)}
        totals.append(Total(whole, (*map(amount_text, _amounts(station.whole)), *blank), "grand"))
    Table(paper, text[heading], columns).draw(rows, totals, empty=text["remittances_none"])


def _amounts(one: OutletDeposits | Sums) -> tuple[Fen, ...]:
    return one.declared_fen, one.confirmed_fen, one.transit_fen, one.returned_fen, one.held_fen


def _draw_open(paper: Paper, station: StationRemittances) -> None:
    text, language = paper.words, paper.head.language
    columns = (
        Column(text["remittances_slip"], 18),
        Column(text["outlet_code"], 11, unbroken=True),
        Column(text["outlet_name"], 22),
        Column(text["remittances_deposited"], 16, unbroken=True),
        Column(text["remittances_amount"], 13, "right"),
        Column(text["remittances_reason"], 24),
    )
    rows = [
        Row(
            (
                one.slip_no,
                one.outlet_code,
                one.outlet_name,
                day_text(one.deposited_on, language),
                amount_text(one.amount_fen),
                text["colon"].join(
                    part for part in (text[f"remittances_state_{one.state}"], own_words(one.reason)) if part
                ),
            )
        )
        for one in station.open_deposits
    ]
    tail = blocks.ending_height(paper, text["remittances_note"])
    table = Table(paper, text["remittances_open_heading"], columns)
    table.draw(rows, tail=tail, empty=text["remittances_none_open"])
