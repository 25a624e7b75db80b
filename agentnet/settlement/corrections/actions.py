"""Carrying out what a second person approved, and paying a refund out.

Refund: Dr BILLING_CLEARING of the collection's unit (bills) and ADVANCE of the household, Cr REFUND_PAYABLE of the
household; paid out: Dr REFUND_PAYABLE, Cr CASH_HELD of the outlet (FLOAT where it holds prepaid) or BANK of the unit.
Wrong household: Dr BILLING_CLEARING and ADVANCE of the one, Cr SUSPENSE of the unit; Dr SUSPENSE, Cr BILLING_CLEARING
and ADVANCE of the other. Nothing is ever taken out of an advance that has paid a later bill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast
from uuid import UUID

from flask import current_app
from sqlalchemy import Table, insert, select

from agentnet.approvals.models import Approval
from agentnet.collecting.lookups import bills_due, changes, households, may_be_owed_again
from agentnet.collecting.models import Correction, RefundPayout
from agentnet.collecting.rules import PREPAID, allocate
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import balance, require_open
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, OUTLET, AccountKey, NewTransfer, OutOfLimits
from agentnet.outlets.models import Agreement, Outlet
from agentnet.settlement.ageing.actions import count_cash
from agentnet.settlement.corrections.queries import Corrected, Payable, corrected_held, months_of, payable
from agentnet.settlement.corrections.rules import (
    ADJUSTMENT,
    REFUND,
    WRONG_HOUSEHOLD,
    Held,
    Standing,
    given,
    require_adjustment,
    require_allocated,
    require_bank_reference,
    require_in_suspense,
    require_left,
    require_no_void,
    require_refund,
    require_same_standing,
    require_within,
    take_back,
)
from agentnet.users.permissions import Permission

corrections = cast(Table, Correction.__table__)

PAID: Final = "refund_payout"
"""The kind of request that paying a refund out is remembered as."""

Follower = Callable[[UUID, Actor], None]
"""What must follow a correction in its transaction; higher features say so in ``create_app``."""


def carry_out_refund(approval: Approval, by: Actor) -> None:
    """Take the amount back from what the collection paid and owe it to the household.

    Raises:
        Conflict: ``already_voided``, ``nothing_left``, ``collection_changed``, ``correction_waits``, ``month_closed``.
        Invalid: ``refund_amount``, ``advance_used``.
    """
    content = approval.content
    found, standing = _held(content)
    require_same_standing(standing, content["household_id"], standing.total_fen)
    amount_fen = content["amount_fen"]
    require_refund(amount_fen, standing, found.collection.tender, content["pay_by"])
    taken = take_back(amount_fen, standing)
    payable_ = AccountKey(HOUSEHOLD, standing.household_id, "REFUND_PAYABLE")
    _post(by, _taken_back(approval, found, standing, taken, payable_, REFUND))
    clears = amount_fen == standing.total_fen
    row = _row(approval, found, standing, amount_fen, by) | {"clears": clears, "pay_by": content["pay_by"]}
    _insert(row, [(standing.household_id, part, -1) for part in taken])
    _finish(approval, "refund_approved", {"amount_fen": amount_fen, "pay_by": content["pay_by"]}, by)


def carry_out_move(approval: Approval, by: Actor) -> None:
    """Take all that stands of a collection back from one household and let it pay for another, oldest bill first.

    Raises:
        Conflict: ``already_voided``, ``nothing_left``, ``collection_changed``, ``correction_waits``, ``month_closed``.
        Invalid: ``advance_used``.
    """
    content = approval.content
    to_id: int = content["to_household_id"]
    found, standing = _held(content, to_id)
    require_same_standing(standing, content["household_id"], content["amount_fen"])
    due = bills_due(db.session.connection(), [to_id]).get(to_id, [])
    parts = given(allocate(standing.total_fen, due), months_of(bill.bill_id for bill in due))
    suspense = AccountKey(ORG_UNIT, found.collection.org_unit_id, "SUSPENSE")
    moved = _taken_back(approval, found, standing, standing.held, suspense, "MOVED_FROM")
    for code, account, amount_fen in _sides(found, to_id, parts):
        moved.append(_transfer(approval.id, f"MOVED_TO_{code}", suspense, account, amount_fen))
    _post(by, moved)
    row = _row(approval, found, standing, standing.total_fen, by) | {"clears": True, "to_household_id": to_id}
    back = [(standing.household_id, part, -1) for part in standing.held]
    _insert(row, back + [(to_id, part, 1) for part in parts])
    _finish(approval, "household_corrected", {"amount_fen": standing.total_fen}, by)


def carry_out_adjustment(approval: Approval, by: Actor) -> None:
    """Move money between two accounts of an outlet and its unit.

    Raises:
        Invalid: ``adjustment_unknown``, ``adjustment_amount``, ``more_than_short``, ``more_than_over``,
            ``more_than_suspected``, ``more_than_suspense``.
        Conflict: ``month_closed``.
    """
    content = approval.content
    kind = require_adjustment(content["adjustment"], content["amount_fen"])
    # Held, so that two adjustments of one shortage are judged one after the other.
    of_outlet = select(Outlet.code).where(Outlet.id == content["outlet_id"])
    outlet_code = db.session.scalars(of_outlet.with_for_update(of=Outlet, key_share=True)).one()
    short = AccountKey(OUTLET, content["outlet_id"], "OVER_SHORT", kind.detail)
    require_within(kind, content["amount_fen"], balance(short))
    # The unit is held as well: what is in suspense is its own, whichever outlet the request names.
    of_unit = select(OrgUnit.id).where(OrgUnit.id == content["org_unit_id"])
    db.session.execute(of_unit.with_for_update(key_share=True))
    suspense = AccountKey(ORG_UNIT, content["org_unit_id"], "SUSPENSE")
    require_in_suspense(kind, content["amount_fen"], balance(suspense))
    debit, credit = (
        short if code == "OVER_SHORT" else AccountKey(ORG_UNIT, content["org_unit_id"], code)
        for code in (kind.debit, kind.credit)
    )
    require_open(today())
    post_many(by, [_transfer(approval.id, "ADJUSTMENT", debit, credit, content["amount_fen"])])
    row = _common(approval, content["outlet_id"], content["org_unit_id"], content["amount_fen"], by)
    db.session.connection().execute(
        insert(corrections).values(row | {"clears": False, "adjustment": content["adjustment"]})
    )
    after = {"amount_fen": content["amount_fen"], "kind": content["adjustment"]}
    write_audit(by, "adjustment_booked", "outlet", outlet_code, after=after)
    _let_follow(approval, by)


def _held(content: dict[str, Any], *other_households: int) -> tuple[Corrected, Standing]:
    """Return a collection that may be corrected now, it and its households held until the transaction ends."""
    found = corrected_held(UUID(content["collection_id"]))
    require_no_void(found.voided, found.voidable)
    require_allocated(found.allocated_at)
    standing = require_left(found.standing)
    ids = sorted({standing.household_id, *other_households})
    db.session.connection().execute(
        select(households.c.id)
        .where(households.c.id.in_(ids))
        .order_by(households.c.id)
        .with_for_update(key_share=True)
    )
    require_open(today())
    return found, standing


def _sides(found: Corrected, household_id: int, parts: Sequence[Held]) -> list[tuple[str, AccountKey, Fen]]:
    """Return which accounts of billing and of the household hold the parts, each with its sum."""
    billing = AccountKey(ORG_UNIT, found.collection.org_unit_id, "BILLING_CLEARING")
    advance = AccountKey(HOUSEHOLD, household_id, "ADVANCE")
    sums = (
        ("BILLING", billing, sum(part.total_fen for part in parts if part.bill_id is not None)),
        ("ADVANCE", advance, sum(part.total_fen for part in parts if part.bill_id is None)),
    )
    return [side for side in sums if side[2]]


def _taken_back(
    approval: Approval, found: Corrected, standing: Standing, taken: Sequence[Held], to: AccountKey, kind: str
) -> list[NewTransfer]:
    return [
        _transfer(approval.id, f"{kind}_{code}", account, to, amount_fen)
        for code, account, amount_fen in _sides(found, standing.household_id, taken)
    ]


def _transfer(
    correction_id: UUID, kind: str, debit: AccountKey, credit: AccountKey, amount_fen: Fen, id_: UUID | None = None
) -> NewTransfer:
    return NewTransfer(
        id=id_ or new_id(),
        kind=kind,
        debit=debit,
        credit=credit,
        amount_fen=amount_fen,
        business_on=today(),
        subject_kind="CORRECTION",
        subject_id=str(correction_id),
    )


def _post(by: Actor, transfers: Sequence[NewTransfer]) -> None:
    try:
        post_many(by, transfers)
    except OutOfLimits as refusal:
        if refusal.key.code != "ADVANCE":
            raise
        raise Invalid("advance_used", "这一户的预存已经抵扣了后来的电费，余额不够，不能办理") from refusal


def _common(approval: Approval, outlet_id: int, org_unit_id: int, amount_fen: Fen, by: Actor) -> dict[str, Any]:
    return {
        "id": approval.id,
        "kind": approval.kind,
        "outlet_id": outlet_id,
        "org_unit_id": org_unit_id,
        "amount_fen": amount_fen,
        "reason": approval.reason,
        "business_on": today(),
        "carried_at": now(),
        "user_id": by.user_id,
    }


def _row(approval: Approval, found: Corrected, standing: Standing, amount_fen: Fen, by: Actor) -> dict[str, Any]:
    collection = found.collection
    return _common(approval, collection.outlet_id, collection.org_unit_id, amount_fen, by) | {
        "collection_id": collection.id,
        "household_id": standing.household_id,
    }


def _insert(row: dict[str, Any], parts: Sequence[tuple[int, Held, int]]) -> None:
    connection = db.session.connection()
    connection.execute(insert(corrections).values(row))
    connection.execute(
        insert(changes),
        [
            {
                "correction_id": row["id"],
                "household_id": household_id,
                "bill_id": part.bill_id,
                "principal_fen": sign * part.principal_fen,
                "late_charge_fen": sign * part.late_charge_fen,
            }
            for household_id, part, sign in parts
        ],
    )
    may_be_owed_again(connection, (part.bill_id for _, part, sign in parts if part.bill_id is not None and sign < 0))


def _finish(approval: Approval, action: str, after: dict[str, object], by: Actor) -> None:
    """Write down what was done and let what depends on it follow."""
    write_audit(by, action, "collection", approval.subject_id, after=after | {"receipt_no": approval.subject_label})
    _let_follow(approval, by)


def _let_follow(approval: Approval, by: Actor) -> None:
    followers: Sequence[Follower] = current_app.extensions["agentnet.after_correction"]
    for follow in followers:
        follow(approval.id, by)


def pay_refund(correction_id: UUID, payout_id: UUID, reference: str | None, by: Actor) -> None:
    """Pay an approved refund out: a keeper in cash from the drawer, finance (with its ``reference``) from the bank.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``refund_missing``.
        Invalid: ``cash_not_enough``, ``reference_missing``.
        Conflict: ``refund_paid``, ``id_reused``, ``month_closed``.
    """
    permission = Permission.REFUND_PAY_CASH if reference is None else Permission.REFUND_PAY_BANK
    asked = {"correction_id": correction_id, "reference": None if reference is None else reference.strip()}
    found = payable(by, correction_id, permission, for_change=True)
    if earlier_result(payout_id, PAID, asked) is not None:
        return
    if found.paid:
        raise Conflict("refund_paid", "这笔退费已经付过了")
    if reference is not None:
        require_bank_reference(reference)
    require_open(today())
    correction = found.correction
    owed = AccountKey(HOUSEHOLD, found.household_id, "REFUND_PAYABLE")
    paid_from = _paid_from(found, by_bank=reference is not None)
    transfer = _transfer(correction.id, "REFUND_PAID", owed, paid_from, correction.amount_fen, payout_id)
    try:
        post_many(by, [transfer])
    except OutOfLimits as refusal:
        raise Invalid("cash_not_enough", "抽屉里的现金不够付这笔退费，请联系财务从银行退") from refusal
    if paid_from.code == "CASH_HELD":
        count_cash([paid_from.owner_id])  # the oldest cash goes first
    db.session.execute(
        insert(RefundPayout).values(
            correction_id=correction.id,
            transfer_id=payout_id,
            reference=asked["reference"],
            paid_at=now(),
            user_id=by.user_id,
        )
    )
    remember(payout_id, PAID, by, asked, found.receipt_no)
    after = {"receipt_no": found.receipt_no, "amount_fen": correction.amount_fen, "pay_by": correction.pay_by}
    write_audit(by, "refund_paid", "collection", correction.collection_id, after=after)


def _paid_from(found: Payable, *, by_bank: bool) -> AccountKey:
    """Return the account that pays: where the outlet holds prepaid, the cash is its own and its float grows."""
    correction = found.correction
    if by_bank:
        return AccountKey(ORG_UNIT, correction.org_unit_id, "BANK")
    mode = db.session.scalar(
        select(Agreement.holding_mode)
        .where(Agreement.outlet_id == correction.outlet_id, Agreement.starts_on <= today())
        .where(Agreement.ends_on.is_(None) | (Agreement.ends_on > today()))
        .order_by(Agreement.starts_on.desc())
        .limit(1)
    )
    return AccountKey(OUTLET, correction.outlet_id, "FLOAT" if mode == PREPAID else "CASH_HELD")


CARRIED_OUT: Final = {
    REFUND: carry_out_refund,
    WRONG_HOUSEHOLD: carry_out_move,
    ADJUSTMENT: carry_out_adjustment,
}
"""What carries each kind of correction out."""
