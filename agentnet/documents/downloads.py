"""Handing documents out: their file names, and many of them in one zip that is written while it is sent."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentnet.core.clock import shanghai
from agentnet.documents.models import Run
from agentnet.infra import files

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_PIECE = 256 * 1024


def file_name(run: Run) -> str:
    """Return what a document's file is called: number and title, free of what file systems refuse.

    The number comes first and is unique, so names in one zip never clash.
    """
    title = _UNSAFE.sub(" ", run.title).strip(" .")
    return f"{run.number} {title[:80]}.pdf"


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A stored file and the name it gets."""

    name: str
    path: Path
    made: tuple[int, int, int, int, int, int]


def entries_of(runs: Sequence[Run]) -> list[ZipEntry]:
    """Return what a zip of these finished documents holds.

    Raises:
        Missing: ``file_missing`` if one is not in the store.
    """
    return [_entry(run, run.file_sha256) for run in runs if run.file_sha256]


def _entry(run: Run, sha256: str) -> ZipEntry:
    made = shanghai(run.done_at or run.planned_at)
    files.require(sha256, ".pdf")
    return ZipEntry(file_name(run), files.path(sha256, ".pdf"), made.timetuple()[:6])


class _Pipe(io.RawIOBase):
    """Takes what the zip writer writes and gives it to whoever sends."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def zip_stream(entries: Sequence[ZipEntry]) -> Iterator[bytes]:
    """Yield a zip of the files piece by piece; it needs neither the database nor a temporary file.

    PDFs are compressed already, so they are stored as they are.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            about = zipfile.ZipInfo(entry.name, entry.made)
            about.external_attr = 0o644 << 16
            with entry.path.open("rb") as source, archive.open(about, "w") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    yield pipe.taken()
    yield pipe.taken()
