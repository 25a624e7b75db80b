"""Setting limits: what lowers or keeps holds at once; what lets more through waits for a second person."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import insert, select, text

from agentnet.approvals.actions import request_approval
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import NewApproval
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.ids import new_id
from agentnet.holding.limit_queries import Raise, company_id, has_agreement, last_set, raised_by
from agentnet.holding.rules import NewLimits, limits_from, require_limits
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Limit, Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.outlets.rules import OutletKind
from agentnet.outlets.words import OUTLET_KINDS
from agentnet.users.permissions import Permission, covers_company, require

SET: Final = "limits"
"""The kind of request that setting limits is remembered as."""

RAISE: Final = "LIMIT_RAISE"
"""The kind of approval a raise waits for."""

_HOLD_KIND = text("SELECT pg_advisory_xact_lock(:key)")
_KIND_LOCKS: Final = 0x6C696D697473 << 8
"""Advisory lock numbers of kinds of outlets: "limits" in ASCII, then the kind's place in the list."""


def set_limits(new: NewLimits, by: Actor) -> bool:
    """Set limits from a day on; return whether they are set, or wait for a second person because they raise one.

    The same ``id`` with the same content is once and is answered the same.

    Raises:
        Forbidden: ``not_permitted``, ``limits_for_company``. Missing: ``outlet_missing``.
        Invalid: ``limits_in_past``, ``limits_period``, ``reason_missing``, ``limits_impossible``, ``kind_unknown``,
            ``no_agreement``.
        Conflict: ``approval_pending``, ``id_reused``.
    """
    outlet = judged_subject(new, by, for_change=True)
    earlier = earlier_result(new.id, SET, new.content())
    if earlier is not None:
        return earlier == "set"
    more = judge_limits(new, outlet)
    if more:
        _ask_second_person(new, outlet, more, by)
    else:
        _insert(new, outlet, by, None)
    remember(new.id, SET, by, new.content(), "asked" if more else "set")
    return not more


def judged_subject(new: NewLimits, by: Actor, *, for_change: bool = False) -> Outlet | None:
    """Return the outlet the limits are for, None for a kind; hold the subject where it is going to be changed.

    Raises:
        Forbidden: ``not_permitted``, ``limits_for_company``. Missing: ``outlet_missing``. Invalid: ``kind_unknown``.
    """
    require(by, Permission.LIMIT_EDIT)
    if new.outlet_code is not None:
        return outlet_for(by, new.outlet_code, Permission.LIMIT_EDIT, for_change=for_change)
    if not covers_company(by, Permission.LIMIT_EDIT):
        raise Forbidden("limits_for_company", "网点类型的限额全公司通用，请由全公司的财务办理")
    if new.kind not in tuple(OutletKind):
        raise Invalid("kind_unknown", "没有这种网点类型")
    if for_change:
        _hold_kind(new.kind or "")
    return None


def _hold_kind(kind: str) -> None:
    if db.engine.dialect.name == "postgresql":  # on SQLite writers take turns anyway
        db.session.execute(_HOLD_KIND, {"key": _KIND_LOCKS + list(OutletKind).index(OutletKind(kind))})


def judge_limits(new: NewLimits, outlet: Outlet | None) -> Raise:
    """Judge new limits by the rules; return what they would raise.

    Raises:
        Invalid: as ``set_limits``.
    """
    require_limits(new, today())
    if outlet is not None and not has_agreement(outlet, new.starts_on):
        raise Invalid("no_agreement", "这个网点那天没有有效的协议，请先登记协议，再单设限额", field="starts_on")
    return raised_by(new, outlet)


def _ask_second_person(new: NewLimits, outlet: Outlet | None, more: Raise, by: Actor) -> None:
    content = {
        **new.content(),
        "raises": {name: list(pair) for name, pair in more.items()},
        "last_set": last_set(outlet, new.kind),
    }
    request_approval(
        NewApproval(
            id=new_id(),
            kind=RAISE,
            subject_kind="OUTLET" if outlet else "OUTLET_KIND",
            subject_id=str(outlet.id) if outlet else str(new.kind),
            subject_label=outlet.code if outlet else OUTLET_KINDS[OutletKind(str(new.kind))],
            org_unit_id=outlet.org_unit_id if outlet else company_id(),
            content=content,
            reason=new.reason,
        ),
        by,
    )


def carry_out_raise(approval: Approval, by: Actor) -> None:
    """Set the limits a second person has approved, from today if their first day has passed meanwhile.

    Raises:
        Conflict: ``limits_changed`` if others were set since it was asked for.
        Invalid: ``limits_over`` if all its days have passed; and as ``set_limits``.
    """
    new = limits_from(approval.id, approval.content)
    outlet = None
    if new.outlet_code is None:
        _hold_kind(new.kind or "")
    else:
        outlet = db.session.scalars(
            select(Outlet)
            .where(Outlet.code == new.outlet_code)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
    if last_set(outlet, new.kind) != approval.content["last_set"]:
        raise Conflict("limits_changed", "提出以后限额又改过了，请不同意这一份，让申请人重新提出")
    if new.ends_on is not None and new.ends_on <= today():
        raise Invalid("limits_over", "申请的期限已经过了，请不同意这一份，让申请人重新提出")
    new = replace(new, starts_on=max(new.starts_on, today()))
    judge_limits(new, outlet)
    _insert(new, outlet, by, approval)


def _insert(new: NewLimits, outlet: Outlet | None, by: Actor, approval: Approval | None) -> None:
    db.session.execute(
        insert(Limit).values(
            kind=None if outlet else new.kind,
            outlet_id=outlet.id if outlet else None,
            **new.figures.as_dict(),
            starts_on=new.starts_on,
            ends_on=new.ends_on,
            reason=new.reason.strip(),
            set_at=now(),
            user_id=approval.requested_by_id if approval else by.user_id,
            approved_by_id=by.user_id if approval else None,
        )
    )
    after = {name: value for name, value in new.content().items() if value is not None}
    subject = ("outlet", outlet.code) if outlet else ("outlet_kind", str(new.kind))
    write_audit(by, "limits_raised" if approval else "limits_set", *subject, after=after)
