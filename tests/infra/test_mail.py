"""The mail server's settings, the doctor's look at it, and a line over TLS with a sign-in."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner

from agentnet.infra.config import WrongSetting, read_settings
from agentnet.infra.doctor import CAREFUL, GOOD, Finding, doctor_command, examine
from agentnet.infra.mail import MailServer, ServerUnfit, session
from agentnet.infra.transaction import TransactionalFlask
from tests.machines.mail import SENDER, post_office, send_through

CERTIFICATE = Path(__file__).parent / "localhost.pem"
PASSWORD = "s@cret/of:the office"


def settings(tmp_path: Path, **given: str):
    return read_settings({"AGENTNET_HOME": str(tmp_path), **{f"AGENTNET_{name}": text for name, text in given.items()}})


def test_mail_is_off_unless_a_server_is_set(tmp_path: Path) -> None:
    assert settings(tmp_path).smtp_url is None


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail.example.com", MailServer("smtp", "mail.example.com", 587)),
        ("smtp://a:b%40c@mail.example.com:25", MailServer("smtp", "mail.example.com", 25, "a", "b@c")),
        (
            "smtps://a%40example.com:b@mail.example.com",
            MailServer("smtps", "mail.example.com", 465, "a@example.com", "b"),
        ),
        ("smtp+plain://127.0.0.1", MailServer("smtp+plain", "127.0.0.1", 25)),
        ("smtp+plain://a:b@localhost", MailServer("smtp+plain", "localhost", 25, "a", "b")),
    ],
)
def test_the_address_of_the_server_says_how_to_speak_to_it(tmp_path: Path, text: str, server: MailServer) -> None:
    assert settings(tmp_path, SMTP_URL=text, MAIL_FROM=SENDER).smtp_url == server


@pytest.mark.parametrize(
    "text",
    ["mail.example.com:25", "http://mail.example.com", "smtp://", "smtp://host/path", "smtp://host:99999", "smtp+plain://a:b@mail.example.com"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_stops_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongSetting, match="AGENTNET_SMTP_URL"):
        settings(tmp_path, SMTP_URL=text, MAIL_FROM=SENDER)


@pytest.mark.parametrize("sender", ["", "office", "office@", "Office <office>", "a@b.example\nBcc: c@d.example"])
def test_a_server_needs_a_sender(tmp_path: Path, sender: str) -> None:
    with pytest.raises(WrongSetting, match="AGENTNET_MAIL_FROM"):
        settings(tmp_path, SMTP_URL="smtp://mail.example.com", MAIL_FROM=sender)


def test_the_password_may_stand_in_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("smtp://office:hushhush@mail.example.com\n")
    found = settings(tmp_path, SMTP_URL_FILE=str(tmp_path / "smtp"), MAIL_FROM=SENDER).smtp_url
    assert found is not None
    assert found.password == "hushhush"
    assert "hushhush" not in f"{found} {found!r}"


def looked(app: TransactionalFlask) -> Finding:
    return next(one for one in examine(app) if one.about == "mail")


def test_the_doctor_says_whether_the_server_lets_us_in(app: TransactionalFlask) -> None:
    assert (looked(app).state, "AGENTNET_SMTP_URL" in looked(app).found) == (GOOD, True)
    with post_office() as office:
        send_through(app, office.server)
        assert looked(app).state == GOOD
    assert (looked(app).state, "AGENTNET_SMTP_URL" in looked(app).remedy) == (CAREFUL, True)


def test_the_doctor_hands_a_test_mail_over_if_asked(app: TransactionalFlask) -> None:
    command = CliRunner()
    assert "no mail server is set" in command.invoke(doctor_command, ["--mail-to", "me@mail.example"], obj=app).output
    with post_office() as office:
        send_through(app, office.server)
        said = command.invoke(doctor_command, ["--mail-to", "me@mail.example"], obj=app).output
        assert "handed over for me@mail.example" in said
        assert office.to("me@mail.example")[0]["Subject"] == "agentnet: 测试邮件 / test mail"
        office.refused["you@mail.example"] = "550 no such user"
        failed = command.invoke(doctor_command, ["--mail-to", "you@mail.example"], obj=app)
        assert ("550 no such user" in failed.output, failed.exit_code) == (True, 1)


def a_letter() -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"] = "结算单"
    letter.set_content(".一行以点开头\n.\n最后一行")
    return letter


def test_a_letter_goes_over_tls_with_a_sign_in_and_arrives_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with post_office(certificate=CERTIFICATE, password=PASSWORD) as office:
        server = MailServer("smtp", "localhost", office.port, "office", PASSWORD)
        with session(server, SENDER) as line:
            line.hand_over(a_letter(), "zhou@mail.example")
            line.hand_over(a_letter(), "wang@mail.example")
        assert [to for to, _letter in office.letters] == ["zhou@mail.example", "wang@mail.example"]
        assert office.letters[0][1]["Subject"] == "结算单"
        assert office.letters[0][1].get_content().splitlines() == [".一行以点开头", ".", "最后一行"]
        for wrong in (replace(server, password="no"), replace(server, user="", password="")):
            with pytest.raises(ServerUnfit), session(wrong, SENDER) as line:
                line.hand_over(a_letter(), "zhou@mail.example")
        assert len(office.letters) == 2


def test_a_certificate_nobody_vouches_for_is_refused() -> None:
    with post_office(certificate=CERTIFICATE) as office:
        server = MailServer("smtp", "localhost", office.port)
        with (
            pytest.raises(ServerUnfit, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"),
            session(server, SENDER),
        ):
            pass


def test_a_server_without_tls_is_not_spoken_to_in_the_open() -> None:
    with post_office() as office:
        server = MailServer("smtp", "127.0.0.1", office.port)
        with pytest.raises(ServerUnfit), session(server, SENDER):
            pass
