"""Marks for the sums of closed months and of old sheets; deposits by their day, agreements by plan, villages by code."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

REVISED = {"months": "outlet_accruals", "old_sheets": "old_sheet_lines"}
"""Whose change gives a subject a new mark (``infra.revisions``)."""

EVENTS = ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    op.create_index("ix_remittances_deposited", "remittances", ["deposited_on"], unique=False)
    op.drop_index("ix_divisions_level", table_name="divisions")
    op.create_index("ix_divisions_level", "divisions", ["level", "code"], unique=False)
    op.create_index("ix_agreements_plan", "agreements", ["plan_id", "starts_on", "ends_on"], unique=False)
    for subject, table in REVISED.items():
        op.execute(f"INSERT INTO revisions (subject, mark) VALUES ('{subject}', '')")
        _revise(subject, table)


def _revise(subject: str, table: str) -> None:
    if _is_sqlite():
        for event in EVENTS:
            op.execute(
                f"CREATE TRIGGER {table}_revise_{subject}_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{subject}'; END"
            )
        return
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_{subject} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise('{subject}')"
    )


def downgrade() -> None:
    for subject, table in REVISED.items():
        if _is_sqlite():
            for event in EVENTS:
                op.execute(f"DROP TRIGGER {table}_revise_{subject}_by_{event.lower()}")
        else:
            op.execute(f"DROP TRIGGER {table}_revise_{subject} ON {table}")
        op.execute(f"DELETE FROM revisions WHERE subject = '{subject}'")
    op.drop_index("ix_agreements_plan", table_name="agreements")
    op.drop_index("ix_divisions_level", table_name="divisions")
    op.create_index("ix_divisions_level", "divisions", ["level"], unique=False)
    op.drop_index("ix_remittances_deposited", table_name="remittances")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
