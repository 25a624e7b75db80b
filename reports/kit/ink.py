"""Ink: the drawing operators of one page, written as text. Right edges are measured, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reports.kit.fonts import DocumentFont, Weight
from reports.kit.style import BODY, INK, Colour


class Ink:
    """Collects the operators of one page; ``y`` counts up from the foot of the sheet, in points."""

    def __init__(self, fonts: Mapping[Weight, DocumentFont]) -> None:
        self.fonts = fonts
        self.operators: list[str] = []
        self._regular = fonts[Weight.REGULAR]
        self._bold = fonts[Weight.BOLD]
        self._fill: Colour | None = None
        self._stroke: Colour | None = None

    def text(self, x: float, y: float, text: str, size: float = BODY, bold: bool = False, colour: Colour = INK) -> None:
        """Write a text with its left edge at ``x`` and its baseline at ``y``."""
        if not text:
            return
        if colour is not self._fill:
            self._fill = colour
            self.operators.append(f"{colour[0]:g} {colour[1]:g} {colour[2]:g} rg")
        self.operators.append(f"BT {x:.2f} {y:.2f} Td {self._shown(text, size, bold)} ET")

    def line(self, y: float, cells: Iterable[tuple[float, str]], size: float) -> None:
        """Write several regular texts in the ordinary colour on one baseline: a table row as one text object."""
        if self._fill is not INK:
            self._fill = INK
            self.operators.append(f"{INK[0]:g} {INK[1]:g} {INK[2]:g} rg")
        parts = ["BT"]
        at_x, at_y, at_font = 0.0, 0.0, ""
        for x, text in cells:
            parts.append(f"{x - at_x:.2f} {y - at_y:.2f} Td")
            # The reader adds what was written, so the rounding is carried along and never grows.
            at_x, at_y = at_x + round(x - at_x, 2), y
            for font, shown in self._regular.operands(text):
                if font != at_font:
                    parts.append(f"{font} {size:g} Tf")
                    at_font = font
                parts.append(f"{shown} Tj")
        parts.append("ET")
        self.operators.append(" ".join(parts))

    def _shown(self, text: str, size: float, bold: bool) -> str:
        runs = (self._bold if bold else self._regular).operands(text)
        return " ".join([f"{font} {size:g} Tf {shown} Tj" for font, shown in runs])

    def text_right(
        self, x: float, y: float, text: str, size: float = BODY, bold: bool = False, colour: Colour = INK
    ) -> None:
        """Write a text with its right edge at ``x``; the white half of a full-width bracket hangs out beyond it."""
        hanging = size / 2 if text.endswith("）") else 0.0
        self.text(x - self.width(text, size, bold) + hanging, y, text, size, bold, colour)

    def text_centre(
        self, x: float, y: float, text: str, size: float = BODY, bold: bool = False, colour: Colour = INK
    ) -> None:
        """Write a text centred on ``x``."""
        self.text(x - self.width(text, size, bold) / 2, y, text, size, bold, colour)

    def width(self, text: str, size: float = BODY, bold: bool = False) -> float:
        """Return a text's width in points."""
        return (self._bold if bold else self._regular).width(text) * size / 1000

    def rule(self, x0: float, x1: float, y: float, thickness: float, colour: Colour = INK) -> None:
        """Draw a horizontal line."""
        self.rules(x0, x1, [y], thickness, colour)

    def rules(self, x0: float, x1: float, ys: Iterable[float], thickness: float, colour: Colour = INK) -> None:
        """Draw horizontal lines of one kind at several heights, as one path."""
        path = " ".join([f"{x0:.2f} {y:.2f} m {x1:.2f} {y:.2f} l" for y in ys])
        if path:
            self._stroke_with(colour)
            self.operators.append(f"{thickness:g} w {path} S")

    def dashes(self, x0: float, x1: float, y: float, thickness: float, colour: Colour = INK) -> None:
        """Draw a dashed horizontal line (where a slip may be torn or a part ends)."""
        self._stroke_with(colour)
        self.operators.append(f"[2 2] 0 d {thickness:g} w {x0:.2f} {y:.2f} m {x1:.2f} {y:.2f} l S [] 0 d")

    def box(self, x: float, y: float, width: float, height: float, fill: Colour, edge: Colour, line: float) -> None:
        """Draw a filled rectangle with an edge; ``x, y`` is its lower left corner."""
        self._stroke_with(edge)
        self._fill = fill
        self.operators.append(
            f"{fill[0]:g} {fill[1]:g} {fill[2]:g} rg {line:g} w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re B"
        )

    def path(self, operators: str, x: float, y: float, scale: float, colour: Colour = INK) -> None:
        """Fill a ready path whose units are scaled by ``scale`` and whose origin is placed at ``x, y``."""
        self._fill = None
        self.operators.append(
            f"q {scale:.5f} 0 0 {scale:.5f} {x:.2f} {y:.2f} cm "
            f"{colour[0]:g} {colour[1]:g} {colour[2]:g} rg {operators} f Q"
        )

    def slanted(self, x: float, y: float, text: str, size: float, colour: Colour) -> None:
        """Write a bold text rising by about 30 degrees, centred on ``x, y`` (a VOID mark)."""
        offset = self.width(text, size, bold=True) / 2
        self._fill = None
        self.operators.append(
            f"q 0.866 0.5 -0.5 0.866 {x:.2f} {y:.2f} cm {colour[0]:g} {colour[1]:g} {colour[2]:g} rg "
            f"BT {-offset:.2f} {-size / 3:.2f} Td {self._shown(text, size, bold=True)} ET Q"
        )

    def _stroke_with(self, colour: Colour) -> None:
        if colour is not self._stroke:
            self._stroke = colour
            self.operators.append(f"{colour[0]:g} {colour[1]:g} {colour[2]:g} RG")
