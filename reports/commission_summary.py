"""The commission summary: every outlet of a station, county, city or company in one month, urban and rural apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentnet.core.clock import Month
from agentnet.core.money import Fen, rmb_capitals
from reports.head import DocumentHead, Level, require_agreement
from reports.kit import blocks
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import amount_text, change_text, count_text, month_text
from reports.texts import SUMMARY, words

DRAWING_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class OutletRow:
    """One outlet's month: collections, what they amounted to and the commission due on its statement (fen)."""

    outlet_code: str
    outlet_name: str
    outlet_kind: str
    setting: str
    count: int
    amount_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class Totals:
    """A month's totals of a territory."""

    outlets: int
    count: int
    amount_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class CommissionSummary:
    """The frozen figures of a territory's month; ``rows`` in the order they are printed, ``setting`` URBAN or RURAL.

    ``previous_month`` and ``last_year`` are the same territory's closed figures, or None where there are none.
    """

    head: DocumentHead
    period: Month
    level: Level
    org_code: str
    rows: tuple[OutletRow, ...]
    urban: Totals
    rural: Totals
    whole: Totals
    previous_month: Totals | None = None
    last_year: Totals | None = None
    partner: str = ""
    """The partner whose outlets these are; empty for everybody's."""


_PRIMING = Priming(
    SUMMARY,
    regular="村邮站报刊亭便利店便民服务点",
    bold=(
        "summary_title",
        "commission_total",
        "compare_heading",
        "urban_heading",
        "rural_heading",
        "outlet_code",
        "outlet_name",
        "outlet_kind",
        "count",
        "amount",
        "commission",
    ),
    bold_extra="（个网点）小计城乡",
)


def draw(summary: CommissionSummary) -> bytes:
    """Return the summary as PDF.

    Raises:
        FiguresDisagree: if a total is not the sum of its rows.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a code has no word.
    """
    urban = [row for row in summary.rows if row.setting == "URBAN"]
    rural = [row for row in summary.rows if row.setting == "RURAL"]
    _require_totals("urban", summary.urban, urban)
    _require_totals("rural", summary.rural, rural)
    _require_totals("whole", summary.whole, summary.rows)
    language = summary.head.language
    text = words(language)
    paper = Paper(
        summary.head,
        text["partner_title" if summary.partner else "summary_title"],
        summary.partner or summary.head.org_name,
        month_text(summary.period, language),
        _PRIMING.primers(language),
        aside=_aside(summary, text),
    )
    blocks.answer_box(
        paper,
        text["commission_total"],
        amount_text(summary.whole.commission_fen),
        text["yuan"],
        rmb_capitals(summary.whole.commission_fen),
        (
            (text["outlets_count"], count_text(summary.whole.outlets)),
            (text["collections_count"], count_text(summary.whole.count)),
            (text["amount_collected"], amount_text(summary.whole.amount_fen)),
        ),
        alarm=summary.whole.commission_fen < 0,
    )
    _draw_comparison(paper, summary)
    tail = blocks.ending_height(paper, text["summary_note"])
    if summary.rows:
        _draw_outlets(paper, text["urban_heading"], urban, (_subtotal(paper, "urban_subtotal", summary.urban),), 0.0)
        ending = (_subtotal(paper, "rural_subtotal", summary.rural), _grand_total(paper, summary.whole))
        _draw_outlets(paper, text["rural_heading"], rural, ending, tail)
    else:
        blocks.sentence(paper, text["empty_no_outlets"])
    blocks.ending(paper, text["summary_note"])
    return paper.finish()


def _aside(summary: CommissionSummary, text: Mapping[str, str]) -> str:
    """Return which territory it is about: a partner's is named, since the partner stands in its place."""
    if summary.partner:
        return summary.head.org_name
    return f"{text['level_' + summary.level.lower()]} {summary.org_code}"


def _require_totals(what: str, stated: Totals, rows: Sequence[OutletRow]) -> None:
    require_agreement(f"{what}.outlets", stated.outlets, len(rows))
    require_agreement(f"{what}.count", stated.count, sum(row.count for row in rows))
    require_agreement(f"{what}.amount_fen", stated.amount_fen, sum(row.amount_fen for row in rows))
    require_agreement(f"{what}.commission_fen", stated.commission_fen, sum(row.commission_fen for row in rows))


def _draw_comparison(paper: Paper, summary: CommissionSummary) -> None:
    text = paper.words
    now, before, last_year = summary.whole, summary.previous_month, summary.last_year
    columns = (
        Column(text["measure"], 20),
        Column(text["this_month"], 18, "right"),
        Column(text["previous_month"], 18, "right"),
        Column(text["versus_previous"], 12, "right"),
        Column(text["last_year"], 20, "right"),
        Column(text["versus_last_year"], 12, "right"),
    )
    measures = (
        ("outlets_count", "outlets", count_text),
        ("collections_count", "count", count_text),
        ("amount", "amount_fen", amount_text),
        ("commission", "commission_fen", amount_text),
    )
    rows = []
    for key, name, written in measures:
        this: int = getattr(now, name)
        previous: int | None = getattr(before, name, None)
        same: int | None = getattr(last_year, name, None)
        changes = (change_text(this, previous), change_text(this, same))
        rows.append(Row((text[key], written(this), written(previous), changes[0], written(same), changes[1])))
    Table(paper, text["compare_heading"], columns).draw(rows)


def _draw_outlets(
    paper: Paper, heading: str, outlets: Sequence[OutletRow], totals: Sequence[Total], tail: float
) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_code"], 14, unbroken=True),
        Column(text["outlet_name"], 33),
        Column(text["outlet_kind"], 25),
        Column(text["count"], 10, "right"),
        Column(text["amount"], 16, "right"),
        Column(text["commission"], 20, "right"),
    )
    rows = [
        Row(
            (
                outlet.outlet_code,
                outlet.outlet_name,
                text[outlet.outlet_kind],
                count_text(outlet.count),
                amount_text(outlet.amount_fen),
                amount_text(outlet.commission_fen),
            )
        )
        for outlet in outlets
    ]
    Table(paper, heading, columns).draw(rows, totals, tail, empty=text["none_in_setting"])


def _subtotal(paper: Paper, key: str, totals: Totals) -> Total:
    label = paper.words[key] % {"outlets": count_text(totals.outlets)}
    return Total(label, _cells(totals), "subtotal")


def _grand_total(paper: Paper, totals: Totals) -> Total:
    label = paper.words["grand_total"] % {"outlets": count_text(totals.outlets)}
    return Total(label, _cells(totals), "grand", capitals=rmb_capitals(totals.commission_fen))


def _cells(totals: Totals) -> tuple[str, ...]:
    return count_text(totals.count), amount_text(totals.amount_fen), amount_text(totals.commission_fen)
