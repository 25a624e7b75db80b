"""What a crowd's money leaves in lists: closed days, deposits, top-ups, corrections and requests that wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from agentnet.approvals.models import Approval
from agentnet.bench.crowd import FIRST_ID, Crowd, Row, add, outlet_code
from agentnet.bench.crowd_facts import AMOUNT_FEN, BUSY, COLLECTION, day_of, fact_id
from agentnet.collecting.models import Correction
from agentnet.holding.models import TopUp
from agentnet.outlets.models import Limit
from agentnet.settlement.ageing.models import RemittanceDays
from agentnet.settlement.models import DayClose, Remittance

DAYS = 30
"""So many days before today are closed, and a deposit of each outlet stands for each."""

_CLOSE, _REMITTANCE, _TOP_UP, _REQUEST = range(11, 15)


def add_money(crowd: Crowd) -> None:
    """Insert what outlets closed, banked and asked for, in the open transaction."""
    add(DayClose, (_close(crowd, back, number) for back in range(DAYS, 0, -1) for number in range(crowd.outlets)))
    add(
        Remittance, (_remittance(crowd, back, number) for back in range(DAYS, 0, -1) for number in range(crowd.outlets))
    )
    add(TopUp, (_top_up(crowd, number) for number in range(crowd.outlets)))
    add(Approval, _requests(crowd))
    add(Correction, (_correction(crowd, number) for number in range(crowd.outlets)))
    add(Limit, (_limit(crowd, number) for number in range(0, crowd.outlets, 10)))
    add(RemittanceDays, (_days_of(crowd, number) for number in range(0, crowd.outlets, 10)))


def _close(crowd: Crowd, back: int, number: int) -> Row:
    short = number % 25 == 0
    return {
        "id": fact_id(_CLOSE, (DAYS - back) * crowd.outlets + number),
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "business_on": crowd.today - timedelta(days=back),
        "closed_at": crowd.at - timedelta(days=back),
        "user_id": FIRST_ID + number,
        "cash_system_fen": 10 * AMOUNT_FEN,
        "cash_counted_fen": 10 * AMOUNT_FEN - (100 if short else 0),
        "counterfeit_fen": 0,
        "cash_difference_fen": -100 if short else 0,
        "notes": {"100": 8},
        "explanation": "找零出错" if short else "",
    }


def _remittance(crowd: Crowd, back: int, number: int) -> Row:
    waits = back == 1
    return {
        "id": fact_id(_REMITTANCE, (DAYS - back) * crowd.outlets + number),
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "slip_no": f"{back:02d}{number:06d}",
        "amount_fen": 10 * AMOUNT_FEN,
        "deposited_on": crowd.today - timedelta(days=back),
        "declared_at": crowd.at - timedelta(days=back),
        "user_id": FIRST_ID + number,
        "state": "DECLARED" if waits else "CONFIRMED",
        "confirmed_fen": None if waits else 10 * AMOUNT_FEN,
        "decided_at": None if waits else crowd.at,
        "decided_by_id": None if waits else 2,
    }


def _top_up(crowd: Crowd, number: int) -> Row:
    return {
        "id": fact_id(_TOP_UP, number),
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "slip_no": f"T{number:06d}",
        "amount_fen": 100 * AMOUNT_FEN,
        "paid_on": crowd.today,
        "declared_at": crowd.at,
        "user_id": FIRST_ID + number,
        "state": "DECLARED",
    }


def _requests(crowd: Crowd) -> Iterator[Row]:
    """Yield a refund for each outlet; the last tenth wait for a decision."""
    for number in range(crowd.outlets):
        waits = number * 10 >= crowd.outlets * 9
        yield {
            "id": fact_id(_REQUEST, number),
            "kind": "REFUND",
            "subject_kind": "COLLECTION",
            "subject_id": str(fact_id(COLLECTION, _corrected(crowd, number))),
            "subject_label": f"{outlet_code(number)}-{number:07d}",
            "org_unit_id": crowd.station_id(number),
            "content": {"amount_fen": AMOUNT_FEN},
            "content_sha256": "0" * 64,
            "amount_fen": AMOUNT_FEN,
            "state": "PENDING" if waits else "APPROVED",
            "requested_by_id": FIRST_ID + number,
            "requested_at": crowd.at,
            "reason": "用户重复缴费",
            "decided_by_id": None if waits else 2,
            "decided_at": None if waits else crowd.at,
        }


def _corrected(crowd: Crowd, number: int) -> int:
    """Return the collection that was corrected at an outlet: all through the year, a few each day."""
    return number + crowd.outlets * (number * ((crowd.collections - BUSY) // crowd.outlets) // crowd.outlets)


def _correction(crowd: Crowd, number: int) -> Row:
    collection = _corrected(crowd, number)
    return {
        "id": fact_id(_REQUEST, number),
        "kind": "REFUND",
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "collection_id": fact_id(COLLECTION, collection),
        "household_id": FIRST_ID + collection % max(crowd.collections // 12, 1),
        "amount_fen": AMOUNT_FEN,
        "clears": False,
        "pay_by": "CASH",
        "reason": "用户重复缴费",
        "business_on": day_of(crowd, collection),
        "carried_at": crowd.at,
        "user_id": 2,
    }


def _limit(crowd: Crowd, number: int) -> Row:
    """Return a limit so low that the outlet's cash is near it."""
    return {
        "outlet_id": FIRST_ID + number,
        "ceiling_fen": 1_100_000,
        "starts_on": crowd.long_ago,
        "reason": "新开网点",
        "set_at": crowd.at,
        "user_id": 2,
    }


def _days_of(crowd: Crowd, number: int) -> Row:
    return {
        "outlet_id": FIRST_ID + number,
        "starts_on": crowd.long_ago,
        "rhythm": "WEEKDAYS",
        "weekdays": "135",
        "reason": "银行每周来三次",
        "entered_at": crowd.at,
        "user_id": 2,
    }
