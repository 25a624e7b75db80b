"""Reading a waiting file as what its sender says it is; needs no transaction of its own but to look things up."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from agentnet.core.clock import now
from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.tables import look_at
from agentnet.outlets.queries import partner_by_code
from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.files.lines import whole_refusal
from agentnet.settlement.files.mapping import HEAD_WITHIN, Mapping, guess_from
from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.files.table import read_table
from agentnet.settlement.reconciliation.models import ColumnMapping
from agentnet.settlement.reconciliation.queries import mapping_for, unit_of
from agentnet.settlement.reconciliation.sides import plan_for
from agentnet.settlement.reconciliation.taking import ReadPartnerFile, ReadStatements, require_partner_file
from agentnet.users.permissions import Permission, covers_company, require

Read = ReadPartnerFile | ReadStatements


def read_file(kind: str, path: Path, sha256: str, name: str, partner: str, mapping_id: str, by: Actor) -> Read:
    """Read a file whole; a partner's is matched against the day as it stands now.

    Raises:
        Forbidden: ``not_permitted``, ``file_of_others``. Missing: ``partner_missing``, ``mapping_missing``.
        Invalid: ``file_kind_unknown``. FileRefused: whatever is wrong with the file.
    """
    if kind == "PARTNER":
        found = partner_by_code(partner)
        require_partner_file(found.id, by)
        file = read_partner_file(path, name, found.code)
        return ReadPartnerFile(found.id, name, file, plan_for(found.id, file))
    require(by, Permission.RECONCILE)
    if kind == "CAMT":
        return ReadStatements(name, sha256, read_camt053(path))
    if kind != "TABLE":
        raise Invalid("file_kind_unknown", "不认识的文件种类，请重新选择")
    saved = mapping_for(by, mapping_id)
    statement = read_table(path, Mapping(**saved.columns), saved.account)
    return ReadStatements(name, sha256, (statement,), saved.id)


def head_of(path: Path, row: int = 0) -> tuple[int, list[str], list[list[str]]]:
    """Return the row a table's head stands in (from 1), its words, and the first rows to show.

    ``row`` is the one a person pointed at; 0 looks for the first that names a day and money, else the widest.

    Raises:
        FileRefused: what ``infra.tables`` refuses.
    """
    first: list[tuple[int, list[str]]] = []
    try:
        for number, cells in look_at(path, bank_exports=True).rows():
            first.append((number, [cell.strip() for cell in cells]))
            if len(first) >= HEAD_WITHIN:
                break
    except Invalid as refusal:
        raise whole_refusal(refusal) from None
    named = next((one for one in first if one[0] == row), None)
    guessed = next((one for one in first if guess_from(one[1]) is not None), None)
    head = named or guessed or max(first, key=lambda one: sum(map(bool, one[1])), default=(0, []))
    shown = [cells for number, cells in first if number >= head[0]][:6]
    return head[0], head[1], shown


def save_mapping(name: str, account: str, mapping: Mapping, by: Actor) -> int:
    """Save a mapping of the actor's unit; a later one of its name follows the earlier, which stays. Return its id.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(by, Permission.RECONCILE)
    unit_id = unit_of(by)
    of_name = select(ColumnMapping).where(ColumnMapping.name == name)
    whose = ColumnMapping.org_unit_id == unit_id
    if covers_company(by, Permission.RECONCILE):
        whose |= ColumnMapping.org_unit_id.is_(None)
    known = db.session.scalars(of_name.where(whose).order_by(ColumnMapping.version.desc())).first()
    columns: dict[str, Any] = asdict(mapping)
    if known is not None and known.columns == columns and known.account == account:
        return known.id
    last = db.session.scalar(select(func.max(ColumnMapping.version)).where(ColumnMapping.name == name)) or 0
    values = {"name": name, "version": last + 1, "org_unit_id": unit_id, "account": account, "columns": columns}
    made = insert(ColumnMapping).values(saved_at=now(), user_id=by.user_id, **values).returning(ColumnMapping.id)
    id_ = int(db.session.execute(made).scalar_one())
    write_audit(by, "column_mapping_saved", "channel_file", name, after={"name": name, "account": account[-4:]})
    return id_
