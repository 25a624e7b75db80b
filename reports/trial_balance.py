"""The trial balance of the company or a unit in one month.

Lines are named where they are frozen, in the document's language, so that a new line of the chart needs no new drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentnet.core.clock import Month
from agentnet.core.money import Fen, rmb_capitals
from reports.head import DocumentHead, Level, require_agreement
from reports.kit import blocks
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, amount_text, month_text
from reports.texts import words
from reports.texts_books import TRIAL

DRAWING_VERSION: Final = 1

OWNERS: Final = ("OUTLET", "HOUSEHOLD", "PARTNER", "ORG_UNIT")


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A line: balances on its own side (``side`` is its word), and for outlets the closing balance by setting."""

    owner_kind: str
    name: str
    side: str
    debit_normal: bool
    opening_fen: Fen
    debit_fen: Fen
    credit_fen: Fen
    closing_fen: Fen
    urban_fen: Fen | None = None
    rural_fen: Fen | None = None


@dataclass(frozen=True, slots=True)
class TrialPaper:
    """The frozen figures of a month; ``outside`` is what a unit's transfers have on the other side (debit side)."""

    head: DocumentHead
    period: Month
    level: Level
    org_code: str
    rows: tuple[TrialRow, ...]
    outside_opening_fen: Fen
    outside_debit_fen: Fen
    outside_credit_fen: Fen
    debit_fen: Fen
    """All debits of the month, those outside included; all credits are the same."""


_PRIMING = Priming(
    TRIAL,
    regular="借贷网点现金预存款保证金非待清算代收分配在途解长短应付办费用户电退合作单位银行营销批扣支出税渠道手续查项核损失",
    bold=(
        "trial_title", "trial_moved", "trial_line", "trial_side", "trial_opening", "trial_debit", "trial_credit",
        "trial_closing", "trial_settings_heading", "trial_owner_OUTLET", "trial_owner_HOUSEHOLD",
        "trial_owner_PARTNER", "trial_owner_ORG_UNIT", "trial_totals_heading",
    ),
)  # fmt: skip


def draw(paper_of: TrialPaper) -> bytes:
    """Return the trial balance as PDF.

    Raises:
        FiguresDisagree: if debits are not credits, balances do not cancel out, or settings do not add up.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if an owner has no word.
    """
    opening, closing = _require_proof(paper_of)
    language = paper_of.head.language
    text = words(language)
    paper = Paper(
        paper_of.head,
        text["trial_title"],
        paper_of.head.org_name,
        month_text(paper_of.period, language),
        _PRIMING.primers(language),
        aside=f"{text['level_' + paper_of.level.lower()]} {paper_of.org_code}",
    )
    blocks.answer_box(
        paper,
        text["trial_moved"],
        amount_text(paper_of.debit_fen),
        text["yuan"],
        rmb_capitals(paper_of.debit_fen),
        (
            (text["trial_debit_balances"], amount_text(closing[0])),
            (text["trial_credit_balances"], amount_text(closing[1])),
        ),
    )
    if not paper_of.rows:
        blocks.sentence(paper, text["trial_empty"])
        blocks.ending(paper, text["trial_note"])
        return paper.finish()
    for owner in OWNERS:
        _draw_owner(paper, owner, [row for row in paper_of.rows if row.owner_kind == owner])
    _draw_settings(paper, [row for row in paper_of.rows if row.urban_fen is not None])
    _draw_totals(paper, paper_of, opening, closing)
    blocks.ending(paper, text["trial_note"])
    return paper.finish()


def _signed(row: TrialRow, fen: Fen) -> Fen:
    """Return a balance on the debit side."""
    return fen if row.debit_normal else -fen


def _require_proof(paper_of: TrialPaper) -> tuple[tuple[Fen, Fen], tuple[Fen, Fen]]:
    """Return debit and credit balances, opening and closing.

    Raises:
        FiguresDisagree: naming what does not add up.
    """
    rows = paper_of.rows
    require_agreement("debits", paper_of.debit_fen, sum(row.debit_fen for row in rows) + paper_of.outside_debit_fen)
    require_agreement("credits", paper_of.debit_fen, sum(row.credit_fen for row in rows) + paper_of.outside_credit_fen)
    for row in rows:
        moved = _signed(row, row.debit_fen - row.credit_fen)
        require_agreement(f"{row.name} closing", row.closing_fen, row.opening_fen + moved)
        if row.urban_fen is not None and row.rural_fen is not None:
            require_agreement(f"{row.name} settings", row.closing_fen, row.urban_fen + row.rural_fen)
    outside = paper_of.outside_opening_fen
    opening = [_signed(row, row.opening_fen) for row in rows] + [outside]
    outside += paper_of.outside_debit_fen - paper_of.outside_credit_fen
    closing = [_signed(row, row.closing_fen) for row in rows] + [outside]
    require_agreement("opening balances", 0, sum(opening))
    require_agreement("closing balances", 0, sum(closing))
    return _sides(opening), _sides(closing)


def _sides(balances: Sequence[Fen]) -> tuple[Fen, Fen]:
    return sum(one for one in balances if one > 0), -sum(one for one in balances if one < 0)


def _draw_owner(paper: Paper, owner: str, rows: Sequence[TrialRow]) -> None:
    if not rows:
        return
    text = paper.words
    columns = (
        Column(text["trial_line"], 30),
        Column(text["trial_side"], 7, "centre"),
        Column(text["trial_opening"], 17, "right"),
        Column(text["trial_debit"], 17, "right"),
        Column(text["trial_credit"], 17, "right"),
        Column(text["trial_closing"], 17, "right"),
    )
    cells = [
        Row(
            (
                row.name,
                row.side,
                amount_text(row.opening_fen),
                amount_text(row.debit_fen),
                amount_text(row.credit_fen),
                amount_text(row.closing_fen),
            )
        )
        for row in rows
    ]
    moved = (amount_text(sum(row.debit_fen for row in rows)), amount_text(sum(row.credit_fen for row in rows)))
    total = Total(text["total"], (NOTHING, *moved, NOTHING), "subtotal")
    Table(paper, text[f"trial_owner_{owner}"], columns).draw(cells, (total,))


def _draw_settings(paper: Paper, rows: Sequence[TrialRow]) -> None:
    if not rows:
        return
    text = paper.words
    columns = (
        Column(text["trial_line"], 40),
        Column(text["trial_urban"], 20, "right"),
        Column(text["trial_rural"], 20, "right"),
        Column(text["trial_whole"], 20, "right"),
    )
    cells = [
        Row((row.name, amount_text(row.urban_fen), amount_text(row.rural_fen), amount_text(row.closing_fen)))
        for row in rows
    ]
    Table(paper, text["trial_settings_heading"], columns).draw(cells)


def _draw_totals(paper: Paper, paper_of: TrialPaper, opening: tuple[Fen, Fen], closing: tuple[Fen, Fen]) -> None:
    text = paper.words
    columns = (
        Column(text["trial_totals_heading"], 46),
        Column(text["trial_debit"], 27, "right"),
        Column(text["trial_credit"], 27, "right"),
    )
    rows = [Row((text["trial_opening_balances"], *map(amount_text, opening)))]
    if paper_of.outside_debit_fen or paper_of.outside_credit_fen:
        outside = (paper_of.outside_debit_fen, paper_of.outside_credit_fen)
        rows.append(Row((text["trial_outside"], *map(amount_text, outside))))
    rows.append(Row((text["trial_movements"], amount_text(paper_of.debit_fen), amount_text(paper_of.debit_fen))))
    total = Total(text["trial_closing_balances"], (amount_text(closing[0]), amount_text(closing[1])), "grand")
    tail = blocks.ending_height(paper, text["trial_note"])
    Table(paper, text["trial_totals_heading"], columns).draw(rows, (total,), tail)
