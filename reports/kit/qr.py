"""QR codes as one path: crisp on any printer, small in the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import segno

QUIET_ZONE = 4
"""Light modules around the symbol that ISO/IEC 18004 asks for."""

_MASK = 2
"""Fixed: choosing the best of eight masks costs four times as much and every reader copes with any mask."""


@dataclass(frozen=True, slots=True)
class QrPath:
    """A symbol in units of one module, quiet zone not included; the origin is its lower left corner."""

    modules: int
    operators: str


@lru_cache(maxsize=64)
def qr_path(text: str) -> QrPath:
    """Return the path of a text's QR code with error correction M (a smudge over 15 % still reads).

    Raises:
        ValueError: if there is nothing to encode.
    """
    if not text:
        raise ValueError("a QR code needs a text")
    matrix = segno.make_qr(text, error="m", mask=_MASK, boost_error=False).matrix
    size = len(matrix)
    operators = []
    for top, row in enumerate(matrix):
        height = size - 1 - top
        start = 0
        for run in bytes(row).replace(b"\x00", b" ").split(b" "):
            if run:
                operators.append(f"{start} {height} {len(run)} 1 re")
            start += len(run) + 1
    return QrPath(size, " ".join(operators))
