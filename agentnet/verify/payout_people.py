"""To whom commission was paid: whom the terms name on the day it was meant for, as they stood at the drawing up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows
from agentnet.verify.register import as_day


def _holding(entered: Sequence[Any], pay_on: Any, drawn_at: Any) -> list[Any]:
    """Return what may hold of rows in the order they count: the last before the drawing up, and any of its instant."""
    known = [row for row in entered if as_day(row.starts_on) <= pay_on]
    before = [row for row in known if as_instant(row.entered_at) < drawn_at]
    return before[-1:] + [row for row in known if as_instant(row.entered_at) == drawn_at]


def payments_went_to_their_payees(connection: Connection) -> Iterator[Finding]:
    """Each part was paid to whom the terms name on its batch's day: the outlet's own, else that month's partner's."""
    own: dict[tuple[int, str], list[Any]] = defaultdict(list)
    of_partner: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in rows(connection, "SELECT * FROM payee_terms ORDER BY starts_on, id"):
        if row.outlet_id is not None:
            own[row.outlet_id, row.share].append(row)
        else:
            of_partner[row.partner_id, row.share].append(row)
    partners = {row.code: row.id for row in rows(connection, "SELECT id, code FROM partners")}
    for row in rows(
        connection,
        """
        SELECT p.payee_id, p.number AS place, b.month AS batch_month, b.number, b.pay_on, b.drawn_at, t.outlet_id,
               t.month, t.share, o.code, o.partner_id, a.inputs
        FROM payout_parts t JOIN payout_payments p ON p.id = t.payment_id JOIN payout_batches b ON b.id = t.batch_id
        JOIN outlets o ON o.id = t.outlet_id
        LEFT JOIN outlet_accruals a ON a.outlet_id = t.outlet_id AND a.month = t.month
        ORDER BY t.id
        """,
    ):
        pay_on, drawn_at = as_day(row.pay_on), as_instant(row.drawn_at)
        inputs = _read(row.inputs)
        partner_id = row.partner_id if inputs is None else partners.get(inputs.get("partner", ""))
        named = _holding(own[row.outlet_id, row.share], pay_on, drawn_at)
        if not any(as_instant(one.entered_at) < drawn_at for one in named):
            named += _holding(of_partner[partner_id or 0, row.share], pay_on, drawn_at)
        if row.payee_id not in {one.payee_id for one in named}:
            subject = f"{row.batch_month}-{row.number} no. {row.place}"
            yield Finding("payout_payee", subject, f"{row.code} {row.month} {row.share} is another payee's")


def _read(inputs: Any) -> Mapping[str, Any] | None:
    found = json.loads(inputs) if isinstance(inputs, str) else inputs
    return found if found is None else dict(found)
