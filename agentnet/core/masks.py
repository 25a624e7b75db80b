"""Masks for personal data: what a screen, slip or export shows by default (PIPL 28, 51)."""

from __future__ import annotations

import re


def mask_name(name: str) -> str:
    """Keep the last character: in a village one surname names nobody.

    >>> mask_name("王小明"), mask_name("王明"), mask_name("欧阳小明"), mask_name("明"), mask_name("")
    ('**明', '*明', '***明', '*', '')
    """
    clean = name.strip()
    return "*" * len(clean) if len(clean) < 2 else "*" * (len(clean) - 1) + clean[-1]


def mask_household_no(number: str) -> str:
    """Keep the last four digits.

    >>> mask_household_no("3310812345678")
    '*********5678'
    """
    return "*" * (len(number) - 4) + number[-4:]


def mask_phone(phone: str) -> str:
    """Keep the first three and the last four digits of a mobile number.

    >>> mask_phone("13800138000"), mask_phone("057786123456")
    ('138****8000', '057*****3456')
    """
    if len(phone) < 8:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def mask_address(address: str) -> str:
    """Keep the place and the last two characters of the house number; hide every other digit.

    >>> mask_address("桐一村123号"), mask_address("幸福路8弄16号201室"), mask_address("垟岙村")
    ('桐一村*23号', '幸福路*弄**号*01室', '垟岙村')
    """
    digits = [match.span() for match in re.finditer(r"\d", address)]
    keep = {start for start, _ in digits[-2:]} if digits and len(_last_number(address)) > 1 else set()
    return "".join("*" if ch.isdigit() and i not in keep else ch for i, ch in enumerate(address))


def _last_number(address: str) -> str:
    numbers = re.findall(r"\d+", address)
    return numbers[-1] if numbers else ""
