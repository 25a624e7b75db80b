"""Month end, in three steps, because one long transaction would stop every counter.

1. A short transaction puts the month to CLOSING: it takes no further facts.
2. Outlet by outlet the month is computed from those facts by pure rules, with no lock held, and written down in short
   transactions: lines, sums, one ledger transfer.
3. Every printed figure is frozen into a planned document; the book is proved with no lock held; the month is CLOSED.

A close that was killed begins again and does only what is left: an outlet that has its sums is done, a document that is
planned stays. Closing a closed month does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from agentnet.closing.models import MonthEnd
from agentnet.closing.obstacles import Obstacles, month_end, obstacles_of, unsorted_days
from agentnet.closing.queries import (
    Written,
    earliest_to_close,
    first_open_month,
    last_closed,
    sums_agree,
    written,
    written_outlets,
)
from agentnet.closing.rules import (
    MOST_FROZEN,
    MOST_READ,
    MOST_WRITTEN,
    check_not_past,
    check_order,
    in_chunks,
    months_between,
    require_settled,
    require_sorted,
)
from agentnet.collecting.jobs import allocate_received
from agentnet.commission.accruing import counts_by_outlet, outlet_months
from agentnet.commission.actions import accrue
from agentnet.commission.queries import require_company_wide, tariffs
from agentnet.commission.report_data import (
    COMMISSION_PROVISIONAL,
    COMMISSION_STATEMENT,
    COMMISSION_SUMMARY,
    lines_by_subject,
)
from agentnet.core.clock import Month, now
from agentnet.core.errors import Conflict
from agentnet.divisions.queries import company
from agentnet.documents.actions import draft_documents, plan_documents
from agentnet.documents.kinds import Period, ReportKind
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.quiet_heap import quiet_heap
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import begin_closing, finish_closing
from agentnet.ledger.models import AccountingMonth
from agentnet.ledger.queries import month_state, require_right_balances
from agentnet.ledger.rules import CLOSED
from agentnet.users.permissions import Permission

Watch = Callable[[str, int, int], None]
"""Told after each transaction: the step (``accrue``, a report kind's code), how much of it is done, of how much."""

LANGUAGE = "zh"
"""The language of the documents a close makes; others are made on order."""

KINDS: Sequence[ReportKind] = (COMMISSION_STATEMENT, COMMISSION_SUMMARY)
"""What a close prints."""

OVERTAKEN = frozenset({"month_not_closing", "month_closed_already"})
"""What a close meets when another has finished the month in between."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month: its sums, how many documents were planned, and whether it had been closed before."""

    month: Month
    already: bool
    written: Written
    documents: int = 0


def _unwatched(_step: str, _done: int, _total: int) -> None:
    """Watch nothing."""


def close_month(
    month: Month,
    by: Actor,
    watch: Watch = _unwatched,
    kinds: Sequence[ReportKind] = KINDS,
    lines_at_once: int | None = None,
    signature: str = "",
) -> Closed:
    """Close a month: opens its own doors, may be killed anywhere and called again.

    ``kinds`` are the documents to plan with it; what is left out can be ordered later and shows the same figures.
    ``lines_at_once`` bounds a transaction: more is quicker, and may hold up whoever else writes; by itself one takes
    some 50 ms. ``signature`` is why it is closed over what is not settled.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
        Invalid: ``month_not_over``, ``signature_shape``.
        Conflict: ``earlier_month_open``, ``month_not_settled``; ``commission_disagrees``, ``book_disagrees`` if the
            proof fails.
    """
    with reading():
        require_company_wide(by, Permission.MONTH_CLOSE)
        if month_state(month) == CLOSED:
            return Closed(month, True, written(month))
    try:
        return _close_open_month(month, by, watch, kinds, lines_at_once, signature)
    except Conflict as refusal:
        with reading():
            # Somebody who closes the same month may be quicker at any step; then what was asked for is done.
            if refusal.code not in OVERTAKEN or month_state(month) != CLOSED:
                raise
            return Closed(month, True, written(month))


def _close_open_month(
    month: Month, by: Actor, watch: Watch, kinds: Sequence[ReportKind], lines_at_once: int | None, signature: str
) -> Closed:
    allocate_received()  # what the month's days received belongs in the month's book
    for empty in _empty_months_before(month):
        with batch():
            begin_closing(empty, by)
            finish_closing(empty, by)
    with batch():
        if month_state(month) != CLOSED:
            order_close(month, by, signature)
    accrue_all(month, by, watch, lines_at_once)
    documents = sum(_plan_all(kind, month, by, watch, lines_at_once) for kind in kinds)
    with reading():
        if not sums_agree(month):
            raise Conflict("commission_disagrees", "代办费明细、合计与账务不符，不能封账；请联系管理员")
        require_right_balances()
    with batch():
        if _held_state(month) != CLOSED:
            finish_closing(month, by)
        return Closed(month, False, written(month), documents)


def _held_state(month: Month) -> str | None:
    """Return a month's state and let nobody else finish it until the transaction ends."""
    return db.session.scalar(select(AccountingMonth.state).where(AccountingMonth.month == str(month)).with_for_update())


def order_close(month: Month, by: Actor, signature: str = "") -> None:
    """Put a month to CLOSING in the open transaction; the clock does the rest within seconds. Twice is once.

    Over days that nobody closed and deposits that nobody confirmed a month closes only with a reason that is signed.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
        Invalid: ``month_not_over``, ``signature_shape``.
        Conflict: ``earlier_month_open``, ``month_before_closed``, ``month_closed_already``, ``month_not_sorted``,
            ``month_not_settled``.
    """
    require_company_wide(by, Permission.MONTH_CLOSE)
    if month_state(month) != CLOSED:
        first = first_open_month()
        check_order(month, first if first is not None and first < month else None)
        check_not_past(month, earliest_to_close())
    if begin_closing(month, by):
        # What comes in meanwhile meets a month that is closing, so that nothing slips in behind this look.
        require_sorted(month, unsorted_days(month))
        found, reason = obstacles_of(month), signature.strip()
        require_settled(month, not found.none, reason)
        if not found.none:
            _sign(month, found, reason, by)


def _sign(month: Month, found: Obstacles, reason: str, by: Actor) -> None:
    end = month_end(month) or MonthEnd(month=str(month))
    end.signed_at, end.signed_by_id, end.signed_reason = now(), by.user_id, reason
    end.signed_over = found.as_written()
    db.session.add(end)
    db.session.flush()
    after: dict[str, object] = {"reason": reason, **found.as_written()}
    write_audit(by, "month_signed", "month", str(month), after=after)


def plan_provisional(month: Month, by: Actor) -> int:
    """Freeze and plan a provisional statement for every outlet due one, once; return how many were planned.

    Opens its own doors, may be killed anywhere and called again.
    """
    with reading():
        end = month_end(month)
        if end is not None and end.provisional_at is not None:
            return 0
    planned = _plan_all(COMMISSION_PROVISIONAL, month, by, _unwatched, None)
    with batch():
        end = month_end(month) or MonthEnd(month=str(month))
        end.provisional_at = now()
        db.session.add(end)
    return planned


def _empty_months_before(month: Month) -> list[Month]:
    """Return the months without facts since the last closed one: they close with this one, so none stays behind."""
    with reading():
        last, first = last_closed(), first_open_month()
        if last is None or (first is not None and first < month):
            return []
        return months_between(last, month)


def accrue_all(month: Month, by: Actor, watch: Watch = _unwatched, lines_at_once: int | None = None) -> None:
    """Write down what every outlet earned in a month that is closing, in short transactions; what is done stays."""
    with reading():
        book = tariffs()
        counts = counts_by_outlet(month)
        done = written_outlets(month)
    left = {outlet_id: count for outlet_id, count in sorted(counts.items()) if outlet_id not in done}
    finished = len(counts) - len(left)
    written_at_once = lines_at_once or MOST_WRITTEN
    with quiet_heap():
        for outlet_ids in in_chunks(left, max(written_at_once, MOST_READ)):
            with reading():
                months = outlet_months(month, outlet_ids, book, as_stored=True)
            for at_once in in_chunks({id_: left[id_] for id_ in outlet_ids}, written_at_once):
                with batch():
                    accrue(month, [one for one in months if one.outlet_id in at_once], by)
                finished += len(at_once)
                watch("accrue", finished, len(counts))


def _plan_all(kind: ReportKind, month: Month, by: Actor, watch: Watch, lines_at_once: int | None) -> int:
    """Freeze and plan every document of a kind in short transactions; return how many were new."""
    period = Period(month.starts_on, month.ends_on)
    with reading():
        unit = company()
        subjects = list(kind.subjects(unit, period)) if unit is not None else []
        lines = lines_by_subject(kind, month)
    by_code = {subject.code: subject for subject in subjects}
    planned = finished = 0
    for codes in in_chunks({code: lines.get(code, 0) for code in by_code}, lines_at_once or MOST_FROZEN):
        chunk = [by_code[code] for code in codes]
        draft = None
        if kind in KINDS:  # the month takes no more facts
            with reading():
                draft = draft_documents(kind, period, LANGUAGE, chunk)
        with batch():
            unit = company()
            if unit is not None:
                planned += plan_documents(kind, unit, period, LANGUAGE, by, subjects=chunk, draft=draft).new
        finished += len(codes)
        watch(kind.code, finished, len(by_code))
    return planned
