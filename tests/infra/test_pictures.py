"""Pictures are read with care, in a limited process of their own, and written anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from agentnet.core.errors import Invalid
from agentnet.infra import picture_child, pictures
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


@pytest.mark.parametrize(("kind", "size"), [("PNG", (5000, 5000)), ("WEBP", (5000, 5000)), ("JPEG", (12_000, 10_001))])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(kind: str, size: tuple[int, int]) -> None:
    with pytest.raises(Invalid, match="picture_pixels"):
        clean_jpeg(picture(size, kind, "L"), 400)


def test_fifty_megapixels_of_a_phone_are_read_at_a_fraction() -> None:
    assert read(clean_jpeg(picture((8192, 6144), mode="L"), 400)).size == (400, 300)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    assert read(clean_jpeg(picture((90, 60), "PNG", mode), 30)).size == (30, 20)


def test_a_file_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(Invalid, match="picture_too_large"):
        clean_jpeg(bytes(pictures.MOST_BYTES + 1), 400)


LIMITED = f"""
import runpy
child = runpy.run_path({picture_child.__file__!r})
child["limit_memory_and_time"].__globals__.update(MOST_SECONDS=1)
child["limit_memory_and_time"]()
"""


def child_that(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> None:
    """Let another program stand where the decoder stands."""
    script = folder / "child.py"
    script.write_text(does)
    monkeypatch.setattr(picture_child, "__file__", str(script))


@pytest.mark.parametrize("limits", ["", LIMITED])
@pytest.mark.parametrize("does", ["while True: pass", "import os; os.abort()", "import time; time.sleep(60)"])
def test_a_decoder_that_runs_wild_is_stopped_and_the_picture_refused(monkeypatch, tmp_path, limits, does) -> None:
    monkeypatch.setattr(pictures, "LONGEST_SECONDS", 1.5)
    child_that(monkeypatch, tmp_path, limits + does)
    with pytest.raises(Invalid, match="picture_stopped"):
        clean_jpeg(picture((9, 9)), 400)


def test_a_decoder_that_wants_all_memory_does_not_get_it(monkeypatch, tmp_path) -> None:
    greedy = "\ntry: bytearray(child['MOST_MEMORY'])\nexcept MemoryError: raise SystemExit(child['TOO_LARGE'])"
    child_that(monkeypatch, tmp_path, LIMITED + greedy)
    with pytest.raises(Invalid, match="picture_pixels"):
        clean_jpeg(picture((9, 9)), 400)


def test_a_decoder_sees_no_settings_and_writes_no_file(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("AGENTNET_SECRET_KEY", "k" * 40)
    prying = f"""
import os, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
assert not [name for name in os.environ if "AGENTNET" in name]
try:
    with open({str(tmp_path / "planted")!r}, "w") as file:
        file.write("planted")
except OSError:
    raise SystemExit(child["UNREADABLE"])
"""
    child_that(monkeypatch, tmp_path, LIMITED + prying)
    with pytest.raises(Invalid, match="picture_unreadable"):
        clean_jpeg(picture((9, 9)), 400)


@pytest.mark.parametrize("does", ["raise KeyError('a bug')", "print('<html>')"])
def test_a_bug_in_the_decoder_is_loud_and_nothing_but_a_jpeg_comes_back(monkeypatch, tmp_path, does) -> None:
    child_that(monkeypatch, tmp_path, does)
    with pytest.raises(RuntimeError, match="decoding ended"):
        clean_jpeg(picture((9, 9)), 400)


def test_many_threads_decode_two_pictures_at_a_time(monkeypatch, tmp_path) -> None:
    counting = f"""
import os, sys, time, pathlib
here = pathlib.Path({str(tmp_path)!r})
mine = here / f"{{os.getpid()}}.running"
mine.touch()
time.sleep(0.1)
(here / f"{{os.getpid()}}.seen").write_text(str(len(list(here.glob("*.running")))))
mine.unlink()
sys.stdout.buffer.write(b"\\xff\\xd8\\xff")
"""
    child_that(monkeypatch, tmp_path, counting)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: clean_jpeg(b"", 400), range(8))) == {b"\xff\xd8\xff"}
    seen = [int(file.read_text()) for file in tmp_path.glob("*.seen")]
    assert (len(seen), max(seen)) == (8, pictures.AT_ONCE)


def test_who_waits_too_long_for_a_turn_is_asked_to_try_again(monkeypatch) -> None:
    monkeypatch.setattr(pictures, "LONGEST_WAIT_SECONDS", 0.01)
    with pictures._turns, pictures._turns, pytest.raises(Invalid, match="pictures_busy"):
        clean_jpeg(picture((9, 9)), 400)
    assert clean_jpeg(picture((9, 9)), 400)
