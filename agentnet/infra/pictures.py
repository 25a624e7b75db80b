"""Pictures people send: read with care, turned upright, shrunk and written anew.

What is stored is never what was sent: decoding and encoding again drops position, camera and everything hidden behind
the picture. Only JPEG, PNG and WebP are read. Decoders are where pictures attack, so each picture is decoded by
``picture_child`` in a process of its own with little memory, little time and none of our secrets; two at a time in
each web process, however many threads wait. Call this before the transaction opens (``infra.preparing``).
"""

from __future__ import annotations

import logging
import os
import subprocess  # nosec B404 - starts this very Python with one file of ours
import sys
from threading import BoundedSemaphore

from agentnet.core.errors import Invalid
from agentnet.infra import picture_child

MOST_BYTES = 20 * 1024 * 1024
LONGEST_SECONDS = 15.0
"""How long one picture may take by the clock on the wall; the processor's seconds are limited in the child."""
LONGEST_WAIT_SECONDS = 30.0
AT_ONCE = 2
"""Pictures decoded at once in one process: with ``picture_child.MOST_MEMORY`` the most memory they can take."""

_turns = BoundedSemaphore(AT_ONCE)
_JPEG_MARK = b"\xff\xd8\xff"
_INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""What Python itself may need to start; settings and secrets stay here."""

log = logging.getLogger("agentnet.pictures")


def clean_jpeg(data: bytes, longest_side: int, field: str = "photo") -> bytes:
    """Return the picture as an upright JPEG without any metadata, its longer side at most ``longest_side`` pixels.

    Raises:
        Invalid: ``picture_too_large`` (bytes), ``picture_pixels`` (pixels or memory), ``picture_unreadable``,
            ``picture_stopped`` (it took too long, or broke the decoder), ``pictures_busy``.
    """
    if len(data) > MOST_BYTES:
        raise Invalid("picture_too_large", "照片太大，请换一张 20 MB 以内的照片", field=field)
    if not _turns.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise Invalid("pictures_busy", "同时上传照片的人太多，请稍等一会儿再提交", field=field)
    try:
        child = subprocess.run(  # noqa: S603  # nosec B603 - our own file, the one argument is a number
            [sys.executable, "-I", picture_child.__file__, str(longest_side)],
            input=data,
            capture_output=True,
            timeout=LONGEST_SECONDS,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _stopped(field) from error
    finally:
        _turns.release()
    return _answer(child, field)


def _answer(child: subprocess.CompletedProcess[bytes], field: str) -> bytes:
    """Return what the child made, or raise what its exit code says."""
    if child.returncode == picture_child.TOO_LARGE:
        raise Invalid("picture_pixels", "照片的像素太多，请把手机相机调到 1200 万像素左右，或缩小后再上传", field=field)
    if child.returncode == picture_child.UNREADABLE:
        raise Invalid("picture_unreadable", "这个文件不是能读的照片，请用 JPG、PNG 或 WebP", field=field)
    if child.returncode < 0:
        log.warning("a picture's decoder was ended by signal %d", -child.returncode)
        raise _stopped(field)
    if child.returncode != picture_child.READ or not child.stdout.startswith(_JPEG_MARK):
        raise RuntimeError(f"decoding ended with {child.returncode}: {child.stderr.decode(errors='replace')[-2000:]}")
    return child.stdout


def _stopped(field: str) -> Invalid:
    return Invalid("picture_stopped", "这张照片处理不了，请重新拍一张，或换一张照片", field=field)
