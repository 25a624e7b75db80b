"""Held money: no limit was ever passed, a day's running total is right, float and deposits moved what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.limits import FIGURES, LimitsInForce, combined, day_of, instant, last_said, limits_in_force


def cash_never_passed_its_ceiling(connection: Connection) -> Iterator[Finding]:
    """Replayed in the order of posting, no collection took an outlet's cash past the ceiling in force at that moment.

    What comes back rightly may stand above it: a deposit the bank did not receive, cash found over at a count. Until
    it is banked no collection may add to it. What was posted at one instant is replayed decreases first.
    """
    limits = limits_in_force(connection)
    outlet, held = None, 0
    for row in rows(
        connection,
        """
        SELECT o.id, o.code, m.posted_at, m.change_fen, m.step FROM accounts a JOIN outlets o ON o.id = a.owner_id
        JOIN (
          SELECT debit_account_id AS account_id, posted_at, amount_fen AS change_fen,
                 CASE WHEN kind = 'COLLECTION' THEN 1 ELSE 2 END AS step FROM transfers
          UNION ALL SELECT credit_account_id, posted_at, -amount_fen, 0 FROM transfers
        ) m ON m.account_id = a.id
        WHERE a.owner_kind = 'OUTLET' AND a.code = 'CASH_HELD'
        ORDER BY o.id, m.posted_at, m.step
        """,
    ):
        if row.id != outlet:
            outlet, held = row.id, 0
        held += row.change_fen
        if row.step != 1:
            continue
        ceiling = limits.at(row.id, instant(row.posted_at))["ceiling_fen"]
        if ceiling is not None and held > ceiling:
            yield Finding(
                "over_ceiling",
                f"{row.code} {instant(row.posted_at):%Y-%m-%d %H:%M}",
                f"a collection took the cash to {yuan(held)}, the ceiling was {yuan(ceiling)}",
            )


def collections_were_within_limits(connection: Connection) -> Iterator[Finding]:
    """Replayed, no collection passed the single or the daily limit of its moment, and large ones are marked so."""
    limits = limits_in_force(connection)
    day, taken = None, 0
    for row in rows(
        connection,
        """
        SELECT m.outlet_id, m.business_on, m.at, m.change_fen, m.receipt_no, m.large, m.tender FROM (
          SELECT outlet_id, business_on, posted_at AS at, amount_fen AS change_fen, receipt_no, large, tender
          FROM collections
          UNION ALL
          SELECT c.outlet_id, c.business_on, v.voided_at, -c.amount_fen, c.receipt_no, c.large, c.tender
          FROM voids v JOIN collections c ON c.id = v.collection_id
        ) m ORDER BY m.outlet_id, m.business_on, m.at, m.change_fen
        """,
    ):
        if (row.outlet_id, row.business_on) != day:
            day, taken = (row.outlet_id, row.business_on), 0
        taken += row.change_fen
        if row.change_fen > 0:
            at = instant(row.at)
            held_to = limits.at(row.outlet_id, at)
            for check, name, figure in (
                ("over_single_limit", "single_limit_fen", row.change_fen),
                ("over_daily_limit", "daily_limit_fen", taken),
            ):
                most = held_to[name]
                if most is not None and figure > most:
                    yield Finding(check, row.receipt_no, f"came to {yuan(figure)}, the limit was {yuan(most)}")
            marks = {fen is not None and row.change_fen >= fen for fen in limits.large_from(row.outlet_id, at)}
            if bool(row.large) not in marks:
                yield Finding("large_mark", row.receipt_no, f"{yuan(row.change_fen)} is marked {bool(row.large)}")
            business_on = day_of(row.business_on)
            assert business_on is not None
            agreed = limits.agreed(row.outlet_id, business_on)
            if row.tender == "KEEPER_QR" and not any(one.own_qr for one in agreed):
                yield Finding("own_qr", row.receipt_no, "paid through the keeper's own code, which was not agreed")


def days_have_taken_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A day's running total is the sum of its collections that stand, and what lies in a keeper's account is held."""
    for row in rows(
        connection,
        """
        SELECT o.code, d.business_on, d.taken_fen, COALESCE(s.taken, 0) AS taken
        FROM business_days d JOIN outlets o ON o.id = d.outlet_id LEFT JOIN (
          SELECT c.outlet_id, c.business_on, SUM(c.amount_fen) AS taken FROM collections c
          LEFT JOIN voids v ON v.collection_id = c.id WHERE v.collection_id IS NULL GROUP BY 1, 2
        ) s ON s.outlet_id = d.outlet_id AND s.business_on = d.business_on
        WHERE d.taken_fen <> COALESCE(s.taken, 0)
        """,
    ):
        says = f"counts {yuan(row.taken_fen)} against its limit, its collections come to {yuan(int(row.taken))}"
        yield Finding("day_total", f"{row.code} {row.business_on}", says)
    for row in rows(
        connection,
        """
        SELECT o.code, d.business_on, d.own_qr_fen, d.cash_system_fen FROM day_closes d
        JOIN outlets o ON o.id = d.outlet_id WHERE d.own_qr_fen > d.cash_system_fen
        """,
    ):
        says = f"{yuan(row.own_qr_fen)} in the keeper's account, {yuan(row.cash_system_fen)} held in all"
        yield Finding("own_qr", f"{row.code} {row.business_on}", says)


def raises_had_two_people(connection: Connection) -> Iterator[Finding]:
    """A limit that let more through than the one it followed was asked for by one person and approved by another."""
    limits = limits_in_force(connection)
    approved = {
        (row.requested_by_id, row.decided_by_id)
        for row in rows(
            connection,
            "SELECT requested_by_id, decided_by_id FROM approvals WHERE kind = 'LIMIT_RAISE' AND state = 'APPROVED'",
        )
    }
    for row in rows(
        connection,
        """
        SELECT l.*, o.code FROM limits l LEFT JOIN outlets o ON o.id = l.outlet_id
        ORDER BY l.id
        """,
    ):
        day, subject = day_of(row.starts_on), row.code or row.kind
        if row.approved_by_id is not None:
            if row.approved_by_id == row.user_id or (row.user_id, row.approved_by_id) not in approved:
                yield Finding("raise_unapproved", f"{subject} {row.starts_on}", "its second person approved nothing")
            continue
        assert day is not None
        said = limits.of_kind[row.kind] if row.outlet_id is None else limits.of_outlet[row.outlet_id]
        before = last_said([one for one in said if one.id < row.id], day, instant(row.set_at))
        for name in FIGURES[:3]:
            low, high = before.get(name), getattr(row, name)
            if row.outlet_id is not None:
                low, high = (_of_outlet(limits, name, day, row, own) for own in (low, high))
            if low is not None and (high is None or high > low):
                more = "no limit" if high is None else yuan(high)
                yield Finding("raise_alone", f"{subject} {row.starts_on}", f"{name}: {yuan(low)} to {more}")


def _of_outlet(limits: LimitsInForce, name: str, day: date, row: Any, own: int | None) -> int | None:
    """Return what holds at an outlet with an own figure, beside what its agreement and its kind said then."""
    agreed = limits.agreed(row.outlet_id, day)
    by_agreement = None
    if name != "daily_limit_fen":
        by_agreement = max((getattr(one, name) for one in agreed), default=0)
    of_kind = [
        last_said(limits.of_kind[kind], day, instant(row.set_at)).get(name) for kind in limits.kinds[row.outlet_id]
    ]
    most = None if None in of_kind else max((one for one in of_kind if one is not None), default=None)
    return combined(by_agreement, most, own)


def top_ups_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A confirmed top-up moved its amount from the unit's bank to the outlet's float; else only a refund raises it."""
    for row in rows(
        connection,
        """
        WITH m AS (
            SELECT t.id, t.kind, t.amount_fen, d.code AS debit_code, d.owner_id AS debit_owner,
                   c.code AS credit_code, c.owner_id AS credit_owner
            FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
        )
        SELECT o.code, u.slip_no, u.state, u.amount_fen, m.kind, m.amount_fen AS moved_fen FROM top_ups u
        JOIN outlets o ON o.id = u.outlet_id LEFT JOIN m ON m.id = u.transfer_id
        WHERE (u.state = 'CONFIRMED') <> (m.id IS NOT NULL)
           OR (m.id IS NOT NULL AND (m.kind <> 'FLOAT_TOP_UP' OR m.amount_fen <> u.amount_fen
               OR m.debit_code <> 'BANK' OR m.debit_owner <> u.org_unit_id
               OR m.credit_code <> 'FLOAT' OR m.credit_owner <> u.outlet_id))
        """,
    ):
        moved = "nothing" if row.moved_fen is None else f"{yuan(row.moved_fen)} as {row.kind}"
        says = f"{row.state} of {yuan(row.amount_fen)} moved {moved}"
        yield Finding("top_up", f"{row.code} {row.slip_no}", says)
    for row in rows(
        connection,
        """
        SELECT t.id, t.kind, t.amount_fen FROM transfers t JOIN accounts a ON a.id = t.credit_account_id
        WHERE a.code = 'FLOAT' AND t.reverses_id IS NULL AND t.kind <> 'REFUND_PAID'
          AND NOT EXISTS (SELECT 1 FROM top_ups u WHERE u.transfer_id = t.id)
        """,
    ):
        yield Finding("stray_top_up", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} belongs to no top-up")


def guarantees_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A guarantee deposit came from and went to the unit's bank in its amount; nothing else touches it."""
    for row in rows(
        connection,
        """
        WITH m AS (
            SELECT t.id, t.kind, t.amount_fen, d.code AS debit_code, d.owner_id AS debit_owner,
                   c.code AS credit_code, c.owner_id AS credit_owner
            FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
        )
        SELECT o.code, g.slip_no, g.kind, g.amount_fen, m.kind AS moved_as, m.amount_fen AS moved_fen
        FROM deposit_moves g JOIN outlets o ON o.id = g.outlet_id JOIN m ON m.id = g.transfer_id
        WHERE m.amount_fen <> g.amount_fen OR m.kind <> CASE g.kind WHEN 'RECEIVED' THEN 'DEPOSIT_RECEIVED'
                                                                    ELSE 'DEPOSIT_PAID_BACK' END
           OR NOT ((g.kind = 'RECEIVED' AND m.debit_code = 'BANK' AND m.debit_owner = g.org_unit_id
                    AND m.credit_code = 'DEPOSIT' AND m.credit_owner = g.outlet_id)
                OR (g.kind = 'PAID_BACK' AND m.debit_code = 'DEPOSIT' AND m.debit_owner = g.outlet_id
                    AND m.credit_code = 'BANK' AND m.credit_owner = g.org_unit_id))
        """,
    ):
        says = f"{row.kind} of {yuan(row.amount_fen)} moved {yuan(row.moved_fen)} as {row.moved_as}"
        yield Finding("guarantee", f"{row.code} {row.slip_no}", says)
    for row in rows(
        connection,
        """
        SELECT t.id, t.kind, t.amount_fen FROM transfers t
        JOIN accounts a ON a.id IN (t.debit_account_id, t.credit_account_id) AND a.code = 'DEPOSIT'
        WHERE NOT EXISTS (SELECT 1 FROM deposit_moves g WHERE g.transfer_id = t.id)
        """,
    ):
        yield Finding("stray_guarantee", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} belongs to no deposit")
