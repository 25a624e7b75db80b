"""Collections: each has its transfer, its allocations, its request and its place in the day's receipts."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def collections_equal_their_transfer(connection: Connection) -> Iterator[Finding]:
    """A collection's transfer moves its amount on its business day, out of RECEIVED of its own outlet."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, c.amount_fen, t.amount_fen AS moved_fen, c.business_on, t.business_on AS moved_on,
               d.code AS debit_code, d.detail AS debit_detail, k.code AS credit_code, c.tender, c.outlet_id,
               d.owner_kind AS debit_owner_kind, d.owner_id AS debit_owner, k.owner_id AS credit_owner
        FROM collections c JOIN transfers t ON t.id = c.transfer_id
        JOIN accounts d ON d.id = t.debit_account_id JOIN accounts k ON k.id = t.credit_account_id
        WHERE c.amount_fen <> t.amount_fen OR c.business_on <> t.business_on OR k.code <> 'RECEIVED'
           OR d.owner_id <> c.outlet_id OR k.owner_id <> c.outlet_id
           OR d.owner_kind <> 'OUTLET' OR k.owner_kind <> 'OUTLET'
           OR (c.tender IN ('CASH', 'KEEPER_QR') AND d.code NOT IN ('CASH_HELD', 'FLOAT'))
           OR (c.tender NOT IN ('CASH', 'KEEPER_QR') AND (d.code <> 'NONCASH_CLEARING' OR d.detail <> c.tender))
        """,
    ):
        yield Finding(
            "collection_transfer",
            row.receipt_no,
            f"{yuan(row.amount_fen)} {row.tender} of {row.business_on}, but its transfer moved {yuan(row.moved_fen)}"
            f" on {row.moved_on} from {row.credit_code} to {row.debit_code} {row.debit_detail}".rstrip(),
        )


def no_transfer_without_its_collection(connection: Connection) -> Iterator[Finding]:
    """Money enters RECEIVED through a collection and leaves it through a void or the nightly sorting only."""
    for row in rows(
        connection,
        """
        SELECT t.id, t.kind, t.amount_fen FROM transfers t JOIN accounts k ON k.id = t.credit_account_id
        WHERE k.code = 'RECEIVED' AND NOT EXISTS (SELECT 1 FROM collections c WHERE c.transfer_id = t.id)
        """,
    ):
        yield Finding("stray_transfer", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} has no collection")


def allocations_add_up(connection: Connection) -> Iterator[Finding]:
    """What a collection pays, bill by bill and in advance, adds up to what was taken."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, c.amount_fen, COALESCE(SUM(a.principal_fen + a.late_charge_fen), 0) AS allocated
        FROM collections c LEFT JOIN allocations a ON a.collection_id = c.id
        GROUP BY c.id, c.receipt_no, c.amount_fen
        HAVING COALESCE(SUM(a.principal_fen + a.late_charge_fen), 0) <> c.amount_fen
        """,
    ):
        yield Finding(
            "allocation", row.receipt_no, f"took {yuan(row.amount_fen)}, allocated {yuan(int(row.allocated))}"
        )


def allocations_pay_the_right_household(connection: Connection) -> Iterator[Finding]:
    """A collection pays bills of its own household only."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, b.bill_month FROM allocations a JOIN collections c ON c.id = a.collection_id
        JOIN bills b ON b.id = a.bill_id WHERE b.household_id <> c.household_id
        """,
    ):
        yield Finding("wrong_household", row.receipt_no, f"pays a bill of {row.bill_month} of another household")


def bills_paid_off_are_paid(connection: Connection) -> Iterator[Finding]:
    """A bill that counters no longer look at is paid in full by what stands."""
    for row in rows(
        connection,
        """
        SELECT h.household_no, b.bill_month, b.paid_off_on, b.principal_fen + b.late_charge_fen AS billed_fen,
               COALESCE((SELECT SUM(a.principal_fen + a.late_charge_fen) FROM allocations a
                         WHERE a.bill_id = b.id AND a.collection_id NOT IN (SELECT collection_id FROM voids)), 0)
               + COALESCE((SELECT SUM(u.principal_fen + u.late_charge_fen) FROM advance_uses u
                           WHERE u.bill_id = b.id), 0)
               + COALESCE((SELECT SUM(k.principal_fen + k.late_charge_fen) FROM allocation_changes k
                           WHERE k.bill_id = b.id), 0) AS paid_fen
        FROM bills b JOIN households h ON h.id = b.household_id
        WHERE b.paid_off_on IS NOT NULL
        """,
    ):
        if row.paid_fen < row.billed_fen:
            yield Finding(
                "paid_off",
                f"{row.household_no} {row.bill_month}",
                f"noted as paid off on {row.paid_off_on}, but of {yuan(row.billed_fen)} only {yuan(int(row.paid_fen))}"
                " were paid: counters do not ask for the rest",
            )


def voids_reverse_the_same_day(connection: Connection) -> Iterator[Finding]:
    """A void reverses its collection's transfer, on the same business day."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, c.business_on, t.business_on AS void_on, t.reverses_id, c.transfer_id
        FROM voids v JOIN collections c ON c.id = v.collection_id JOIN transfers t ON t.id = v.transfer_id
        WHERE t.reverses_id IS NULL OR t.reverses_id <> c.transfer_id OR t.business_on <> c.business_on
        """,
    ):
        yield Finding("void", row.receipt_no, f"of {row.business_on} is not what its void of {row.void_on} reverses")


def receipts_have_no_gap(connection: Connection) -> Iterator[Finding]:
    """An outlet's day has as many receipts as its serial says: none lost, none added by hand."""
    for row in rows(
        connection,
        """
        SELECT o.code, d.business_on, d.receipt_serial, COALESCE(c.taken, 0) AS taken
        FROM business_days d JOIN outlets o ON o.id = d.outlet_id
        LEFT JOIN (SELECT outlet_id, business_on, COUNT(*) AS taken FROM collections GROUP BY 1, 2) c
          ON c.outlet_id = d.outlet_id AND c.business_on = d.business_on
        WHERE d.receipt_serial <> COALESCE(c.taken, 0)
        """,
    ):
        yield Finding(
            "receipt_gap", f"{row.code} {row.business_on}", f"serial is {row.receipt_serial}, receipts are {row.taken}"
        )
    for row in rows(
        connection,
        """
        SELECT c.receipt_no FROM collections c LEFT JOIN business_days d
          ON d.outlet_id = c.outlet_id AND d.business_on = c.business_on WHERE d.outlet_id IS NULL
        """,
    ):
        yield Finding("receipt_gap", row.receipt_no, "lies on a business day that was never opened")


def final_days_are_added_up(connection: Connection) -> Iterator[Finding]:
    """The sums kept of final days are what their collections come to, voids left out; days still open are in none."""
    for row in rows(
        connection,
        """
        SELECT business_on, org_unit_id, setting, SUM(n) AS n, SUM(fen) AS fen, SUM(voided) AS voided FROM (
          SELECT c.business_on, c.org_unit_id, c.setting, CASE WHEN v.id IS NULL THEN 1 ELSE 0 END AS n,
            CASE WHEN v.id IS NULL THEN c.amount_fen ELSE 0 END AS fen,
            CASE WHEN v.id IS NULL THEN 0 ELSE 1 END AS voided
          FROM collections c LEFT JOIN voids v ON v.collection_id = c.id
          JOIN business_days d ON d.outlet_id = c.outlet_id AND d.business_on = c.business_on
          WHERE d.allocated_at IS NOT NULL
          UNION ALL
          SELECT business_on, org_unit_id, setting, -count, -amount_fen, -voided FROM collection_days
        ) AS both_sides
        GROUP BY 1, 2, 3 HAVING SUM(n) <> 0 OR SUM(fen) <> 0 OR SUM(voided) <> 0
        """,
    ):
        says = f"{row.n} collections, {yuan(int(row.fen))} and {row.voided} voids are not in its sums"
        yield Finding("day_sums", f"{row.business_on} unit {row.org_unit_id} {row.setting}", says)


def requests_stand_behind_collections(connection: Connection) -> Iterator[Finding]:
    """The sender's id of every collection is remembered, so that a resend is known for ever."""
    for row in rows(
        connection,
        "SELECT c.receipt_no FROM collections c LEFT JOIN requests r ON r.id = c.id WHERE r.id IS NULL",
    ):
        yield Finding("request", row.receipt_no, "its request is not remembered")
