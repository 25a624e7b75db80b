"""A bank's lines against declared deposits: matched where there is one reading, everything else that came in is named.

Matching moves no money; confirming does, on a page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, and_, exists, or_, select

from agentnet.core.clock import now, today
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import insert_rows
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.files.lines import FEE, StatementLine
from agentnet.settlement.matching import Kind, Proposal
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.deposits import DAYS_TO_NAME, BankLine, Deposit, Found, match_deposits
from agentnet.settlement.reconciliation.models import Difference, RowMatch
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission

_differences = cast(Table, Difference.__table__)
_matches = cast(Table, RowMatch.__table__)

UNMATCHED = ~exists().where(and_(RowMatch.remittance_id == Remittance.id, RowMatch.undone_at.is_(None)))
"""The condition on ``Remittance`` that no row is matched with it."""


def came_in(line: StatementLine) -> bool:
    """Return whether a line is money that somebody paid in."""
    return line.booked and line.gross_fen > 0 and line.kind != FEE


def match_lines(file_id: int, lines: Sequence[StatementLine], by: Actor) -> Mapping[int, tuple[Found, Remittance]]:
    """Match the lines that came in with deposits, and return what was found by line number.

    Deposits that finance confirmed without a file take part: their line must not confirm a stranger's deposit.
    """
    since = min((line.booked_on for line in lines), default=today()) - timedelta(days=DAYS_TO_NAME)
    waiting = {
        one.id: one
        for one in db.session.scalars(
            select(Remittance)
            .join(Outlet, Outlet.id == Remittance.outlet_id)
            .where(
                or_(
                    Remittance.state == RemittanceState.DECLARED,
                    and_(Remittance.state == RemittanceState.CONFIRMED, Remittance.deposited_on >= since),
                ),
                UNMATCHED,
                visible_outlets(by, Permission.REMITTANCE_CONFIRM),
            )
            .order_by(Remittance.id)
        )
    }
    deposits = [Deposit(one.id, one.slip_no, received(one), one.deposited_on) for one in waiting.values()]
    found = match_deposits([_line(line) for line in lines if came_in(line) and not line.reversal], deposits)
    made = {one.line.line_no: (one, waiting[one.deposit.id]) for one in found}  # type: ignore[index]
    values = [
        {
            "file_id": file_id,
            "line_no": line_no,
            "remittance_id": remittance.id,
            "step": one.step,
            "matched_at": now(),
            "reason": "",
        }
        for line_no, (one, remittance) in made.items()
    ]
    insert_rows(_matches, values)
    return made


def received(remittance: Remittance) -> Fen:
    """Return what the bank should say of a deposit: what was confirmed, else what was declared."""
    return remittance.amount_fen if remittance.confirmed_fen is None else remittance.confirmed_fen


def _line(line: StatementLine) -> BankLine:
    references = tuple(text for text in (line.bank_reference, line.end_to_end_id, line.entry_reference) if text)
    return BankLine(line.sequence, line.booked_on, line.gross_fen, references, line.text)


def open_differences(
    file_id: int,
    unit_id: int,
    lines: Sequence[StatementLine],
    matched: Mapping[int, tuple[Found, Remittance]],
) -> None:
    """Name what came in and belongs to no deposit, and where the two amounts differ."""
    made = []
    for line in lines:
        if not came_in(line):
            continue
        base = {
            "file_id": file_id,
            "line_no": line.sequence,
            "business_on": line.booked_on,
            "opened_at": now(),
            "state": State.OPEN.value,
            "reason": "",
        }
        if line.sequence not in matched:
            made.append(
                base
                | {
                    "remittance_id": None,
                    "outlet_id": None,
                    "org_unit_id": unit_id,
                    "kind": Kind.MISSING_AT_UTILITY.value,
                    "proposal": Proposal.LOOK.value,
                    "amount_fen": line.gross_fen,
                }
            )
            continue
        remittance = matched[line.sequence][1]
        more = line.gross_fen - received(remittance)
        if more:
            made.append(base | mismatch(remittance, more))
    insert_rows(_differences, made)


def mismatch(remittance: Remittance, more_fen: int) -> dict[str, object]:
    """Return how a deposit and its line differ: above zero the bank received more than was declared."""
    return {
        "remittance_id": remittance.id,
        "outlet_id": remittance.outlet_id,
        "org_unit_id": remittance.org_unit_id,
        "kind": Kind.AMOUNT_MISMATCH.value,
        "proposal": (Proposal.BOOK if more_fen > 0 else Proposal.REVERSE).value,
        "amount_fen": abs(more_fen),
    }
