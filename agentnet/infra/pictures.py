"""Pictures people send: read with care, turned upright, shrunk and written anew.

What is stored is never what was sent: decoding and encoding again drops position, camera and everything hidden behind
the picture. Only JPEG, PNG and WebP are read, and the number of pixels is checked before any is decoded.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps

from agentnet.core.errors import Invalid

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 60_000_000
"""Above what phones of today take; a picture of more is a mistake or an attack."""

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


def clean_jpeg(data: bytes, longest_side: int, field: str = "photo") -> bytes:
    """Return the picture as an upright JPEG without any metadata, its longer side at most ``longest_side`` pixels.

    Raises:
        Invalid: ``picture_too_large`` (bytes or pixels), ``picture_unreadable``.
    """
    if len(data) > MOST_BYTES:
        raise Invalid("picture_too_large", "照片太大，请换一张 20 MB 以内的照片", field=field)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Invalid("picture_too_large", "照片太大，请换一张 20 MB 以内的照片", field=field)
            picture.draft("RGB", (longest_side, longest_side))  # a JPEG may be decoded at a fraction of its size
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            upright.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
            paper = Image.new("RGB", upright.size, "white")
            paper.paste(upright, mask=upright.getchannel("A"))
    except _UNREADABLE as error:
        raise Invalid("picture_unreadable", "这个文件不是能读的照片，请用 JPG、PNG 或 WebP", field=field) from error
    written = BytesIO()
    paper.save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()
