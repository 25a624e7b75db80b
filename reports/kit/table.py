"""Tables on the canvas: plain strings, measured columns, repeated heads, rows that never split.

Figures stand right-aligned (the font's digits are of one width). Hairlines between rows, a heavier rule above totals, a
double one under the grand total. The last rows travel with their total and with what must follow it, so no page ever
holds a lone total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.kit import style
from reports.kit.fonts import Weight
from reports.kit.paper import Paper

Align = Literal["left", "right", "centre"]
Standing = Literal["subtotal", "total", "grand"]

GAP = 6.0
"""White between two columns."""

_ROWS_WITH_TOTAL = 3
_CELL_LINE = 11.25
_PADDING = style.LINE - _CELL_LINE
_HEAD_DROP = 3.5


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head and its share of the width; shares are proportions, not points.

    Right-aligned columns hold figures and ``unbroken`` ones numbers and codes: they grow rather than wrap.
    """

    title: str
    share: int
    align: Align = "left"
    unbroken: bool = False

    @property
    def firm(self) -> bool:
        """Whether the column grows to its widest cell."""
        return self.unbroken or self.align == "right"


@dataclass(frozen=True, slots=True)
class Row:
    """One row's cells as they are printed; ``note`` is a remark set small below them across the table.

    A row that ``joins`` goes on from the one above: no line is drawn between them.
    """

    cells: tuple[str, ...]
    note: str = ""
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """A total under the rows: a label over the first columns and the cells of the others."""

    label: str
    cells: tuple[str, ...]
    standing: Standing = "total"
    capitals: str = ""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A row laid out: per line the cells with their left edges, the lines of its note, and the height it takes."""

    lines: list[list[tuple[float, str]]]
    note: Sequence[str]
    height: float
    joins: bool = False


class Table:
    """A table under one heading; ``draw`` writes it at the paper's cursor and leaves the cursor below it."""

    def __init__(self, paper: Paper, heading: str, columns: Sequence[Column]) -> None:
        self._paper = paper
        self._heading = paper.section(heading) if heading else ""
        self._columns = tuple(columns)
        self._widths: list[float] = []
        self._lefts: list[float] = []
        self._heads: list[list[str]] = []
        self._head_height = 0.0

    def draw(self, rows: Sequence[Row], totals: Sequence[Total] = (), tail: float = 0.0, empty: str = "") -> None:
        """Write the table.

        ``tail`` is the height of what must stand on the same page as the totals; ``empty`` is said when there are no
        rows, instead of a head over nothing.
        """
        self._lay_out(rows, totals)
        placed = [self._place(row) for row in rows]
        totals_height = sum(self._total_height(total) for total in totals)
        keep = min(_ROWS_WITH_TOTAL, len(placed))
        ending = sum(row.height for row in placed[len(placed) - keep :]) + totals_height + tail
        lead = (style.LINE + 6 if self._heading else 0.0) + self._head_height
        if not placed:
            first = style.LINE + 4 + totals_height + tail
        elif len(placed) <= keep:
            first = ending
        else:
            first = sum(row.height for row in placed[:2])
        # The heading never stands alone: two rows follow it, and a short table goes over whole.
        self._paper.need(lead + first)
        if self._heading:
            section_heading(self._paper, self._heading)
        if placed:
            self._draw_rows(placed, keep, ending)
        else:
            self._say_empty(empty)
        for total in totals:
            self._draw_total(total)
        if placed and not totals:
            self._paper.ink.rule(style.LEFT, style.RIGHT, self._paper.y, style.RULE)
        self._paper.y -= style.AFTER_TABLE

    def _lay_out(self, rows: Sequence[Row], totals: Sequence[Total]) -> None:
        """Give every column its share, but a column that must not wrap at least its widest cell."""
        room = style.WIDTH - GAP * (len(self._columns) - 1)
        firm: dict[int, float] = {}
        for _ in self._columns:
            left_over = room - sum(firm.values())
            shares = sum(column.share for at, column in enumerate(self._columns) if at not in firm)
            self._widths = [
                firm[at] if at in firm else left_over * column.share / shares for at, column in enumerate(self._columns)
            ]
            grown = {
                at: widest
                for at, column in enumerate(self._columns)
                if column.firm and at not in firm and (widest := self._widest(at, rows, totals)) > self._widths[at]
            }
            if not grown:
                break
            firm |= grown
        self._lefts = [style.LEFT + sum(self._widths[:at]) + GAP * at for at in range(len(self._columns))]
        self._heads = [
            self._paper.lines(column.title, style.NOTE, width, bold=True)
            for column, width in zip(self._columns, self._widths, strict=True)
        ]
        self._head_height = style.NOTE_LINE * max(map(len, self._heads)) + 2 * _HEAD_DROP + 2

    def _widest(self, at: int, rows: Sequence[Row], totals: Sequence[Total]) -> float:
        regular, bold = self._paper.fonts[Weight.REGULAR], self._paper.fonts[Weight.BOLD]
        widths = [regular.width(row.cells[at]) for row in rows]
        for total in totals:
            cell = at - len(self._columns) + len(total.cells)
            widths.append(bold.width(total.cells[cell]) if cell >= 0 else 0)
        return max(widths, default=0) * style.CELL / 1000

    def _place(self, row: Row) -> _Placed:
        regular = self._paper.fonts[Weight.REGULAR]
        lines: list[list[tuple[float, str]]] = [[]]
        for at, (cell, width) in enumerate(zip(row.cells, self._widths, strict=True)):
            taken = regular.width(cell) * style.CELL / 1000
            if taken <= width:
                lines[0].append((self._left_of(at, taken), cell))
                continue
            for number, part in enumerate(self._paper.lines(cell, style.CELL, width)):
                if number == len(lines):
                    lines.append([])
                lines[number].append((self._left_of(at, regular.width(part) * style.CELL / 1000), part))
        note: Sequence[str] = ()
        if row.note:
            note = self._paper.lines(row.note, style.NOTE, style.RIGHT - self._note_left())
        return _Placed(lines, note, _CELL_LINE * len(lines) + _PADDING + style.NOTE_LINE * len(note), row.joins)

    def _left_of(self, at: int, taken: float) -> float:
        align = self._columns[at].align
        if align == "left":
            return self._lefts[at]
        spare = self._widths[at] - taken
        return self._lefts[at] + (spare if align == "right" else spare / 2)

    def _note_left(self) -> float:
        return self._lefts[1] if len(self._lefts) > 1 else style.LEFT

    def _draw_rows(self, placed: Sequence[_Placed], keep: int, ending: float) -> None:
        paper = self._paper
        self._draw_head()
        hairlines: list[float] = []
        for number, row in enumerate(placed):
            needed = ending if number == len(placed) - keep else row.height
            if not paper.fits(needed):
                paper.ink.rules(style.LEFT, style.RIGHT, hairlines, style.HAIRLINE, style.FAINT)
                hairlines = []
                paper.turn()
                self._draw_continued_heading()
                self._draw_head()
            elif number and not row.joins:
                hairlines.append(paper.y)
            self._draw_row(row)
        paper.ink.rules(style.LEFT, style.RIGHT, hairlines, style.HAIRLINE, style.FAINT)

    def _draw_continued_heading(self) -> None:
        if self._heading:
            text = self._paper.words["continued"] % {"heading": self._heading}
            self._paper.y -= style.NOTE_LINE
            self._paper.ink.text(style.LEFT, self._paper.y, text, style.NOTE, colour=style.QUIET)
            self._paper.y -= 4

    def _draw_head(self) -> None:
        paper, ink = self._paper, self._paper.ink
        ink.rule(style.LEFT, style.RIGHT, paper.y, style.RULE)
        bottom = paper.y - self._head_height
        for at, lines in enumerate(self._heads):
            # Heads stand on the lowest line, so that a wrapped one grows upwards.
            y = bottom + _HEAD_DROP + 2 + style.NOTE_LINE * (len(lines) - 1)
            for line in lines:
                self._write_bold(at, y, line, style.NOTE)
                y -= style.NOTE_LINE
        ink.rule(style.LEFT, style.RIGHT, bottom, style.RULE)
        paper.y = bottom

    def _draw_row(self, placed: _Placed) -> None:
        paper = self._paper
        y = paper.y - _CELL_LINE + 1.5
        for cells in placed.lines:
            paper.ink.line(y, cells, style.CELL)
            y -= _CELL_LINE
        paper.y -= placed.height
        y = paper.y + _PADDING + style.NOTE_LINE * (len(placed.note) - 1) + 1
        for line in placed.note:
            paper.ink.text(self._note_left(), y, line, style.NOTE, colour=style.QUIET)
            y -= style.NOTE_LINE

    def _write_bold(self, at: int, y: float, text: str, size: float) -> None:
        ink, align = self._paper.ink, self._columns[at].align
        if align == "left":
            ink.text(self._lefts[at], y, text, size, bold=True)
        elif align == "right":
            ink.text_right(self._lefts[at] + self._widths[at], y, text, size, bold=True)
        else:
            ink.text_centre(self._lefts[at] + self._widths[at] / 2, y, text, size, bold=True)

    def _total_height(self, total: Total) -> float:
        return style.LINE + 3 + (style.LINE if total.capitals else 0) + (4 if total.standing == "grand" else 0)

    def _draw_total(self, total: Total) -> None:
        paper, ink = self._paper, self._paper.ink
        heavy = style.RULE if total.standing == "subtotal" else style.HEAVY
        ink.rule(style.LEFT, style.RIGHT, paper.y, heavy)
        y = paper.y - style.LINE + 2
        ink.text(style.LEFT, y, total.label, style.CELL, bold=True)
        first = len(self._columns) - len(total.cells)
        for at, cell in enumerate(total.cells, start=first):
            self._write_bold(at, y, cell, style.CELL)
        if total.capitals:
            y -= style.LINE
            ink.text_right(style.RIGHT, y, total.capitals, style.CELL)
        paper.y = y - 5
        if total.standing == "grand":
            ink.rules(style.LEFT, style.RIGHT, (paper.y, paper.y - 2), style.RULE)
            paper.y -= 4

    def _say_empty(self, sentence: str) -> None:
        paper = self._paper
        paper.ink.rule(style.LEFT, style.RIGHT, paper.y, style.HAIRLINE, style.FAINT)
        paper.y -= style.LINE
        for line in paper.lines(sentence, style.BODY, style.WIDTH):
            paper.ink.text(style.LEFT, paper.y, line, style.BODY, colour=style.QUIET)
            paper.y -= style.LINE
        paper.y += style.LINE - 6


def section_heading(paper: Paper, heading: str) -> None:
    """Write a section's heading at the cursor and put it into the outline."""
    paper.y -= style.LINE - 3
    paper.bookmark(heading, level=1)
    paper.ink.text(style.LEFT, paper.y, heading, style.HEADING, bold=True, colour=style.ACCENT)
    paper.y -= 8
