"""What a crowd's outlets do: collections with their transfers, visits, closed months, documents, audit lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import case, func, insert, literal, select

from agentnet.bench.crowd import (
    FIRST_ID,
    Crowd,
    Row,
    add,
    cash_account,
    outlet_code,
    received_account,
    setting_of,
    village,
)
from agentnet.collecting.models import Allocation, Bill, Collection, CollectionDay, Household, Void
from agentnet.collecting.sums import SUMMED, day_sums
from agentnet.commission.models import CommissionAdjustment, OutletAccrual
from agentnet.core.clock import IsoWeek, Month
from agentnet.documents.models import Run
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import UtcDateTime, db
from agentnet.ledger.models import AccountingMonth, BusinessDay, Transfer
from agentnet.settlement.ageing.models import CashAge
from agentnet.visits.models import Duty, DutyVisit, Need, Visit

AMOUNT_FEN = 8_000
YEAR = 365
BUSY = 60
"""The last so many collections are all taken today at the first outlet."""
AUDITED = 5
"""One collection in so many has its audit line: lists walk them by number, however many there are."""

COLLECTION, _VOID, _VISIT, _RUN, _ACCRUAL, _ADJUSTMENT = range(1, 7)


def fact_id(kind: int, number: int) -> UUID:
    """Return an id that grows with its number, as the senders' do; the version and variant of a UUIDv7."""
    return UUID(int=0x7000_8000_0000_0000_0000 + (number << 80) + kind)


def add_facts(crowd: Crowd) -> None:
    """Insert what the outlets of a registered crowd did, in the open transaction."""
    households = max(crowd.collections // 12, 1)
    add(CashAge, (_age(crowd, number) for number in range(crowd.outlets)))
    add(Household, (household_of(crowd, number) for number in range(households)))
    add(Bill, (_bill(crowd, number) for number in range(households)))
    add(Transfer, (transfer_of(crowd, number) for number in range(crowd.collections)))
    add(Collection, (collection_of(crowd, number, households) for number in range(crowd.collections)))
    add(
        Allocation,
        (
            {"collection_id": fact_id(COLLECTION, number), "principal_fen": AMOUNT_FEN, "late_charge_fen": 0}
            for number in range(crowd.collections)
        ),
    )
    add(Transfer, (transfer_of(crowd, number, reverses=True) for number in range(0, crowd.collections, 200)))
    add(Void, (_void(crowd, number) for number in range(0, crowd.collections, 200)))
    _add_days(crowd)
    add(AuditLine, (_audit_line(crowd, number) for number in range(0, crowd.collections, AUDITED)))
    _add_visits(crowd)
    _add_months(crowd)
    _add_documents(crowd)


def _age(crowd: Crowd, number: int) -> Row:
    """Return how an outlet's cash stands: half of them hold some of earlier days, a few have missed opportunities."""
    missed = number % 31 // 4 if number % 31 < 24 else 0
    due = number % 2 == 0 or missed > 0
    return {
        "outlet_id": FIRST_ID + number,
        "counted_on": crowd.today,
        "counted_at": crowd.at,
        "oldest_on": crowd.today - timedelta(days=1 + 2 * missed) if due else None,
        "due_fen": 10_000 + number if due else 0,
        "missed": missed,
        "next_on": crowd.today + timedelta(days=number % 3),
        "suspends_on": crowd.today + timedelta(days=1) if number % 97 == 0 else None,
        "declared_count": 40,
        "punctual_count": 40 - number % 7,
    }


def day_of(crowd: Crowd, number: int) -> date:
    """Return the business day of a collection: the oldest first, as they were posted, the last ones today."""
    return crowd.today - timedelta(days=YEAR - 1 - number * YEAR // crowd.collections)


def _outlet_of(crowd: Crowd, number: int) -> int:
    """Return the outlet a collection was taken at: each in turn, in the end the first."""
    return number % crowd.outlets if number < crowd.collections - BUSY else 0


def household_of(crowd: Crowd, number: int) -> Row:
    return {
        "id": FIRST_ID + number,
        "household_no": f"{33109:05d}{number:08d}",
        "name": "测试户",
        "address": f"测试村 {number} 号",
        "division_code": village(number % crowd.outlets),
    }


def _bill(crowd: Crowd, number: int) -> Row:
    return {
        "household_id": FIRST_ID + number,
        "bill_month": str(Month.of(crowd.today).previous()),
        "principal_fen": AMOUNT_FEN,
        "late_charge_fen": 0,
        "due_on": crowd.today,
        "delivered_at": crowd.at,
    }


def transfer_of(crowd: Crowd, number: int, reverses: bool = False) -> Row:
    outlet = _outlet_of(crowd, number)
    debit, credit = cash_account(outlet), received_account(outlet)
    return {
        "id": fact_id(_VOID if reverses else COLLECTION, number),
        "kind": "VOID" if reverses else "COLLECTION",
        "debit_account_id": credit if reverses else debit,
        "credit_account_id": debit if reverses else credit,
        "amount_fen": AMOUNT_FEN + number % 100,
        "business_on": day_of(crowd, number),
        "posted_at": crowd.at,
        "subject_kind": "COLLECTION",
        "subject_id": str(fact_id(COLLECTION, number)),
        "reverses_id": fact_id(COLLECTION, number) if reverses else None,
    }


def collection_of(crowd: Crowd, number: int, households: int) -> Row:
    outlet = _outlet_of(crowd, number)
    day = day_of(crowd, number)
    return {
        "id": fact_id(COLLECTION, number),
        "receipt_no": f"{outlet_code(outlet)}-{day:%Y%m%d}-{number:07d}",
        "outlet_id": FIRST_ID + outlet,
        "household_id": FIRST_ID + number % households,
        "channel": "AGENT_OUTLET",
        "tender": "CASH" if number % 4 else "UNIONPAY_CARD",
        "amount_fen": AMOUNT_FEN + number % 100,
        "business_on": day,
        "collected_at": crowd.at,
        "posted_at": crowd.at,
        "user_id": FIRST_ID + outlet,
        "org_unit_id": crowd.station_id(outlet),
        "setting": setting_of(outlet),
        "transfer_id": fact_id(COLLECTION, number),
    }


def _add_days(crowd: Crowd) -> None:
    """Insert the business days of the collections, allocated and added up as the nights would have left them."""
    connection = db.session.connection()
    before_today = Collection.business_on < crowd.today
    there = select(BusinessDay.outlet_id).where(
        BusinessDay.outlet_id == Collection.outlet_id, BusinessDay.business_on == Collection.business_on
    )
    days = (
        select(
            Collection.outlet_id,
            Collection.business_on,
            func.count(),
            *2 * [case((before_today, literal(crowd.at, UtcDateTime())), else_=None)],
        )
        .where(~there.exists())
        .group_by(Collection.outlet_id, Collection.business_on)
    )
    connection.execute(
        insert(BusinessDay).from_select(
            ["outlet_id", "business_on", "receipt_serial", "allocated_at", "closed_at"], days
        )
    )
    connection.execute(insert(CollectionDay).from_select(SUMMED, day_sums(before_today)))


def _void(crowd: Crowd, number: int) -> Row:
    return {
        "collection_id": fact_id(COLLECTION, number),
        "id": fact_id(_VOID, number),
        "transfer_id": fact_id(_VOID, number),
        "reason": "金额输错",
        "user_id": FIRST_ID + number % crowd.outlets,
        "voided_at": crowd.at - (crowd.today - day_of(crowd, number)),
    }


def _audit_line(crowd: Crowd, number: int) -> Row:
    return {
        "at": crowd.at - timedelta(seconds=crowd.collections - number),
        "user_id": FIRST_ID + number % crowd.outlets,
        "actor_name": "周测试",
        "action": "collection_recorded",
        "subject_kind": "collection",
        "subject_id": str(fact_id(COLLECTION, number)),
        "before": None,
        "after": {"receipt_no": str(number), "amount_fen": AMOUNT_FEN, "tender": "CASH"},
    }


def _add_visits(crowd: Crowd) -> None:
    week = IsoWeek.of(crowd.today)
    for back in range(crowd.weeks):
        _add_week(crowd, week, back)
        week = week.previous()


def _add_week(crowd: Crowd, week: IsoWeek, back: int) -> None:
    """Insert a week's duties; nine in ten are visited, and every twentieth visit finds a need."""
    numbers = range(crowd.outlets)
    first = FIRST_ID + back * crowd.outlets
    visited = [number for number in numbers if number % 10]
    add(
        Duty,
        (
            {
                "id": first + number,
                "outlet_id": FIRST_ID + number,
                "week": str(week),
                "starts_on": week.starts_on,
                "org_unit_id": crowd.station_id(number),
                "setting": setting_of(number),
            }
            for number in numbers
        ),
    )
    add(Visit, (_visit(crowd, number, week, first) for number in visited))
    add(DutyVisit, ({"duty_id": first + number, "visit_id": fact_id(_VISIT, first + number)} for number in visited))
    add(
        Need,
        (
            {
                "visit_id": fact_id(_VISIT, first + number),
                "outlet_id": FIRST_ID + number,
                "service": "FAULT_REPAIR",
                "text": "路灯不亮",
                "raised_at": crowd.at - timedelta(weeks=back),
                "closed_at": crowd.at if back > 1 else None,
                "closed_note": "已修好" if back > 1 else None,
            }
            for number in visited
            if number % 20 == 1
        ),
    )


def _visit(crowd: Crowd, number: int, week: IsoWeek, first: int) -> Row:
    arrived = crowd.at - (crowd.today - week.starts_on)
    return {
        "id": fact_id(_VISIT, first + number),
        "outlet_id": FIRST_ID + number,
        "manager_id": crowd.manager_id(number),
        "visited_on": week.starts_on,
        "week": str(week),
        "arrived_at": arrived,
        "received_at": arrived,
        "checklist_version": 1,
        "answers": {str(item): "PASS" for item in range(1, 17)},
        "score": 100,
        "flags": [],
    }


def _add_months(crowd: Crowd) -> None:
    """Insert what each outlet accrued in the months before; nothing is due, so no money was moved."""
    month = Month.of(crowd.today)
    for back in range(1, crowd.months + 1):
        month = month.previous()
        add(OutletAccrual, (_accrual(crowd, number, month) for number in range(crowd.outlets)))
        add(
            CommissionAdjustment,
            (
                {
                    "id": fact_id(_ADJUSTMENT, back * crowd.outlets + number),
                    "outlet_id": FIRST_ID + number,
                    "of_month": str(month),
                    "month": str(month.next()),
                    "amount_fen": 100,
                    "reason": "补记",
                    "made_at": crowd.at,
                }
                for number in range(0, crowd.outlets, 100)
            ),
        )


def close_months(crowd: Crowd) -> None:
    """Say of the months before the present one that they are closed."""
    month = Month.of(crowd.today)
    for _back in range(crowd.months):
        month = month.previous()
        add(
            AccountingMonth,
            [{"month": str(month), "state": "CLOSED", "closing_at": crowd.at, "closed_at": crowd.at, "user_id": None}],
        )


def _accrual(crowd: Crowd, number: int, month: Month) -> Row:
    count = crowd.collections // crowd.outlets // 12
    return {
        "month": str(month),
        "outlet_id": FIRST_ID + number,
        "org_unit_id": crowd.station_id(number),
        "outlet_kind": "SERVICE_POINT",
        "setting": setting_of(number),
        "state": "ACTIVE",
        "collections_count": count,
        "collected_fen": count * AMOUNT_FEN,
        "earned_fen": 0,
        "adjusted_fen": 0,
        "due_fen": 0,
    }


def _add_documents(crowd: Crowd) -> None:
    month = Month.of(crowd.today)
    for back in range(1, crowd.months + 1):
        month = month.previous()
        add(Run, _statements(crowd, month, back))


def _statements(crowd: Crowd, month: Month, back: int) -> Iterator[Row]:
    for number in range(crowd.outlets):
        serial = number + 1
        yield {
            "id": fact_id(_RUN, back * crowd.outlets + number),
            "kind": "COMMISSION_STATEMENT",
            "subject": f"outlet:{outlet_code(number)}:zh",
            "title": f"测试村 {number} 便民服务点",
            "language": "zh",
            "period_start": month.starts_on,
            "period_end": month.ends_on,
            "serial": serial,
            "number": f"CR-CS-{month}-{serial:06d}",
            "check_code": "0" * 16,
            "org_unit_id": crowd.station_id(number),
            "org_path": crowd.station_path(number),
            "outlet_id": FIRST_ID + number,
            "frozen_sha256": "0" * 64,
            "drawing_version": 1,
            "state": "DONE",
            "planned_at": crowd.at - timedelta(days=30 * back),
            "done_at": crowd.at,
            "file_sha256": "0" * 64,
            "file_bytes": 40_000,
            "pages": 2,
            "frozen": b"0" * 2_000,
        }
