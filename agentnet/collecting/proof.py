"""The proof in a receipt's QR code: the receipt number with a short keyed hash, so that numbers cannot be guessed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

LENGTH = 12
"""Characters of the hash, five bits each: 60 bits."""


def proof_token(key: str, collection_id: UUID, receipt_no: str) -> str:
    """Return ``<receipt number>.<hash>``.

    >>> token = proof_token("k" * 40, UUID(int=7), "WL0001-261118-0001")
    >>> token.partition(".")[0], len(token.partition(".")[2])
    ('WL0001-261118-0001', 12)
    """
    message = b"receipt\0" + collection_id.bytes + receipt_no.encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return f"{receipt_no}.{base64.b32encode(digest).decode()[:LENGTH].lower()}"


def receipt_no_of(token: str) -> str:
    """Return the receipt number a token claims to prove."""
    return token.rpartition(".")[0]


def proves(token: str, key: str, collection_id: UUID, receipt_no: str) -> bool:
    """Return whether a token proves this receipt."""
    return hmac.compare_digest(token.encode(), proof_token(key, collection_id, receipt_no).encode())
