"""The year sheet: what an outlet was paid in each month of a year up to one, and in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentnet.core.clock import Month
from agentnet.core.money import Fen, rmb_capitals
from reports.head import DocumentHead, require_agreement
from reports.kit import blocks
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, amount_text, count_text, month_text
from reports.texts import YEAR, words

DRAWING_VERSION: Final = 1
LAST_MONTH: Final = 12


@dataclass(frozen=True, slots=True)
class YearMonth:
    """A closed month as its statement has it (fen)."""

    month: Month
    count: int
    collected_fen: Fen
    earned_fen: Fen
    adjusted_fen: Fen
    due_fen: Fen


@dataclass(frozen=True, slots=True)
class CommissionYear:
    """The frozen figures of an outlet's year; ``period`` is its last closed month, ``months`` have a statement."""

    head: DocumentHead
    period: Month
    outlet_code: str
    outlet_name: str
    outlet_kind: str
    setting: str
    partner: str
    agent: str
    months: tuple[YearMonth, ...]
    count: int
    collected_fen: Fen
    earned_fen: Fen
    adjusted_fen: Fen
    due_fen: Fen


_PRIMING = Priming(
    YEAR,
    regular="村邮站报刊亭便利店便民服务点年月",
    bold=("year_title", "year_due", "year_heading", "year_month", "count", "year_collected", "year_earned",
          "year_adjusted", "year_due_column", "total"),
)  # fmt: skip


def draw(sheet: CommissionYear) -> bytes:
    """Return the year sheet as PDF.

    Raises:
        FiguresDisagree: if a total is not the sum of its months, or a month's due not what was earned and adjusted.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a code has no word.
    """
    _require_agreement(sheet)
    language = sheet.head.language
    text = words(language)
    year = {"year": str(sheet.period.year), "month": str(sheet.period.month)}
    whole = sheet.period.month == LAST_MONTH
    paper = Paper(
        sheet.head,
        text["year_title"],
        text["year_subject"] % {"code": sheet.outlet_code, "name": sheet.outlet_name},
        text["year_whole" if whole else "year_period"] % year,
        _PRIMING.primers(language),
    )
    owed_back = sheet.due_fen < 0
    blocks.answer_box(
        paper,
        text["year_owed_back" if owed_back else "year_due" if whole else "year_due_so_far"],
        amount_text(sheet.due_fen),
        text["yuan"],
        rmb_capitals(sheet.due_fen),
        (
            (text["collections_count"], count_text(sheet.count)),
            (text["amount_collected"], amount_text(sheet.collected_fen)),
            (text["year_sum_earned"], amount_text(sheet.earned_fen)),
            (text["adjusted"], amount_text(sheet.adjusted_fen)),
        ),
        alarm=owed_back,
    )
    paper.y -= 6
    blocks.facts(
        paper,
        (
            (text["outlet_kind"], text[sheet.outlet_kind]),
            (text["setting"], text[sheet.setting]),
            (text["partner"], sheet.partner),
            (text["agent"], sheet.agent),
        ),
    )
    _draw_months(paper, sheet, blocks.ending_height(paper, text["year_note"]))
    blocks.ending(paper, text["year_note"])
    return paper.finish()


def _require_agreement(sheet: CommissionYear) -> None:
    for name in ("count", "collected_fen", "earned_fen", "adjusted_fen", "due_fen"):
        require_agreement(name, getattr(sheet, name), sum(getattr(one, name) for one in sheet.months))
    for one in sheet.months:
        require_agreement(f"{one.month} due_fen", one.due_fen, one.earned_fen + one.adjusted_fen)


def _draw_months(paper: Paper, sheet: CommissionYear, tail: float) -> None:
    text, language = paper.words, sheet.head.language
    columns = (
        Column(text["year_month"], 16),
        Column(text["count"], 12, "right"),
        Column(text["year_collected"], 19, "right"),
        Column(text["year_earned"], 18, "right"),
        Column(text["year_adjusted"], 18, "right"),
        Column(text["year_due_column"], 17, "right"),
    )
    known = {one.month.month: one for one in sheet.months}
    rows = []
    for number in range(1, LAST_MONTH + 1):
        one = known.get(number)
        cells = (NOTHING,) * 5 if one is None else _cells(one)
        rows.append(Row((month_text(Month(sheet.period.year, number), language), *cells)))
    total = Total(text["total"], _cells(sheet), "grand", capitals=rmb_capitals(sheet.due_fen))
    Table(paper, text["year_heading"], columns).draw(rows, (total,), tail)


def _cells(figures: YearMonth | CommissionYear) -> tuple[str, ...]:
    return (
        count_text(figures.count),
        amount_text(figures.collected_fen),
        amount_text(figures.earned_fen),
        amount_text(figures.adjusted_fen),
        amount_text(figures.due_fen),
    )
