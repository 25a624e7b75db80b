"""A collection as its slip shows it: masked, in the reader's language, with the address that proves it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from agentnet.collecting.proof import proof_token
from agentnet.collecting.queries import Recorded
from agentnet.core.clock import Month
from agentnet.core.masks import mask_household_no, mask_name
from agentnet.divisions.models import OrgUnit
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from reports.receipt import BillLine, Receipt
from reports.texts import Language


def proof_url(settings: Settings, collection_id: UUID, receipt_no: str) -> str:
    """Return the public address a receipt's QR code holds."""
    return f"{settings.public_url}/r/{proof_token(settings.secret_key, collection_id, receipt_no)}"


def receipt_of(recorded: Recorded, settings: Settings, language: Language) -> Receipt:
    """Return the slip of a collection."""
    collection, void = recorded.collection, recorded.void
    company = db.session.scalars(select(OrgUnit).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.id)).first()
    unit = db.session.get(OrgUnit, collection.org_unit_id)
    received = collection.cash_received_fen
    return Receipt(
        language=language,
        company=_name(company, language),
        org_name=_name(unit, language),
        receipt_no=collection.receipt_no,
        serial_no=str(collection.id),
        collected_at=collection.collected_at,
        outlet_code=recorded.outlet.code,
        outlet_name=recorded.outlet.name,
        agent=recorded.keeper,
        household_masked=mask_household_no(recorded.household.household_no),
        name_masked=mask_name(recorded.household.name),
        bills=tuple(
            BillLine(
                bill_month=Month.parse(bill.bill_month),
                principal_fen=part.principal_fen,
                late_charge_fen=part.late_charge_fen,
                part=(part.principal_fen, part.late_charge_fen) != (bill.principal_fen, bill.late_charge_fen),
            )
            for part, bill in recorded.paid
        ),
        advance_fen=recorded.advance_fen,
        total_fen=collection.amount_fen,
        tender=collection.tender,
        verify_url=proof_url(settings, collection.id, collection.receipt_no),
        tender_reference=collection.reference or "",
        received_fen=received,
        change_fen=None if received is None else received - collection.amount_fen,
        voided_at=void.voided_at if void else None,
        void_reason=void.reason if void else "",
        refunded_fen=recorded.refunded_fen,
        moved=bool(recorded.moved_fen),
    )


def _name(unit: OrgUnit | None, language: Language) -> str:
    if unit is None:
        return ""
    return (unit.name_en or unit.name) if language == "en" else unit.name
