"""The daily sheet of an outlet: takings by tender, voids, the count by face, differences, running cash, deposits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from agentnet.core.money import Fen, format_yuan, rmb_capitals
from reports.head import DocumentHead, require_agreement
from reports.kit import blocks
from reports.kit.fonts import own_words
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, amount_text, count_text, day_text, short_instant
from reports.texts import words
from reports.texts_books import OUTLET_DAY

DRAWING_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class TenderRow:
    """What was taken by one tender (voided ones left out), and the terminal's batch, None for cash or unattended."""

    tender: str
    count: int
    amount_fen: Fen
    batch_fen: Fen | None


@dataclass(frozen=True, slots=True)
class VoidRow:
    """A collection cancelled at the counter."""

    voided_at: datetime
    receipt_no: str
    amount_fen: Fen
    reason: str


@dataclass(frozen=True, slots=True)
class PiecesRow:
    """How many notes or coins of a face were counted."""

    face_fen: Fen
    pieces: int


@dataclass(frozen=True, slots=True)
class CashCount:
    """What was found in the drawer against the book; above zero is over, below is short."""

    pieces: tuple[PiecesRow, ...]
    other_fen: Fen
    counterfeit_fen: Fen
    counted_fen: Fen
    system_fen: Fen
    difference_fen: Fen
    explanation: str
    counted_by: str


@dataclass(frozen=True, slots=True)
class CashRow:
    """All of a day's movements of cash of one kind, named in the document's language."""

    name: str
    change_fen: Fen


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit declared that day; ``state`` is its word in the document's language."""

    slip_no: str
    amount_fen: Fen
    confirmed_fen: Fen | None
    state: str


@dataclass(frozen=True, slots=True)
class OutletDay:
    """The frozen figures of an outlet's closed day; ``count`` is None where nobody counted."""

    head: DocumentHead
    day: date
    outlet_code: str
    outlet_name: str
    setting: str
    takings: tuple[TenderRow, ...]
    taken_fen: Fen
    voids: tuple[VoidRow, ...]
    count: CashCount | None
    opening_cash_fen: Fen
    cash: tuple[CashRow, ...]
    closing_cash_fen: Fen
    deposits: tuple[DepositRow, ...]


_PRIMING = Priming(
    OUTLET_DAY,
    regular="现金银联卡充值市民支付宝微信云闪数字人币代扣村邮站报刊亭便利店民服务点",
    bold=(
        "outlet_day_title", "outlet_day_taken", "outlet_day_takings_heading", "outlet_day_voids_heading",
        "outlet_day_count_heading", "outlet_day_cash_heading", "outlet_day_deposits_heading", "outlet_day_counted",
        "outlet_day_cash_left",
    ),
)  # fmt: skip


def draw(sheet: OutletDay) -> bytes:
    """Return the sheet as PDF.

    Raises:
        FiguresDisagree: if takings, count or running cash do not add up.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a tender or setting has no word.
    """
    _require_sums(sheet)
    language = sheet.head.language
    text = words(language)
    paper = Paper(
        sheet.head,
        text["outlet_day_title"],
        text["statement_subject"] % {"code": sheet.outlet_code, "name": sheet.outlet_name},
        day_text(sheet.day, language),
        _PRIMING.primers(language),
        aside=f"{sheet.head.org_name} {text[sheet.setting]}",
    )
    difference = sheet.count.difference_fen if sheet.count else None
    blocks.answer_box(
        paper,
        text["outlet_day_taken"],
        amount_text(sheet.taken_fen),
        text["yuan"],
        rmb_capitals(sheet.taken_fen),
        (
            (text["outlet_day_cash_left"], amount_text(sheet.closing_cash_fen)),
            (text["outlet_day_voided"], count_text(len(sheet.voids))),
            (text["outlet_day_difference"], amount_text(difference)),
        ),
    )
    _draw_takings(paper, sheet)
    if sheet.voids:
        _draw_voids(paper, sheet)
    else:
        blocks.note(paper, text["outlet_day_no_voids"])
    _draw_count(paper, sheet.count)
    _draw_cash(paper, sheet)
    _draw_deposits(paper, sheet)
    blocks.ending(paper, text["outlet_day_note"])
    return paper.finish()


def _require_sums(sheet: OutletDay) -> None:
    require_agreement("taken_fen", sheet.taken_fen, sum(row.amount_fen for row in sheet.takings))
    cash = sheet.opening_cash_fen + sum(row.change_fen for row in sheet.cash)
    require_agreement("closing_cash_fen", sheet.closing_cash_fen, cash)
    if sheet.count is not None:
        found = sum(row.face_fen * row.pieces for row in sheet.count.pieces) + sheet.count.other_fen
        require_agreement("counted_fen", sheet.count.counted_fen, found)
        difference = found + sheet.count.counterfeit_fen - sheet.count.system_fen
        require_agreement("difference_fen", sheet.count.difference_fen, difference)


def _draw_takings(paper: Paper, sheet: OutletDay) -> None:
    text = paper.words
    columns = (
        Column(text["tender"], 28),
        Column(text["count"], 12, "right"),
        Column(text["amount"], 20, "right"),
        Column(text["outlet_day_batch"], 20, "right"),
        Column(text["outlet_day_apart"], 20, "right"),
    )
    rows = [
        Row(
            (
                text[row.tender],
                count_text(row.count),
                amount_text(row.amount_fen),
                amount_text(row.batch_fen),
                amount_text(None if row.batch_fen is None else row.batch_fen - row.amount_fen),
            )
        )
        for row in sheet.takings
    ]
    count = count_text(sum(row.count for row in sheet.takings))
    totals = (Total(text["total"], (count, amount_text(sheet.taken_fen), NOTHING, NOTHING)),) if rows else ()
    Table(paper, text["outlet_day_takings_heading"], columns).draw(rows, totals, empty=text["outlet_day_none_taken"])


def _draw_voids(paper: Paper, sheet: OutletDay) -> None:
    text = paper.words
    columns = (
        Column(text["collected_at"], 16, unbroken=True),
        Column(text["receipt_no"], 28, unbroken=True),
        Column(text["amount"], 16, "right"),
        Column(text["outlet_day_reason"], 40),
    )
    rows = [
        Row(
            (
                short_instant(row.voided_at),
                row.receipt_no,
                amount_text(row.amount_fen),
                own_words(row.reason) or NOTHING,
            )
        )
        for row in sheet.voids
    ]
    Table(paper, text["outlet_day_voids_heading"], columns).draw(rows)


def _draw_count(paper: Paper, count: CashCount | None) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_day_face"], 40),
        Column(text["outlet_day_pieces"], 20, "right"),
        Column(text["amount"], 40, "right"),
    )
    if count is None:
        Table(paper, text["outlet_day_count_heading"], columns).draw((), empty=text["outlet_day_not_counted"])
        return
    rows = [
        Row((format_yuan(row.face_fen), count_text(row.pieces), amount_text(row.face_fen * row.pieces)))
        for row in count.pieces
    ]
    if count.other_fen:
        rows.append(Row((text["outlet_day_other"], NOTHING, amount_text(count.other_fen))))
    standing = "outlet_day_ties"
    if count.difference_fen:
        standing = "outlet_day_over" if count.difference_fen > 0 else "outlet_day_short"
    totals = [
        Total(
            text["outlet_day_counted"], ("", amount_text(count.counted_fen)), capitals=rmb_capitals(count.counted_fen)
        )
    ]
    if count.counterfeit_fen:
        totals.append(Total(text["outlet_day_counterfeit"], ("", amount_text(count.counterfeit_fen)), "subtotal"))
    totals += [
        Total(text["outlet_day_by_book"], ("", amount_text(count.system_fen)), "subtotal"),
        Total(text["outlet_day_difference"], (text[standing], amount_text(count.difference_fen)), "grand"),
    ]
    table = Table(paper, text["outlet_day_count_heading"], columns)
    table.draw(rows, totals, empty=text["outlet_day_nothing_found"])
    if count.explanation:
        blocks.note(paper, text["outlet_day_explanation"] % {"words": own_words(count.explanation)})


def _draw_cash(paper: Paper, sheet: OutletDay) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_day_entry"], 40),
        Column(text["outlet_day_change"], 30, "right"),
        Column(text["outlet_day_balance"], 30, "right"),
    )
    balance = sheet.opening_cash_fen
    rows = [Row((text["outlet_day_brought"], NOTHING, amount_text(balance)))]
    for row in sheet.cash:
        balance += row.change_fen
        rows.append(Row((row.name, amount_text(row.change_fen), amount_text(balance))))
    total = Total(text["outlet_day_cash_left"], ("", amount_text(sheet.closing_cash_fen)), "grand")
    Table(paper, text["outlet_day_cash_heading"], columns).draw(rows, (total,))


def _draw_deposits(paper: Paper, sheet: OutletDay) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_day_slip"], 34),
        Column(text["amount"], 20, "right"),
        Column(text["remittances_confirmed"], 20, "right"),
        Column(text["outlet_day_state"], 26),
    )
    rows = [
        Row((row.slip_no, amount_text(row.amount_fen), amount_text(row.confirmed_fen), row.state))
        for row in sheet.deposits
    ]
    tail = blocks.ending_height(paper, text["outlet_day_note"])
    table = Table(paper, text["outlet_day_deposits_heading"], columns)
    table.draw(rows, tail=tail, empty=text["outlet_day_no_deposits"])
