"""A real little mail server on this machine: it keeps what it is handed, and answers as a test tells it to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from agentnet.infra.mail import MailServer

SENDER = "东海电力公司 <office@donghai.example>"
HOST = "127.0.0.1"


@dataclass
class PostOffice:
    """The server: ``letters`` are what it took; the rest is how it answers."""

    port: int
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """What it answers to a recipient."""
    sender_answer: str = ""
    data_answer: str = ""
    hangs_up: bool = False
    """Whether it takes a letter and breaks the line before it says so."""
    before_answer: Any = None
    """What is done once a letter was taken, before it says so."""

    @property
    def server(self) -> MailServer:
        return MailServer("smtp+plain", HOST, self.port)

    def to(self, address: str) -> list[EmailMessage]:
        """Return what was taken for an address."""
        return [letter for recipient, letter in self.letters if recipient == address]

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_answer:
            return self.data_answer
        letter = message_from_bytes(envelope.content, policy=default)
        self.letters += [(recipient, letter) for recipient in envelope.rcpt_tos]
        if self.before_answer is not None:
            self.before_answer()
        if self.hangs_up:
            server.transport.abort()
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def post_office(*, certificate: Path | None = None, password: str = "") -> Iterator[PostOffice]:
    """Open a mail server for the length of the block; with a certificate it wants STARTTLS, with a password a sign-in."""
    office = PostOffice(_free_port())
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {"tls_context": context, "require_starttls": True}
    if password:

        def authenticator(server, session, envelope, mechanism, data):
            good = isinstance(data, LoginPassword) and data.password.decode() == password
            return AuthResult(success=good)

        options |= {"authenticator": authenticator, "auth_required": True, "auth_require_tls": certificate is not None}
    controller = Controller(office, hostname=HOST, port=office.port, **options)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def send_through(app: Flask, server: MailServer | None) -> None:
    """Let the application hand its mail to a server; None switches mail off."""
    settings = app.extensions["agentnet"]
    app.extensions["agentnet"] = replace(settings, smtp_url=server, mail_from=SENDER if server else "")
