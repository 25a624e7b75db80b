"""The file store: named by content, stored once, never half."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from agentnet import create_app
from agentnet.core.errors import Missing
from agentnet.infra import files
from agentnet.infra.transaction import TransactionalFlask
from tests.conftest import settings_for

PAPER = b"%PDF-1.4 a paper"


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> TransactionalFlask:
    app = create_app(settings_for(tmp_path))
    with app.app_context():
        yield app


def stored() -> list[Path]:
    return [path for path in files.path("0" * 64).parents[1].rglob("*") if path.is_file()]


def test_bytes_are_stored_under_their_hash_and_read_back() -> None:
    sha256 = files.put(PAPER, ".pdf")
    assert sha256 == hashlib.sha256(PAPER).hexdigest()
    assert files.read(sha256, ".pdf") == PAPER
    assert files.exists(sha256, ".pdf")
    assert not files.exists(sha256, ".jpg")


def test_the_same_bytes_are_stored_once() -> None:
    first = files.path(files.put(PAPER, ".pdf"), ".pdf").stat()
    again = files.path(files.put(PAPER, ".pdf"), ".pdf").stat()
    assert (first.st_ino, first.st_mtime_ns) == (again.st_ino, again.st_mtime_ns)
    assert len(stored()) == 1


def test_a_stored_file_cannot_be_written_by_mistake() -> None:
    mode = files.path(files.put(PAPER, ".pdf"), ".pdf").stat().st_mode
    assert stat.S_IMODE(mode) == 0o440


def test_a_write_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.put(PAPER, ".pdf")
    monkeypatch.undo()
    assert stored() == []


@pytest.mark.parametrize("hash_", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "0" * 64 + "/x"])
def test_what_is_no_hash_is_refused(hash_: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        files.path(hash_)
    assert not files.exists(hash_)


@pytest.mark.parametrize("suffix", ["pdf", "./x", ".PDF", ".pdf/..", ".", "..pdf", ".pdf\n"])
def test_what_is_no_plain_suffix_is_refused(suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        files.put(PAPER, suffix)


def test_a_missing_and_a_damaged_file_are_told_apart() -> None:
    with pytest.raises(Missing, match="file_missing"):
        files.read("0" * 64)
    sha256 = files.put(PAPER)
    damaged = files.path(sha256)
    damaged.chmod(0o600)
    damaged.write_bytes(b"something else")
    with pytest.raises(Missing, match="file_damaged"):
        files.read(sha256)
