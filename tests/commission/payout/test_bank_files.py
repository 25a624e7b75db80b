"""The bank's sheet and ISO 20022: columns as saved, elements in the standard's order, sums tied to the batch.

The order of elements is copied from the message definitions of pain.001.001.03 and .09 (ISO 20022), not from the code.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from agentnet.commission.payout.account_rules import bank_number_is_right
from agentnet.commission.payout.bank_sheet import USUAL, Layout, Order, SheetColumn, ToPay, require_layout, sheet
from agentnet.commission.payout.pain import VERSIONS, document
from agentnet.core.errors import Conflict, Invalid
from agentnet.infra.sheets import csv_bytes

AT = datetime(2026, 11, 18, 2, tzinfo=UTC)
TWO = (
    ToPay(1, "2026-10-1-0001", "周阿姨", "6228480012345678", "农商行太平支行", "313651027012", 2_41),
    ToPay(2, "2026-10-1-0002", "东海邮政 & 公司", "0012345678", "成都银行", "402795602394", 1_234_567_80),
)

HEADER = ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]
PAYMENT = ["PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt"]
TRANSFER = ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"]


def order(payments=TWO, count=2, sum_fen=1_234_570_21):
    own = ("东海电力公司", "33001234567890", "农商行营业部", "402795602394")
    return Order("2026-10-1", "2026-10", date(2026, 11, 18), *own, payments, count, sum_fen)


def names(element):
    return [child.tag.rpartition("}")[2] for child in element]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_document_has_the_standards_elements_in_the_standards_order(version):
    root = ElementTree.fromstring(document(version, order(), AT))
    space = f"{{urn:iso:std:iso:20022:tech:xsd:{version}}}"
    assert root.tag == f"{space}Document"
    (initiation,) = root
    assert names(initiation) == ["GrpHdr", "PmtInf"]
    header, payment = initiation
    assert names(header) == HEADER
    assert names(payment) == [*PAYMENT, "CdtTrfTxInf", "CdtTrfTxInf"]
    for transfer in payment.iter(f"{space}CdtTrfTxInf"):
        assert names(transfer) == TRANSFER
    assert names(next(payment.iter(f"{space}FinInstnId"))) == ["ClrSysMmbId", "Nm"]
    assert names(next(payment.iter(f"{space}ClrSysMmbId"))) == ["ClrSysId", "MmbId"]


@pytest.mark.parametrize("version", VERSIONS)
def test_control_sums_amounts_and_bank_numbers_are_the_batchs(version):
    root = ElementTree.fromstring(document(version, order(), AT))

    def texts(name):
        return [one.text for one in root.iter() if one.tag.endswith(f"}}{name}")]

    assert texts("CtrlSum") == ["1234570.21", "1234570.21"]
    assert texts("NbOfTxs") == ["2", "2"]
    assert texts("InstdAmt") == ["2.41", "1234567.80"]
    assert texts("MmbId") == ["402795602394", "313651027012", "402795602394"]
    assert texts("EndToEndId") == ["2026-10-1-0001", "2026-10-1-0002"]
    assert texts("Ustrd") == ["2026-10 代办费", "2026-10 代办费"]
    assert "东海邮政 & 公司" in texts("Nm")
    assert {one.get("Ccy") for one in root.iter() if one.tag.endswith("InstdAmt")} == {"CNY"}


def test_the_execution_date_is_a_choice_in_the_newer_version():
    newer, older = (ElementTree.fromstring(document(version, order(), AT)) for version in VERSIONS)
    dates = [next(one for one in root.iter() if one.tag.endswith("ReqdExctnDt")) for root in (newer, older)]
    assert names(dates[0]) == ["Dt"]
    assert (dates[0][0].text, dates[1].text) == ("2026-11-18", "2026-11-18")


def test_the_same_batch_gives_the_same_bytes():
    assert document(VERSIONS[0], order(), AT) == document(VERSIONS[0], order(), AT)


@pytest.mark.parametrize("wrong", [order(count=3), order(sum_fen=1), order(payments=TWO[:1], count=1)])
def test_a_file_that_does_not_come_to_the_batch_is_refused(wrong):
    with pytest.raises(Conflict, match="file_disagrees"):
        document(VERSIONS[0], wrong, AT)
    with pytest.raises(Conflict, match="file_disagrees"):
        sheet(USUAL, wrong)


def test_the_sheet_has_the_saved_columns_in_their_order():
    layout = Layout(
        True, (SheetColumn("账号", "account"), SheetColumn("金额", "amount"), SheetColumn("币别", "=人民币"))
    )
    head, rows = sheet(layout, order())
    assert head == ["账号", "金额", "币别"]
    assert rows == [["6228480012345678", "2.41", "人民币"], ["0012345678", "1234567.80", "人民币"]]


def test_a_sheet_may_go_without_headings():
    assert sheet(Layout(False, USUAL.columns), order())[0] == []


def test_a_name_is_never_run_as_a_formula():
    payments = (ToPay(1, "r", "=cmd|' /C calc'!A0", "6228480012345678", "@bank", "313651027012", 1),)
    head, rows = sheet(USUAL, order(payments, 1, 1))
    written = csv_bytes(head, rows).decode("utf-8-sig")
    assert "'=cmd" in written
    assert "'@bank" in written


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ((), "columns_missing"),
        ((*USUAL.columns, SheetColumn("x", "salary")), "column_unknown"),
        (USUAL.columns[:3], "columns_incomplete"),
    ],
)
def test_a_layout_no_bank_could_pay_by_is_refused(columns, code):
    with pytest.raises(Invalid, match=code):
        require_layout(Layout(True, columns))


@pytest.mark.parametrize(
    "number",
    ["313651027012", "313651024047", "313522004113", "402795602394", "402873300213", "313227560015", "102100099996"],
)
def test_bank_numbers_in_use_are_right_and_with_another_last_digit_wrong(number):
    # Published numbers of branches; the check digit is ISO 7064 MOD 11,10.
    assert bank_number_is_right(number)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not bank_number_is_right(wrong)
