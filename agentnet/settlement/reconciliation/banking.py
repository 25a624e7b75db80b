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
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.overlap import plain_references
from agentnet.settlement.reconciliation.rules import Source, State
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission

_differences = cast(Table, Difference.__table__)
_matches = cast(Table, RowMatch.__table__)

UNMATCHED = ~exists().where(and_(RowMatch.remittance_id == Remittance.id, RowMatch.undone_at.is_(None)))
"""The condition on ``Remittance`` that no row is matched with it."""


_LIVE = select(RowMatch).where(RowMatch.undone_at.is_(None)).subquery()
MOST_LOOKED_AT = 50


def came_in(line: StatementLine) -> bool:
    """Return whether a line is money that somebody paid in."""
    return line.booked and line.gross_fen > 0 and line.kind != FEE and not line.reversal


def taken_back(line: StatementLine) -> bool:
    """Return whether the bank takes an earlier booking back with a line: what came in goes, or what went comes back."""
    return line.booked and line.reversal and line.amount_fen != 0


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
    found = match_deposits([_line(line) for line in lines if came_in(line)], deposits)
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
    account: str,
    unit_id: int,
    lines: Sequence[StatementLine],
    matched: Mapping[int, tuple[Found, Remittance]],
) -> None:
    """Name what came in and belongs to no deposit, where the two amounts differ, and what the bank took back."""
    made = []
    for line in lines:
        base = {
            "file_id": file_id,
            "line_no": line.sequence,
            "business_on": line.booked_on,
            "opened_at": now(),
            "state": State.OPEN.value,
            "reason": "",
        }
        if taken_back(line):
            made.append(base | _reversal(account, unit_id, line))
        elif came_in(line) and line.sequence not in matched:
            made.append(base | _of_no_deposit(unit_id, Kind.MISSING_AT_UTILITY, Proposal.LOOK, line.gross_fen))
        elif came_in(line):
            remittance = matched[line.sequence][1]
            more = line.gross_fen - received(remittance)
            if more:
                made.append(base | mismatch(remittance, more))
    insert_rows(_differences, made)


def _of_no_deposit(unit_id: int, kind: Kind, proposal: Proposal, amount_fen: Fen) -> dict[str, object]:
    return {
        "remittance_id": None,
        "outlet_id": None,
        "org_unit_id": unit_id,
        "kind": kind.value,
        "proposal": proposal.value,
        "amount_fen": amount_fen,
    }


def _reversal(account: str, unit_id: int, line: StatementLine) -> dict[str, object]:
    """Return what the bank took back, with the deposit that came by the line it undoes where that is known."""
    proposal = Proposal.REVERSE if line.amount_fen < 0 else Proposal.LOOK
    facts = _of_no_deposit(unit_id, Kind.BANK_REVERSAL, proposal, abs(line.amount_fen))
    remittance = _deposit_undone(account, line)
    if remittance is None:
        return facts
    return facts | {
        "remittance_id": remittance.id,
        "outlet_id": remittance.outlet_id,
        "org_unit_id": remittance.org_unit_id,
    }


def _deposit_undone(account: str, line: StatementLine) -> Remittance | None:
    """Return the deposit whose line a reversal undoes: same account, amount the other way, a shared reference."""
    references = plain_references(line.bank_reference, line.entry_reference, line.end_to_end_id)
    file = ReconciliationFile
    earlier = db.session.execute(
        select(FileRow.reference, FileRow.order_no, Remittance)
        .join(file, file.id == FileRow.file_id)
        .join(_LIVE, (_LIVE.c.file_id == FileRow.file_id) & (_LIVE.c.line_no == FileRow.line_no))
        .join(Remittance, Remittance.id == _LIVE.c.remittance_id)
        .where(
            file.account == account,
            file.source == Source.BANK,
            FileRow.amount_fen == -line.amount_fen,
            FileRow.day_on.between(line.booked_on - timedelta(days=DAYS_TO_NAME), line.booked_on),
        )
        .order_by(FileRow.day_on.desc(), FileRow.file_id.desc(), FileRow.line_no.desc())
        .limit(MOST_LOOKED_AT)
    ).all()
    same = [row.Remittance for row in earlier if plain_references(row.reference, row.order_no) & references]
    if same or references:
        return same[0] if same else None
    return earlier[0].Remittance if len(earlier) == 1 else None


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
