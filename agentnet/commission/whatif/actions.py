"""Asking what a plan would have cost, and doing the work: some outlets at a time, each portion written down."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, func, or_, select, update

from agentnet.commission.actions import require_known
from agentnet.commission.engine.checking import check_version
from agentnet.commission.engine.language import Version
from agentnet.commission.engine.writing import version_sha256, write_version
from agentnet.commission.models import OutletAccrual
from agentnet.commission.queries import closed_months, plan_by_code, require_company_wide
from agentnet.commission.whatif.models import WhatIf, WhatIfOutlet, WhatIfSum
from agentnet.commission.whatif.trying import Portion, try_outlets
from agentnet.core.clock import Month, now
from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.infra.inserting import insert_typed
from agentnet.users.permissions import Permission

MOST_MONTHS = 12
AT_ONCE = 3_000
"""Collections that are worked while the person waits; more are left to the worker."""
OUTLETS_A_PORTION = 100
LEASE = timedelta(seconds=120)
MOST_ATTEMPTS = 3

log = logging.getLogger("agentnet.whatif")


@dataclass(frozen=True, slots=True)
class NewWhatIf:
    """A plan version to try; ``id`` is the sender's. Without a plan's code it is tried at every outlet."""

    id: uuid.UUID
    name: str
    source: str
    says: Version
    first_month: Month
    last_month: Month
    plan_code: str | None = None


def ask_what_if(new: NewWhatIf, by: Actor) -> WhatIf:
    """Try a version on closed months: a small network at once, a large one by the worker. Sent twice is once.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``plan_missing``.
        Invalid: ``what_if_months``, ``scope_unknown``, ``months_turned``, ``too_many_months``;
            ``PlanRefused`` with every fault of the plan language.
        Conflict: ``id_reused``.
    """
    require_company_wide(by, Permission.COMMISSION_EDIT)
    content = {
        "version": version_sha256(new.says),
        "plan": new.plan_code,
        "first": str(new.first_month),
        "last": str(new.last_month),
    }
    known = earlier_result(new.id, "what_if", content)
    if known is not None:
        return db.session.get_one(WhatIf, uuid.UUID(known))
    check_version(new.says)
    require_known(new.says)
    months = _months(new.first_month, new.last_month)
    outlets, collections = db.session.execute(
        select(func.count(OutletAccrual.outlet_id.distinct()), func.sum(OutletAccrual.collections_count)).where(
            OutletAccrual.month.in_([str(month) for month in months])
        )
    ).one()
    asked = WhatIf(
        id=new.id,
        name=new.name,
        source=new.source,
        content=write_version(new.says),
        content_sha256=version_sha256(new.says),
        plan_id=plan_by_code(new.plan_code).id if new.plan_code else None,
        first_month=str(months[0]),
        last_month=str(months[-1]),
        user_id=by.user_id,
        asked_at=now(),
        state="WAITING",
        outlets_count=outlets,
        outlets_done=0,
        after_outlet_id=0,
        token=0,
        attempts=0,
        lease_until=None,
        finished_at=None,
    )
    db.session.add(asked)
    db.session.flush()
    remember(new.id, "what_if", by, content, asked.id)
    write_audit(by, "tried_plan", "what_if", asked.id, after={"name": new.name, "months": len(months), **content})
    if (collections or 0) <= AT_ONCE:
        while asked.state == "WAITING":
            ids = _next_outlets(asked, months)
            _write(asked.id, asked.token, ids, try_outlets(asked.content, asked.plan_id, months, ids))
            db.session.refresh(asked)
    return asked


def _months(first: Month, last: Month) -> list[Month]:
    """Return the closed months of a stretch, oldest first.

    Raises:
        Invalid: ``months_turned``, ``too_many_months``, ``what_if_months``.
    """
    if first > last:
        raise Invalid("months_turned", "起始月份不能晚于截止月份", field="last_month")
    months = sorted(month for month in closed_months() if first <= month <= last)
    if not months:
        raise Invalid("what_if_months", "这段时间没有已封账的月份，请另选", field="first_month")
    if len(months) > MOST_MONTHS:
        raise Invalid(
            "too_many_months", "一次最多试算 %(most)d 个月，请缩短范围", field="first_month", most=MOST_MONTHS
        )
    return months


def months_of(asked: WhatIf) -> list[Month]:
    """Return the months a what-if is tried on, oldest first."""
    first, last = Month.parse(asked.first_month), Month.parse(asked.last_month)
    return sorted(month for month in closed_months() if first <= month <= last)


def _next_outlets(asked: WhatIf, months: Sequence[Month]) -> list[int]:
    statement = (
        select(OutletAccrual.outlet_id)
        .where(
            OutletAccrual.month.in_([str(month) for month in months]), OutletAccrual.outlet_id > asked.after_outlet_id
        )
        .distinct()
        .order_by(OutletAccrual.outlet_id)
        .limit(OUTLETS_A_PORTION)
    )
    return list(db.session.scalars(statement))


@dataclass(frozen=True, slots=True)
class Leased:
    """A what-if in a worker's hands for one portion, for as long as its token is the newest."""

    asked: WhatIf
    token: int


def lease() -> Leased | None:
    """Take the oldest what-if that waits in hand; one whose worker died over and over is given up."""
    free = or_(WhatIf.lease_until.is_(None), WhatIf.lease_until <= now())
    statement = select(WhatIf).where(WhatIf.state == "WAITING", free).order_by(WhatIf.id).limit(1)
    found = db.session.scalars(statement.with_for_update(skip_locked=True)).one_or_none()
    if found is None:
        return None
    if found.attempts >= MOST_ATTEMPTS:
        found.state, found.finished_at, found.lease_until = "FAILED", now(), None
        log.warning("what-if %s given up after %d attempts", found.id, found.attempts)
        return Leased(found, -1)
    found.token += 1
    found.attempts += 1
    found.lease_until = now() + LEASE
    db.session.flush()
    return Leased(found, found.token)


def next_portion(asked_id: uuid.UUID) -> tuple[list[int], Portion]:
    """Work the next outlets out; nothing is written."""
    asked = db.session.get_one(WhatIf, asked_id)
    months = months_of(asked)
    ids = _next_outlets(asked, months)
    return ids, try_outlets(asked.content, asked.plan_id, months, ids)


def write_portion(asked_id: uuid.UUID, token: int, outlet_ids: Sequence[int], portion: Portion) -> bool:
    """Write a portion down if it is still this worker's; False if another has taken over."""
    return _write(asked_id, token, outlet_ids, portion)


def _write(asked_id: uuid.UUID, token: int, outlet_ids: Sequence[int], portion: Portion) -> bool:
    last = len(outlet_ids) < OUTLETS_A_PORTION
    values: dict[str, Any] = {"attempts": 0, "lease_until": None, "outlets_done": WhatIf.outlets_done + len(outlet_ids)}
    if outlet_ids:
        values["after_outlet_id"] = outlet_ids[-1]
    if last:
        values |= {"state": "DONE", "finished_at": now()}
    held = update(WhatIf).where(WhatIf.id == asked_id, WhatIf.token == token, WhatIf.state == "WAITING")
    result = db.session.execute(held.values(values).execution_options(synchronize_session=False))
    if not getattr(result, "rowcount", 0):
        return False
    outlets = [
        {
            "what_if_id": asked_id,
            "outlet_id": id_,
            "org_unit_id": one.org_unit_id,
            "setting": one.setting,
            "collections_count": one.change.collections,
            "collected_fen": one.change.collected_fen,
            "paid_fen": one.change.paid_fen,
            "new_fen": one.change.new_fen,
            "change_fen": one.change.change_fen,
            "why": one.change.why(),
        }
        for id_, one in portion.outlets.items()
    ]
    sums = [
        {
            "what_if_id": asked_id,
            "month": month,
            "org_unit_id": unit_id,
            "setting": setting,
            "side": side,
            "component": name,
            "amount_fen": fen,
        }
        for (month, unit_id, setting, side, name), fen in portion.sums.items()
    ]
    connection = db.session.connection()
    insert_typed(connection, cast(Table, WhatIfOutlet.__table__), outlets)
    insert_typed(connection, cast(Table, WhatIfSum.__table__), sums)
    return True
