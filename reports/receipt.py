"""The payment slip: proof that a household paid, on 58 mm or 80 mm paper or on A5.

A slip's type is set so that its printable width holds 32 (58 mm) or 48 (80 mm) half-width columns; the amount is twice
as large. Names and numbers come masked. A voided payment keeps its slip, with the mark across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from agentnet.core.clock import Month
from agentnet.core.money import Fen, format_yuan, rmb_capitals
from reports.head import FiguresDisagree, require_agreement
from reports.kit import style
from reports.kit.fonts import own_words
from reports.kit.priming import Priming
from reports.kit.slip import A5, SLIP_58, SLIP_80, Slip, SlipSize
from reports.kit.wording import instant_text, month_text
from reports.texts import RECEIPT, Language, words

DRAWING_VERSION: Final = 1

Paper = Literal["slip58", "slip80", "a5"]

PAPERS: Final[dict[Paper, SlipSize]] = {"slip58": SLIP_58, "slip80": SLIP_80, "a5": A5}


@dataclass(frozen=True, slots=True)
class BillLine:
    """What was paid on one bill, in fen: principal and late charge as billing delivered them; ``part`` if not whole."""

    bill_month: Month
    principal_fen: Fen
    late_charge_fen: Fen
    part: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """One collection as its slip shows it; ``received_fen`` and ``change_fen`` belong to cash, else they are None."""

    language: Language
    company: str
    org_name: str
    receipt_no: str
    serial_no: str
    collected_at: datetime
    outlet_code: str
    outlet_name: str
    agent: str
    household_masked: str
    name_masked: str
    bills: tuple[BillLine, ...]
    advance_fen: Fen
    total_fen: Fen
    tender: str
    verify_url: str
    tender_reference: str = ""
    received_fen: Fen | None = None
    change_fen: Fen | None = None
    voided_at: datetime | None = None
    void_reason: str = ""
    refunded_fen: Fen = 0
    """What of it was given back since."""
    moved: bool = False
    """Whether it was taken for the wrong household and now pays for another."""
    hotline: str = "95598"


_PRIMING = Priming(RECEIPT, regular="现金银联卡", bold=("receipt_title", "paid_total", "voided"))


def draw(receipt: Receipt, paper: Paper = "slip80") -> bytes:
    """Return the slip as PDF, one page as long as it needs to be (A5 has its own length).

    Raises:
        FiguresDisagree: if the parts do not add up to the total, or cash received less change is not the total.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if the tender has no word.
    """
    _require_agreement(receipt)
    text = words(receipt.language)
    slip = Slip(PAPERS[paper], _PRIMING.primers(receipt.language))
    slip.centred(receipt.company)
    slip.centred(text["receipt_title"], scale=1.4, bold=True)
    slip.separator()
    slip.pair(text["receipt_number"], receipt.receipt_no)
    slip.pair(text["paid_at"], instant_text(receipt.collected_at))
    slip.pair(text["outlet_line"], f"{receipt.outlet_code} {receipt.outlet_name}")
    slip.pair(text["household_no"], receipt.household_masked)
    slip.pair(text["household_name"], receipt.name_masked)
    slip.separator()
    _draw_parts(slip, receipt)
    slip.separator()
    slip.total(text["paid_total"], f"¥{format_yuan(receipt.total_fen)}")
    slip.left(rmb_capitals(receipt.total_fen))
    slip.separator()
    _draw_tender(slip, receipt)
    if receipt.voided_at is not None:
        slip.separator()
        slip.pair(text["voided_at"], instant_text(receipt.voided_at))
        slip.pair(text["void_reason"], own_words(receipt.void_reason))
        slip.mark(text["voided"])
    if receipt.refunded_fen or receipt.moved:
        slip.separator()
    if receipt.refunded_fen:
        slip.figure(text["refunded"], format_yuan(receipt.refunded_fen), indent=False)
    if receipt.moved:
        slip.left(text["moved"])
    slip.separator()
    slip.code(receipt.verify_url, text["scan_receipt"])
    slip.centred(text["hotline"] % {"number": receipt.hotline})
    slip.small(text["not_an_invoice"])
    return slip.finish(f"{text['receipt_title']} {receipt.receipt_no}", receipt.company, receipt.receipt_no)


def _require_agreement(receipt: Receipt) -> None:
    parts = sum(bill.principal_fen + bill.late_charge_fen for bill in receipt.bills) + receipt.advance_fen
    require_agreement("total_fen", receipt.total_fen, parts)
    if receipt.received_fen is not None and receipt.change_fen is not None:
        require_agreement("received_fen", receipt.received_fen, receipt.total_fen + receipt.change_fen)
    elif receipt.received_fen is not receipt.change_fen:
        raise FiguresDisagree("cash received and change are stated together or not at all")


def _draw_parts(slip: Slip, receipt: Receipt) -> None:
    text = words(receipt.language)
    for bill in receipt.bills:
        part = f" ({text['part_paid']})" if bill.part else ""
        slip.left(month_text(bill.bill_month, receipt.language) + part)
        slip.figure(text["principal"], format_yuan(bill.principal_fen))
        if bill.late_charge_fen:
            slip.figure(text["late_charge"], format_yuan(bill.late_charge_fen))
    if receipt.advance_fen:
        slip.figure(text["advance"], format_yuan(receipt.advance_fen), indent=False)


def _draw_tender(slip: Slip, receipt: Receipt) -> None:
    text = words(receipt.language)
    slip.pair(text["paid_with"], text[receipt.tender])
    if receipt.tender_reference:
        slip.pair(text["tender_reference"], receipt.tender_reference)
    if receipt.received_fen is not None and receipt.change_fen is not None:
        slip.figure(text["cash_received"], format_yuan(receipt.received_fen), indent=False)
        slip.figure(text["change_given"], format_yuan(receipt.change_fen), indent=False)
    slip.pair(text["agent_line"], receipt.agent)
    slip.pair(text["serial_no"], receipt.serial_no, size=style.NOTE - 1)
