"""What others made and we ship is the very file we took, and its licence lies beside it."""

import hashlib
from pathlib import Path

import pytest

from tests.house import sources

SHIPPED = (sources.CHECKOUT / "agentnet/static/vendor", sources.CHECKOUT / "reports/fonts")
LICENCE_NAMES = ("license", "licence", "copying", "ofl")


def _listed(folder: Path) -> dict[str, str]:
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name.removeprefix("*").removeprefix("./"): digest for digest, name in (line.split() for line in lines)}


def _present(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS" and not path.name.startswith("README")
    }


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_file_has_the_listed_hash(folder: Path) -> None:
    assert _present(folder) == _listed(folder)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_thing_has_its_licence_beside_it(folder: Path) -> None:
    things = [path for path in folder.iterdir() if path.is_dir()] or [folder]
    assert [thing.name for thing in things if not _has_licence(thing)] == []


def _has_licence(thing: Path) -> bool:
    return any(path.name.lower().startswith(LICENCE_NAMES) for path in thing.iterdir())
