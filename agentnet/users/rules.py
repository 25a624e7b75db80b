"""Pure rules of sign-in: which passwords are refused, when guessing is slowed down, where a sign-in may lead."""

from __future__ import annotations

from urllib.parse import urlsplit

from agentnet.core.errors import Invalid

SHORTEST_PASSWORD = 12
FAILURES_BY_NAME = 5
FAILURES_BY_ADDRESS = 30
WINDOW_MINUTES = 15

COMMON = frozenset(
    [
        "123456789012",
        "1234567890123",
        "111111111111",
        "000000000000",
        "password1234",
        "passwordpassword",
        "qwertyuiop12",
        "qwertyuiopas",
        "1qaz2wsx3edc",
        "123qweasdzxc",
        "woaini520520",
        "woaini1314520",
        "5201314520131",
        "a12345678901",
        "admin1234567",
        "administrator",
        "letmein12345",
        "iloveyou1234",
        "aaaaaaaaaaaa",
        "123123123123",
        "abcd12345678",
        "abc123456789",
        "qwer12345678",
        "asdf12345678",
        "dianli123456",
        "guowang12345",
        "agentnet1234",
        "888888888888",
        "666666666666",
    ]
)
"""Long passwords people really choose; checked in lower case (ASVS 5.0, 6.2.4)."""


def check_password(password: str, username: str) -> None:
    """Refuse a password that is short, common, one repeated run, or the person's own name.

    Raises:
        Invalid: ``password_short``, ``password_long`` or ``password_common``.

    >>> check_password("three plain village words", "alice")
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "password_short",
            "密码至少 %(least)d 个字符，可以用一句容易记住的话",
            field="password",
            least=SHORTEST_PASSWORD,
        )
    if len(password) > 200:
        raise Invalid("password_long", "密码最多 200 个字符", field="password")
    plain = password.lower()
    if plain in COMMON or len(set(plain)) < 4 or plain.strip("0123456789") in {username.lower(), ""}:
        raise Invalid("password_common", "这个密码太容易被猜到，请换一个", field="password")


def is_throttled(failures_by_name: int, failures_by_address: int) -> bool:
    """Return whether sign-in must wait, from the failures of the last quarter of an hour.

    Counted for the name *from this address* and for the address as a whole, so that a stranger elsewhere cannot lock
    anybody out.

    >>> is_throttled(4, 4), is_throttled(5, 5), is_throttled(0, 30)
    (False, True, True)
    """
    return failures_by_name >= FAILURES_BY_NAME or failures_by_address >= FAILURES_BY_ADDRESS


def safe_next(target: str | None) -> str | None:
    """Return where to go after sign-in if it is a path of this site, else None.

    >>> safe_next("/outlets?q=1"), safe_next("//evil.example/"), safe_next("https://evil.example")
    ('/outlets?q=1', None, None)
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    if any(ord(ch) < 32 for ch in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target
