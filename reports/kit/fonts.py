"""Fonts: Noto Sans SC in two weights, parsed once a process, embedded as subsets, never with a silent gap.

ReportLab draws nothing at all for a character its font lacks; here that is a ``MissingGlyph``. A document kind names
the characters it always prints (its *primer*): they sit in the same place of the same subset in every document, so
their font program is made once a process. Characters beyond the primer (names, reasons) go into further subsets of
the one document. Which byte stands for which character depends on the document alone, so a redraw gives the same
bytes whatever the process drew before.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfdoc, pdfmetrics

from reports.kit.embedding import FontFace, FontProgram, embed, font_program

FONT_FOLDER = Path(__file__).resolve().parent.parent / "fonts"

_CODES = 256
UNDRAWN = "〓"
"""Stands for a sign the font lacks, as printers have it (U+3013)."""
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cc"})
"""Marks on the character before, joiners and controls: nothing stands for them."""

_FIRST_CODE = 1  # code 0 of every subset is the font's "missing" glyph and is never shown
_ASCII = range(32, 127)
_SMALLEST, _QUICK = 9, 6


class Weight(StrEnum):
    """The two weights; the value is the PostScript name."""

    REGULAR = "NotoSansSC-Regular"
    BOLD = "NotoSansSC-Bold"


_FILES = {Weight.REGULAR: "NotoSansSC_400Regular.ttf", Weight.BOLD: "NotoSansSC_700Bold.ttf"}
_LETTERS = {Weight.REGULAR: "R", Weight.BOLD: "B"}


class MissingGlyph(ValueError):
    """A text holds a character the font cannot draw; printing it would leave a hole in a name."""

    def __init__(self, character: str, text: str) -> None:
        self.character = character
        self.text = text
        super().__init__(f"the font has no glyph for {character!r} (U+{ord(character):04X}) in {text!r}")


class _PageFont:
    """What ReportLab asks of the font a page starts with: a name, and that nothing is to be written for it yet."""

    def __init__(self, name: str) -> None:
        self.fontName = self.name = name
        self.face = self
        self._dynamicFont = self._multiByte = True


@cache
def page_font() -> str:
    """Return the name of the font that pages start with in ReportLab's books.

    No text is set through it. Without it every file would name Helvetica, which is not embedded.
    """
    font = _PageFont("agentnet-page")
    pdfmetrics.registerFont(font)
    return font.name


@cache
def face(weight: Weight) -> FontFace:
    """Return the parsed font file of a weight; parsing takes about 0.06 s, once a process."""
    return FontFace(str(FONT_FOLDER / _FILES[weight]))


def damaged_files() -> list[str]:
    """Return the names of font files that are missing or not the ones this product was made with."""
    damaged = []
    for line in (FONT_FOLDER / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        sha256, name = line.split()
        path = FONT_FOLDER / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            damaged.append(name)
    return damaged


def require_glyphs(text: str, weight: Weight = Weight.REGULAR) -> None:
    """Do nothing if every character can be drawn.

    Raises:
        MissingGlyph: naming the first character that cannot.
    """
    known = face(weight).charToGlyph
    for character in text:
        if ord(character) not in known:
            raise MissingGlyph(character, text)


def own_words(text: str) -> str:
    """Return what somebody wrote in words of their own, with 〓 for each sign that cannot be drawn.

    A reason may hold an emoji, and is not worth a paper that can never be made. A name is: it is refused instead.

    >>> own_words("少算了😀请补"), own_words("❤️")
    ('少算了〓请补', '〓')
    """
    known = face(Weight.REGULAR).charToGlyph
    if all(ord(character) in known for character in text):
        return text
    return "".join(
        character if ord(character) in known else UNDRAWN
        for character in text
        if ord(character) in known or unicodedata.category(character) not in _UNSEEN
    )


@dataclass(frozen=True, slots=True)
class Primer:
    """The characters a kind of document always prints in one weight: their places and the finished font programs."""

    weight: Weight
    places: dict[int, tuple[int, int]]
    programs: tuple[FontProgram, ...]


@cache
def primer(weight: Weight, characters: str) -> Primer:
    """Lay out a primer: ASCII under its own codes first, then the given characters in the order of their code points.

    Raises:
        MissingGlyph: if the font lacks one of the characters.
    """
    require_glyphs(characters, weight)
    first = [0] * _CODES
    for code in _ASCII:
        first[code] = code
    subsets, places = [first], {code: (0, code) for code in _ASCII}
    free = [code for code in range(_FIRST_CODE, _CODES) if code not in _ASCII]
    for character in sorted(set(map(ord, characters)) - set(_ASCII)):
        if not free:
            subsets.append([0] * _CODES)
            free = list(range(_FIRST_CODE, _CODES))
        code = free.pop(0)
        subsets[-1][code] = character
        places[character] = (len(subsets) - 1, code)
    programs = [
        font_program(face(weight), _subset_name(weight, number), subset, _SMALLEST)
        for number, subset in enumerate(subsets)
    ]
    return Primer(weight, places, tuple(programs))


def primer_of(weight: Weight, texts: Iterable[str]) -> Primer:
    """Return the primer of all characters in some texts (the same object for the same characters)."""
    return primer(weight, "".join(sorted(set("".join(texts)))))


class DocumentFont:
    """One weight inside one document: says how a text is shown, how wide it is, and writes the subsets at the end."""

    def __init__(self, primed: Primer) -> None:
        self.weight = primed.weight
        self._letter = _LETTERS[primed.weight]
        self._primed = primed
        self._places = dict(primed.places)
        self._added: list[list[int]] = []
        self._operands: dict[str, list[tuple[str, str]]] = {}
        self._widths: dict[str, int] = {}
        self._char_widths = face(primed.weight).charWidths

    def operands(self, text: str) -> list[tuple[str, str]]:
        """Return a text as runs of (font resource, string operand), one run per subset it needs.

        Raises:
            MissingGlyph: if the font lacks a character.
        """
        known = self._operands.get(text)
        if known is None:
            known = self._operands[text] = self._encode(text)
        return known

    def width(self, text: str) -> int:
        """Return the width of a text in thousandths of its size.

        Raises:
            MissingGlyph: if the font lacks a character.
        """
        known = self._widths.get(text)
        if known is None:
            widths = self._char_widths
            try:
                known = sum([widths[code] for code in map(ord, text)])
            except KeyError:
                require_glyphs(text, self.weight)
                raise
            self._widths[text] = known
        return known

    def _encode(self, text: str) -> list[tuple[str, str]]:
        if text.isascii() and text.isprintable():
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            return [(f"/{self._letter}0", f"({escaped})")]
        runs: list[tuple[int, bytearray]] = []
        places = self._places
        for character in text:
            subset, code = places.get(ord(character)) or self._place(character, text)
            if not runs or runs[-1][0] != subset:
                runs.append((subset, bytearray()))
            runs[-1][1].append(code)
        return [(f"/{self._letter}{subset}", f"<{codes.hex()}>") for subset, codes in runs]

    def _place(self, character: str, text: str) -> tuple[int, int]:
        if ord(character) not in face(self.weight).charToGlyph:
            raise MissingGlyph(character, text)
        if not self._added or len(self._added[-1]) == _CODES:
            self._added.append([0])
        subset = self._added[-1]
        subset.append(ord(character))
        place = (len(self._primed.programs) + len(self._added) - 1, len(subset) - 1)
        self._places[ord(character)] = place
        return place

    def addObjects(self, document: pdfdoc.PDFDocument) -> None:  # noqa: N802 - ReportLab calls it by this name
        """Write the font's subsets into a document that is being saved."""
        programs = list(self._primed.programs)
        for subset in self._added:
            name = _subset_name(self.weight, len(programs))
            programs.append(font_program(face(self.weight), name, subset, _QUICK))
        for number, program in enumerate(programs):
            embed(document, f"{self._letter}{number}", program)


def _subset_name(weight: Weight, number: int) -> str:
    """Return the font's name behind the six capitals that mark a subset."""
    return f"{_LETTERS[weight]}AAA{chr(65 + number // 26)}{chr(65 + number % 26)}+{weight}"
