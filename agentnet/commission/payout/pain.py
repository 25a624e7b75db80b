"""A batch as ISO 20022 CustomerCreditTransferInitiation, pain.001.001.03 or .09, in the standard's element order.

Banks are named by their CNAPS number (external clearing system code CNAPS), accounts by their own numbers. Amounts
are yuan with two decimals; the control sums stand in the group header and in the payment information. Which versions
differ where: the execution date is a choice of date and date-time from .08 on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nosec B405: writes, never reads

from agentnet.commission.payout.bank_sheet import Order, require_tied, yuan
from agentnet.core.clock import shanghai

VERSIONS: Final = ("pain.001.001.09", "pain.001.001.03")
CURRENCY: Final = "CNY"


def document(version: str, order: Order, made_at: datetime) -> bytes:
    """Return the file: the same batch gives the same bytes.

    Raises:
        Conflict: ``file_disagrees``. ValueError: for a version that is not one of ``VERSIONS``.
    """
    if version not in VERSIONS:
        raise ValueError(version)
    require_tied(order)
    root = Element("Document", {"xmlns": f"urn:iso:std:iso:20022:tech:xsd:{version}"})
    initiation = SubElement(root, "CstmrCdtTrfInitn")
    header = SubElement(initiation, "GrpHdr")
    _text(header, "MsgId", order.reference)
    _text(header, "CreDtTm", shanghai(made_at).replace(microsecond=0).isoformat())
    _control(header, order)
    _text(SubElement(header, "InitgPty"), "Nm", order.payer)
    payment = SubElement(initiation, "PmtInf")
    _text(payment, "PmtInfId", order.reference)
    _text(payment, "PmtMtd", "TRF")
    _text(payment, "BtchBookg", "true")
    _control(payment, order)
    if version == "pain.001.001.03":
        _text(payment, "ReqdExctnDt", order.pay_on.isoformat())
    else:
        _text(SubElement(payment, "ReqdExctnDt"), "Dt", order.pay_on.isoformat())
    _text(SubElement(payment, "Dbtr"), "Nm", order.payer)
    _account(SubElement(payment, "DbtrAcct"), order.payer_account)
    _bank(SubElement(payment, "DbtrAgt"), order.payer_bank, order.payer_bank_no)
    for one in order.payments:
        transfer = SubElement(payment, "CdtTrfTxInf")
        _text(SubElement(transfer, "PmtId"), "EndToEndId", one.reference)
        amount = SubElement(SubElement(transfer, "Amt"), "InstdAmt", {"Ccy": CURRENCY})
        amount.text = yuan(one.amount_fen)
        _bank(SubElement(transfer, "CdtrAgt"), one.bank, one.bank_no)
        _text(SubElement(transfer, "Cdtr"), "Nm", one.holder)
        _account(SubElement(transfer, "CdtrAcct"), one.account)
        _text(SubElement(transfer, "RmtInf"), "Ustrd", order.purpose)
    indent(root)
    written: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _control(parent: Element, order: Order) -> None:
    _text(parent, "NbOfTxs", str(order.count))
    _text(parent, "CtrlSum", yuan(order.sum_fen))


def _account(parent: Element, number: str) -> None:
    _text(SubElement(SubElement(parent, "Id"), "Othr"), "Id", number)


def _bank(parent: Element, name: str, number: str) -> None:
    institution = SubElement(parent, "FinInstnId")
    member = SubElement(institution, "ClrSysMmbId")
    _text(SubElement(member, "ClrSysId"), "Cd", "CNAPS")
    _text(member, "MmbId", number)
    _text(institution, "Nm", name)
