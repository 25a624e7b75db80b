"""Topping up the float of a prepaid outlet: the keeper declares what was paid in, finance confirms or rejects it.

Confirmed: Dr BANK of the org unit, Cr FLOAT of the outlet. Declared or rejected, nothing moves.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import insert, update

from agentnet.collecting.rules import PREPAID
from agentnet.core.clock import now, today
from agentnet.core.ids import new_id
from agentnet.holding.models import TopUp
from agentnet.holding.queries import has_top_up, top_up_for
from agentnet.holding.rules import (
    NewTopUp,
    TopUpState,
    require_note,
    require_other_person,
    require_top_up,
    require_undecided,
)
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.actions.outlet import require_not_closed
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import agreement_on, outlet_for
from agentnet.outlets.queries.limits import limits_on
from agentnet.settlement.slips import SlipUse, free_slip, require_fresh_slip, take_slip
from agentnet.users.permissions import Permission

DECLARED: Final = "top_up"
DECIDED: Final = "top_up_decision"
"""The kinds of request that declaring and deciding are remembered as."""


def judge_top_up(new: NewTopUp, outlet: Outlet) -> None:
    """Refuse a top-up before it is shown once more, as declaring would.

    Raises:
        Invalid, Conflict: as ``declare_top_up``.
    """
    require_not_closed(outlet)
    agreement = agreement_on(outlet.id, today())
    require_top_up(
        new,
        prepaid=agreement is not None and agreement.holding_mode == PREPAID,
        first=not has_top_up(outlet.id),
        limits=limits_on(outlet, today()),
        today=today(),
    )
    require_fresh_slip(outlet.id, new.slip_no)


def declare_top_up(new: NewTopUp, by: Actor) -> None:
    """Declare money paid into the utility's bank; the float rises when finance confirms it.

    The same ``id`` with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
        Invalid: ``not_prepaid``, ``slip_missing``, ``paid_to_come``, ``paid_long_ago``, ``amount_not_positive``,
            ``first_top_up_small``, ``top_up_not_multiple``, ``outlet_closed``.
        Conflict: ``slip_used``, ``id_reused``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.TOP_UP_DECLARE, for_change=True)
    if earlier_result(new.id, DECLARED, new.content()) is not None:
        return
    judge_top_up(new, outlet)
    slip_no = new.slip_no.strip()
    db.session.execute(
        insert(TopUp).values(
            id=new.id,
            outlet_id=outlet.id,
            org_unit_id=outlet.org_unit_id,
            slip_no=slip_no,
            amount_fen=new.amount_fen,
            paid_on=new.paid_on,
            declared_at=now(),
            user_id=by.user_id,
            state=TopUpState.DECLARED,
            note="",
        )
    )
    take_slip(outlet.id, slip_no, SlipUse.TOP_UP, new.id)
    remember(new.id, DECLARED, by, new.content(), slip_no)
    after = {"slip_no": slip_no, "amount_fen": new.amount_fen, "paid_on": new.paid_on.isoformat()}
    write_audit(by, "top_up_declared", "outlet", outlet.code, after=after)


def confirm_top_up(top_up_id: UUID, request_id: UUID, by: Actor) -> None:
    """Confirm that the bank received it whole: the float rises by it.

    Raises:
        Forbidden: ``not_permitted``, ``own_top_up``. Missing: ``top_up_missing``.
        Conflict: ``top_up_decided``, ``id_reused``, ``month_closed``.
    """
    content = {"top_up_id": top_up_id, "confirmed": True}
    found = top_up_for(by, top_up_id, Permission.TOP_UP_CONFIRM, for_change=True)
    if earlier_result(request_id, DECIDED, content) is not None:
        return
    require_undecided(found.state)
    require_other_person(found.user_id, by.user_id)
    require_open(today())
    transfer = NewTransfer(
        id=new_id(),
        kind="FLOAT_TOP_UP",
        debit=AccountKey(ORG_UNIT, found.org_unit_id, "BANK"),
        credit=AccountKey(OUTLET, found.outlet_id, "FLOAT"),
        amount_fen=found.amount_fen,
        business_on=today(),
        subject_kind="TOP_UP",
        subject_id=str(found.id),
    )
    post_many(by, [transfer])
    _decide(found, TopUpState.CONFIRMED, transfer.id, "", by)
    remember(request_id, DECIDED, by, content, found.slip_no)
    write_audit(by, "top_up_confirmed", "top_up", found.id, *_audited(found, {"state": TopUpState.CONFIRMED}))


def reject_top_up(top_up_id: UUID, request_id: UUID, note: str, by: Actor) -> None:
    """Reject a top-up that never reached the bank, or not in this amount.

    Raises:
        Forbidden: ``not_permitted``, ``own_top_up``. Missing: ``top_up_missing``. Invalid: ``note_missing``.
        Conflict: ``top_up_decided``, ``id_reused``.
    """
    content = {"top_up_id": top_up_id, "confirmed": False, "note": note.strip()}
    found = top_up_for(by, top_up_id, Permission.TOP_UP_CONFIRM, for_change=True)
    if earlier_result(request_id, DECIDED, content) is not None:
        return
    require_undecided(found.state)
    require_other_person(found.user_id, by.user_id)
    require_note(note)
    _decide(found, TopUpState.REJECTED, None, note, by)
    remember(request_id, DECIDED, by, content, found.slip_no)
    after: dict[str, object] = {"state": TopUpState.REJECTED, "note": note.strip()}
    free_slip(found.id)
    write_audit(by, "top_up_rejected", "top_up", found.id, *_audited(found, after))


def _decide(found: TopUp, state: TopUpState, transfer_id: UUID | None, note: str, by: Actor) -> None:
    db.session.execute(
        update(TopUp)
        .where(TopUp.id == found.id)
        .values(state=state, transfer_id=transfer_id, decided_at=now(), decided_by_id=by.user_id, note=note.strip())
        .execution_options(synchronize_session=False)
    )


def _audited(found: TopUp, after: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    before = {"state": TopUpState.DECLARED, "amount_fen": found.amount_fen, "slip_no": found.slip_no}
    return before, after
