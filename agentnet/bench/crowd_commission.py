"""What a crowd's commission leaves in lists: trials, old sheets, patterns, disputes, payees and payments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentnet.bench.crowd import FIRST_ID, Crowd, Row, add, outlet_code, setting_of
from agentnet.bench.crowd_facts import AMOUNT_FEN, COLLECTION, fact_id
from agentnet.books.models import JournalExport, JournalMapping
from agentnet.commission.abuse.models import PatternFinding, PatternScan
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.models import CommissionLine
from agentnet.commission.parallel.models import OldSheet, OldSheetLine
from agentnet.commission.payout.models import (
    Payee,
    PayeeAccount,
    PayeeTerm,
    PayoutBatch,
    PayoutHold,
    PayoutPart,
    PayoutPayment,
    PayoutSetting,
)
from agentnet.commission.whatif.models import WhatIf, WhatIfOutlet, WhatIfSum
from agentnet.core.clock import Month

TRIALS = 60
SHA256 = "0" * 64
_TRIAL, _SHEET, _DISPUTE, _BATCH, _PAYMENT, _HOLD, _EXPORT = range(21, 28)


def trial_id(number: int) -> Any:
    """Return the id of the trial with this number from 0; the last one shows every outlet."""
    return fact_id(_TRIAL, number)


def sheet_id(number: int) -> Any:
    """Return the id of the old sheet with this number from 0; the last one has lines."""
    return fact_id(_SHEET, number)


def batch_id(number: int) -> Any:
    """Return the id of the payout batch with this number from 0; the first one has payments."""
    return fact_id(_BATCH, number)


def add_commission(crowd: Crowd, version: str) -> None:
    """Insert what months of commission left, in the open transaction; ``version`` is what the trials tried."""
    last = Month.of(crowd.today).previous()
    add(PatternScan, [{"month": str(last), "scanned_at": crowd.at}])
    add(PatternFinding, (_finding(crowd, last, number) for number in range(0, crowd.outlets, 3)))
    add(OldSheet, (_sheet(crowd, number) for number in range(TRIALS)))
    add(OldSheetLine, (_sheet_line(crowd, last, number) for number in range(crowd.outlets)))
    _add_trials(crowd, last, version)
    add(CommissionLine, (_line(last, number) for number in range(crowd.outlets)))
    add(Dispute, (_dispute(crowd, last, number) for number in range(0, crowd.outlets, 30)))
    _add_payouts(crowd, last)
    _add_exports(crowd, last)


def _finding(crowd: Crowd, month: Month, number: int) -> Row:
    return {
        "month": str(month),
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "pattern": ("SPLIT", "TINY", "UNDONE", "EDGE")[number % 4],
        "number": 4,
        "group_count": 2,
        "amount_fen": 4 * AMOUNT_FEN,
        "cost_fen": 100 + number,
        "evidence": [],
        "found_at": crowd.at,
        "state": "OPEN",
    }


def _sheet(crowd: Crowd, number: int) -> Row:
    return {
        "id": sheet_id(number),
        "file_name": f"旧表 {number}.xlsx",
        "sha256": f"{number:064d}",
        "rounding_fen": 1,
        "lines_count": crowd.outlets,
        "user_id": 2,
        "brought_at": crowd.at,
    }


def _sheet_line(crowd: Crowd, month: Month, number: int) -> Row:
    return {
        "sheet_id": sheet_id(TRIALS - 1),
        "line_no": number + 2,
        "outlet_code": outlet_code(number),
        "outlet_id": FIRST_ID + number,
        "month": str(month),
        "theirs_fen": 1_000,
        "ours_fen": 1_100 + number,
        "ours_count": 20,
        "ours_volume_fen": 20 * AMOUNT_FEN,
        "difference_fen": 100 + number,
        "size_fen": 100 + number,
        "cause": "COUNT",
        "parts": [["COUNT", 100 + number]],
        "state": "OPEN",
    }


def _add_trials(crowd: Crowd, last: Month, version: str) -> None:
    add(
        WhatIf,
        (
            {
                "id": trial_id(number),
                "name": f"试算 {number}",
                "source": "FORM",
                "content": version,
                "content_sha256": SHA256,
                "first_month": str(last),
                "last_month": str(last),
                "user_id": 2,
                "asked_at": crowd.at,
                "state": "DONE",
                "outlets_count": crowd.outlets,
                "outlets_done": crowd.outlets,
                "finished_at": crowd.at,
            }
            for number in range(TRIALS)
        ),
    )
    add(WhatIfOutlet, (_tried(crowd, number) for number in range(crowd.outlets)))
    add(
        WhatIfSum,
        (
            {
                "what_if_id": trial_id(TRIALS - 1),
                "month": str(last),
                "org_unit_id": crowd.station_id(number),
                "setting": setting_of(number),
                "side": side,
                "component": "每笔",
                "amount_fen": 50_000,
            }
            for number in range(0, crowd.outlets, 10)
            for side in ("PAID", "NEW")
        ),
    )


def _tried(crowd: Crowd, number: int) -> Row:
    change = number % 201 - 100
    return {
        "what_if_id": trial_id(TRIALS - 1),
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "setting": setting_of(number),
        "collections_count": 20,
        "collected_fen": 20 * AMOUNT_FEN,
        "paid_fen": 1_000,
        "new_fen": 1_000 + change,
        "change_fen": change,
        "why": {},
    }


def _line(month: Month, number: int) -> Row:
    return {
        "id": FIRST_ID + number,
        "month": str(month),
        "outlet_id": FIRST_ID + number,
        "kind": "COLLECTION",
        "collection_id": fact_id(COLLECTION, number),
        "component_id": 1,
        "base_fen": AMOUNT_FEN,
        "commission_fen": 50,
    }


def _dispute(crowd: Crowd, month: Month, number: int) -> Row:
    return {
        "id": fact_id(_DISPUTE, number),
        "outlet_id": FIRST_ID + number,
        "month": str(month),
        "line_id": FIRST_ID + number,
        "reason": "这一笔应按两笔计",
        "raised_at": crowd.at,
        "user_id": FIRST_ID + number,
        "state": "OPEN",
        "answer": "",
    }


def _add_payouts(crowd: Crowd, last: Month) -> None:
    bank = {"holder": "试速供电公司", "number": "6222000000000000", "bank": "试速银行", "bank_no": "102345000000"}
    setting = {"id": 1, "starts_on": crowd.long_ago, "minimum_fen": 100, "withholds": False, "reason": "开始付款"}
    add(PayoutSetting, [{**setting, **bank, "entered_at": crowd.at, "user_id": 2}])
    numbers = range(crowd.outlets)
    add(Payee, ({"id": FIRST_ID + number, "code": f"CR-{number:05d}"} for number in numbers))
    add(PayeeAccount, (_account(crowd, number, bank) for number in numbers))
    add(
        PayeeTerm,
        (
            {
                "outlet_id": FIRST_ID + number,
                "share": "",
                "payee_id": FIRST_ID + number,
                "starts_on": crowd.long_ago,
                "entered_at": crowd.at,
                "user_id": 2,
            }
            for number in numbers
        ),
    )
    add(
        PayoutHold,
        (
            {
                "id": fact_id(_HOLD, number),
                "outlet_id": FIRST_ID + number,
                "reason": "账户待核实",
                "placed_at": crowd.at,
                "placed_by_id": 2,
            }
            for number in range(0, crowd.outlets, 10)
        ),
    )
    add(PayoutBatch, _batches(crowd, last))
    add(PayoutPayment, (_payment(number, bank) for number in numbers))
    add(PayoutPart, _parts(crowd, last))


def _account(crowd: Crowd, number: int, bank: dict[str, str]) -> Row:
    known = {"payee_id": FIRST_ID + number, "starts_on": crowd.long_ago, "name": "周测试", "type": "INDIVIDUAL"}
    return {**known, **bank, "holder": "周测试", "entered_at": crowd.at, "user_id": 2}


def _batches(crowd: Crowd, month: Month) -> Iterator[Row]:
    for number in range(crowd.months):
        yield {
            "id": batch_id(number),
            "month": str(month),
            "number": 1,
            "pay_on": crowd.today,
            "setting_id": 1,
            "withholds": False,
            "state": "DRAFT",
            "payments": crowd.outlets,
            "gross_fen": 1_000 * crowd.outlets,
            "tax_fen": 0,
            "net_fen": 1_000 * crowd.outlets,
            "drawn_by_id": 2,
            "drawn_at": crowd.at,
        }
        month = month.previous()


def _payment(number: int, bank: dict[str, str]) -> Row:
    return {
        "id": fact_id(_PAYMENT, number),
        "batch_id": batch_id(0),
        "number": number + 1,
        "payee_id": FIRST_ID + number,
        "name": "周测试",
        "type": "INDIVIDUAL",
        "holder": "周测试",
        "account_number": bank["number"],
        "bank": bank["bank"],
        "bank_no": bank["bank_no"],
        "gross_fen": 1_000,
        "tax_fen": 0,
        "net_fen": 1_000,
        "state": "PLANNED",
    }


def _parts(crowd: Crowd, month: Month) -> Iterator[Row]:
    """Yield what the payments of the first batch are made of; of the others' a hundredth, and all of it held."""
    for batch in range(crowd.months):
        for number in range(0, crowd.outlets, 100 if batch else 1):
            yield {
                "batch_id": batch_id(batch),
                "payment_id": None if batch else fact_id(_PAYMENT, number),
                "outlet_id": FIRST_ID + number,
                "month": str(month),
                "share": "",
                "amount_fen": 1_000,
                "why": "ON_HOLD" if batch else None,
                "why_text": "账户待核实" if batch else "",
                "released": False,
            }
        month = month.previous()


def _add_exports(crowd: Crowd, month: Month) -> None:
    layout = {"package": "KINGDEE", "encoding": "GBK", "date_format": "%Y-%m-%d", "heading": True, "columns": []}
    words = {"word": "记", "company_code": "", "abstract": "{unit}", "version": crowd.months}
    add(JournalMapping, [{"id": 1, "name": "试速", **layout, **words}])
    exports = []
    for number in range(crowd.months):
        exports.append(
            {
                "id": fact_id(_EXPORT, number),
                "mapping_id": 1,
                "mapping_version": number + 1,
                "month": str(month),
                "vouchers": 60,
                "lines": 400,
                "debit_fen": 1_000_000,
                "credit_fen": 1_000_000,
                "sha256": SHA256,
                "exported_at": crowd.at,
                "user_id": 2,
            }
        )
        month = month.previous()
    add(JournalExport, exports)
