"""``agentnet doctor``: is this installation fit to run, and if not, what is to be done?"""

from __future__ import annotations

import hashlib
import ipaddress
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import pysqlite3.dbapi2
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import reports
from agentnet.core.clock import now
from agentnet.infra.certificates import validity
from agentnet.infra.clikit import answer
from agentnet.infra.config import Settings
from agentnet.infra.db import MINIMUM_SQLITE, db
from agentnet.infra.mail import MailRefused, MailUncertain, ServerUnfit, session
from agentnet.infra.migrating import missing_migrations

GOOD, CAREFUL, BAD = "good", "careful", "bad"

ENOUGH_BYTES = 2 * 1024**3
LEAST_BYTES = 256 * 1024**2
MOST_SKEW = timedelta(seconds=5)
RENEW_WITHIN = timedelta(days=21)
MAIL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do about it if it is not good."""

    about: str
    state: str
    found: str
    remedy: str = ""


def examine(app: Flask) -> list[Finding]:
    """Look at settings, database, fonts, clock, disk, certificate and mail server; nothing is changed."""
    settings: Settings = app.extensions["agentnet"]
    with app.app_context():
        findings = [finding for look in _LOOKS for finding in look(settings)]
        db.engine.dispose()
    return findings


def _settings(settings: Settings) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(dir=settings.home):
            yield Finding("home", GOOD, f"{settings.home} can be written")
    except OSError as error:
        yield Finding(
            "home", BAD, f"{settings.home}: {error.strerror}", "Give this user the folder, or set AGENTNET_HOME."
        )
    host, public = settings.bind.rpartition(":")[0], urlsplit(settings.public_url)
    if _is_loopback(public.hostname or ""):
        remedy = "Set AGENTNET_PUBLIC_URL to the address phones reach; it is printed in QR codes."
        yield Finding("public address", CAREFUL, f"{settings.public_url} is this machine only", remedy)
    else:
        yield Finding("public address", GOOD, settings.public_url)
    if not _is_loopback(host.strip("[]")) and not settings.trusted_hosts:
        remedy = "Set AGENTNET_TRUSTED_HOSTS to the names people type."
        yield Finding("host names", CAREFUL, f"{settings.bind} answers to any host name", remedy)
    if public.scheme == "https" and not settings.secure_cookies and settings.tls_certificate is None:
        remedy = "Set AGENTNET_SECURE_COOKIES=yes behind a TLS proxy."
        yield Finding("cookies", CAREFUL, "sent without TLS too, though the public address is https", remedy)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"}


def _database(settings: Settings) -> Iterator[Finding]:
    name = db.engine.url.render_as_string(hide_password=True)
    try:
        with db.engine.connect() as connection:
            version = str(
                connection.scalar(text("SELECT sqlite_version()" if settings.is_sqlite else "SHOW server_version"))
            )
        missing = missing_migrations()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        remedy = "Start the server, or correct AGENTNET_DATABASE_URL."
        yield Finding("database", BAD, f"{name}: {reason}", remedy)
        return
    yield Finding("database", GOOD, f"{name} answers, version {version}")
    if missing:
        yield Finding("schema", BAD, f"{missing} migration(s) missing", "Run: agentnet db upgrade")
    else:
        yield Finding("schema", GOOD, "newest")


def _sqlite(settings: Settings) -> Iterator[Finding]:
    version, least = pysqlite3.dbapi2.sqlite_version, ".".join(map(str, MINIMUM_SQLITE))
    if pysqlite3.dbapi2.sqlite_version_info >= MINIMUM_SQLITE:
        yield Finding("SQLite", GOOD, version)
    else:
        yield Finding(
            "SQLite", BAD if settings.is_sqlite else CAREFUL, version, f"Install pysqlite3 with SQLite >= {least}."
        )


def _fonts(_settings: Settings) -> Iterator[Finding]:
    folder = Path(reports.__file__).parent / "fonts"
    wrong: list[str] = []
    lines = (folder / "SHA256SUMS").read_text().splitlines() if (folder / "SHA256SUMS").is_file() else []
    for line in lines:
        digest, name = line.split(maxsplit=1)
        path = folder / name.removeprefix("*")
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(name)
    if wrong or not lines:
        remedy = "Install the program again; documents cannot be printed without its fonts."
        yield Finding("fonts", BAD, f"missing or changed: {', '.join(wrong) or 'all'}", remedy)
    else:
        yield Finding("fonts", GOOD, f"{len(lines)} files as shipped")


def _clock(settings: Settings) -> Iterator[Finding]:
    try:
        offset = datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo("Asia/Shanghai")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    if offset != timedelta(hours=8):
        yield Finding("time zone", BAD, "Asia/Shanghai is unknown here", "Install the system's tzdata package.")
    else:
        yield Finding("time zone", GOOD, "Asia/Shanghai is UTC+8")
    if settings.is_sqlite:
        return
    try:
        with db.engine.connect() as connection:
            theirs: datetime = connection.scalar(text("SELECT clock_timestamp()"))
    except SQLAlchemyError:
        return  # said by the look at the database
    skew = abs(now() - theirs)
    remedy = "" if skew <= MOST_SKEW else "Let NTP set the clock of this machine and of the database's."
    yield Finding("clock", GOOD if not remedy else BAD, f"{skew.total_seconds():.1f} s from the database's", remedy)


def _disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.home).free
    state = GOOD if free >= ENOUGH_BYTES else CAREFUL if free >= LEAST_BYTES else BAD
    remedy = "" if state == GOOD else "Make room: a full disk stops collections and documents."
    yield Finding("disk", state, f"{free // 1024**2} MiB free below {settings.home}", remedy)


def _certificate(settings: Settings) -> Iterator[Finding]:
    if settings.tls_certificate is None:
        return
    try:
        begins, ends = validity(settings.tls_certificate)
    except (OSError, ValueError) as error:
        yield Finding("certificate", BAD, f"{settings.tls_certificate}: {error}", "See docs/running.md.")
        return
    if not begins <= now() < ends:
        yield Finding(
            "certificate", BAD, f"valid {begins:%Y-%m-%d} to {ends:%Y-%m-%d}", "Renew it: see docs/running.md."
        )
    elif ends - now() < RENEW_WITHIN:
        yield Finding("certificate", CAREFUL, f"ends on {ends:%Y-%m-%d}", "Renew it soon: see docs/running.md.")
    else:
        yield Finding("certificate", GOOD, f"valid until {ends:%Y-%m-%d}")
    if settings.tls_key is None:
        yield Finding("certificate", BAD, "its key is not given", "Set AGENTNET_TLS_KEY.")


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is None:
        yield Finding("mail", GOOD, "off; AGENTNET_SMTP_URL sends statements by mail")
        return
    try:
        with session(settings.smtp_url, settings.mail_from, MAIL_SECONDS):
            yield Finding("mail", GOOD, f"{settings.smtp_url} lets us in; mail is from {settings.mail_from}")
    except ServerUnfit as unfit:
        remedy = "Correct AGENTNET_SMTP_URL, or ask who runs the server; mail waits meanwhile."
        yield Finding("mail", CAREFUL, f"{settings.smtp_url}: {unfit}", remedy)


_LOOKS: Sequence[Callable[[Settings], Iterator[Finding]]] = (
    _settings,
    _database,
    _sqlite,
    _fonts,
    _clock,
    _disk,
    _certificate,
    _mail,
)


def try_mail(settings: Settings, address: str) -> Finding:
    """Hand a test mail over to the server."""
    if settings.smtp_url is None:
        return Finding("test mail", BAD, "no mail server is set", "Set AGENTNET_SMTP_URL and AGENTNET_MAIL_FROM.")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "agentnet: 测试邮件 / test mail"
    message["Date"], message["Message-ID"] = format_datetime(now()), make_msgid()
    message.set_content("收到这封信，说明结算单可以寄出。\nIf you read this, statements can be mailed.\n", cte="base64")
    try:
        message["From"], message["To"] = settings.mail_from, address
        with session(settings.smtp_url, settings.mail_from, MAIL_SECONDS) as line:
            line.hand_over(message, address)
    except (MailRefused, MailUncertain, ServerUnfit, ValueError) as error:  # the last: no address at all
        return Finding("test mail", BAD, str(error), "Correct the settings, the address, or ask who runs the server.")
    return Finding("test mail", GOOD, f"handed over for {address}; see whether it arrives")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--mail-to", metavar="ADDRESS", help="Hand a test mail for this address over to the mail server as well.")
@click.pass_obj
def doctor_command(app: Flask, as_json: bool, mail_to: str | None) -> None:
    """Check settings, database, fonts, clock, disk, certificate and mail, and say what to do. / 检查安装是否完好。

    Status 1 if something has to be done before this installation can run.
    """
    findings = examine(app)
    if mail_to:
        findings.append(try_mail(app.extensions["agentnet"], mail_to))
    well = all(finding.state != BAD for finding in findings)
    marks = {GOOD: "ok  ", CAREFUL: "note", BAD: "BAD "}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.state]} {finding.about}: {finding.found}")
        if finding.remedy:
            lines.append(f"     -> {finding.remedy}")
    lines.append("fit to run" if well else "not fit to run")
    answer({"fit": well, "findings": [asdict(finding) for finding in findings]}, lines, as_json)
    if not well:
        sys.exit(1)
