"""Whom commission was paid to, and by whom: payees and accounts as entered, four eyes, steps in their order."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, timezone
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.payouts import plain
from agentnet.verify.register import as_day

SHANGHAI = timezone(timedelta(hours=8))


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


def payments_went_to_entered_accounts(connection: Connection) -> Iterator[Finding]:
    """A payment carries its payee's name and account of its batch's day; both stand as the trail heard them."""
    entered: dict[int, list[Any]] = defaultdict(list)
    told = _told(connection, "payee", "payee_set")
    for row in rows(
        connection,
        "SELECT a.*, p.code FROM payee_accounts a JOIN payees p ON p.id = a.payee_id ORDER BY a.starts_on, a.id",
    ):
        entered[row.payee_id].append(row)
        said = {
            "name": row.name,
            "type": row.type,
            "starts_on": as_day(row.starts_on).isoformat(),
            "account": _masked(row.number),
            "bank_no": row.bank_no,
        }
        if not any(_tells(after, said) for after in told.get(row.code, ())):
            yield Finding("payee_account", row.code, f"from {said['starts_on']} on is not what the trail says")
    for row in rows(
        connection,
        "SELECT p.*, b.month, b.number AS batch_number, b.pay_on, b.drawn_at FROM payout_payments p"
        " JOIN payout_batches b ON b.id = p.batch_id",
    ):
        account = (row.name, row.type, row.holder, row.account_number, row.bank, row.bank_no)
        known = {
            (one.name, one.type, one.holder, one.number, one.bank, one.bank_no)
            for one in _holding(entered[row.payee_id], as_day(row.pay_on), as_instant(row.drawn_at))
        }
        if account not in known:
            subject = f"{row.month}-{row.batch_number} no. {row.number}"
            yield Finding("payout_account", subject, f"{row.name}: not the payee's account of that day")


def payout_office_is_as_told(connection: Connection) -> Iterator[Finding]:
    """Settings and holds stand as the trail heard them, and none that it heard of is gone."""
    told = _told(connection, "payout", "payout_settings_set")
    for row in rows(connection, "SELECT * FROM payout_settings"):
        said = {
            "starts_on": as_day(row.starts_on).isoformat(),
            "minimum_fen": row.minimum_fen,
            "account": _masked(row.number),
        }
        if not any(_tells(after, said) for after in told.pop(str(row.id), ())):
            yield Finding("payout_setting", str(row.id), "is not what the trail says")
    for id_ in sorted(told):
        yield Finding("payout_setting", id_, "is gone")
    placed = {code: len(lines) for code, lines in _told(connection, "outlet", "payout_hold_placed").items()}
    held = {
        row.code: int(row.n)
        for row in rows(
            connection,
            "SELECT o.code, COUNT(*) AS n FROM payout_holds h JOIN outlets o ON o.id = h.outlet_id GROUP BY o.code",
        )
    }
    for code in sorted(placed.keys() | held.keys()):
        if placed.get(code, 0) != held.get(code, 0):
            says = f"was put on hold {placed.get(code, 0)} times by the trail, {held.get(code, 0)} by the rows"
            yield Finding("payout_hold", code, says)


def payouts_had_two_people(connection: Connection) -> Iterator[Finding]:
    """An approved batch was approved, as it stands, by somebody who neither drew it up nor asked for that."""
    approved: dict[str, Any] = {}
    asked: dict[str, set[int]] = defaultdict(set)
    for row in rows(connection, "SELECT * FROM approvals WHERE kind = 'PAYOUT' ORDER BY requested_at, id"):
        asked[plain(row.subject_id)].add(row.requested_by_id)
        if row.state == "APPROVED":
            approved[plain(row.subject_id)] = row
    payments: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for row in rows(connection, "SELECT * FROM payout_payments"):
        said = [row.payee_id, row.holder, row.account_number, row.bank_no, row.tax_fen, row.net_fen]
        payments[plain(row.batch_id)][str(row.number)] = said
    for row in rows(connection, "SELECT * FROM payout_batches WHERE state IN ('APPROVED', 'PAID')"):
        id_, label = plain(row.id), f"{row.month}-{row.number}"
        found = approved.get(id_)
        involved = {row.drawn_by_id, row.checked_by_id, *asked[id_]}
        deciders = {row.approved_by_id} | ({found.on_behalf_of_id} - {None} if found is not None else set())
        if found is None or (found.decided_by_id, found.amount_fen) != (row.approved_by_id, row.net_fen):
            yield Finding("payout_alone", label, f"{yuan(row.net_fen)}: nobody approved it so")
        elif deciders & involved:
            yield Finding("payout_alone", label, f"{yuan(row.net_fen)}: who had to do with it approved it")
        elif (_read(found.content) or {}).get("payments_sha256") != _sha256(payments[id_]):
            yield Finding("payout_approved", label, "its payments are not those that were approved")


def payout_steps_follow(connection: Connection) -> Iterator[Finding]:
    """A batch was drawn up, checked, approved and paid in that order; a taxed one in the month it was meant for."""
    for row in rows(connection, "SELECT * FROM payout_batches"):
        label = f"{row.month}-{row.number}"
        steps = [
            as_instant(at) for at in (row.drawn_at, row.checked_at, row.approved_at, row.paid_at) if at is not None
        ]
        if steps != sorted(steps):
            yield Finding("payout_steps", label, "its steps are out of their order")
        if row.paid_on is not None:
            paid_on, pay_on = as_day(row.paid_on), as_day(row.pay_on)
            if as_instant(row.paid_at).astimezone(SHANGHAI).date() != paid_on:
                yield Finding("payout_steps", label, f"says it was paid on {paid_on}, and was not")
            if row.withholds and (paid_on.year, paid_on.month) != (pay_on.year, pay_on.month):
                yield Finding("payout_steps", label, f"was taxed for {pay_on:%Y-%m} and paid in {paid_on:%Y-%m}")


def _told(connection: Connection, kind: str, action: str) -> dict[str, list[Mapping[str, Any]]]:
    """Return what the trail says was done, by the code it was done to."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows(
        connection,
        "SELECT subject_id, after FROM audit_lines WHERE subject_kind = :kind AND action = :action",
        {"kind": kind, "action": action},
    ):
        found[row.subject_id].append(_read(row.after) or {})
    return dict(found)


def _tells(after: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    return all(after.get(name) == value for name, value in said.items())


def _masked(number: str | None) -> str | None:
    """Return a number as the trail has it: the last four digits."""
    if number is None:
        return None
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 4 else "*" * len(number)


def _sha256(payments: Mapping[str, Sequence[Any]]) -> str:
    text = json.dumps(payments, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
