"""More is remembered: ceilings and tenders under the mark of the register, what months adjust and which are closed."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

REGISTER = ("field", "register")
"""Whose marks move with the register (``infra.revisions``): in this order everywhere, or two writers could lock each
other out."""

EVENTS = ("INSERT", "UPDATE", "DELETE")
REVISED = {
    "agreements": (REGISTER, EVENTS),
    "limits": (REGISTER, EVENTS),
    "accounts": (REGISTER, ("INSERT",)),
    "tenders": (REGISTER, EVENTS),
    "accounting_months": (("months",), EVENTS),
    "commission_adjustments": (("months",), EVENTS),
}
"""Whose change gives which subjects a new mark."""
WHEN = {"accounts": " WHEN (NEW.owner_kind = 'OUTLET' AND NEW.code = 'CASH_HELD')"}


def upgrade() -> None:
    op.drop_index("ix_agreements_ceiling", table_name="agreements")
    for table, (subjects, events) in REVISED.items():
        for subject in subjects:
            _revise(table, subject, events)


def _revise(table: str, subject: str, events: tuple[str, ...]) -> None:
    when = WHEN.get(table, "")
    if _is_sqlite():
        for event in events:
            op.execute(
                f"CREATE TRIGGER {table}_revise_{subject}_by_{event.lower()} AFTER {event} ON {table}{when} BEGIN"
                f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{subject}'; END"
            )
        return
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_{subject} AFTER {' OR '.join(events)} ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW{when} EXECUTE FUNCTION revise('{subject}')"
    )


def downgrade() -> None:
    for table, (subjects, events) in REVISED.items():
        for subject in subjects:
            if _is_sqlite():
                for event in events:
                    op.execute(f"DROP TRIGGER {table}_revise_{subject}_by_{event.lower()}")
            else:
                op.execute(f"DROP TRIGGER {table}_revise_{subject} ON {table}")
    op.create_index("ix_agreements_ceiling", "agreements", ["holding_mode", "ceiling_fen"], unique=False)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
