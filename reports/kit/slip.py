"""Slips: narrow sheets as long as their content, written from the top and cut to length at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reports.kit.fonts import Primer, Weight
from reports.kit.ink import Ink
from reports.kit.paper import bind, open_fonts
from reports.kit.qr import QUIET_ZONE, qr_path
from reports.kit.style import HAIRLINE, INK, QUIET, Colour, mm
from reports.kit.wrap import wrap

_LEADING = 1.5
_VOID: Colour = (0.62, 0.62, 0.62)
"""Grey enough to read the figures through it, on a thermal printer too."""


@dataclass(frozen=True, slots=True)
class SlipSize:
    """A sheet: its width and side margin, the half-width columns between them, the smallest QR; ``length`` if fixed.

    All lengths are points; two columns are one em of the type, so the type's size follows from the columns.
    """

    width: float
    margin: float
    columns: int
    code: float
    length: float | None = None

    @property
    def room(self) -> float:
        """The printable width."""
        return self.width - 2 * self.margin

    @property
    def size(self) -> float:
        """The size of ordinary type."""
        return self.room / self.columns * 2


SLIP_58 = SlipSize(width=mm(58), margin=mm(5), columns=32, code=mm(22))
SLIP_80 = SlipSize(width=mm(80), margin=mm(4), columns=48, code=mm(24))
A5 = SlipSize(width=mm(148), margin=mm(20), columns=64, code=mm(25), length=mm(210))


class Slip:
    """A slip in the making. Heights are counted down from its top edge until its length is known."""

    def __init__(self, size: SlipSize, primers: Mapping[Weight, Primer]) -> None:
        self._size = size
        self._fonts = open_fonts(primers)
        self._measure = Ink(self._fonts)
        self._down = size.margin
        self._drawn: list[Callable[[Ink, float], None]] = []

    def centred(self, text: str, scale: float = 1.0, bold: bool = False) -> None:
        """Write centred lines."""
        for line in self._lines(text, self._size.size * scale, self._size.room, bold):
            self._write(self._size.width / 2, line, self._size.size * scale, bold, Ink.text_centre)

    def left(self, text: str, scale: float = 1.0, bold: bool = False) -> None:
        """Write lines from the left edge."""
        for line in self._lines(text, self._size.size * scale, self._size.room, bold):
            self._write(self._size.margin, line, self._size.size * scale, bold, Ink.text)

    def total(self, label: str, amount: str) -> None:
        """Write the total: a label, and the amount twice as large up to the right edge, smaller only if too wide."""
        size, edge = self._size.size, self._size.width - self._size.margin
        room = self._size.room - self._measure.width(label, size, bold=True) - size
        large = min(2 * size, room * 2 * size / self._measure.width(amount, 2 * size, bold=True))
        self._down += 2 * size * 1.3
        self._later(self._size.margin, label, size, Ink.text, INK, bold=True)
        self._later(edge, amount, large, Ink.text_right, INK, bold=True)

    def small(self, text: str) -> None:
        """Write centred lines of small type."""
        size = self._size.size * 0.82
        for line in self._lines(text, size, self._size.room, False):
            self._write(self._size.width / 2, line, size, False, Ink.text_centre)

    def pair(self, label: str, value: str, size: float | None = None) -> None:
        """Write a label and its value up to the right edge; a value too long to stand beside it goes below."""
        usual, edge = self._size.size, self._size.width - self._size.margin
        beside = self._size.room - self._measure.width(label, usual) - usual
        self._down += usual * _LEADING
        self._later(self._size.margin, label, usual, Ink.text, QUIET)
        lines = [value or "-"]
        if self._measure.width(lines[0], size or usual) > beside:
            lines = self._lines(value, size or usual, self._size.room, False)
            self._down += usual * _LEADING
        for number, line in enumerate(lines):
            self._down += usual * _LEADING if number else 0.0
            self._later(edge, line, size or usual, Ink.text_right, INK)

    def figure(self, label: str, amount: str, indent: bool = True) -> None:
        """Write a label at the left and an amount at the right edge."""
        size = self._size.size
        self._down += size * _LEADING
        self._later(self._size.margin + (size if indent else 0), label, size, Ink.text, INK)
        self._later(self._size.width - self._size.margin, amount, size, Ink.text_right, INK)

    def separator(self) -> None:
        """Write a dashed line."""
        down = self._down = self._down + self._size.size * 0.8
        left, right = self._size.margin, self._size.width - self._size.margin
        self._drawn.append(lambda ink, top: ink.dashes(left, right, top - down, HAIRLINE * 2, QUIET))

    def code(self, address: str, caption: str) -> None:
        """Write a QR code with its quiet zone, and a caption below it."""
        symbol = qr_path(address)
        module = self._size.code / symbol.modules
        self._down += module * QUIET_ZONE + self._size.code
        down, x = self._down, (self._size.width - self._size.code) / 2
        self._drawn.append(lambda ink, top: ink.path(symbol.operators, x, top - down, module))
        self._down += module
        self.centred(caption)

    def mark(self, word: str) -> None:
        """Write a large slanted word across the middle of what has been written so far."""
        size = min(self._size.room / 3.2, self._size.size * 6)
        down, x = self._down / 2, self._size.width / 2
        # First in the list: the figures stay readable on top of it.
        self._drawn.insert(0, lambda ink, top: ink.slanted(x, top - down, word, size, _VOID))

    def finish(self, title: str, author: str, subject: str) -> bytes:
        """Return the slip as PDF, cut to its content or to the sheet's length if that holds it."""
        needed = self._down + self._size.margin
        length = max(needed, self._size.length or 0.0)
        ink = Ink(self._fonts)
        for draw in self._drawn:
            draw(ink, length)
        return bind([ink], self._fonts, (round(self._size.width, 2), round(length, 2)), title, author, subject)

    def _lines(self, text: str, size: float, room: float, bold: bool) -> list[str]:
        return wrap(self._fonts[Weight.BOLD if bold else Weight.REGULAR], text, size, room)

    def _write(self, x: float, line: str, size: float, bold: bool, write: Callable[..., None]) -> None:
        self._down += size * _LEADING
        down = self._down
        self._drawn.append(lambda ink, top: write(ink, x, top - down, line, size, bold))

    def _later(
        self, x: float, text: str, size: float, write: Callable[..., None], colour: Colour, bold: bool = False
    ) -> None:
        down = self._down
        self._drawn.append(lambda ink, top: write(ink, x, top - down, text, size, bold, colour))
