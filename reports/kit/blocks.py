"""The blocks between the head and the tables: facts, the answer in its box, notes and signature lines."""

from __future__ import annotations

from collections.abc import Sequence

from reports.kit import style
from reports.kit.paper import Paper

_SIGNATURES_HEIGHT = 42.0
_BOX_PADDING = 10.0
_FIGURE_DROP = 25.0


def facts(paper: Paper, pairs: Sequence[tuple[str, str]]) -> None:
    """Write label and value pairs in two columns; long values wrap."""
    half = style.WIDTH / 2
    label_width = 8 + max(paper.ink.width(label, style.NOTE) for label, _ in pairs)
    for start in range(0, len(pairs), 2):
        deepest = 1
        for at, (label, value) in enumerate(pairs[start : start + 2]):
            x = style.LEFT + half * at
            lines = paper.lines(value or "-", style.BODY, half - label_width - 10)
            paper.ink.text(x, paper.y, label, style.NOTE, colour=style.QUIET)
            for number, line in enumerate(lines):
                paper.ink.text(x + label_width, paper.y - style.LINE * number, line, style.BODY)
            deepest = max(deepest, len(lines))
        paper.y -= style.LINE * deepest
    paper.y -= 2


def answer_box(
    paper: Paper, label: str, figure: str, unit: str, below: str, sides: Sequence[tuple[str, str]], alarm: bool = False
) -> None:
    """Write the answer in a box: one large figure with its unit, a line below it, and side figures at the right."""
    below_lines = paper.lines(below, style.BODY, style.WIDTH * 0.62)
    side_height = style.LINE * len(sides)
    answer_height = style.BODY + _FIGURE_DROP + style.LINE * len(below_lines) + 3
    bottom, y = _frame(paper, max(answer_height, side_height - 4), answer_height)
    x = style.LEFT + _BOX_PADDING
    _figure(paper, x, y, label, figure, alarm)
    y -= _FIGURE_DROP
    paper.ink.text(x + paper.ink.width(figure, style.FIGURE, bold=True) + 6, y, unit, style.BODY)
    y -= 3
    for line in below_lines:
        y -= style.LINE
        paper.ink.text(x, y, line, style.BODY)
    middle = (bottom + paper.y) / 2
    right, y = style.RIGHT - _BOX_PADDING, middle + side_height / 2 - style.LINE + 4
    for side_label, value in sides:
        paper.ink.text_right(right, y, value, style.BODY, bold=True)
        paper.ink.text_right(right - 96, y, side_label, style.NOTE, colour=style.QUIET)
        y -= style.LINE
    paper.y = bottom - 8


def counts_box(paper: Paper, label: str, figure: str, counts: Sequence[tuple[str, str]], alarm: bool = False) -> None:
    """Write an answer that is a share in a box, with the counts it comes from in a row beside it."""
    height = style.BODY + _FIGURE_DROP
    bottom, y = _frame(paper, height, height)
    _figure(paper, style.LEFT + _BOX_PADDING, y, label, figure, alarm)
    room = style.WIDTH * 0.68 / len(counts)
    for number, (name, count) in enumerate(counts, start=1):
        x = style.RIGHT - _BOX_PADDING - room * (len(counts) - number)
        paper.ink.text_right(x, y, name, style.NOTE, colour=style.QUIET)
        paper.ink.text_right(x, y - _FIGURE_DROP, count, style.COUNT, bold=True)
    paper.y = bottom - 8


def _frame(paper: Paper, inner_height: float, answer_height: float) -> tuple[float, float]:
    """Draw the box at the cursor; return its bottom and the baseline of the answer's label."""
    height = inner_height + 2 * _BOX_PADDING
    bottom = paper.y - height
    paper.ink.box(style.LEFT, bottom, style.WIDTH, height, style.TINT, style.ACCENT, style.RULE)
    return bottom, bottom + (height + answer_height) / 2 - style.BODY + 1


def _figure(paper: Paper, x: float, y: float, label: str, figure: str, alarm: bool) -> None:
    paper.ink.text(x, y, label, style.BODY, bold=True, colour=style.ACCENT)
    colour = style.ALARM if alarm else style.INK
    paper.ink.text(x, y - _FIGURE_DROP, figure, style.FIGURE, bold=True, colour=colour)


def note(paper: Paper, text: str) -> None:
    """Write a note in small type."""
    for line in paper.lines(text, style.NOTE, style.WIDTH):
        paper.need(style.NOTE_LINE)
        paper.y -= style.NOTE_LINE
        paper.ink.text(style.LEFT, paper.y, line, style.NOTE, colour=style.QUIET)
    paper.y -= 4


def ending_height(paper: Paper, text: str) -> float:
    """Return the height that an ending takes below the table it belongs to."""
    return style.AFTER_TABLE + _note_height(paper, text) + _SIGNATURES_HEIGHT


def ending(paper: Paper, text: str) -> None:
    """Write the closing note and the places to sign and seal: prepared, reviewed, approved, date."""
    paper.need(_note_height(paper, text) + _SIGNATURES_HEIGHT)
    note(paper, text)
    ink, word = paper.ink, paper.words
    y = paper.y - 26
    labels = (word["prepared_by"], word["reviewed_by"], word["approved_by"], word["signed_on"])
    share = style.WIDTH / len(labels)
    for at, label in enumerate(labels):
        x = style.LEFT + share * at
        ink.text(x, y, label, style.BODY)
        ink.rule(x + ink.width(label, style.BODY) + 4, x + share - 12, y - 2, style.HAIRLINE, style.QUIET)
    ink.text_right(style.LEFT + share * 3 - 12, y - 13, word["seal_here"], style.NOTE, colour=style.QUIET)
    paper.y -= _SIGNATURES_HEIGHT


def _note_height(paper: Paper, text: str) -> float:
    return style.NOTE_LINE * len(paper.lines(text, style.NOTE, style.WIDTH)) + 4


def sentence(paper: Paper, text: str) -> None:
    """Write a sentence of body text: what there is to say when there is nothing to list."""
    for line in paper.lines(text, style.BODY, style.WIDTH):
        paper.need(style.LINE)
        paper.y -= style.LINE
        paper.ink.text(style.LEFT, paper.y, line, style.BODY)
    paper.y -= 6
