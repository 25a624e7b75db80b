"""The peer: the same posting written the straightforward way, with ORM objects and one look-up after the other."""

from __future__ import annotations

from sqlalchemy import func, select

from agentnet.collecting.models import Allocation, Bill, Collection, Household, Void
from agentnet.collecting.rules import NewCollection, receipt_number
from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid
from agentnet.core.ids import content_sha256
from agentnet.infra.actor import Actor
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.idempotency import Request
from agentnet.ledger.models import Account, Balance, BusinessDay, Transfer
from agentnet.outlets.models import Agreement, Outlet


def record(item: NewCollection, by: Actor) -> str:
    """Record one collection and return its receipt number; the same facts as the product leaves.

    Raises:
        Invalid: ``over_ceiling``.
    """
    session = db.session
    outlet = session.scalars(select(Outlet).where(Outlet.code == item.outlet_code)).one()
    agreement = session.scalars(select(Agreement).where(Agreement.outlet_id == outlet.id)).one()
    household = session.scalars(
        select(Household).where(Household.household_no == item.household_no).with_for_update()
    ).one()
    known = session.get(Request, item.id)
    if known is not None:
        return known.result_id
    accounts = {
        account.code: account
        for account in session.scalars(
            select(Account).where(Account.owner_kind == "OUTLET", Account.owner_id == outlet.id)
        )
    }
    balance = session.scalars(
        select(Balance).where(Balance.account_id == accounts["CASH_HELD"].id).with_for_update()
    ).one()
    if balance.balance_fen + item.amount_fen > agreement.ceiling_fen:
        raise Invalid("over_ceiling", "这一笔会使网点持有现金超过协议限额，请先解款再收费")
    balance.maximum_fen = agreement.ceiling_fen
    balance.balance_fen += item.amount_fen
    day = session.get(BusinessDay, (outlet.id, today()), with_for_update=True)
    if day is None:
        day = BusinessDay(outlet_id=outlet.id, business_on=today(), receipt_serial=0)
        session.add(day)
    day.receipt_serial += 1
    receipt_no = receipt_number(outlet.code, today(), day.receipt_serial)
    transfer = Transfer(
        id=item.id,
        kind="COLLECTION",
        debit_account_id=accounts["CASH_HELD"].id,
        credit_account_id=accounts["RECEIVED"].id,
        amount_fen=item.amount_fen,
        business_on=today(),
        posted_at=now(),
        subject_kind="COLLECTION",
        subject_id=str(item.id),
    )
    session.add(transfer)
    session.flush()
    session.add(
        Collection(
            id=item.id,
            receipt_no=receipt_no,
            outlet_id=outlet.id,
            household_id=household.id,
            channel="AGENT_OUTLET",
            tender=item.tender,
            amount_fen=item.amount_fen,
            business_on=today(),
            collected_at=item.collected_at,
            posted_at=now(),
            user_id=by.user_id,
            org_unit_id=outlet.org_unit_id,
            setting=outlet.setting,
            transfer_id=transfer.id,
        )
    )
    session.flush()
    left = item.amount_fen
    for bill in session.scalars(select(Bill).where(Bill.household_id == household.id).order_by(Bill.bill_month)):
        paid = session.scalar(
            select(func.coalesce(func.sum(Allocation.principal_fen), 0))
            .outerjoin(Void, Void.collection_id == Allocation.collection_id)
            .where(Allocation.bill_id == bill.id, Void.id.is_(None))
        )
        part = min(left, bill.principal_fen - int(paid or 0))
        if part > 0:
            session.add(Allocation(collection_id=item.id, bill_id=bill.id, principal_fen=part, late_charge_fen=0))
            left -= part
    if left:
        session.add(Allocation(collection_id=item.id, bill_id=None, principal_fen=left, late_charge_fen=0))
    session.add(
        Request(
            id=item.id,
            kind="collection",
            user_id=by.user_id,
            content_sha256=content_sha256(item.content()),
            result_id=receipt_no,
            at=now(),
        )
    )
    session.add(
        AuditLine(
            at=now(),
            user_id=by.user_id,
            actor_name=by.name,
            action="collection_recorded",
            subject_kind="collection",
            subject_id=str(item.id),
            after={"receipt_no": receipt_no, "amount_fen": item.amount_fen, "tender": item.tender},
        )
    )
    return receipt_no
