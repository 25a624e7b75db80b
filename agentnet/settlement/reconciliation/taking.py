"""Taking a file in: whole, once, matched as far as rules go, with every disagreement named.

Files are read and partners' files matched before the writing transaction opens. Inside it stands only what has to be
true at that moment: that nobody took the same file or day, and that the day is still what it was matched against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Column, Table, insert, select

from agentnet.collecting.models import Collection
from agentnet.core.clock import now, today
from agentnet.core.errors import Forbidden
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import all_rows_with, insert_many, insert_rows, lock_tables
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Partner
from agentnet.settlement.files.lines import PartnerFile, Statement
from agentnet.settlement.matching import Difference as Found
from agentnet.settlement.matching import Outcome
from agentnet.settlement.reconciliation import banking
from agentnet.settlement.reconciliation.difference_actions import end_found
from agentnet.settlement.reconciliation.earlier_lines import LONGEST_REFERENCE, earlier_lines, said, words_of
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.overlap import plain_account
from agentnet.settlement.reconciliation.queries import unit_of
from agentnet.settlement.reconciliation.rules import (
    RowKind,
    Source,
    State,
    require_day_begun,
    require_new_day,
    require_new_file,
)
from agentnet.settlement.reconciliation.sides import Plan, fingerprint, plan_for
from agentnet.users.permissions import Permission, covers_company, grants_for, require

TAKEN: Final = "reconciliation_file"
"""The kind of request a file is remembered as."""

files = cast(Table, ReconciliationFile.__table__)
rows = cast(Table, FileRow.__table__)
matches = cast(Table, RowMatch.__table__)
differences = cast(Table, Difference.__table__)

_ROW: Final = (
    *("file_id", "line_no", "kind", "day_on", "amount_fen", "gross_fen", "fee_fen", "reference", "order_no"),
    *("household_no", "paid_type", "text", "said_sha256", "occurrence", "repeats_file_id", "repeats_line_no"),
    "reversal",
)
_MATCH: Final = ("file_id", "line_no", "collection_id", "step", "matched_at", "reason")


@dataclass(frozen=True, slots=True)
class ReadPartnerFile:
    """A partner's file that was read and matched outside the transaction."""

    partner_id: int
    name: str
    file: PartnerFile
    plan: Plan


@dataclass(frozen=True, slots=True)
class ReadStatements:
    """A bank's file that was read; ``mapping_id`` is by which saved mapping, for tables."""

    name: str
    sha256: str
    statements: Sequence[Statement]
    mapping_id: int | None = None


def require_partner_file(partner_id: int, by: Actor) -> None:
    """Refuse a partner's file to anybody but that partner's people and the company's finance.

    Raises:
        Forbidden: ``not_permitted``, ``file_of_others``.
    """
    require(by, Permission.PARTNER_FILE_SEND)
    own = any(grant.partner_id == partner_id for grant in grants_for(by, Permission.PARTNER_FILE_SEND))
    if not own and not covers_company(by, Permission.PARTNER_FILE_SEND):
        raise Forbidden("file_of_others", "只能导入本单位的文件；合作单位的文件由公司财务或该单位自己导入")


def take_partner_file(upload_id: UUID, new: ReadPartnerFile, by: Actor) -> int:
    """Take a partner's day in and return the file's id; the same upload sent twice is once.

    Raises:
        Forbidden: ``not_permitted``, ``file_of_others``. Conflict: ``file_known``, ``partner_day_known``,
            ``id_reused``. Invalid: ``file_day_to_come``.
    """
    require_partner_file(new.partner_id, by)
    content = {"partner_id": new.partner_id, "sha256": new.file.sha256}
    lock_tables(files, rows, matches)
    earlier = earlier_result(upload_id, TAKEN, content)
    if earlier is not None:
        return int(earlier)
    day = new.file.day_on
    same_day = select(ReconciliationFile.name).where(
        ReconciliationFile.partner_id == new.partner_id,
        ReconciliationFile.first_on == day,
        ReconciliationFile.withdrawn_at.is_(None),
    )
    require_day_begun(day, today())
    require_new_file(_known_as(new.file.sha256))
    require_new_day(day, db.session.scalar(same_day))
    plan = new.plan
    if fingerprint(new.partner_id, day) != plan.seen:
        plan = plan_for(new.partner_id, new.file)
    unit_id = db.session.scalars(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None))).one()
    values = {
        "source": Source.PARTNER,
        "sha256": new.file.sha256,
        "part": 0,
        "name": new.name[:120],
        "partner_id": new.partner_id,
        "account": "",
        "statement_id": "",
        "org_unit_id": unit_id,
        "first_on": day,
        "last_on": day,
        "rows_count": len(new.file.rows),
        "amount_fen": new.file.total_fen,
        "repeated_count": 0,
    }
    file_id = _insert_file(values, by)
    insert_many(rows, _ROW, _partner_rows(file_id, new.file))
    _write_matches(file_id, plan.outcome)
    _write_differences(file_id, unit_id, new.partner_id, plan.outcome.differences, day)
    end_found(file_id, by)
    remember(upload_id, TAKEN, by, content, file_id)
    partner = db.session.get_one(Partner, new.partner_id)
    after = {
        "file": new.name[:120],
        "business_on": day.isoformat(),
        "rows": len(new.file.rows),
        "amount_fen": new.file.total_fen,
        "matched": len(plan.outcome.matches),
        "differences": len(plan.outcome.differences),
        "sha256": new.file.sha256,
    }
    write_audit(by, "partner_file_taken", "partner", partner.code, after=after)
    return file_id


def take_statements(upload_id: UUID, new: ReadStatements, by: Actor) -> list[int]:
    """Take a bank's statements in and return their ids; the same upload sent twice is once.

    A line that an earlier statement of the account has already is kept and marked, and matches nothing.

    Raises:
        Forbidden: ``not_permitted``. Conflict: ``file_known``, ``id_reused``.
    """
    require(by, Permission.RECONCILE)
    lock_tables(files, rows, matches)
    content = {"sha256": new.sha256, "mapping_id": new.mapping_id}
    earlier = earlier_result(upload_id, TAKEN, content)
    if earlier is not None:
        same = select(files.c.id).where(files.c.sha256 == new.sha256, files.c.id >= int(earlier))
        return list(db.session.scalars(same.order_by(files.c.id).limit(len(new.statements))))
    require_new_file(_known_as(new.sha256))
    unit_id = unit_of(by)
    taken = [_take_statement(new, part, unit_id, by) for part in range(len(new.statements))]
    remember(upload_id, TAKEN, by, content, taken[0])
    return taken


def _take_statement(new: ReadStatements, part: int, unit_id: int, by: Actor) -> int:
    statement = new.statements[part]
    account = plain_account(statement.account)[:40]
    earlier = earlier_lines(statement, new.mapping_id)
    fresh = [line for line in statement.lines if line.sequence not in earlier]
    values = {
        "source": Source.BANK,
        "sha256": new.sha256,
        "part": part,
        "name": new.name[:120],
        "account": account,
        "statement_id": statement.id[:80],
        "mapping_id": new.mapping_id,
        "org_unit_id": unit_id,
        "first_on": statement.first_on,
        "last_on": statement.last_on,
        "rows_count": len(statement.lines),
        "amount_fen": sum(line.amount_fen for line in statement.lines if line.booked),
        "opening_fen": statement.opening_fen,
        "closing_fen": statement.closing_fen,
        "repeated_count": len(earlier),
    }
    file_id = _insert_file(values, by)
    insert_many(rows, _ROW, _bank_rows(file_id, account, statement, earlier))
    matched = banking.match_lines(file_id, fresh, by)
    banking.open_differences(file_id, account, unit_id, fresh, matched)
    after = {
        "file": new.name[:120],
        "account": account[-4:],
        "rows": len(statement.lines),
        "repeated": len(earlier),
        "matched": len(matched),
        "sha256": new.sha256,
    }
    write_audit(by, "statement_taken", "channel_file", file_id, after=after)
    return file_id


def _known_as(sha256: str) -> str | None:
    return db.session.scalar(
        select(files.c.name).where(files.c.sha256 == sha256, files.c.withdrawn_at.is_(None)).limit(1)
    )


def _insert_file(values: dict[str, Any], by: Actor) -> int:
    made = insert(ReconciliationFile).values(imported_at=now(), user_id=by.user_id, **values)
    return int(db.session.execute(made.returning(ReconciliationFile.id)).scalar_one())


def _partner_rows(file_id: int, file: PartnerFile) -> Iterator[tuple[Any, ...]]:
    day = as_stored(rows.c.day_on, file.day_on)
    for row in file.rows:
        yield (
            *(file_id, row.row, RowKind.PAYMENT.value, day, row.amount_fen, row.amount_fen, 0),
            *(row.receipt_no, row.order_no, row.household_no, row.paid_type, "", None, 1, None, None, False),
        )


def _bank_rows(
    file_id: int, account: str, statement: Statement, earlier: Mapping[int, tuple[int, int]]
) -> Iterator[tuple[Any, ...]]:
    for line in statement.lines:
        kind = line.kind if line.booked else RowKind.OTHER.value
        reference = (line.bank_reference or line.entry_reference)[:LONGEST_REFERENCE]
        yield (
            *(file_id, line.sequence, kind, as_stored(rows.c.day_on, line.booked_on), line.amount_fen, line.gross_fen),
            *(line.fee_fen, reference, line.end_to_end_id[:LONGEST_REFERENCE], line.household_no[:13], ""),
            *(words_of(line), said(account, line) if line.booked else None, line.occurrence),
            *(earlier.get(line.sequence) or (None, None)),
            line.reversal,
        )


def _write_matches(file_id: int, outcome: Outcome) -> None:
    at = as_stored(matches.c.matched_at, now())
    made = ((file_id, one.theirs.row, one.ours.id, one.step.value, at, "") for one in outcome.matches)
    insert_many(matches, _MATCH, made)


def _write_differences(file_id: int, unit_id: int, partner_id: int, found: Sequence[Found], day: date) -> None:
    raw_ids = [one.ours.id for one in found if one.ours is not None]
    ids = {raw: raw if isinstance(raw, UUID) else UUID(str(raw)) for raw in raw_ids}
    places = _places(ids.values())
    opened_at = now()
    made = []
    for one in found:
        id_ = ids[one.ours.id] if one.ours else None
        outlet_id, outlet_unit_id = places[id_] if id_ else (None, unit_id)
        made.append(
            {
                "file_id": file_id,
                "line_no": one.theirs.row if one.theirs else None,
                "collection_id": id_,
                "partner_id": partner_id,
                "outlet_id": outlet_id,
                "org_unit_id": outlet_unit_id,
                "business_on": one.ours.collected_on if one.ours else day,
                "kind": one.kind.value,
                "proposal": one.proposal.value,
                "amount_fen": one.amount_fen,
                "opened_at": opened_at,
                "state": State.OPEN.value,
                "reason": "",
            }
        )
    insert_rows(differences, made)


def _places(ids: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """Return the outlet of each collection and the unit it belonged to."""
    found = all_rows_with(cast(Table, Collection.__table__), "id", list(ids))
    return {row.id: (row.outlet_id, row.org_unit_id) for row in found}


def as_stored(column: Column[Any], value: Any) -> Any:
    """Return a value as the driver takes it, for writing past the column types."""
    dialect = db.session.connection().dialect
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    return value if convert is None else convert(value)
