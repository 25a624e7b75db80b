"""Breaking lines by measured width: between Han characters, at Latin spaces, never before closing punctuation."""

from __future__ import annotations

import re

from reports.kit.fonts import DocumentFont

_CLOSING = set("，。；：、！？）】》”’…％%,.;:!?)]")
_OPENING = set("（【《“‘([")

# A Latin word or number stays whole; every other character may stand alone on a line.
_PIECES = re.compile(r"[ \u00a0]+|[!-~\u00a1-\u024f]+|.", re.DOTALL)


def wrap(font: DocumentFont, text: str, size: float, width: float) -> list[str]:
    """Return the lines of a text set at ``size`` in a column ``width`` points wide; at least one line.

    A word wider than the column is cut where the column ends. Closing punctuation is taken along to the line it
    closes (it may hang out by one character), opening punctuation to the line it opens.

    Raises:
        MissingGlyph: if the font lacks a character.
    """
    limit = width * 1000 / size
    if font.width(text) <= limit:
        return [text]
    lines, line = [], ""
    for piece in _pieces(font, text, limit):
        if not line or font.width(line + piece.rstrip()) <= limit:
            line += piece if line or piece.strip() else ""
            continue
        if piece in _CLOSING:
            line += piece
            continue
        carried = ""
        while len(line) > 1 and line[-1] in _OPENING:
            carried, line = line[-1] + carried, line[:-1]
        lines.append(line.rstrip())
        line = carried + (piece if piece.strip() else "")
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _pieces(font: DocumentFont, text: str, limit: float) -> list[str]:
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        if font.width(piece) <= limit:
            pieces.append(piece)
        else:
            pieces.extend(piece)
    return pieces
