"""Write the pictures' files: few colours, few bytes, and one composed of several for the front page."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"

HEAVIEST_BYTES = 120_000
"""A page with ten pictures has to open on a village line."""

COLOURS = (128, 64, 32, 16)
"""Tried in this order until a file is light enough; pages have few colours beside the shades of their letters."""

PAPER, LINE, GROUND = "#ffffff", "#c9d3d2", "#f3f6f5"


class TooHeavyError(ValueError):
    """A picture stays over the limit with the fewest colours."""


def keep_picture(png: bytes, name: str) -> Path:
    """Write a picture of a page with a hairline round it; return its file.

    Raises:
        TooHeavyError: if it stays over the limit.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    ImageDraw.Draw(picture).rectangle((0, 0, picture.width - 1, picture.height - 1), outline=LINE)
    return _write(picture, name)


def keep_page(pdf: bytes, name: str, width: int, share: float) -> Path:
    """Write the first page of a PDF ``width`` pixels wide, from its top down to ``share`` of its height.

    Raises:
        TooHeavyError: if it stays over the limit.
    """
    page = pypdfium2.PdfDocument(pdf)[0]
    picture = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
    picture = picture.crop((0, 0, picture.width, round(picture.height * share)))
    ImageDraw.Draw(picture).rectangle((0, 0, picture.width - 1, picture.height - 1), outline=LINE)
    return _write(picture, name)


def compose(names: tuple[str, ...], name: str, *, height: int = 620, gap: int = 24) -> Path:
    """Write pictures side by side, each ``height`` pixels tall and cut at its foot where it is taller than an A4 page.

    Raises:
        TooHeavyError: if it stays over the limit.
    """
    scaled = [_to_height(Image.open(PICTURES / f"{one}.png").convert("RGB"), height) for one in names]
    whole = Image.new("RGB", (sum(one.width for one in scaled) + gap * (len(scaled) + 1), height + 2 * gap), GROUND)
    left = gap
    for one in scaled:
        whole.paste(one, (left, gap))
        left += one.width + gap
    return _write(whole, name)


def _to_height(picture: Image.Image, height: int) -> Image.Image:
    tallest = round(picture.width * 1.9)  # a phone held upright
    picture = picture.crop((0, 0, picture.width, min(picture.height, tallest)))
    return picture.resize((round(picture.width * height / picture.height), height), Image.Resampling.LANCZOS)


def _write(picture: Image.Image, name: str) -> Path:
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in COLOURS:
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= HEAVIEST_BYTES:
            return path
    raise TooHeavyError(f"{name}: {path.stat().st_size} bytes with {COLOURS[-1]} colours")
