"""Decodes one picture in a process of its own, started by ``agentnet.infra.pictures`` and by nothing else.

It reads the picture from standard input, writes an upright JPEG without metadata to standard output and answers by
its exit code. It runs as a file (``python picture_child.py SIDE``) and imports nothing of agentnet: starting must cost
a tenth of a second, and what breaks into a decoder must find no settings and no database here.

Memory and processor time are limited before a byte is read. Where there is no ``resource`` (Windows) or the system
does not know a limit (``RLIMIT_AS`` on macOS), the bound on pixels and the parent's time limit hold alone.
"""

from __future__ import annotations

import struct
import sys
import zlib
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS_DECODED = 24_000_000
"""Twice what a phone takes unless told otherwise."""
MOST_PIXELS_OF_A_JPEG = 120_000_000
"""A JPEG is decoded at a half, a quarter or an eighth, so that the 50 and 108 megapixels of some phones are fine."""
MOST_MEMORY = 512 * 1024 * 1024
MOST_SECONDS = 10

READ, UNREADABLE, TOO_LARGE = 0, 3, 4
"""Exit codes; 1 and 2 are Python's own."""

_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class TooLarge(Exception):
    """The picture has more pixels than are decoded."""


def decode(data: bytes, longest_side: int) -> bytes:
    """Return the picture as an upright JPEG without any metadata, its longer side at most ``longest_side`` pixels.

    Raises:
        TooLarge: before a pixel is decoded. Or any of ``_UNREADABLE``, or ``MemoryError``.
    """
    side = (longest_side, longest_side)
    with Image.open(BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS_OF_A_JPEG:
            raise TooLarge
        picture.draft(None, side)  # a JPEG answers with the fraction it will be decoded at, any other not at all
        if picture.width * picture.height > MOST_PIXELS_DECODED:
            raise TooLarge
        exif = picture.getexif()
        if picture.mode in ("RGB", "L", "RGBA"):
            small: Image.Image = picture
        else:
            small = picture.convert("RGBA")  # a palette cannot be shrunk smoothly
        small.thumbnail(side, Image.Resampling.LANCZOS)
        upright = _turned(small, exif).convert("RGBA")
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright.getchannel("A"))
    written = BytesIO()
    paper.save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()


def _turned(small: Image.Image, exif: Image.Exif) -> Image.Image:
    small.info["exif"] = exif.tobytes() if exif else b""
    return ImageOps.exif_transpose(small)


def limit_memory_and_time() -> None:
    """Give up memory, processor time, core dumps and new files beyond what one picture needs."""
    if resource is None:
        return
    limits = {
        "RLIMIT_AS": MOST_MEMORY,
        "RLIMIT_CPU": MOST_SECONDS,
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
    }
    for name, most in limits.items():
        with suppress(AttributeError, ValueError, OSError):  # unknown here, or a lower limit already holds
            resource.setrlimit(getattr(resource, name), (most, most))


def main(longest_side: int, source: BinaryIO, target: BinaryIO) -> int:
    """Decode what stands in ``source`` and return the exit code."""
    limit_memory_and_time()
    try:
        made = decode(source.read(), longest_side)
    except (TooLarge, MemoryError):
        return TOO_LARGE
    except _UNREADABLE:
        return UNREADABLE
    target.write(made)
    target.flush()
    return READ


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer))
