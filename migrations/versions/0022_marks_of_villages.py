"""Indexes of the few: collections that earn nothing any more, parts a payout holds; a mark for villages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SUBJECT = "villages"
REVISED = ("divisions", "dockings")
"""Whose change gives the subject a new mark (``infra.revisions``)."""

EVENTS = ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    op.create_index(
        "ix_corrections_clears",
        "corrections",
        ["collection_id"],
        unique=False,
        sqlite_where=sa.text("clears = 1"),
        postgresql_where=sa.text("clears"),
    )
    op.create_index(
        "ix_payout_parts_held",
        "payout_parts",
        ["batch_id"],
        unique=False,
        sqlite_where=sa.text("payment_id IS NULL"),
        postgresql_where=sa.text("payment_id IS NULL"),
    )

    op.execute(f"INSERT INTO revisions (subject, mark) VALUES ('{SUBJECT}', '')")
    for table in REVISED:
        _revise(table)


def _revise(table: str) -> None:
    if _is_sqlite():
        for event in EVENTS:
            op.execute(
                f"CREATE TRIGGER {table}_revise_{SUBJECT}_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{SUBJECT}'; END"
            )
        return
    if (
        table == "divisions"
    ):  # a national list is one statement of 600,000 rows, each of which would wait for the commit
        kind, when = "TRIGGER", "FOR EACH STATEMENT"
    else:
        kind, when = "CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    op.execute(
        f"CREATE {kind} {table}_revise_{SUBJECT} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" {when} EXECUTE FUNCTION revise('{SUBJECT}')"
    )


def downgrade() -> None:
    for table in REVISED:
        if _is_sqlite():
            for event in EVENTS:
                op.execute(f"DROP TRIGGER {table}_revise_{SUBJECT}_by_{event.lower()}")
        else:
            op.execute(f"DROP TRIGGER {table}_revise_{SUBJECT} ON {table}")
    op.execute(f"DELETE FROM revisions WHERE subject = '{SUBJECT}'")
    op.drop_index("ix_payout_parts_held", table_name="payout_parts")
    op.drop_index("ix_corrections_clears", table_name="corrections")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
