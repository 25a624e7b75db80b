"""Corrections: each was approved, moved what it says, took back no more than stood, and is paid out once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from agentnet.verify.findings import Finding, rows, yuan

Account = tuple[str, int, str]
Move = tuple[Account, Account, int]

ADJUSTED: Mapping[str, tuple[str, str]] = {
    "SHORT_WRITTEN_OFF": ("WRITE_OFF", "OVER_SHORT"),
    "SHORT_MADE_GOOD": ("BANK", "OVER_SHORT"),
    "SUSPECT_WRITTEN_OFF": ("WRITE_OFF", "OVER_SHORT:COUNTERFEIT"),
    "SUSPECT_MADE_GOOD": ("BANK", "OVER_SHORT:COUNTERFEIT"),
    "OVER_TO_SUSPENSE": ("OVER_SHORT", "SUSPENSE"),
    "UNKNOWN_RECEIVED": ("BANK", "SUSPENSE"),
    "UNKNOWN_RETURNED": ("SUSPENSE", "BANK"),
    "DEPOSIT_TAKEN_BACK": ("OVER_SHORT", "BANK"),
    "CHANNEL_FEE": ("CHANNEL_FEE", "BANK"),
}


def corrections_were_approved(connection: Connection) -> Iterator[Finding]:
    """A correction is what its approval asked for and was carried out by who approved; none approved is missing."""
    for row in rows(
        connection,
        """
        SELECT a.subject_label, a.kind, a.state, k.id AS correction
        FROM approvals a LEFT JOIN corrections k ON k.id = a.id
        WHERE (a.kind IN ('REFUND', 'WRONG_HOUSEHOLD', 'ADJUSTMENT') AND (a.state = 'APPROVED') <> (k.id IS NOT NULL))
           OR (k.id IS NOT NULL AND (k.kind <> a.kind OR k.amount_fen <> a.amount_fen OR k.user_id <> a.decided_by_id))
        """,
    ):
        done = "carried out otherwise" if row.correction is not None else "not carried out"
        yield Finding("correction_approval", f"{row.kind} {row.subject_label}", f"{row.state}, but {done}")


def _plain(id_: object) -> str:
    return str(id_).replace("-", "")


def _moves(connection: Connection) -> tuple[dict[str, list[Move]], dict[str, list[Move]]]:
    """Return what corrections moved, and what their refunds paid out, by correction."""
    moved: dict[str, list[Move]] = defaultdict(list)
    paid: dict[str, list[Move]] = defaultdict(list)
    for row in rows(
        connection,
        """
        SELECT t.subject_id, t.kind, t.amount_fen, d.owner_kind AS dk, d.owner_id AS di, c.owner_kind AS ck,
               c.owner_id AS ci, CASE WHEN d.detail = '' THEN d.code ELSE d.code || ':' || d.detail END AS dc,
               CASE WHEN c.detail = '' THEN c.code ELSE c.code || ':' || c.detail END AS cc
        FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
        WHERE t.subject_kind = 'CORRECTION'
        """,
    ):
        move = ((row.dk, row.di, row.dc), (row.ck, row.ci, row.cc), row.amount_fen)
        (paid if row.kind == "REFUND_PAID" else moved)[_plain(row.subject_id)].append(move)
    return moved, paid


def _changes(connection: Connection) -> dict[str, Counter[tuple[int, bool]]]:
    """Return what corrections changed, by household and whether it is of bills."""
    changed: dict[str, Counter[tuple[int, bool]]] = defaultdict(Counter)
    for row in rows(
        connection,
        """
        SELECT correction_id, household_id, bill_id, principal_fen + late_charge_fen AS fen FROM allocation_changes
        """,
    ):
        changed[_plain(row.correction_id)][row.household_id, row.bill_id is not None] += row.fen
    return changed


def _expected(row: Row[Any], changed: Counter[tuple[int, bool]]) -> list[Move]:
    """Return what a correction should have moved, from its own row and from what it changed."""
    unit: Account = ("ORG_UNIT", row.org_unit_id, "SUSPENSE")
    billing: Account = ("ORG_UNIT", row.org_unit_id, "BILLING_CLEARING")
    if row.kind == "ADJUSTMENT":
        debit, credit = (
            ("OUTLET", row.outlet_id, code) if code.startswith("OVER_SHORT") else ("ORG_UNIT", row.org_unit_id, code)
            for code in ADJUSTED[row.adjustment]
        )
        return [(debit, credit, row.amount_fen)]
    between: Account = ("HOUSEHOLD", row.household_id, "REFUND_PAYABLE") if row.kind == "REFUND" else unit
    moves: list[Move] = []
    for (household_id, of_bills), fen in changed.items():
        side: Account = billing if of_bills else ("HOUSEHOLD", household_id, "ADVANCE")
        if fen < 0:
            moves.append((side, between, -fen))
        elif fen > 0:
            moves.append((between, side, fen))
    return moves


def corrections_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A correction's transfers move what it took back and gave, and what it took back is its amount."""
    moved, paid = _moves(connection)
    changed = _changes(connection)
    known: set[str] = set()
    for row in rows(connection, "SELECT * FROM corrections"):
        id_ = _plain(row.id)
        known.add(id_)
        if sorted(moved[id_]) != sorted(_expected(row, changed[id_])):
            yield Finding("correction_moves", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} moved something else")
        taken = -sum(fen for fen in changed[id_].values() if fen < 0)
        given = sum(fen for (household_id, _), fen in changed[id_].items() if household_id == row.to_household_id)
        wanted = {"REFUND": (row.amount_fen, 0), "WRONG_HOUSEHOLD": (row.amount_fen, row.amount_fen)}
        if (taken, given) != wanted.get(row.kind, (0, 0)):
            yield Finding(
                "correction_changes",
                str(row.id),
                f"{row.kind} of {yuan(row.amount_fen)} took back {yuan(taken)} and gave {yuan(given)}",
            )
    for id_ in (moved.keys() | paid.keys()) - known:
        if moved[id_] or paid[id_]:
            yield Finding("stray_correction", id_, "moved money and is no correction")


def corrections_never_take_more_than_stands(connection: Connection) -> Iterator[Finding]:
    """What a collection paid, corrections added, is never below zero, one household's, and its amount less refunds."""
    standing: dict[str, Counter[tuple[int, int | None]]] = defaultdict(Counter)
    for row in rows(
        connection,
        """
        SELECT c.id, c.household_id, a.bill_id, a.principal_fen + a.late_charge_fen AS fen
        FROM allocations a JOIN collections c ON c.id = a.collection_id
        WHERE EXISTS (SELECT 1 FROM corrections k WHERE k.collection_id = c.id)
        UNION ALL
        SELECT k.collection_id, g.household_id, g.bill_id, g.principal_fen + g.late_charge_fen
        FROM allocation_changes g JOIN corrections k ON k.id = g.correction_id
        """,
    ):
        standing[_plain(row.id)][row.household_id, row.bill_id] += row.fen
    for row in rows(
        connection,
        """
        SELECT c.id, c.receipt_no, c.amount_fen,
               SUM(CASE WHEN k.kind = 'REFUND' THEN k.amount_fen ELSE 0 END) AS refunded,
               SUM(CASE WHEN k.kind = 'WRONG_HOUSEHOLD' THEN 1 ELSE 0 END) AS moved,
               SUM(CASE WHEN k.clears THEN 1 ELSE 0 END) AS cleared,
               (SELECT COUNT(*) FROM voids v WHERE v.collection_id = c.id) AS voided
        FROM corrections k JOIN collections c ON c.id = k.collection_id GROUP BY c.id, c.receipt_no, c.amount_fen
        """,
    ):
        parts = standing[_plain(row.id)]
        left, owners = sum(parts.values()), {household for (household, _), fen in parts.items() if fen}
        if min(parts.values(), default=0) < 0 or left != row.amount_fen - int(row.refunded) or len(owners) > 1:
            yield Finding(
                "correction_standing",
                row.receipt_no,
                f"took {yuan(row.amount_fen)}, refunded {yuan(int(row.refunded))}, {yuan(left)} stand",
            )
        if bool(row.cleared) != bool(row.moved or row.refunded == row.amount_fen):
            yield Finding(
                "correction_clears", row.receipt_no, "is said to earn what it does not, or the other way round"
            )
        if row.voided:
            yield Finding("correction_of_void", row.receipt_no, "was voided and corrected")
    for row in rows(
        connection,
        """
        SELECT g.correction_id, b.bill_month FROM allocation_changes g JOIN bills b ON b.id = g.bill_id
        WHERE b.household_id <> g.household_id
        """,
    ):
        yield Finding("correction_household", str(row.correction_id), f"changes {row.bill_month} of another household")


def refunds_are_paid_once(connection: Connection) -> Iterator[Finding]:
    """A payout moves its refund's amount from the household's claim to the drawer or the bank; no other does."""
    _, paid = _moves(connection)
    for row in rows(
        connection,
        """
        SELECT k.id, k.kind, k.amount_fen, k.pay_by, k.household_id, k.outlet_id, k.org_unit_id, p.correction_id AS paid
        FROM corrections k LEFT JOIN refund_payouts p ON p.correction_id = k.id
        """,
    ):
        moves = paid[_plain(row.id)]
        owed: Account = ("HOUSEHOLD", row.household_id, "REFUND_PAYABLE")
        froms: set[Account] = {("ORG_UNIT", row.org_unit_id, "BANK")}
        if row.pay_by == "CASH":
            froms = {("OUTLET", row.outlet_id, "CASH_HELD"), ("OUTLET", row.outlet_id, "FLOAT")}
        right = not moves
        if row.paid is not None:
            right = row.kind == "REFUND" and any(moves == [(owed, one, row.amount_fen)] for one in froms)
        if not right:
            yield Finding("refund_payout", str(row.id), f"{row.kind} of {yuan(row.amount_fen)}: paid otherwise")


def reversals_name_what_failed(connection: Connection) -> Iterator[Finding]:
    """What the system undid names a technical failure and is booked as a reversal; what a keeper did as a void."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, v.reason_code, t.kind FROM voids v JOIN collections c ON c.id = v.collection_id
        JOIN transfers t ON t.id = v.transfer_id
        WHERE t.kind <> CASE WHEN v.reason_code IS NULL THEN 'VOID' ELSE 'REVERSAL' END
           OR v.reason_code NOT IN ('TIMEOUT', 'ONE_SIDED', 'POSTED_TWICE')
        """,
    ):
        yield Finding("void_kind", row.receipt_no, f"{row.kind} for {row.reason_code or 'no failure'}")
