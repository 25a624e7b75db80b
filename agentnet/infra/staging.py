"""Files waiting between the dry run and the confirmation: kept for a day, for the person who brought them alone.

They may hold personal data, so they never enter the file store, which forgets nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from agentnet.core.errors import Missing
from agentnet.infra.actor import Actor

KEPT_SECONDS = 24 * 3600
_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def stage(stream: BinaryIO, by: Actor) -> str:
    """Keep what a person sent until they confirm; return its SHA-256. Files older than a day are dropped."""
    folder = _folder()
    _drop_old(folder)
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=folder, prefix="new-")
    with os.fdopen(handle, "wb") as file:
        while block := stream.read(_BLOCK):
            digest.update(block)
            file.write(block)
    os.replace(name, _path(folder, digest.hexdigest(), by))
    return digest.hexdigest()


def staged(sha256: str, user_id: int | None) -> Path:
    """Return the waiting file of this person.

    Raises:
        Missing: ``staged_missing`` when it has been imported, dropped after a day, or is somebody else's.
    """
    if _SHA256.fullmatch(sha256):
        path = _folder() / f"{user_id}-{sha256}"
        if path.is_file():
            return path
    raise Missing("staged_missing", "这个文件已经导入或超过一天，请重新上传")


def drop(sha256: str, by: Actor) -> None:
    """Forget a waiting file."""
    _path(_folder(), sha256, by).unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = current_app.extensions["agentnet"].home / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(folder: Path, sha256: str, by: Actor) -> Path:
    return folder / f"{by.user_id}-{sha256}"


def _drop_old(folder: Path) -> None:
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another upload may be putting it in its place, or dropping it too
            if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                path.unlink()
