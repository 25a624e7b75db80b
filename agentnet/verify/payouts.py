"""Commission that was paid out: shares of what was accrued, each once, by two people, and moved as it says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.register import as_day

PPM = 1_000_000


def plain(id_: object) -> str:
    """Return an id as 32 digits, however the database keeps it."""
    return str(id_).replace("-", "")


def payouts_add_up(connection: Connection) -> Iterator[Finding]:
    """A batch is the sum of its payments, a payment the sum of its parts less the tax."""
    for row in rows(
        connection,
        """
        SELECT b.month, b.number, b.payments, b.gross_fen, b.tax_fen, b.net_fen, COUNT(p.id) AS n,
               COALESCE(SUM(p.gross_fen), 0) AS gross, COALESCE(SUM(p.tax_fen), 0) AS tax,
               COALESCE(SUM(p.net_fen), 0) AS net
        FROM payout_batches b LEFT JOIN payout_payments p ON p.batch_id = b.id
        GROUP BY b.id, b.month, b.number, b.payments, b.gross_fen, b.tax_fen, b.net_fen
        """,
    ):
        said = (row.payments, row.gross_fen, row.tax_fen, row.net_fen)
        summed = (row.n, int(row.gross), int(row.tax), int(row.net))
        if said != summed or row.net_fen != row.gross_fen - row.tax_fen:
            yield Finding("payout_batch", f"{row.month}-{row.number}", f"says {said}, its payments come to {summed}")
    for row in rows(
        connection,
        """
        SELECT b.month, b.number, p.number AS place, p.gross_fen, p.tax_fen, p.net_fen,
               COALESCE(SUM(t.amount_fen), 0) AS parts, SUM(CASE WHEN t.batch_id <> p.batch_id THEN 1 ELSE 0 END) AS odd
        FROM payout_payments p JOIN payout_batches b ON b.id = p.batch_id
        LEFT JOIN payout_parts t ON t.payment_id = p.id
        GROUP BY p.id, b.month, b.number, p.number, p.gross_fen, p.tax_fen, p.net_fen
        """,
    ):
        if int(row.parts) != row.gross_fen or row.net_fen != row.gross_fen - row.tax_fen or row.odd:
            says = f"{yuan(row.gross_fen)} less {yuan(row.tax_fen)}, its parts come to {yuan(int(row.parts))}"
            yield Finding("payout_payment", f"{row.month}-{row.number} no. {row.place}", says)


def _shared(due: int, content: str | None) -> dict[str, int]:
    """Split a sum by a version's shares: whole parts first, what is left over by the largest remainder."""
    document: Mapping[str, Any] = json.loads(content) if content else {}
    weights = [(one["name"], _ppm(one)) for one in document.get("shares", ())]
    if not weights:
        return {"KEEPER": due}
    whole = sum(weight for _, weight in weights)
    size, sign = abs(due), -1 if due < 0 else 1
    cut = [[size * weight // whole, size * weight % whole, at] for at, (_, weight) in enumerate(weights)]
    left = size - sum(one[0] for one in cut)
    for one in sorted(cut, key=lambda one: (-one[1], one[2]))[:left]:
        one[0] += 1
    found: dict[str, int] = defaultdict(int)
    for (name, _), (part, _remainder, _at) in zip(weights, cut, strict=True):
        found[name] += sign * part
    return found


def _ppm(share: Mapping[str, Any]) -> int:
    """Read a share's percentage without floating point."""
    whole, _, decimals = str(share["percent"]).partition(".")
    return int(whole) * 10_000 + int(decimals.ljust(4, "0") or 0)


def payout_parts_are_shares(connection: Connection) -> Iterator[Finding]:
    """Every part of a batch is a share of its outlet's closed month, split again by the stored versions.

    What a month earned is split by its own version, what it corrects of an earlier month by that month's.
    """
    due: dict[tuple[int, str], dict[int, int]] = {}
    contents = {row.id: row.content for row in rows(connection, "SELECT id, content FROM plan_versions")}
    own: dict[tuple[int, str], int] = {}
    for row in rows(
        connection,
        "SELECT a.outlet_id, a.month, a.earned_fen, COALESCE(a.version_id, 0) AS version_id FROM outlet_accruals a"
        " JOIN accounting_months m ON m.month = a.month AND m.state = 'CLOSED'",
    ):
        own[row.outlet_id, row.month] = row.version_id
        due[row.outlet_id, row.month] = {row.version_id: row.earned_fen}
    for row in rows(
        connection,
        "SELECT outlet_id, month, of_month, SUM(amount_fen) AS amount_fen FROM commission_adjustments"
        " GROUP BY outlet_id, month, of_month",
    ):
        key = (row.outlet_id, row.month)
        if key in due:
            version_id = own.get((row.outlet_id, row.of_month), own[key])
            due[key][version_id] = due[key].get(version_id, 0) + int(row.amount_fen)
    for row in rows(
        connection,
        "SELECT t.outlet_id, t.month, t.share, t.amount_fen, o.code FROM payout_parts t"
        " JOIN outlets o ON o.id = t.outlet_id ORDER BY t.id",
    ):
        sums = due.get((row.outlet_id, row.month), {})
        split = [_shared(amount, contents.get(version_id)) for version_id, amount in sums.items()]
        named = [one[row.share] for one in split if row.share in one]
        right = sum(named) if named else None
        if right != row.amount_fen:
            says = f"{yuan(row.amount_fen)}, its share is {'none' if right is None else yuan(right)}"
            yield Finding("payout_part", f"{row.code} {row.month} {row.share}", says)


def nothing_is_paid_twice(connection: Connection) -> Iterator[Finding]:
    """A share of a month stands in one live payment at most; it is free again only after a cancelling or a return."""
    for row in rows(
        connection,
        """
        SELECT o.code, t.month, t.share, COUNT(*) AS n FROM payout_parts t JOIN outlets o ON o.id = t.outlet_id
        JOIN payout_payments p ON p.id = t.payment_id JOIN payout_batches b ON b.id = t.batch_id
        WHERE b.state <> 'CANCELLED' AND p.state <> 'RETURNED'
        GROUP BY o.code, t.month, t.share HAVING COUNT(*) > 1
        """,
    ):
        yield Finding("paid_twice", f"{row.code} {row.month} {row.share}", f"stands in {row.n} payments")
    for row in rows(
        connection,
        """
        SELECT o.code, t.month, t.share, t.released, b.state AS batch, p.state FROM payout_parts t
        JOIN outlets o ON o.id = t.outlet_id JOIN payout_batches b ON b.id = t.batch_id
        JOIN payout_payments p ON p.id = t.payment_id
        WHERE t.released <> (b.state = 'CANCELLED' OR p.state = 'RETURNED')
        """,
    ):
        says = f"{'free' if row.released else 'held'} in a batch {row.batch} with its payment {row.state}"
        yield Finding("payout_released", f"{row.code} {row.month} {row.share}", says)


_LEGS = """
    SELECT l.payment_id, l.outlet_id, l.amount_fen, l.tax_fen, b.month, b.number, p.number AS place, p.state,
           b.id AS batch_id, t.kind, t.amount_fen AS net_fen, t.subject_id, x.kind AS tax_kind,
           x.amount_fen AS taxed_fen,
           td.code AS debit, td.owner_id AS debit_owner, tc.code AS credit, tc.owner_id AS credit_owner,
           xd.code AS tax_debit, xd.owner_id AS tax_debit_owner, xc.code AS tax_credit, xc.owner_id AS tax_credit_owner,
           b.paid_on, t.business_on, x.business_on AS taxed_on,
           tb.id AS back_id, xb.id AS tax_back_id, root.id AS root_id
    FROM payout_legs l JOIN payout_payments p ON p.id = l.payment_id JOIN payout_batches b ON b.id = p.batch_id
    JOIN org_units root ON root.parent_id IS NULL
    LEFT JOIN transfers t ON t.id = l.transfer_id LEFT JOIN transfers x ON x.id = l.tax_transfer_id
    LEFT JOIN accounts td ON td.id = t.debit_account_id LEFT JOIN accounts tc ON tc.id = t.credit_account_id
    LEFT JOIN accounts xd ON xd.id = x.debit_account_id LEFT JOIN accounts xc ON xc.id = x.credit_account_id
    LEFT JOIN transfers tb ON tb.reverses_id = t.id AND tb.kind = 'COMMISSION_RETURNED'
    LEFT JOIN transfers xb ON xb.reverses_id = x.id AND xb.kind = 'COMMISSION_TAX_BACK'
"""


def _same_day(one: Any, other: Any) -> bool:
    return one is not None and other is not None and as_day(one) == as_day(other)


def payouts_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A paid payment went out of its outlets' payable to the bank and the tax; a returned one came back whole."""
    sums: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in rows(connection, _LEGS):
        sums[plain(row.payment_id)][row.outlet_id] = (row.amount_fen, row.tax_fen)
        subject = f"{row.month}-{row.number} no. {row.place}"
        net = row.amount_fen - row.tax_fen
        moved = net == 0 or (
            (row.kind, row.net_fen, row.debit, row.debit_owner) == ("COMMISSION_PAID", net, "COMMISSION_PAYABLE",
             row.outlet_id)
            and (row.credit, row.credit_owner) == ("BANK", row.root_id)
            and plain(row.subject_id) == plain(row.batch_id) and _same_day(row.business_on, row.paid_on)
        )  # fmt: skip
        taxed = row.tax_fen == 0 or (
            (row.tax_kind, row.taxed_fen, row.tax_debit, row.tax_debit_owner)
            == ("COMMISSION_TAX", row.tax_fen, "COMMISSION_PAYABLE", row.outlet_id)
            and (row.tax_credit, row.tax_credit_owner) == ("WITHHOLDING", row.root_id)
            and _same_day(row.taxed_on, row.paid_on)
        )
        if not moved or not taxed:
            yield Finding("payout_moved", subject, f"{yuan(row.amount_fen)} of outlet {row.outlet_id} moved otherwise")
        back = (row.back_id is not None) == (net > 0) and (row.tax_back_id is not None) == (row.tax_fen > 0)
        none_back = row.back_id is None and row.tax_back_id is None
        if not (back if row.state == "RETURNED" else none_back):
            yield Finding("payout_returned", subject, f"is {row.state}, and the book says otherwise")
    parts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows(
        connection, "SELECT payment_id, outlet_id, amount_fen FROM payout_parts WHERE payment_id IS NOT NULL"
    ):
        parts[plain(row.payment_id)][row.outlet_id] += row.amount_fen
    for row in rows(
        connection,
        "SELECT p.id, p.number AS place, p.tax_fen, p.state, b.state AS batch, b.month, b.number FROM payout_payments p"
        " JOIN payout_batches b ON b.id = p.batch_id",
    ):
        legs = sums.get(plain(row.id), {})
        due = dict(parts[plain(row.id)]) if row.batch == "PAID" else {}
        tax = row.tax_fen if row.batch == "PAID" else 0
        if (
            (row.state == "PLANNED") == (row.batch == "PAID")
            or {outlet: amount for outlet, (amount, _) in legs.items()} != due
            or sum(one for _, one in legs.values()) != tax
        ):
            says = f"is {row.state} in a batch {row.batch}; its outlets' money does not come to it"
            yield Finding("payout_legs", f"{row.month}-{row.number} no. {row.place}", says)
    for row in rows(
        connection,
        """
        SELECT t.id, t.kind, t.amount_fen FROM transfers t
        WHERE (t.kind = 'COMMISSION_PAID' AND NOT EXISTS (SELECT 1 FROM payout_legs l WHERE l.transfer_id = t.id))
           OR (t.kind = 'COMMISSION_TAX' AND NOT EXISTS (SELECT 1 FROM payout_legs l WHERE l.tax_transfer_id = t.id))
           OR (t.kind IN ('COMMISSION_RETURNED', 'COMMISSION_TAX_BACK') AND t.reverses_id IS NULL)
        """,
    ):
        yield Finding("stray_payout", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} belongs to no payment")


def held_outlets_were_not_paid(connection: Connection) -> Iterator[Finding]:
    """No outlet was paid while it was on hold."""
    holds: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
    for row in rows(connection, "SELECT outlet_id, placed_at, lifted_at FROM payout_holds"):
        lifted = as_instant(row.lifted_at) if row.lifted_at is not None else None
        holds[row.outlet_id].append((as_instant(row.placed_at), lifted))
    for row in rows(
        connection,
        "SELECT DISTINCT o.id, o.code, b.month, b.number, b.paid_at FROM payout_legs l"
        " JOIN payout_payments p ON p.id = l.payment_id JOIN payout_batches b ON b.id = p.batch_id"
        " JOIN outlets o ON o.id = l.outlet_id",
    ):
        at = as_instant(row.paid_at)
        if any(placed < at and (lifted is None or at < lifted) for placed, lifted in holds[row.id]):
            yield Finding("paid_on_hold", f"{row.code} {row.month}-{row.number}", "was on hold when it was paid")
