"""How long a TLS certificate is valid: just enough of X.509 (RFC 5280) to read two dates from a PEM file."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


def validity(path: Path) -> tuple[datetime, datetime]:
    """Return when the first certificate of a PEM file begins and ends to be valid, as aware UTC.

    Raises:
        ValueError: if there is none, or it is damaged.
        OSError: if the file cannot be read.
    """
    text = path.read_text(encoding="ascii", errors="replace")
    start, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    if start < 0 or end < start:
        raise ValueError("no certificate in PEM form")
    der = ssl.PEM_cert_to_DER_cert(text[start : end + len(ssl.PEM_FOOTER)])
    certificate = _children(_one(der, _SEQUENCE))
    fields = _children(_inside(certificate[0], _SEQUENCE))
    if fields and fields[0][0] == _VERSION:
        fields = fields[1:]
    if len(fields) < 4:
        raise ValueError("the certificate is damaged")
    # serial number, signature algorithm, issuer, validity
    begins, ends = _children(_inside(fields[3], _SEQUENCE))[:2]
    return _instant(begins), _instant(ends)


Element = tuple[int, bytes]


def _one(data: bytes, tag: int) -> bytes:
    return _inside(_children(data)[0], tag)


def _inside(element: Element, tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError("the certificate is damaged")
    return element[1]


def _children(data: bytes) -> list[Element]:
    """Return the elements of a DER value as (tag, content)."""
    found: list[Element] = []
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("the certificate is damaged")
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            width = length & 0x7F
            length = int.from_bytes(data[at : at + width], "big")
            at += width
        if at + length > len(data):
            raise ValueError("the certificate is damaged")
        found.append((tag, data[at : at + length]))
        at += length
    if not found:
        raise ValueError("the certificate is damaged")
    return found


def _instant(element: Element) -> datetime:
    tag, content = element
    text = content.decode("ascii", "replace")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: two digits of the year, 50 and above are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("the certificate is damaged")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
