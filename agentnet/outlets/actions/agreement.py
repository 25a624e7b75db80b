"""The agency agreement: how cash is held, how much, which commission plan applies, and the signed paper itself."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import or_, select

from agentnet.core.errors import Invalid, Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import once
from agentnet.outlets.actions.outlet import require_not_closed
from agentnet.outlets.limit_rules import NOTHING, Figures, in_force, raised
from agentnet.outlets.models import Agreement, Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.outlets.queries.limits import agreed, figures_of, said_of_outlet
from agentnet.outlets.rules import HoldingMode, State, clean_code
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """An agreement as signed; it holds from ``starts_on`` until ``ends_on`` (exclusive, None for open-ended)."""

    number: str
    starts_on: date
    ends_on: date | None
    ceiling_fen: Fen
    """Most cash the outlet may hold unremitted."""
    single_limit_fen: Fen
    """Most a single collection may be."""
    holding_mode: HoldingMode = HoldingMode.POSTPAID
    plan_id: int | None = None
    """Commission plan; the company's default when None."""
    document_sha256: str | None = None
    own_qr_allowed: bool = False
    """Whether customers may pay through the keeper's own QR code; it counts as money held."""


def sign_agreement(outlet_code: str, new: NewAgreement, by: Actor, request_id: uuid.UUID | None = None) -> str:
    """Enter a signed agreement; the one in force until then ends the day the new one begins. Return its number.

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Conflict: ``id_reused``.
        Invalid: ``outlet_closed``, ``code_shape``, ``agreement_number_taken``, ``agreement_period``,
            ``agreement_limits``, ``agreement_overlap``; ``agreement_raises`` if it lets the outlet hold or take more
            than before: a raise needs a second person and is asked for among the limits.
    """

    def work() -> str:
        outlet = outlet_for(by, outlet_code, Permission.OUTLET_EDIT, for_change=True)
        require_not_closed(outlet)
        number = clean_code(new.number)
        if db.session.scalar(select(Agreement.id).where(Agreement.number == number)):
            raise Invalid("agreement_number_taken", "协议编号 %(number)s 已经登记过", field="number", number=number)
        if new.ends_on is not None and new.ends_on <= new.starts_on:
            raise Invalid("agreement_period", "终止日要晚于起始日", field="ends_on")
        if new.ceiling_fen < 0 or new.single_limit_fen <= 0:
            raise Invalid("agreement_limits", "单笔限额要大于零，现金上限不能是负数", field="single_limit")
        _require_no_raise(outlet, new)
        _end_earlier(outlet, new, by)
        row = Agreement(
            outlet_id=outlet.id,
            number=number,
            starts_on=new.starts_on,
            ends_on=new.ends_on,
            holding_mode=new.holding_mode,
            ceiling_fen=new.ceiling_fen,
            single_limit_fen=new.single_limit_fen,
            plan_id=new.plan_id,
            document_sha256=new.document_sha256,
            own_qr_allowed=new.own_qr_allowed,
        )
        db.session.add(row)
        db.session.flush()
        write_audit(
            by,
            "sign_agreement",
            "outlet",
            outlet.code,
            None,
            {
                "number": number,
                "starts_on": new.starts_on.isoformat(),
                "ends_on": new.ends_on.isoformat() if new.ends_on else None,
                "ceiling_fen": new.ceiling_fen,
                "single_limit_fen": new.single_limit_fen,
                "holding_mode": new.holding_mode,
                "plan_id": new.plan_id,
                "document_sha256": new.document_sha256,
                "own_qr_allowed": new.own_qr_allowed,
            },
        )
        return number

    return once(request_id, "sign_agreement", by, {"outlet": outlet_code, **asdict(new)}, work)


def _require_no_raise(outlet: Outlet, new: NewAgreement) -> None:
    """Refuse an agreement above the one before it and above what lastingly holds for the outlet; the first is free.

    What a second person allowed for some days must not become lasting by one person's agreement.

    Raises:
        Invalid: ``agreement_raises``.
    """
    before = db.session.scalar(
        select(Agreement).where(Agreement.outlet_id == outlet.id).order_by(Agreement.starts_on.desc()).limit(1)
    )
    if before is None:
        return
    said = said_of_outlet(outlet.id, new.starts_on)
    lasting = figures_of(said) if said is not None and said.ends_on is None else NOTHING
    allowed = in_force(agreed(before), NOTHING, lasting)
    more = raised(allowed, Figures(new.ceiling_fen, new.single_limit_fen, allowed.daily_limit_fen))
    if more:
        field = "ceiling" if "ceiling_fen" in more else "single_limit"
        raise Invalid(
            "agreement_raises",
            "新协议的额度不能高于原协议；提高额度要第二个人批准，请财务先在网点的“限额”页提出",
            field=field,
        )


def _end_earlier(outlet: Outlet, new: NewAgreement, by: Actor) -> None:
    """End the agreement the new one follows; refuse one that begins no earlier and still overlaps."""
    overlapping = select(Agreement).where(
        Agreement.outlet_id == outlet.id, or_(Agreement.ends_on.is_(None), Agreement.ends_on > new.starts_on)
    )
    if new.ends_on is not None:
        overlapping = overlapping.where(Agreement.starts_on < new.ends_on)
    for earlier in db.session.scalars(overlapping).all():
        if earlier.starts_on >= new.starts_on:
            raise Invalid("agreement_overlap", "与协议 %(number)s 的期限重叠", field="starts_on", number=earlier.number)
        _end(earlier, new.starts_on, outlet, by)


def end_agreement(outlet_code: str, number: str, on: date, by: Actor) -> None:
    """End an agreement early; from that day on the outlet may not collect under it.

    Raises:
        Forbidden, Missing: as ``outlet_for``; ``agreement_missing``.
        Invalid: ``agreement_ended`` if it ends no later anyway; ``agreement_period``; ``agreement_in_use`` for an
            active outlet, which is suspended or closed first.
    """
    outlet = outlet_for(by, outlet_code, Permission.OUTLET_EDIT, for_change=True)
    row = agreement_of(outlet, number)
    if row.ends_on is not None and row.ends_on <= on:
        raise Invalid("agreement_ended", "这份协议在此之前已经终止", field="on")
    if on <= row.starts_on:
        raise Invalid("agreement_period", "终止日要晚于起始日", field="on")
    if outlet.state == State.ACTIVE:
        raise Invalid("agreement_in_use", "网点营业中，请先暂停或关闭网点，或直接登记新协议接替", field="on")
    _end(row, on, outlet, by)


def agreement_of(outlet: Outlet, number: str) -> Agreement:
    """Return an outlet's agreement by its number.

    Raises:
        Missing: ``agreement_missing``.
    """
    row = db.session.scalar(select(Agreement).where(Agreement.outlet_id == outlet.id, Agreement.number == number))
    if row is None:
        raise Missing("agreement_missing", "没有找到这份协议")
    return row


def _end(row: Agreement, on: date, outlet: Outlet, by: Actor) -> None:
    before = row.ends_on.isoformat() if row.ends_on else None
    row.ends_on = on
    db.session.flush()
    write_audit(
        by,
        "end_agreement",
        "outlet",
        outlet.code,
        {"number": row.number, "ends_on": before},
        {"number": row.number, "ends_on": on.isoformat()},
    )
