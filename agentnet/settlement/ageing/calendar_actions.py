"""Saying on which days outlets can remit: its supervisor for one outlet, the company's for a kind."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update

from agentnet.core.clock import now, today
from agentnet.core.errors import Forbidden, Missing
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.outlets.rules import OutletKind
from agentnet.settlement.ageing.actions import NEVER, hold_cash, settle
from agentnet.settlement.ageing.queries import ages, rules_table
from agentnet.settlement.ageing.rules import NewDays, require_days
from agentnet.users.permissions import Permission, covers_company, require

KIND: Final = "remittance_days"
"""The kind of request a change of remittance days is remembered as."""


def may_set_kinds(by: Actor) -> bool:
    """Return whether the actor may say for kinds of outlet: those are the whole company's."""
    return covers_company(by, Permission.REMITTANCE_DAYS_EDIT)


def set_outlet_days(code: str, new: NewDays, request_id: UUID, by: Actor) -> None:
    """Say on which days one outlet can remit from a day on; its cash is counted anew at once.

    If nothing is overdue by the new days, a suspension for overdue cash is lifted. Nobody is suspended by a change of
    days: that is the night's.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``. Conflict: ``id_reused``.
        Invalid: as ``require_days``.
    """
    outlet = outlet_for(by, code, Permission.REMITTANCE_DAYS_EDIT)
    content = {"outlet": code, **new.content()}
    if earlier_result(request_id, KIND, content) is not None:
        return
    require_days(new, today(), of_kind=False)
    hold_cash([outlet.id])
    _enter(new, by, outlet_id=outlet.id)
    settle([outlet.id], SYSTEM, suspending=False)
    remember(request_id, KIND, by, content, code)
    write_audit(by, "remittance_days_set", "outlet", code, after=said(new))


def set_kind_days(kind: str, new: NewDays, request_id: UUID, by: Actor) -> None:
    """Say on which days outlets of a kind can remit, and how many missed opportunities suspend them, from a day on.

    Their cash is counted anew by the clock, within minutes.

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``. Missing: ``kind_missing``. Conflict: ``id_reused``.
        Invalid: as ``require_days``.
    """
    require(by, Permission.REMITTANCE_DAYS_EDIT)
    if not may_set_kinds(by):
        raise Forbidden("for_whole_company", "这项规则全公司通用，请由公司级主管或管理员调整")
    if kind not in tuple(OutletKind):
        raise Missing("kind_missing", "没有这种网点类型")
    content = {"kind": kind, **new.content()}
    if earlier_result(request_id, KIND, content) is not None:
        return
    require_days(new, today(), of_kind=True)
    _enter(new, by, kind=kind)
    of_kind = select(Outlet.id).where(Outlet.kind == kind)
    of_kind_ages = ages.c.outlet_id.in_(of_kind)
    held = select(ages.c.outlet_id).where(of_kind_ages).order_by(ages.c.outlet_id).with_for_update()
    db.session.connection().execute(held).all()  # in the night's order, or each would wait for the other
    db.session.connection().execute(update(ages).where(of_kind_ages).values(counted_on=NEVER))
    remember(request_id, KIND, by, content, kind)
    write_audit(by, "remittance_days_set", "outlet_kind", kind, after=said(new))


def _enter(new: NewDays, by: Actor, outlet_id: int | None = None, kind: str | None = None) -> None:
    db.session.connection().execute(
        insert(rules_table).values(
            outlet_id=outlet_id,
            kind=kind,
            starts_on=new.starts_on,
            rhythm=new.rhythm,
            weekdays="".join(sorted(new.weekdays)),
            suspend_after=new.suspend_after,
            reason=new.reason.strip(),
            entered_at=now(),
            user_id=by.user_id,
        )
    )


def said(new: NewDays) -> dict[str, object]:
    """Return what the audit trail keeps of new remittance days."""
    kept: dict[str, object] = {
        "starts_on": new.starts_on.isoformat(),
        "rhythm": str(new.rhythm),
        "weekdays": "".join(sorted(new.weekdays)),
        "reason": new.reason.strip(),
    }
    return kept if new.suspend_after is None else kept | {"suspend_after": new.suspend_after}
