"""What a payee's name and bank account must look like.

The 12 digits of a bank number (支付系统行号, CNAPS) are three of the bank, four of the area, four of the branch and a
check digit by ISO 7064 MOD 11,10 (GB/T 17710), as the central bank's standard for these numbers says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.payout.rules import KEEPER, LONGEST_NAME, PARTNER
from agentnet.core.errors import Invalid

_LIKE_A_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "'")
_NARROW: Final = str.maketrans("０１２３４５６７８９－　", "0123456789- ")


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account: its holder, number, the bank of deposit and that bank's 12-digit number."""

    holder: str
    number: str
    bank: str
    bank_no: str


@dataclass(frozen=True, slots=True)
class PayeeSaid:
    """What is entered of a payee; ``account`` is None for one without (its money is held)."""

    code: str
    name: str
    type: PayeeType
    account: Account | None


def bank_number_is_right(number: str) -> bool:
    """Return whether a bank number has 12 digits and the last one checks.

    >>> bank_number_is_right("313651027012"), bank_number_is_right("313651027013"), bank_number_is_right("31365102701")
    (True, False, False)
    """
    if not re.fullmatch(r"[0-9]{12}", number):
        return False
    product = 10
    for digit in number[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[-1])


def clean_number(text: str) -> str:
    """Return an account or bank number without the spaces and hyphens people write.

    >>> clean_number("6228 4800-1234 ５６７８")
    '6228480012345678'
    """
    return re.sub(r"[\s-]", "", text.translate(_NARROW))


def mask_account(number: str) -> str:
    """Keep the last four digits.

    >>> mask_account("6228480012345678"), mask_account("123")
    ('************5678', '***')
    """
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 4 else "*" * len(number)


def require_words(text: str, field: str) -> None:
    """Refuse a name that is missing, too long, or that a spreadsheet would run as a formula.

    Raises:
        Invalid: ``words_missing``, ``words_long``, ``words_formula``.
    """
    if not text:
        raise Invalid("words_missing", "不能为空", field=field)
    if len(text) > LONGEST_NAME:
        raise Invalid("words_long", "最多 %(count)d 个字", field=field, count=LONGEST_NAME)
    if text.startswith(_LIKE_A_FORMULA) or not text.isprintable():
        raise Invalid("words_formula", "不能以 = + - @ 或引号开头，也不能含有看不见的字符", field=field)


def require_account(account: Account) -> None:
    """Refuse an account no bank could pay to.

    Raises:
        Invalid: ``account_shape``, ``bank_no_shape``, and as ``require_words``.
    """
    require_words(account.holder, "holder")
    if not re.fullmatch(r"[0-9]{6,32}", account.number):
        raise Invalid("account_shape", "账号应为 6 到 32 位数字，请对照存折或开户证明", field="number")
    require_words(account.bank, "bank")
    if not bank_number_is_right(account.bank_no):
        raise Invalid("bank_no_shape", "行号应为 12 位数字且末位校验正确，请向开户行核对", field="bank_no")


def require_payee(said: PayeeSaid) -> None:
    """Refuse a payee that could not be told apart or paid.

    Raises:
        Invalid: ``payee_code``, and as ``require_words`` and ``require_account``.
    """
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}", said.code):
        raise Invalid("payee_code", "收款人编号只用字母、数字和连字符，最多 32 位", field="code")
    require_words(said.name, "name")
    if said.account is not None:
        require_account(said.account)


def clean_share(text: str) -> str:
    """Return which share is meant: KEEPER, PARTNER or a person's name as the plan has it.

    >>> clean_share("代办人"), clean_share(" partner "), clean_share("王芳"), clean_share("")
    ('KEEPER', 'PARTNER', '王芳', 'KEEPER')
    """
    word = text.strip()
    return _SHARES.get(word.upper(), word)


_SHARES: Final = {"": KEEPER, "代办人": KEEPER, "代办员": KEEPER, KEEPER: KEEPER, "合作单位": PARTNER, PARTNER: PARTNER}
