"""What finance sets around payouts: holds, the smallest payment, tax, the account paid from, the bank's sheet."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from agentnet.commission.payout.account_rules import Account, mask_account, require_account
from agentnet.commission.payout.bank_sheet import Layout, require_layout
from agentnet.commission.payout.models import PayoutHold, PayoutLayout, PayoutSetting
from agentnet.commission.payout.queries import require_office
from agentnet.commission.payout.rules import require_reason
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Invalid, Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.users.permissions import Permission


def place_hold(id_: UUID, outlet_code: str, reason: str, by: Actor) -> None:
    """Let an outlet not be paid while it is looked into.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``outlet_missing``. Invalid: ``reason_missing``.
        Conflict: ``hold_stands``, ``id_reused``.
    """
    require_office(by)
    content = {"outlet": outlet_code, "reason": reason.strip()}
    if earlier_result(id_, "payout_hold", content) is not None:
        return
    outlet = outlet_for(by, outlet_code, Permission.PAYOUT_EDIT, for_change=True)
    require_reason(reason)
    try:
        with db.session.begin_nested():
            db.session.execute(
                insert(PayoutHold).values(
                    id=id_,
                    outlet_id=outlet.id,
                    reason=reason.strip(),
                    placed_at=now(),
                    placed_by_id=by.user_id,
                )
            )
    except IntegrityError as stands:
        raise Conflict("hold_stands", "这个网点已经暂停付款了", field="outlet") from stands
    remember(id_, "payout_hold", by, content, id_)
    write_audit(by, "payout_hold_placed", "outlet", outlet.code, after={"reason": reason.strip()})


def lift_hold(hold_id: UUID, request_id: UUID, reason: str, by: Actor) -> None:
    """Let a held outlet be paid again from the next batch on.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``hold_missing``. Invalid: ``reason_missing``.
        Conflict: ``hold_lifted``, ``id_reused``.
    """
    require_office(by)
    content = {"hold_id": hold_id, "reason": reason.strip()}
    hold = db.session.scalar(
        select(PayoutHold).where(PayoutHold.id == hold_id).with_for_update().execution_options(populate_existing=True)
    )
    if hold is None:
        raise Missing("hold_missing", "没有找到这项暂停")
    if earlier_result(request_id, "payout_lift", content) is not None:
        return
    require_reason(reason)
    if hold.lifted_at is not None:
        raise Conflict("hold_lifted", "这项暂停已经解除了")
    hold.lifted_at, hold.lifted_by_id, hold.lifted_reason = now(), by.user_id, reason.strip()
    db.session.flush()
    code = db.session.scalars(select(Outlet.code).where(Outlet.id == hold.outlet_id)).one()
    remember(request_id, "payout_lift", by, content, hold.id)
    write_audit(by, "payout_hold_lifted", "outlet", code, {"reason": hold.reason}, {"reason": reason.strip()})


@dataclass(frozen=True, slots=True)
class NewSetting:
    """Settings from a day on; ``account`` is the company's own that payments go out of."""

    id: UUID
    starts_on: date
    minimum_fen: Fen
    withholds: bool
    account: Account
    reason: str


def set_settings(new: NewSetting, by: Actor) -> None:
    """Set the smallest payment, whether tax is withheld, and the account paid from, from a day on.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
        Invalid: ``setting_past``, ``reason_missing``, and as ``require_account``. Conflict: ``id_reused``.
    """
    require_office(by)
    content = asdict(new) | {"id": None}
    if earlier_result(new.id, "payout_setting", content) is not None:
        return
    if new.starts_on < today():
        raise Invalid("setting_past", "只能从今天或以后开始", field="starts_on")
    require_account(new.account)
    require_reason(new.reason)
    row = PayoutSetting(
        starts_on=new.starts_on,
        minimum_fen=new.minimum_fen,
        withholds=new.withholds,
        holder=new.account.holder,
        number=new.account.number,
        bank=new.account.bank,
        bank_no=new.account.bank_no,
        reason=new.reason.strip(),
        entered_at=now(),
        user_id=by.user_id,
    )
    db.session.add(row)
    db.session.flush()
    remember(new.id, "payout_setting", by, content, row.id)
    after = {
        "starts_on": new.starts_on.isoformat(),
        "minimum_fen": new.minimum_fen,
        "withholds": new.withholds,
        "account": mask_account(new.account.number),
        "reason": new.reason.strip(),
    }
    write_audit(by, "payout_settings_set", "payout", str(row.id), after=after)


def save_layout(name: str, version: int, layout: Layout, by: Actor) -> None:
    """Save how a bank wants its sheet; version 0 adds one. Sent twice, the second finds the version gone.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Invalid: ``layout_name``, and as ``require_layout``.
        Conflict: ``layout_changed``.
    """
    require_office(by)
    if not re.fullmatch(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z_\-\u4e00-\u9fff]{0,29}", name):
        raise Invalid("layout_name", "名称用 1 到 30 个汉字、字母、数字或连字符，例如 农商行", field="name")
    require_layout(layout)
    found = db.session.scalar(
        select(PayoutLayout)
        .where(PayoutLayout.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if (found.version if found else 0) != version:
        raise Conflict("layout_changed", "别人刚改过这个表格格式，或已有同名的格式，请刷新后再改", field="name")
    if found is None:
        found = PayoutLayout(name=name, version=0)
        db.session.add(found)
    before = None if version == 0 else {"columns": found.columns}
    found.heading, found.columns, found.version = layout.heading, [list(one) for one in layout.columns], version + 1
    db.session.flush()
    write_audit(by, "payout_layout_saved", "payout_layout", name, before, {"columns": found.columns})
