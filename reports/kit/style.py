"""Measures and colours: one hand for every page. Lengths are points (1/72 inch) unless a name says millimetres."""

from __future__ import annotations

from typing import Final


def mm(millimetres: float) -> float:
    """Return millimetres as points."""
    return millimetres * 72 / 25.4


PAGE_WIDTH: Final = 595.276
PAGE_HEIGHT: Final = 841.89

MARGIN: Final = mm(20)
BINDING_MARGIN: Final = mm(25)
"""Single sheets, bound on the left (GB/T 9704 keeps the wider margin there too)."""

LEFT: Final = BINDING_MARGIN
RIGHT: Final = PAGE_WIDTH - MARGIN
TOP: Final = PAGE_HEIGHT - MARGIN
BOTTOM: Final = MARGIN
WIDTH: Final = RIGHT - LEFT

FOOT_HEIGHT: Final = mm(15)
BODY_BOTTOM: Final = BOTTOM + FOOT_HEIGHT + 9

LINE: Final = 13.5
"""The baseline grid: body text and table rows stand on multiples of it, notes on three quarters."""
NOTE_LINE: Final = 10.125
AFTER_TABLE: Final = 8.0

TITLE: Final = 16.0
FIGURE: Final = 22.0
COUNT: Final = 14.0
HEADING: Final = 10.5
BODY: Final = 9.5
CELL: Final = 9.0
NOTE: Final = 8.0

HAIRLINE: Final = 0.3
RULE: Final = 0.6
HEAVY: Final = 1.1
ACCENT_RULE: Final = 1.4

Colour = tuple[float, float, float]

INK: Final[Colour] = (0.10, 0.12, 0.13)
QUIET: Final[Colour] = (0.36, 0.40, 0.42)
FAINT: Final[Colour] = (0.78, 0.81, 0.82)
TINT: Final[Colour] = (0.945, 0.965, 0.96)
ACCENT: Final[Colour] = (0.0, 0.37, 0.34)
ALARM: Final[Colour] = (0.69, 0.11, 0.09)
"""Only for money missing and duty missed, and never alone: a word or a shape says it too."""
