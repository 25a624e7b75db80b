"""Agreements, limits and cash accounts belong to the register's mark: who may hold how much is remembered under it."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SUBJECTS = ("field", "register")
"""Whose marks move with the register (``infra.revisions``): in this order everywhere, or two writers could lock each
other out."""

EVENTS = ("INSERT", "UPDATE", "DELETE")
REVISED = {"agreements": EVENTS, "limits": EVENTS, "accounts": ("INSERT",)}
WHEN = {"accounts": " WHEN (NEW.owner_kind = 'OUTLET' AND NEW.code = 'CASH_HELD')"}


def upgrade() -> None:
    op.drop_index("ix_agreements_ceiling", table_name="agreements")
    for table in REVISED:
        for subject in SUBJECTS:
            _revise(table, subject)


def _revise(table: str, subject: str) -> None:
    when = WHEN.get(table, "")
    if _is_sqlite():
        for event in REVISED[table]:
            op.execute(
                f"CREATE TRIGGER {table}_revise_{subject}_by_{event.lower()} AFTER {event} ON {table}{when} BEGIN"
                f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{subject}'; END"
            )
        return
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_{subject} AFTER {' OR '.join(REVISED[table])} ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW{when} EXECUTE FUNCTION revise('{subject}')"
    )


def downgrade() -> None:
    for table, events in REVISED.items():
        for subject in SUBJECTS:
            if _is_sqlite():
                for event in events:
                    op.execute(f"DROP TRIGGER {table}_revise_{subject}_by_{event.lower()}")
            else:
                op.execute(f"DROP TRIGGER {table}_revise_{subject} ON {table}")
    op.create_index("ix_agreements_ceiling", "agreements", ["holding_mode", "ceiling_fen"], unique=False)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
