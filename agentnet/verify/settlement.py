"""Settlement: a closed day says what was taken, its difference was booked, and a deposit moved what it says."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def closed_days_say_what_was_taken(connection: Connection) -> Iterator[Finding]:
    """A closed day's figures by tender are those of its collections, and nothing was collected or voided since."""
    for row in rows(
        connection,
        """
        WITH taken AS (
            SELECT c.outlet_id, c.business_on, c.tender, COUNT(*) AS number, SUM(c.amount_fen) AS taken_fen
            FROM collections c LEFT JOIN voids v ON v.collection_id = c.id WHERE v.collection_id IS NULL
            GROUP BY c.outlet_id, c.business_on, c.tender
        )
        SELECT o.code, d.business_on, t.tender, t.collections_count, t.system_fen,
               COALESCE(s.number, 0) AS number, COALESCE(s.taken_fen, 0) AS taken_fen
        FROM day_closes d JOIN outlets o ON o.id = d.outlet_id JOIN day_close_tenders t ON t.close_id = d.id
        LEFT JOIN taken s ON s.outlet_id = d.outlet_id AND s.business_on = d.business_on AND s.tender = t.tender
        WHERE t.collections_count <> COALESCE(s.number, 0) OR t.system_fen <> COALESCE(s.taken_fen, 0)
        UNION ALL
        SELECT o.code, d.business_on, s.tender, 0, 0, s.number, s.taken_fen
        FROM day_closes d JOIN outlets o ON o.id = d.outlet_id
        JOIN taken s ON s.outlet_id = d.outlet_id AND s.business_on = d.business_on
        WHERE NOT EXISTS (SELECT 1 FROM day_close_tenders t WHERE t.close_id = d.id AND t.tender = s.tender)
        """,
    ):
        yield Finding(
            "closed_day",
            f"{row.code} {row.business_on}",
            f"closed with {row.collections_count} by {row.tender} of {yuan(row.system_fen)},"
            f" its collections are {row.number} of {yuan(int(row.taken_fen))}",
        )


def closed_days_are_locked(connection: Connection) -> Iterator[Finding]:
    """A day has a close if and only if it is locked."""
    for row in rows(
        connection,
        """
        SELECT o.code, d.business_on, 'closed but not locked' AS what FROM day_closes d
        JOIN outlets o ON o.id = d.outlet_id
        WHERE NOT EXISTS (SELECT 1 FROM business_days b WHERE b.outlet_id = d.outlet_id
                          AND b.business_on = d.business_on AND b.closed_at IS NOT NULL)
        UNION ALL
        SELECT o.code, b.business_on, 'locked without a close' FROM business_days b
        JOIN outlets o ON o.id = b.outlet_id
        WHERE b.closed_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM day_closes d WHERE d.outlet_id = b.outlet_id AND d.business_on = b.business_on)
        """,
    ):
        yield Finding("day_lock", f"{row.code} {row.business_on}", row.what)


def counts_are_booked(connection: Connection) -> Iterator[Finding]:
    """What a count found over, short or suspected is what its transfers moved, and nothing else moves there."""
    for row in rows(
        connection,
        """
        SELECT o.code, d.business_on, d.cash_system_fen, d.cash_counted_fen, d.counterfeit_fen, d.own_qr_fen,
               d.cash_difference_fen,
               COALESCE(SUM(CASE WHEN a.detail = '' THEN
                   CASE WHEN t.credit_account_id = a.id THEN t.amount_fen ELSE -t.amount_fen END END), 0) AS booked,
               COALESCE(SUM(CASE WHEN a.detail = 'COUNTERFEIT' THEN
                   CASE WHEN t.debit_account_id = a.id THEN t.amount_fen ELSE -t.amount_fen END END), 0) AS suspected
        FROM day_closes d JOIN outlets o ON o.id = d.outlet_id
        LEFT JOIN transfers t ON t.id IN (d.difference_transfer_id, d.counterfeit_transfer_id)
        LEFT JOIN accounts a ON a.id IN (t.debit_account_id, t.credit_account_id)
                            AND a.code = 'OVER_SHORT' AND a.owner_kind = 'OUTLET' AND a.owner_id = d.outlet_id
        GROUP BY d.id, o.code, d.business_on, d.cash_system_fen, d.cash_counted_fen, d.counterfeit_fen,
                 d.own_qr_fen, d.cash_difference_fen
        """,
    ):
        found = None
        if row.cash_counted_fen is not None:
            found = row.cash_counted_fen + row.counterfeit_fen + row.own_qr_fen
        difference = 0 if found is None else found - row.cash_system_fen
        if difference != row.cash_difference_fen or int(row.booked) != difference:
            yield Finding(
                "count_difference",
                f"{row.code} {row.business_on}",
                f"the count differs by {yuan(difference)}, the close says {yuan(row.cash_difference_fen)},"
                f" {yuan(int(row.booked))} was booked",
            )
        if int(row.suspected) != row.counterfeit_fen:
            yield Finding(
                "counterfeit",
                f"{row.code} {row.business_on}",
                f"{yuan(row.counterfeit_fen)} was suspected, {yuan(int(row.suspected))} was booked",
            )
    for row in rows(
        connection,
        """
        SELECT t.id, t.kind, t.amount_fen FROM transfers t
        JOIN accounts a ON a.id IN (t.debit_account_id, t.credit_account_id) AND a.code = 'OVER_SHORT'
        WHERE NOT EXISTS (SELECT 1 FROM day_closes d
                          WHERE t.id IN (d.difference_transfer_id, d.counterfeit_transfer_id))
          AND NOT (t.subject_kind = 'CORRECTION' AND EXISTS (
              SELECT 1 FROM corrections k WHERE k.kind = 'ADJUSTMENT'
                AND REPLACE(CAST(k.id AS VARCHAR(40)), '-', '') = REPLACE(t.subject_id, '-', '')))
        """,
    ):
        yield Finding("stray_difference", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} belongs to no close")


def deposits_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A deposit took its amount from the drawer, and once decided all of it is in the bank or back."""
    for row in rows(
        connection,
        """
        SELECT o.code, r.slip_no, r.state, r.amount_fen, r.confirmed_fen,
               COALESCE(SUM(CASE WHEN t.kind = 'REMITTANCE' AND d.code = 'IN_TRANSIT' AND c.code = 'CASH_HELD'
                            THEN t.amount_fen END), 0) AS taken,
               COALESCE(SUM(CASE WHEN t.kind = 'REMITTANCE_BANKED' AND d.code = 'BANK' AND c.code = 'IN_TRANSIT'
                            THEN t.amount_fen END), 0) AS banked,
               COALESCE(SUM(CASE WHEN t.kind = 'REMITTANCE_RETURNED' AND d.code = 'CASH_HELD' AND c.code = 'IN_TRANSIT'
                            THEN t.amount_fen END), 0) AS returned
        FROM (SELECT CAST(remittances.id AS VARCHAR(40)) AS plain_id, remittances.* FROM remittances) r
        JOIN outlets o ON o.id = r.outlet_id
        LEFT JOIN transfers t ON t.subject_kind = 'REMITTANCE'
                             AND REPLACE(t.subject_id, '-', '') = REPLACE(r.plain_id, '-', '')
        LEFT JOIN accounts d ON d.id = t.debit_account_id
        LEFT JOIN accounts c ON c.id = t.credit_account_id AND c.owner_id = r.outlet_id
        GROUP BY r.id, o.code, r.slip_no, r.state, r.amount_fen, r.confirmed_fen
        """,
    ):
        banked, returned = row.confirmed_fen or 0, 0
        if row.state != "DECLARED":
            returned = row.amount_fen - banked
        if (int(row.taken), int(row.banked), int(row.returned)) != (row.amount_fen, banked, returned):
            yield Finding(
                "deposit",
                f"{row.code} {row.slip_no}",
                f"{row.state} of {yuan(row.amount_fen)}: {yuan(int(row.taken))} left the drawer,"
                f" {yuan(int(row.banked))} reached the bank, {yuan(int(row.returned))} came back",
            )
