"""What a mail address looks like, which papers are mailed, and how long a mail that was not taken waits."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from enum import StrEnum
from typing import Final

from agentnet.core.errors import Conflict, Invalid

STATEMENT, PARTNER_SUMMARY = "COMMISSION_STATEMENT", "COMMISSION_PARTNER"
"""The papers that are mailed: an outlet's statement, a partner's summary."""
LONGEST_ADDRESS: Final = 254
LONGEST_REASON: Final = 200
LOOK_BACK: Final = timedelta(days=45)
"""For how long after a month's payment was approved papers made later, and addresses entered later, are seen to."""
LEASE: Final = timedelta(minutes=10)
"""A mail not answered for by then was in the hands of a worker that died."""
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
"""How long a mail waits after each attempt that failed; after one more it has failed for good: some ten hours."""


class MailState(StrEnum):
    """Where a mail stands; SENDING is in a worker's hands, CANCELLED is not to be sent any more."""

    WAITING = "WAITING"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Failure(StrEnum):
    """Why a mail was not taken, or came back."""

    RECIPIENT = "recipient_refused"
    MESSAGE = "message_refused"
    SERVER = "server"
    UNCERTAIN = "uncertain"
    BOUNCED = "bounced"
    FILE = "file_missing"
    SETTLED = "settled"
    """Somebody said that it need not be sent any more."""


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SHAPE: Final = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9])")


def clean_address(text: str) -> str:
    """Return an address as it is written to: plain letters, the name of the server in small ones.

    Raises:
        Invalid: ``mail_shape``.

    >>> clean_address(" zhou.ayi＠QQ.com ")
    'zhou.ayi@qq.com'
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _SHAPE.fullmatch(plain)
    if found is None or len(plain) > LONGEST_ADDRESS or len(found[1]) > 64:
        raise Invalid("mail_shape", "邮箱地址写成 name@example.com 的样子，只用英文字母、数字和符号", field="address")
    return f"{found[1]}@{found[2].lower()}"


def mask_mail(address: str) -> str:
    """Keep the first letter and the server.

    >>> mask_mail("zhou.ayi@qq.com"), mask_mail("z@qq.com"), mask_mail("nothing")
    ('z***@qq.com', '***@qq.com', '***')
    """
    name, at, server = address.rpartition("@")
    return f"{name[0] if len(name) > 1 else ''}***{at}{server}" if at else "***"


def wait_after(attempts: int) -> timedelta | None:
    """Return how long a mail waits after its so many attempts; None when there were enough.

    >>> wait_after(1), wait_after(6)
    (datetime.timedelta(seconds=60), None)
    """
    return WAITS[attempts - 1] if 0 < attempts <= len(WAITS) else None


def failure_note(failure: Failure, words: str, address: str) -> str:
    """Return what is kept of a failure: its code and what the server said, without the address.

    >>> failure_note(Failure.RECIPIENT, "550 <zhou@qq.com>: no such user", "zhou@qq.com")
    'recipient_refused 550 <z***@qq.com>: no such user'
    """
    masked = re.sub(re.escape(address), lambda _found: mask_mail(address), words, flags=re.IGNORECASE)
    return f"{failure} {masked}".strip()[:300]


def require_words(text: str) -> str:
    """Return a reason without the spaces around it.

    Raises:
        Invalid: ``reason_missing``.
    """
    reason = text.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Invalid("reason_missing", "请写明原因，最多 200 个字", field="reason")
    return reason


def require_ended(state: str) -> None:
    """Refuse to send again what is still under way.

    Raises:
        Conflict: ``mail_under_way``.
    """
    if state in (MailState.WAITING, MailState.SENDING):
        raise Conflict("mail_under_way", "这封邮件正在等着寄出，不用再寄")


def require_failed(state: str) -> None:
    """Refuse to settle what did not fail.

    Raises:
        Conflict: ``mail_not_failed``.
    """
    if state != MailState.FAILED:
        raise Conflict("mail_not_failed", "只有没有寄到的邮件才需要了结")


def require_sent(state: str) -> None:
    """Refuse to call returned what was not sent.

    Raises:
        Conflict: ``mail_not_sent``.
    """
    if state != MailState.SENT:
        raise Conflict("mail_not_sent", "只有已寄出的邮件才会被退信")
