"""Passwords: argon2id with the library's profile; hashing happens before any transaction is opened."""

from __future__ import annotations

import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def _written(part: bytes) -> str:
    return b64encode(part).decode().rstrip("=")


_NOBODY = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${_written(secrets.token_bytes(_hasher.salt_len))}${_written(secrets.token_bytes(_hasher.hash_len))}"
)
"""A hash as the library writes it that no password has: made up, because working one out takes as long as a sign-in."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Return whether the password is right; takes as long for a person who does not exist."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:1000]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def generated_password() -> str:
    """Return a password to hand over on paper: four groups of four letters without look-alikes (79 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
