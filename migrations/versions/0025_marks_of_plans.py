"""A mark for what plans say; agreements by their ceiling, so that who is far from the lowest need not be looked up."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SUBJECT = "plans"
REVISED = ("plans", "plan_components", "plan_versions")
"""Whose change gives the subject a new mark (``infra.revisions``)."""

EVENTS = ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    op.create_index("ix_agreements_ceiling", "agreements", ["holding_mode", "ceiling_fen"], unique=False)
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
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_{SUBJECT} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise('{SUBJECT}')"
    )


def downgrade() -> None:
    for table in REVISED:
        if _is_sqlite():
            for event in EVENTS:
                op.execute(f"DROP TRIGGER {table}_revise_{SUBJECT}_by_{event.lower()}")
        else:
            op.execute(f"DROP TRIGGER {table}_revise_{SUBJECT} ON {table}")
    op.execute(f"DELETE FROM revisions WHERE subject = '{SUBJECT}'")
    op.drop_index("ix_agreements_ceiling", table_name="agreements")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
