"""What the register's imports do alike: look codes up in the territory, compare, and leave a line for every change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, select

from agentnet.core.errors import Refusal
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row, write_audit_rows
from agentnet.infra.bulk import among, insert_rows, update_many
from agentnet.infra.db import db
from agentnet.infra.importing import Errors, chunks
from agentnet.outlets.actions.common import plain
from agentnet.outlets.queries import under
from agentnet.users.permissions import Permission, org_paths


@dataclass(slots=True)
class NewAndChanged:
    """Rows to be entered, and rows that are there with what changes of each; they are known by their code."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)


def write_new_and_changed(table: Table, work: NewAndChanged, kind: str, by: Actor) -> None:
    """Insert and update rows of a kind (``partner``), with an audit line for each."""
    insert_rows(table, [{**row, "version": 1} for row in work.new])
    update_many(table, "id", [(before.id, change) for before, change in work.changed], raising="version")
    write_audit_rows(
        [
            *(new_line(by, f"register_{kind}", kind, row["code"], row) for row in work.new),
            *(change_line(by, f"change_{kind}", kind, before, before.code, change) for before, change in work.changed),
        ]
    )


def table_of(model: Any) -> Table:
    """Return a model's table."""
    return cast(Table, model.__table__)


def units_in_territory(by: Actor, permission: Permission, codes: Collection[str]) -> dict[str, int]:
    """Return the ids of the org units among these codes in which the actor holds the permission."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(codes))):
        statement = select(OrgUnit.code, OrgUnit.id).where(
            among(table_of(OrgUnit).c.code, piece), under(org_paths(by, permission))
        )
        found |= {row.code: row.id for row in db.session.execute(statement)}
    return found


def differing(before: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wanted values that a row does not have; None in a file means: leave it."""
    return {name: value for name, value in wanted.items() if value is not None and getattr(before, name) != value}


def judged(errors: Errors, line: int, column: str, rule: Callable[[], Any]) -> Any:
    """Return what a rule says of a row, or None after noting its refusal at the row."""
    try:
        return rule()
    except Refusal as refusal:
        errors.add(line, column, refusal)
        return None


def new_line(by: Actor, action: str, kind: str, code: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the audit line of something entered."""
    return audit_row(by, action, kind, code, None, {name: plain(value) for name, value in values.items()})


def change_line(by: Actor, action: str, kind: str, before: Any, code: str, change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the audit line of something changed: what it was and what it is."""
    was = {name: plain(getattr(before, name)) for name in change}
    return audit_row(by, action, kind, code, was, {name: plain(value) for name, value in change.items()})
