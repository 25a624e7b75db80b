"""The server mail is handed to: read from its address, spoken to with a short temper, judged by what it answers.

Three ways a hand-over ends: taken, refused for this mail alone, or the server cannot be worked with now. A fourth is
told apart because nobody may guess: the line broke after all was said, so that the mail may have been taken.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

SECONDS = 20.0
"""How long the server may think about one answer."""

PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over: ``smtp`` with STARTTLS, ``smtps`` with TLS from the start, ``smtp+plain`` without."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class MailRefused(Exception):
    """The server did not take this mail; ``later`` says whether it may take it another time."""

    def __init__(self, about: str, words: str, *, later: bool) -> None:
        super().__init__(words)
        self.about, self.words, self.later = about, words, later


class ServerUnfit(Exception):
    """The server cannot be reached, does not let us in, or does not take mail from our address."""


class MailUncertain(Exception):
    """The line broke after the mail was handed over and before the server answered: it may have been taken."""


def read_server(text: str) -> MailServer:
    """Return the server an address names.

    Raises:
        ValueError: saying what the address should be.

    >>> read_server("smtp://office:s%40cret@mail.example.com")
    MailServer(scheme='smtp', host='mail.example.com', port=587, user='office')
    >>> read_server("smtps://mail.example.com:2465").port
    2465
    """
    parts = urlsplit(text)
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("expected smtp://user:password@host:587 (STARTTLS), smtps://...:465 or smtp+plain://host:25")
    server = MailServer(
        parts.scheme,
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
    if server.scheme == "smtp+plain" and server.user and not _is_this_machine(server.host):
        raise ValueError("smtp+plain would send the password for everyone to read; use smtp or smtps")
    return server


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_sender(text: str) -> str:
    """Return who mail is from, as written in its head: a bare address, or a name before it in brackets.

    Raises:
        ValueError: saying what it should be.

    >>> read_sender("office@example.com"), read_sender("东海电力公司 <office@example.com>")
    ('office@example.com', '东海电力公司 <office@example.com>')
    """
    _name, address = parseaddr(text)
    if not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", address) or not text.isprintable():
        raise ValueError("expected office@example.com or Name <office@example.com>")
    return text


def sender_header(text: str) -> Address:
    """Return who mail is from as a header takes it."""
    name, address = parseaddr(text)
    return Address(display_name=name, addr_spec=address)


class Session:
    """An open line to the server, over which several mails are handed."""

    def __init__(self, line: smtplib.SMTP, sender: str) -> None:
        self._line, self._sender = line, parseaddr(sender)[1]

    def hand_over(self, message: EmailMessage, to: str) -> None:
        """Hand one mail over, once.

        Raises:
            MailRefused: for this mail. ServerUnfit: for any. MailUncertain: if it may have been taken.
        """
        try:
            self._line.rset()
            self._require(self._line.mail(self._sender), ServerUnfit)
            self._judge(self._line.rcpt(to), "recipient_refused")
            self._judge(self._line.docmd("data"), "message_refused", expected=354)
        except (OSError, smtplib.SMTPException) as error:
            raise ServerUnfit(said(error)) from error
        data = message.as_bytes(policy=SMTP)
        stuffed = re.sub(rb"(?m)^\.", b"..", data)
        try:
            self._line.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            answer = self._line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise MailUncertain(said(error)) from error
        self._judge(answer, "message_refused")

    def _require(self, answer: tuple[int, bytes], otherwise: type[Exception]) -> None:
        if not 200 <= answer[0] < 300:
            raise otherwise(_words(answer))

    def _judge(self, answer: tuple[int, bytes], about: str, expected: int = 250) -> None:
        code = answer[0]
        if code in (expected, 251):
            return
        if code == 421:  # the server is closing, whatever it was asked
            raise ServerUnfit(_words(answer))
        raise MailRefused(about, _words(answer), later=code < 500)


def said(error: BaseException) -> str:
    """Return what went wrong in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _words((error.smtp_code, _bytes(error.smtp_error)))
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:200]


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _words(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {' '.join(answer[1].decode('utf-8', 'replace').split())}"[:200]


@contextmanager
def session(server: MailServer, sender: str, seconds: float = SECONDS) -> Iterator[Session]:
    """Open a line to the server, over TLS unless its address says otherwise, and sign in if a user is given.

    Raises:
        ServerUnfit: if it cannot be reached, its certificate is not trusted, or it does not let us in.
    """
    line = _opened(server, seconds)
    try:
        yield Session(line, sender)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            line.quit()
        line.close()


def _opened(server: MailServer, seconds: float) -> smtplib.SMTP:
    line: smtplib.SMTP | None = None
    try:
        if server.scheme == "smtps":
            line = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=ssl.create_default_context())
        else:
            line = smtplib.SMTP(server.host, server.port, timeout=seconds)
        line.ehlo()
        if server.scheme == "smtp":
            line.starttls(context=ssl.create_default_context())
            line.ehlo()
        if server.user:
            line.login(server.user, server.password)
        return line
    except (OSError, smtplib.SMTPException) as error:
        if line is not None:
            line.close()
        raise ServerUnfit(said(error)) from error
