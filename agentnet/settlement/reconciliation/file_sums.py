"""What became of a file's rows, and what of it is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, select

from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.revisions import remembered_under
from agentnet.infra.statements import built_once
from agentnet.settlement.reconciliation.known_by import claims_mark
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.queries import LIVE, matchable
from agentnet.settlement.reconciliation.rules import State

_FILE: Any = bindparam("file_id", type_=BigInteger())


@dataclass(frozen=True, slots=True)
class FileSums:
    """What became of a file's rows: by step of matching, alone, and not to be matched at all."""

    by_step: Mapping[str, tuple[int, Fen]]
    unmatched: tuple[int, Fen]
    open_differences: int
    open_fen: Fen

    @property
    def matched(self) -> tuple[int, Fen]:
        return sum(count for count, _ in self.by_step.values()), sum(fen for _, fen in self.by_step.values())


def file_sums(file: ReconciliationFile) -> FileSums:
    """Return how many rows were matched by which step, and what is open; remembered, so it must not be changed."""
    return remembered_under(claims_mark(), ("file sums", file.id), lambda: _added_up(file))


def _added_up(file: ReconciliationFile) -> FileSums:
    connection, given = db.session.connection(), {"file_id": file.id}
    rows = connection.execute(_by_step(), given).all()
    by_step = {step: (int(count), int(fen)) for step, count, fen in rows if step is not None}
    alone = next(((int(count), int(fen)) for step, count, fen in rows if step is None), (0, 0))
    count, fen = connection.execute(_OPEN, given).one()
    return FileSums(by_step, alone, int(count), int(fen))


@built_once
def _by_step() -> Select[*tuple[Any, ...]]:
    return (
        select(RowMatch.step, func.count(), func.coalesce(func.sum(FileRow.gross_fen), 0))
        .select_from(FileRow)
        .outerjoin(RowMatch, LIVE)
        .where(FileRow.file_id == _FILE, *matchable())
        .group_by(RowMatch.step)
    )


_OPEN = select(func.count(), func.coalesce(func.sum(Difference.amount_fen), 0)).where(
    Difference.file_id == _FILE, Difference.state == State.OPEN
)
