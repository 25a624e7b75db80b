"""Settings, read once from ``AGENTNET_*`` into a frozen object; a wrong one stops the start with its name.

Every setting may come from a file instead: ``AGENTNET_SECRET_KEY_FILE=/run/secrets/key``.
``docs/settings.md`` lists all.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agentnet.infra.mail import MailServer, read_sender, read_server

T = TypeVar("T")


class WrongSetting(Exception):
    """A setting cannot be used; the message names it and says what it should be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation may choose."""

    home: Path
    """Folder of the embedded database, made documents and photos."""
    database_url: str
    """SQLAlchemy address; SQLite in ``home`` unless set to ``postgresql+psycopg://...``."""
    secret_key: str
    """Signs cookies and form tokens; made and kept in ``home`` when not given."""
    trusted_hosts: tuple[str, ...]
    """Host names the web process answers to; empty means any (a machine of one's own)."""
    public_url: str
    """Address printed in QR codes, without a trailing slash."""
    bind: str
    """Host and port of the web process."""
    web_processes: int
    """Web processes on PostgreSQL (SQLite always runs one)."""
    web_threads: int
    """Threads in each web process."""
    tls_certificate: Path | None
    """PEM certificate for ``serve --tls``."""
    tls_key: Path | None
    """PEM key for ``serve --tls``."""
    secure_cookies: bool
    """Send cookies over TLS only; on behind a TLS proxy."""
    session_idle_minutes: int
    """A sign-in ends after this long without a request."""
    session_hours: int
    """A sign-in ends after this long in any case."""
    max_upload_bytes: int
    """Largest file an import accepts."""
    trusted_proxies: int
    """How many proxies stand before the web process and tell the caller's address; 0 believes no such header."""
    worker_processes: int
    """Processes that draw documents."""
    smtp_url: MailServer | None
    """The server that statements are handed to as mail; none sends no mail."""
    mail_from: str
    """Who mail is from."""

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def files(self) -> Path:
        """Folder of made documents and photos, named by hash."""
        return self.home / "files"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings.

    Raises:
        WrongSetting: naming the variable and what it should be.
    """
    env = os.environ if environ is None else environ
    home = _value(env, "HOME", Path("var"), lambda text: Path(text).expanduser()).absolute()
    home.mkdir(parents=True, exist_ok=True)
    url = _value(env, "DATABASE_URL", f"sqlite:///{home / 'agentnet.db'}", _database_url)
    server, sender = _value(env, "SMTP_URL", None, read_server), _value(env, "MAIL_FROM", "", read_sender)
    if server is not None and not sender:
        raise WrongSetting("AGENTNET_MAIL_FROM: AGENTNET_SMTP_URL needs it; give the address mail is from")
    return Settings(
        home=home,
        database_url=url,
        secret_key=_value(env, "SECRET_KEY", None, _long_enough) or _kept_secret(home),
        trusted_hosts=_value(env, "TRUSTED_HOSTS", (), _host_names),
        public_url=_value(env, "PUBLIC_URL", "http://127.0.0.1:8000", lambda text: text.rstrip("/")),
        bind=_value(env, "BIND", "127.0.0.1:8000", str),
        web_processes=_value(env, "WEB_PROCESSES", 2, _positive),
        web_threads=_value(env, "WEB_THREADS", 8, _positive),
        tls_certificate=_value(env, "TLS_CERTIFICATE", None, _existing_file),
        tls_key=_value(env, "TLS_KEY", None, _existing_file),
        secure_cookies=_value(env, "SECURE_COOKIES", False, _yes_or_no),
        session_idle_minutes=_value(env, "SESSION_IDLE_MINUTES", 60, _positive),
        session_hours=_value(env, "SESSION_HOURS", 12, _positive),
        max_upload_bytes=_value(env, "MAX_UPLOAD_BYTES", 128 * 1024 * 1024, _positive),
        trusted_proxies=_value(env, "TRUSTED_PROXIES", 0, _whole),
        worker_processes=_value(env, "WORKER_PROCESSES", 1, _positive),
        smtp_url=server,
        mail_from=sender,
    )


def _value(env: Mapping[str, str], name: str, default: T, read: Callable[[str], T]) -> T:
    variable = f"AGENTNET_{name}"
    text = env.get(variable)
    file = env.get(f"{variable}_FILE")
    if file is not None:
        try:
            text = Path(file).read_text().strip()
        except OSError as error:
            raise WrongSetting(f"{variable}_FILE: cannot read {file}: {error.strerror}") from error
    if text is None or text == "":
        return default
    try:
        return read(text)
    except ValueError as error:
        raise WrongSetting(f"{variable}: {error}") from error


def _host_names(text: str) -> tuple[str, ...]:
    return tuple(host.strip() for host in text.split(",") if host.strip())


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{text!r} is not a whole number above zero")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _yes_or_no(text: str) -> bool:
    if text.lower() not in {"1", "0", "yes", "no", "true", "false"}:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text.lower() in {"1", "yes", "true"}


def _existing_file(text: str) -> Path | None:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError(f"there is no file {text}")
    return path


def _long_enough(text: str) -> str | None:
    if len(text) < 32:
        raise ValueError("needs at least 32 characters")
    return text


def _database_url(text: str) -> str:
    if text.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + text.split("://", 1)[1]
    if text.startswith(("postgresql+psycopg://", "sqlite:///")):
        return text
    raise ValueError("expected postgresql://user:password@host/name or sqlite:///path")


def _kept_secret(home: Path) -> str:
    path = home / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
