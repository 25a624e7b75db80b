"""Remitting cash: a keeper declares a deposit, finance confirms what the bank received or rejects it.

Declared: Dr IN_TRANSIT, Cr CASH_HELD. Confirmed: Dr BANK of the org unit, Cr IN_TRANSIT. What did not arrive goes back:
Dr CASH_HELD, Cr IN_TRANSIT.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, update

from agentnet.core.clock import now, today
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.infra import files
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.infra.inserting import insert_typed
from agentnet.infra.straight import Straight
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import balance_held, require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.ageing.actions import count_cash, keep_standings, lift_if_settled
from agentnet.settlement.ageing.queries import drawers_of, remittances
from agentnet.settlement.models import Remittance
from agentnet.settlement.queries import remittance_for
from agentnet.settlement.rules import (
    NewRemittance,
    RemittanceState,
    require_confirmable,
    require_note,
    require_other_person,
    require_remittance,
    require_undecided,
)
from agentnet.settlement.slips import SlipUse, free_slip, require_fresh_slip, take_slip
from agentnet.users.permissions import Permission

DECLARED: Final = "remittance"
DECIDED: Final = "remittance_decision"
"""The kinds of request that declaring and deciding are remembered as."""

PHOTO_SUFFIX: Final = ".jpg"
"""How photos of slips are stored."""


_DECIDE = Straight(
    update(remittances)
    .where(remittances.c.id == bindparam("of_id"))
    .values(
        state=bindparam("to_state"),
        confirmed_fen=bindparam("confirmed"),
        decided_at=bindparam("at"),
        decided_by_id=bindparam("by_id"),
        note=bindparam("said"),
    )
)


def declare_remittance(new: NewRemittance, by: Actor) -> None:
    """Declare a deposit: the cash leaves the drawer and is in transit until finance decides.

    How many opportunities its oldest cash had missed is written down with it. The same ``id`` with the same content is
    once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``, ``file_missing``.
        Invalid: ``slip_missing``, ``amount_not_positive``, ``over_cash_held``, ``deposited_to_come``,
            ``deposited_long_ago``.
        Conflict: ``slip_used``, ``id_reused``, ``month_closed``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.REMITTANCE_DECLARE)
    if earlier_result(new.id, DECLARED, new.content()) is not None:
        return
    cash = AccountKey(OUTLET, outlet.id, "CASH_HELD")
    require_remittance(new, balance_held(cash), today())
    if new.photo_sha256 is not None:
        files.require(new.photo_sha256, PHOTO_SUFFIX)
    slip_no = new.slip_no.strip()
    require_fresh_slip(outlet.id, slip_no)
    require_open(today())
    drawer = drawers_of([outlet], today())[outlet.id]
    standing = drawer.standing()
    in_transit = AccountKey(OUTLET, outlet.id, "IN_TRANSIT")
    post_many(by, [_transfer(new.id, "REMITTANCE", in_transit, cash, new.amount_fen, new.id)])
    row = {
        "id": new.id,
        "outlet_id": outlet.id,
        "org_unit_id": outlet.org_unit_id,
        "slip_no": slip_no,
        "amount_fen": new.amount_fen,
        "deposited_on": new.deposited_on,
        "photo_sha256": new.photo_sha256,
        "declared_at": now(),
        "user_id": by.user_id,
        "state": RemittanceState.DECLARED,
        "note": "",
        "oldest_on": standing.due.oldest_on if standing.due else None,
        "missed": standing.age.missed,
        "due_fen": standing.due.amount_fen if standing.due else 0,
    }
    insert_typed(db.session.connection(), remittances, [row])
    take_slip(outlet.id, slip_no, SlipUse.REMITTANCE, new.id)
    keep_standings({outlet.id: drawer.without(new.amount_fen).standing()}, today())
    remember(new.id, DECLARED, by, new.content(), slip_no)
    after = {"slip_no": slip_no, "amount_fen": new.amount_fen, "deposited_on": new.deposited_on.isoformat()}
    write_audit(by, "remittance_declared", "outlet", outlet.code, after=after)


def confirm_remittance(remittance_id: UUID, request_id: UUID, confirmed_fen: Fen, note: str, by: Actor) -> None:
    """Confirm what the bank received; what is missing goes back to the keeper's drawer, with a note why.

    An outlet that was suspended for overdue cash is lifted with it, if nothing overdue is left.

    Raises:
        Forbidden: ``not_permitted``, ``own_remittance``. Missing: ``remittance_missing``.
        Invalid: ``confirmed_amount``, ``note_missing``.
        Conflict: ``remittance_decided``, ``id_reused``, ``month_closed``.
    """
    content = {"remittance_id": remittance_id, "confirmed_fen": confirmed_fen, "note": note.strip()}
    found = remittance_for(by, remittance_id, Permission.REMITTANCE_CONFIRM, for_change=True)
    if earlier_result(request_id, DECIDED, content) is not None:
        return
    require_confirmable(found.state, found.amount_fen, confirmed_fen, note)
    require_other_person(found.user_id, by.user_id)
    in_transit = AccountKey(OUTLET, found.outlet_id, "IN_TRANSIT")
    bank = AccountKey(ORG_UNIT, found.org_unit_id, "BANK")
    _decide(found, RemittanceState.CONFIRMED, confirmed_fen, note, by)
    require_open(today())
    post_many(by, [_transfer(new_id(), "REMITTANCE_BANKED", bank, in_transit, confirmed_fen, found.id)])
    if confirmed_fen < found.amount_fen:
        _give_back(found, found.amount_fen - confirmed_fen, by)
        count_cash([found.outlet_id])
    lift_if_settled(found.outlet_id, found.id)
    remember(request_id, DECIDED, by, content, found.slip_no)
    _audit(found, "remittance_confirmed", {"confirmed_fen": confirmed_fen, "note": note.strip()}, by)


def reject_remittance(remittance_id: UUID, request_id: UUID, note: str, by: Actor) -> None:
    """Reject a deposit that never reached the bank: the cash is the keeper's to bring again.

    Raises:
        Forbidden: ``not_permitted``, ``own_remittance``. Missing: ``remittance_missing``.
        Invalid: ``note_missing``.
        Conflict: ``remittance_decided``, ``id_reused``, ``month_closed``.
    """
    content = {"remittance_id": remittance_id, "rejected": True, "note": note.strip()}
    found = remittance_for(by, remittance_id, Permission.REMITTANCE_CONFIRM, for_change=True)
    if earlier_result(request_id, DECIDED, content) is not None:
        return
    require_undecided(found.state)
    require_other_person(found.user_id, by.user_id)
    require_note(note)
    _decide(found, RemittanceState.REJECTED, None, note, by)
    require_open(today())
    _give_back(found, found.amount_fen, by)
    count_cash([found.outlet_id])
    remember(request_id, DECIDED, by, content, found.slip_no)
    free_slip(found.id)
    _audit(found, "remittance_rejected", {"note": note.strip()}, by)


def _decide(found: Remittance, state: RemittanceState, confirmed_fen: Fen | None, note: str, by: Actor) -> None:
    decision = {
        "of_id": found.id,
        "to_state": state,
        "confirmed": confirmed_fen,
        "at": now(),
        "by_id": by.user_id,
        "said": note.strip(),
    }
    _DECIDE.execute(db.session.connection(), decision)


def _give_back(found: Remittance, amount_fen: Fen, by: Actor) -> None:
    """Put what did not arrive back into the drawer, whatever its ceiling: the keeper answers for it."""
    cash = AccountKey(OUTLET, found.outlet_id, "CASH_HELD")
    in_transit = AccountKey(OUTLET, found.outlet_id, "IN_TRANSIT")
    ceilings = {cash: balance_held(cash) + amount_fen}
    post_many(by, [_transfer(new_id(), "REMITTANCE_RETURNED", cash, in_transit, amount_fen, found.id)], ceilings)


def _transfer(
    id_: UUID, kind: str, debit: AccountKey, credit: AccountKey, amount_fen: Fen, subject: UUID
) -> NewTransfer:
    return NewTransfer(
        id=id_,
        kind=kind,
        debit=debit,
        credit=credit,
        amount_fen=amount_fen,
        business_on=today(),
        subject_kind="REMITTANCE",
        subject_id=str(subject),
    )


def _audit(found: Remittance, action: str, after: dict[str, object], by: Actor) -> None:
    before = {"state": RemittanceState.DECLARED, "amount_fen": found.amount_fen, "slip_no": found.slip_no}
    write_audit(by, action, "remittance", found.id, before, after)
