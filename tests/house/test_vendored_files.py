"""What comes from elsewhere is what it was, and what is built from it can be built again."""

from __future__ import annotations

import hashlib
import re
import runpy
from pathlib import Path

import pytest

from tests.house.sources import CHECKOUT

STATIC = CHECKOUT / "agentnet" / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = CHECKOUT / "agentnet" / "templates"
LARGEST_FIRST_VIEW = 100_000
EVERY_PAGE = [
    "vendor/bootstrap/bootstrap.trimmed.css",
    "vendor/bootstrap-icons/icons.svg",
    "agentnet.css",
    "agentnet.js",
]


def _sums() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name.removeprefix("./"): digest for digest, name in (line.split() for line in lines)}


def test_every_vendored_file_is_the_one_that_was_taken() -> None:
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in ("SHA256SUMS", "README.md")
    }
    assert found == _sums()


@pytest.mark.parametrize("folder", sorted(path.name for path in VENDOR.iterdir() if path.is_dir()))
def test_every_vendored_package_carries_its_licence_and_is_described(folder: str) -> None:
    assert (VENDOR / folder / "LICENSE").stat().st_size > 100
    assert f"`{folder}/`" in (VENDOR / "README.md").read_text(encoding="utf-8")


def test_the_trimmed_style_sheet_is_what_its_recipe_makes() -> None:
    recipe = runpy.run_path(str(CHECKOUT / "tools" / "trim_bootstrap.py"))
    assert (VENDOR / "bootstrap" / "bootstrap.trimmed.css").read_text(encoding="utf-8") == recipe["build"]()


def _templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    sprite = (VENDOR / "bootstrap-icons" / "icons.svg").read_text(encoding="utf-8")
    known = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    named = {
        (name, path.name)
        for path in _templates()
        for name in re.findall(r'icon\(\s*"([\w-]+)"', path.read_text("utf-8"))
    }
    assert named
    assert [(name, file) for name, file in named if name not in known] == []


def test_no_template_needs_what_the_content_policy_forbids() -> None:
    forbidden = re.compile(
        r"<style|\sstyle=|\son\w+=|javascript:|hx-on|https?://(?!www\.w3\.org)|<script(?![^>]*(src=|json))"
    )
    found = [
        (str(path.relative_to(TEMPLATES)), match[0])
        for path in _templates()
        for match in forbidden.finditer(path.read_text("utf-8"))
    ]
    assert found == []


def test_what_every_page_loads_is_light_even_uncompressed() -> None:
    assert sum((STATIC / name).stat().st_size for name in EVERY_PAGE) < LARGEST_FIRST_VIEW
