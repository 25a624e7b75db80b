"""What changed after a partner's file was taken in: collections that came later, and voids of what was matched.

A phone that was offline may post into a day whose outlet has not closed it, and a keeper may void what the partner has
told already. The clock looks again for a week, so that neither stays unnamed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, and_, exists, select

from agentnet.collecting.models import Collection, Void
from agentnet.core.clock import now, today
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import insert_rows
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet
from agentnet.settlement.matching import Kind, Proposal
from agentnet.settlement.reconciliation.models import Difference, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.rules import Source, State
from agentnet.settlement.reconciliation.sides import BOOKED

DAYS: Final = 7
"""How long a day's file is looked at again."""

_differences = cast(Table, Difference.__table__)
_LIVE = and_(RowMatch.collection_id == Collection.id, RowMatch.undone_at.is_(None))


def recheck(file_id: int, by: Actor) -> int:
    """Open what has come to differ since a partner's file was taken in; return how much. Twice is once."""
    file = db.session.get_one(ReconciliationFile, file_id, with_for_update=True, populate_existing=True)
    if file.withdrawn_at is not None:
        return 0
    later = [_missing(file, *row) for row in db.session.execute(_came_later(file))]
    voided = [_late(file, *row) for row in db.session.execute(_voided_since(file))]
    insert_rows(_differences, later)
    insert_rows(_differences, voided)
    if later or voided:
        after = {"differences": len(later) + len(voided), "business_on": file.first_on.isoformat()}
        write_audit(by, "file_rechecked", "channel_file", file.id, after=after)
    return len(later) + len(voided)


def _came_later(file: ReconciliationFile) -> Any:
    named = exists().where(Difference.collection_id == Collection.id)
    return (
        select(Collection.id, Collection.outlet_id, Collection.org_unit_id, Collection.amount_fen)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .outerjoin(RowMatch, _LIVE)
        .where(
            Outlet.partner_id == file.partner_id,
            Collection.business_on == file.first_on,
            Void.id.is_(None),
            RowMatch.id.is_(None),
            ~BOOKED,
            ~named,
        )
        .order_by(Collection.id)
    )


def _voided_since(file: ReconciliationFile) -> Any:
    named = exists().where(Difference.collection_id == Collection.id, Difference.kind == Kind.LATE_REVERSAL)
    return (
        select(Collection.id, Collection.outlet_id, Collection.org_unit_id, Collection.amount_fen, RowMatch.line_no)
        .join(RowMatch, _LIVE)
        .join(Void, Void.collection_id == Collection.id)
        .where(RowMatch.file_id == file.id, ~named)
        .order_by(RowMatch.line_no)
    )


def _opened(file: ReconciliationFile) -> dict[str, Any]:
    return {
        "file_id": file.id,
        "partner_id": file.partner_id,
        "business_on": file.first_on,
        "opened_at": now(),
        "state": State.OPEN.value,
        "reason": "",
    }


def _missing(file: ReconciliationFile, id_: Any, outlet_id: int, unit_id: int, fen: int) -> dict[str, Any]:
    what = {"kind": Kind.MISSING_AT_AGENT.value, "proposal": Proposal.REVERSE.value, "amount_fen": fen}
    return _opened(file) | what | {"collection_id": id_, "outlet_id": outlet_id, "org_unit_id": unit_id}


def _late(file: ReconciliationFile, id_: Any, outlet_id: int, unit_id: int, fen: int, line_no: int) -> dict[str, Any]:
    what = {"kind": Kind.LATE_REVERSAL.value, "proposal": Proposal.BOOK.value, "amount_fen": fen, "line_no": line_no}
    return _opened(file) | what | {"collection_id": id_, "outlet_id": outlet_id, "org_unit_id": unit_id}


def recheck_recent() -> int:
    """Look at the last days' files again, each in a transaction of its own; return how many differences opened."""
    with reading():
        file = ReconciliationFile
        recent = list(
            db.session.scalars(
                select(file.id).where(
                    file.source == Source.PARTNER,
                    file.first_on >= today() - timedelta(days=DAYS),
                    file.withdrawn_at.is_(None),
                )
            )
        )
    opened = 0
    for file_id in recent:
        with batch():
            opened += recheck(file_id, SYSTEM)
    return opened


RECHECK_FILES: Final = ClockJob("recheck partners' files", 3600, recheck_recent)
