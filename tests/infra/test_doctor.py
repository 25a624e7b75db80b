"""The doctor: what is well, what is not, and what to do about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from agentnet.core.clock import frozen_at
from agentnet.infra import doctor
from agentnet.infra.certificates import validity
from agentnet.infra.db import db
from agentnet.infra.doctor import BAD, CAREFUL, GOOD, Finding, examine
from agentnet.infra.transaction import TransactionalFlask, batch

CERTIFICATE = Path(__file__).parent / "localhost.pem"


def found(app: TransactionalFlask, about: str) -> Finding:
    return next(finding for finding in examine(app) if finding.about == about)


def set_(app: TransactionalFlask, **changes: object) -> None:
    app.extensions["agentnet"] = replace(app.extensions["agentnet"], **changes)


def test_a_whole_installation_is_fit_to_run(app: TransactionalFlask) -> None:
    # The clock of the tests stands still in the past, the server's does not.
    assert [finding for finding in examine(app) if finding.state == BAD and finding.about != "clock"] == []


def test_a_clock_far_from_the_databases_is_found(app: TransactionalFlask) -> None:
    skewed = [finding for finding in examine(app) if finding.about == "clock"]
    assert [finding.state for finding in skewed] == ([] if db.engine.dialect.name == "sqlite" else [BAD])


def test_a_missing_migration_names_the_command(app: TransactionalFlask) -> None:
    with batch():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    finding = found(app, "schema")
    assert (finding.state, finding.remedy) == (BAD, "Run: agentnet db upgrade")


def test_a_full_disk_is_found(app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shutil.disk_usage("/")
    for free, state in ((10**8, BAD), (10**9, CAREFUL), (10**11, GOOD)):
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path, free=free: whole._replace(free=free))
        assert found(app, "disk").state == state


def test_a_changed_font_is_found(app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(Path(doctor.reports.__file__).parent / "fonts", tmp_path / "elsewhere" / "fonts")
    next((tmp_path / "elsewhere" / "fonts").glob("*.ttf")).write_bytes(b"no font")
    monkeypatch.setattr(doctor.reports, "__file__", str(tmp_path / "elsewhere" / "__init__.py"))
    assert found(app, "fonts").state == BAD


def test_a_certificate_is_well_then_about_to_end_then_over(app: TransactionalFlask) -> None:
    set_(app, tls_certificate=CERTIFICATE, tls_key=CERTIFICATE)
    begins, ends = validity(CERTIFICATE)
    assert begins < ends
    for instant, state in (
        (begins.replace(year=begins.year + 1), GOOD),
        (ends - timedelta(days=20), CAREFUL),
        (ends, BAD),
        (begins.replace(year=begins.year - 1), BAD),
    ):
        with frozen_at(instant):
            assert found(app, "certificate").state == state


@pytest.mark.parametrize("damage", ["", "no certificate", "cut", "flipped"])
def test_a_damaged_certificate_is_found(app: TransactionalFlask, tmp_path: Path, damage: str) -> None:
    lines = CERTIFICATE.read_text().splitlines()
    pieces = {"cut": [*lines[:4], "-----END CERTIFICATE-----"], "flipped": [*lines[:2], lines[3], lines[2], *lines[4:]]}
    path = tmp_path / "damaged.pem"
    path.write_text("\n".join(pieces.get(damage, [damage])))
    set_(app, tls_certificate=path)
    assert found(app, "certificate").state == BAD


@pytest.mark.parametrize(
    ("changes", "about", "state"),
    [
        ({"public_url": "http://127.0.0.1:8000"}, "public address", CAREFUL),
        ({"public_url": "https://agentnet.example", "secure_cookies": True}, "public address", GOOD),
        ({"bind": "0.0.0.0:8000"}, "host names", CAREFUL),
        ({"public_url": "https://agentnet.example"}, "cookies", CAREFUL),
    ],
)
def test_settings_that_will_hurt_are_named(
    app: TransactionalFlask, changes: dict[str, object], about: str, state: str
) -> None:
    set_(app, **changes)
    assert found(app, about).state == state


@pytest.mark.slow
def test_the_command_says_unfit_with_its_exit_status_and_as_json(tmp_path: Path) -> None:
    environment = {**os.environ, "AGENTNET_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "agentnet", "doctor", "--json"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = json.loads(answer.stdout)
    assert (answer.returncode, said["fit"]) == (1, False)
    assert "Run: agentnet db upgrade" in {finding["remedy"] for finding in said["findings"]}
