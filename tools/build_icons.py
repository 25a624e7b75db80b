"""Gather the icons in use into one sprite: ``python tools/build_icons.py <folder with bootstrap-icons' SVG files>``.

An icon is used in a template through ``icon("name")``; a name that is not listed here does not exist for the product.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "agentnet" / "static" / "vendor" / "bootstrap-icons" / "icons.svg"
NAMES = """
arrow-counterclockwise arrow-left arrow-repeat arrow-right bank bell box-arrow-right building calculator calendar-week
camera cash-coin check-circle-fill chevron-expand circle clipboard-check clock credit-card caret-down-fill
caret-up-fill diagram-3 download exclamation-triangle-fill eye file-earmark-pdf file-earmark-spreadsheet
file-earmark-text funnel geo-alt graph-up hourglass-split house-door inbox info-circle-fill journal-text key list lock
map pause-circle-fill pencil people person person-circle plus-lg printer question-circle receipt search shield-check
shop slash-circle table three-dots translate trash upload wallet2 x-circle-fill x-lg
"""


def symbol(name: str, source: str) -> str:
    """Return one icon's drawing as a ``<symbol>``."""
    drawing = re.search(r'<svg[^>]*viewBox="([^"]+)"[^>]*>(.*)</svg>', source, flags=re.DOTALL)
    if drawing is None:
        raise SystemExit(f"{name} is not an SVG icon")
    inside = re.sub(r"\s*\n\s*", "", drawing[2])
    return f'<symbol id="{name}" viewBox="{drawing[1]}">{inside}</symbol>'


def main(folder: Path) -> None:
    """Write the sprite from the folder's single icons."""
    symbols = [symbol(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in sorted(NAMES.split())]
    text = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    TARGET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(symbols)} icons, {len(text):,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
