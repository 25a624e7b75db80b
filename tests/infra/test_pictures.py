"""Pictures are read with care and written anew."""

from io import BytesIO

import pytest
from PIL import Image

from agentnet.core.errors import Invalid
from agentnet.infra import pictures
from agentnet.infra.pictures import clean_jpeg


def picture(size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", exif: Image.Exif | None = None) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "green").save(written, kind, **({"exif": exif} if exif else {}))
    return written.getvalue()


def read(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_small_jpeg(kind: str) -> None:
    small = read(clean_jpeg(picture((1600, 800), kind), 400))
    assert (small.format, small.size) == ("JPEG", (400, 200))


def test_a_small_picture_is_not_blown_up() -> None:
    assert read(clean_jpeg(picture((30, 20)), 400)).size == (30, 20)


def test_position_and_camera_are_dropped_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x0110] = "a phone"
    exif.get_ifd(0x8825)[1] = "N"
    made = clean_jpeg(picture((40, 20), exif=exif), 400)
    assert read(made).size == (20, 40)
    assert dict(read(made).getexif()) == {}
    assert b"a phone" not in made


def test_a_transparent_picture_gets_white_paper() -> None:
    written = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(written, "PNG")
    assert read(clean_jpeg(written.getvalue(), 400)).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture((9, 9))[:200], picture((9, 9), "GIF", "P")],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="picture_unreadable"):
        clean_jpeg(data, 400)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 99)
    with pytest.raises(Invalid, match="picture_too_large"):
        clean_jpeg(picture((10, 10)), 400)


def test_a_file_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(Invalid, match="picture_too_large"):
        clean_jpeg(bytes(pictures.MOST_BYTES + 1), 400)
