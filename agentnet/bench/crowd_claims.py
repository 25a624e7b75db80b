"""What others say of a crowd's money: partners' files of the last days, their rows, matches and differences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from agentnet.bench.crowd import FIRST_ID, Crowd, Row, add
from agentnet.bench.crowd_facts import AMOUNT_FEN, COLLECTION, fact_id
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch

FILES = 60
"""Each partner tells so many days; the last file has rows."""


def file_id(number: int) -> int:
    """Return the id of the file with this number from 0."""
    return 1 + number


LAST = file_id(FILES - 1)


def add_claims(crowd: Crowd) -> None:
    """Insert files and what came of them, in the open transaction: every fifth row has no collection to it."""
    numbers = range(crowd.outlets)
    add(ReconciliationFile, (_file(crowd, number) for number in range(FILES)))
    add(FileRow, (_row(crowd, number) for number in numbers))
    add(RowMatch, (_match(crowd, number) for number in numbers if number % 5))
    add(Difference, _differences(crowd))


def _file(crowd: Crowd, number: int) -> Row:
    day = crowd.today - timedelta(days=FILES - number)
    return {
        "id": file_id(number),
        "source": "PARTNER",
        "sha256": f"{number:064d}",
        "part": 1,
        "name": f"{day:%Y%m%d}.csv",
        "partner_id": FIRST_ID + number % 5,
        "account": "",
        "statement_id": "",
        "org_unit_id": crowd.root.id,
        "first_on": day,
        "last_on": day,
        "rows_count": crowd.outlets if file_id(number) == LAST else 0,
        "amount_fen": crowd.outlets * AMOUNT_FEN,
        "repeated_count": 0,
        "imported_at": crowd.at,
        "user_id": 2,
    }


def _row(crowd: Crowd, number: int) -> Row:
    return {
        "file_id": LAST,
        "line_no": number + 1,
        "kind": "PAYMENT",
        "day_on": crowd.today - timedelta(days=1),
        "amount_fen": AMOUNT_FEN,
        "gross_fen": AMOUNT_FEN,
        "fee_fen": 0,
        "reference": f"P{number:08d}",
        "order_no": "",
        "household_no": f"{33109:05d}{number:08d}",
        "paid_type": "",
        "text": "",
        "occurrence": 1,
        "reversal": False,
    }


def _match(crowd: Crowd, number: int) -> Row:
    return {
        "file_id": LAST,
        "line_no": number + 1,
        "collection_id": fact_id(COLLECTION, number),
        "step": "REFERENCE",
        "matched_at": crowd.at,
        "user_id": 2,
        "reason": "",
    }


def _differences(crowd: Crowd) -> Iterator[Row]:
    for number in range(0, crowd.outlets, 5):
        yield {
            "file_id": LAST,
            "line_no": number + 1,
            "partner_id": FIRST_ID + number % 5,
            "outlet_id": FIRST_ID + number,
            "org_unit_id": crowd.station_id(number),
            "business_on": crowd.today - timedelta(days=1),
            "kind": "MISSING_AT_UTILITY",
            "proposal": "BOOK",
            "amount_fen": AMOUNT_FEN,
            "opened_at": crowd.at,
            "owner_id": 2,
            "state": "OPEN",
            "reason": "",
        }
