"""The rows a recorded collection leaves: itself, what it pays, the remembered request, the audit line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from agentnet.collecting.rules import AGENT_OUTLET, NewCollection, Part, Terms
from agentnet.core.masks import mask_household_no
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row
from agentnet.ledger.rules import NewTransfer

KIND: Final = "collection"
"""The kind of request a collection is remembered as."""


class Judged(NamedTuple):
    """An item that broke no rule, with the transfer it asks for and the parts it would pay."""

    item: NewCollection
    terms: Terms
    household_id: int
    sha256: str
    transfer: NewTransfer
    parts: list[Part]


class Numbered(NamedTuple):
    """A posted item with its receipt number."""

    judged: Judged
    receipt_no: str

    @property
    def item(self) -> NewCollection:
        return self.judged.item


def _who(each: Numbered, by: Actor) -> int | None:
    return by.user_id if by.user_id is not None else each.item.user_id


def collection_row(each: Numbered, by: Actor, at: datetime) -> dict[str, Any]:
    """Return the collection's own row."""
    item, terms = each.item, each.judged.terms
    return {
        "id": item.id,
        "receipt_no": each.receipt_no,
        "outlet_id": terms.outlet_id,
        "household_id": each.judged.household_id,
        "channel": AGENT_OUTLET,
        "tender": item.tender,
        "amount_fen": item.amount_fen,
        "cash_received_fen": item.cash_received_fen,
        "reference": item.reference,
        "business_on": terms.business_on,
        "collected_at": item.collected_at,
        "posted_at": at,
        "user_id": _who(each, by),
        "org_unit_id": terms.org_unit_id,
        "setting": terms.setting,
        "transfer_id": item.id,
        "large": terms.large_amount_fen is not None and item.amount_fen >= terms.large_amount_fen,
    }


def allocation_rows(each: Numbered) -> list[dict[str, Any]]:
    """Return a row for every bill it pays, and one for the advance."""
    return [
        {
            "collection_id": each.item.id,
            "bill_id": part.bill_id,
            "principal_fen": part.principal_fen,
            "late_charge_fen": part.late_charge_fen,
        }
        for part in each.judged.parts
    ]


def request_row(each: Numbered, by: Actor, at: datetime) -> dict[str, Any]:
    """Return what a resend will be compared with; its result is the receipt number."""
    return {
        "id": each.item.id,
        "kind": KIND,
        "user_id": _who(each, by),
        "content_sha256": each.judged.sha256,
        "result_id": each.receipt_no,
        "at": at,
    }


def recorded_audit_row(each: Numbered, by: Actor) -> dict[str, Any]:
    """Return the audit line; the household appears masked."""
    after = {
        "receipt_no": each.receipt_no,
        "household": mask_household_no(each.item.household_no),
        "amount_fen": each.item.amount_fen,
        "tender": each.item.tender,
    }
    return audit_row(by, "collection_recorded", "collection", each.item.id, after=after)
