"""The file store: made documents and photos, named by the SHA-256 of their content.

The same bytes are the same file, so storing twice is storing once and a half-written file is never seen: bytes go to
a temporary file, reach the disk, and only then get their name. Nothing here is ever overwritten or deleted. It refuses
hashes that are no hashes, because a hash from outside becomes part of a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from flask import current_app

from agentnet.core.errors import Missing

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?\Z")


def put(data: bytes, suffix: str = "") -> str:
    """Store the bytes and return their SHA-256 as 64 lower-case hex digits.

    ``suffix`` (``.pdf``, ``.jpg``) is for people who look into the folder; whoever reads the file gives it again.

    Raises:
        ValueError: if the suffix is not a plain one.
        OSError: if the disk refuses; nothing is left behind.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    target = path(sha256, suffix)
    if target.exists():
        return sha256
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(target.parent.parent)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o440)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return sha256


def path(sha256: str, suffix: str = "") -> Path:
    """Return where the file with this hash stands, whether or not it exists.

    Raises:
        ValueError: if this is no SHA-256 or no plain suffix.
    """
    if not _SHA256.match(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    if not _SUFFIX.match(suffix):
        raise ValueError(f"not a plain suffix: {suffix!r}")
    folder: Path = current_app.extensions["agentnet"].files
    return folder / sha256[:2] / f"{sha256}{suffix}"


def exists(sha256: str, suffix: str = "") -> bool:
    """Return whether a file with this hash is stored; False also for what is no hash."""
    try:
        return path(sha256, suffix).is_file()
    except ValueError:
        return False


def require(sha256: str, suffix: str = "") -> None:
    """Refuse if there is no file with this hash.

    Raises:
        Missing: ``file_missing``.
    """
    if not exists(sha256, suffix):
        raise Missing("file_missing", "文件不在存储中，请联系管理员检查文件目录")


def read(sha256: str, suffix: str = "") -> bytes:
    """Return the stored bytes, after checking that they are still the ones that were stored.

    Raises:
        Missing: ``file_missing``; ``file_damaged`` if the content no longer has this hash.
    """
    try:
        data = path(sha256, suffix).read_bytes()
    except (OSError, ValueError) as error:
        raise Missing("file_missing", "文件不在存储中，请联系管理员检查文件目录") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Missing("file_damaged", "存储中的文件已损坏，请联系管理员从备份恢复")
    return data


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
