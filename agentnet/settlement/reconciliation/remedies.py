"""What puts a difference right in the books, and what writing it off moves. Plain values in and out.

By the rule of one-sided entries (单边账, domain.md 2.4) what a partner has and we lack is booked, the other way round
it is reversed: on the collection's own day at once, later as a refund that a second person decides. Of a bank, money
that nobody declared is set aside, and what the bank took back is short at the outlet that had paid it in.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen
from agentnet.settlement.matching import Kind, Proposal


class Remedy(StrEnum):
    """A guided booking that ends a difference."""

    BOOK = "BOOK"
    REVERSE = "REVERSE"
    REFUND = "REFUND"
    SET_ASIDE = "SET_ASIDE"
    SHORT = "SHORT"
    RETURN = "RETURN"


ADJUSTMENTS: Final = {
    Remedy.SET_ASIDE: "UNKNOWN_RECEIVED",
    Remedy.SHORT: "DEPOSIT_TAKEN_BACK",
    Remedy.RETURN: "UNKNOWN_RETURNED",
}
"""The adjustment that carries out a remedy of a bank's difference."""

AT_AN_OUTLET: Final = (Remedy.BOOK, *ADJUSTMENTS)
"""The remedies that are booked at an outlet, which a person names where the difference knows none."""

BANK: Final = "BANK"
WRITTEN_OFF: Final = "WRITE_OFF"
"""The accounts of the unit between which a write-off moves money."""


def remedy_for(
    kind: str,
    proposal: str,
    *,
    of_partner: bool,
    voidable: bool = False,
    whole: bool = False,
    deposit: str | None = None,
) -> Remedy | None:
    """Return what puts a difference right, None where only looking or asking does.

    ``voidable``: our collection's day is still open. ``whole``: the difference is all of it. ``deposit``: the state of
    the deposit it is about; one that the bank took back before it was confirmed is rejected on its own page.

    >>> def of_partner(kind, proposal, voidable=False, whole=True):
    ...     found = remedy_for(kind, proposal, of_partner=True, voidable=voidable, whole=whole)
    ...     return found and found.value
    >>> of_partner("MISSING_AT_UTILITY", "BOOK"), of_partner("MISSING_AT_AGENT", "REVERSE")
    ('BOOK', 'REFUND')
    >>> of_partner("MISSING_AT_AGENT", "REVERSE", voidable=True), of_partner("WRONG_DATE", "LOOK")
    ('REVERSE', None)
    """
    if of_partner:
        if proposal == Proposal.BOOK:
            return Remedy.BOOK
        if proposal == Proposal.REVERSE:
            return Remedy.REVERSE if voidable and whole else Remedy.REFUND
        return None
    if kind == Kind.MISSING_AT_UTILITY or (kind == Kind.AMOUNT_MISMATCH and proposal == Proposal.BOOK):
        return Remedy.SET_ASIDE
    if kind == Kind.BANK_REVERSAL and proposal == Proposal.REVERSE:
        return {None: Remedy.RETURN, "CONFIRMED": Remedy.SHORT}.get(deposit)
    return None


def require_decided(kind: str, deposit: str | None) -> None:
    """Refuse to write off what the bank took back of a deposit that nobody has decided: it goes back to the drawer.

    Raises:
        Conflict: ``deposit_undecided``.
    """
    if kind == Kind.BANK_REVERSAL and deposit == "DECLARED":
        raise Conflict("deposit_undecided", "银行冲回的这笔解款还没有处理，请先在解款页面退回它，再办结这个差异")


def require_some_remedy(found: Remedy | None) -> Remedy:
    """Return the remedy a difference has, or refuse where it has none: it ends with what was found out.

    Raises:
        Conflict: ``remedy_none``.
    """
    if found is None:
        raise Conflict("remedy_none", "这个差异不用记账处理；请核对后写明查了什么、结果是什么，再办结")
    return found


def require_remedy(wanted: str, found: Remedy | None) -> Remedy:
    """Return the remedy a person was shown, or refuse where the difference has another by now.

    Raises:
        Conflict: ``remedy_changed``.
    """
    if found is None or found != wanted:
        raise Conflict("remedy_changed", "这个差异的处理办法刚刚有变，请返回差异页面重新开始")
    return found


def require_partners_outlet(outlet_partner_id: int | None, partner_id: int | None) -> None:
    """Refuse to book a partner's payment at an outlet of somebody else.

    Raises:
        Invalid: ``outlet_of_others``.
    """
    if outlet_partner_id is None or outlet_partner_id != partner_id:
        raise Invalid("outlet_of_others", "这个网点不是这个合作单位的，请填写实际收费的网点", field="outlet")


def write_off_moves(
    kind: str, proposal: str, amount_fen: Fen, *, of_partner: bool, beyond_book_fen: Fen | None
) -> tuple[str, str] | None:
    """Return which of the unit's accounts a write-off debits and credits, None where it moves no money.

    ``beyond_book_fen`` is what the bank's line has beyond what our BANK holds for it now (below zero: less), None where
    a matched deposit is not confirmed: what arrived less then goes back to the drawer. A partner's difference is of
    what customers paid or did not pay: our books stay as they are.

    >>> write_off_moves("MISSING_AT_UTILITY", "LOOK", 7777, of_partner=False, beyond_book_fen=7777)
    ('BANK', 'WRITE_OFF')
    >>> write_off_moves("AMOUNT_MISMATCH", "REVERSE", 2000, of_partner=False, beyond_book_fen=-2000)
    ('WRITE_OFF', 'BANK')
    >>> write_off_moves("AMOUNT_MISMATCH", "REVERSE", 2000, of_partner=False, beyond_book_fen=0)
    """
    if of_partner or beyond_book_fen is None or abs(beyond_book_fen) != amount_fen:
        return None
    if kind == Kind.AMOUNT_MISMATCH and (beyond_book_fen > 0) != (proposal == Proposal.BOOK):
        return None
    return (BANK, WRITTEN_OFF) if beyond_book_fen > 0 else (WRITTEN_OFF, BANK)


def require_same_moves(asked: tuple[str, str] | None, now: tuple[str, str] | None) -> None:
    """Refuse to write off otherwise than was asked for and shown.

    Raises:
        Conflict: ``difference_moved``.
    """
    if asked != now:
        raise Conflict("difference_moved", "申请之后这个差异涉及的账又有变动，请退回这件申请，重新提出")
