"""Remittance days, the age of each outlet's cash, suspensions for overdue cash, and how late a deposit was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY = ("remittance_days",)

AGEING = "ageing"
"""A subject of remembered figures (``infra.revisions``): a change of one of its tables renews its mark."""
REVISED = ("cash_ages", "outlets", "org_units")

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "remittance_days",
        sa.Column("id", KEY, nullable=False),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("rhythm", sa.String(length=8), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("suspend_after", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(outlet_id IS NULL) <> (kind IS NULL)", name=op.f("ck_remittance_days_whose")),
        sa.CheckConstraint(
            "rhythm IN ('WORKDAYS', 'WEEKDAYS', 'NONE', 'AS_KIND')", name=op.f("ck_remittance_days_rhythm")
        ),
        sa.CheckConstraint("rhythm <> 'AS_KIND' OR outlet_id IS NOT NULL", name=op.f("ck_remittance_days_as_kind")),
        sa.CheckConstraint("(rhythm = 'WEEKDAYS') = (weekdays <> '')", name=op.f("ck_remittance_days_weekdays")),
        sa.CheckConstraint("(kind IS NULL) = (suspend_after IS NULL)", name=op.f("ck_remittance_days_suspension")),
        sa.CheckConstraint("suspend_after BETWEEN 0 AND 30", name=op.f("ck_remittance_days_suspend_after")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_remittance_days_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance_days")),
    )
    with op.batch_alter_table("remittance_days", schema=None) as batch_op:
        batch_op.create_index("ix_remittance_days_outlet", ["outlet_id", "starts_on"], unique=False)
    op.create_table(
        "cash_ages",
        sa.Column("outlet_id", KEY, autoincrement=False, nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("oldest_on", sa.Date(), nullable=True),
        sa.Column("due_fen", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("suspends_on", sa.Date(), nullable=True),
        sa.Column("declared_count", sa.BigInteger(), nullable=False),
        sa.Column("punctual_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("due_fen >= 0 AND (due_fen = 0) = (oldest_on IS NULL)", name=op.f("ck_cash_ages_due")),
        sa.CheckConstraint("missed >= 0 AND (missed = 0 OR oldest_on IS NOT NULL)", name=op.f("ck_cash_ages_missed")),
        sa.CheckConstraint(
            "punctual_count >= 0 AND punctual_count <= declared_count", name=op.f("ck_cash_ages_punctual")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_cash_ages_outlet_id")),
        sa.PrimaryKeyConstraint("outlet_id", name=op.f("pk_cash_ages")),
    )
    with op.batch_alter_table("cash_ages", schema=None) as batch_op:
        batch_op.create_index("ix_cash_ages_missed", ["missed", "outlet_id"], unique=False)
        batch_op.create_index("ix_cash_ages_counted", ["counted_on", "outlet_id"], unique=False)
    op.create_table(
        "remittance_suspensions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("state_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("suspended_on", sa.Date(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("oldest_on", sa.Date(), nullable=False),
        sa.Column("due_fen", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("suspend_after", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=7), nullable=True),
        sa.Column("remittance_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "missed >= suspend_after AND suspend_after > 0", name=op.f("ck_remittance_suspensions_missed")
        ),
        sa.CheckConstraint("due_fen > 0", name=op.f("ck_remittance_suspensions_due")),
        sa.CheckConstraint(
            "(ended_on IS NULL) = (ending IS NULL) AND (ended_on IS NULL) = (ended_at IS NULL)",
            name=op.f("ck_remittance_suspensions_ended"),
        ),
        sa.CheckConstraint("ending IN ('LIFTED', 'BY_HAND')", name=op.f("ck_remittance_suspensions_ending")),
        sa.CheckConstraint(
            "remittance_id IS NULL OR ending = 'LIFTED'", name=op.f("ck_remittance_suspensions_lifted_by")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_remittance_suspensions_outlet_id")),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["remittances.id"], name=op.f("fk_remittance_suspensions_remittance_id")
        ),
        sa.ForeignKeyConstraint(["state_id"], ["outlet_states.id"], name=op.f("fk_remittance_suspensions_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance_suspensions")),
        sa.UniqueConstraint("state_id", name=op.f("uq_remittance_suspensions_state_id")),
    )
    with op.batch_alter_table("remittance_suspensions", schema=None) as batch_op:
        batch_op.create_index("ix_remittance_suspensions_outlet", ["outlet_id", "ended_on"], unique=False)
        batch_op.create_index(
            "uq_remittance_suspensions_open",
            ["outlet_id"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )
    _add_lateness()
    for table in APPEND_ONLY:
        _refuse_changes(table)
    op.execute(f"INSERT INTO revisions (subject, mark) VALUES ('{AGEING}', '')")
    for table in REVISED:
        _revise(table)


def _add_lateness() -> None:
    """Add how late a deposit was, on SQLite without building the table anew: others refer to it."""
    op.execute("ALTER TABLE remittances ADD COLUMN oldest_on DATE")
    for column in ("missed", "due_fen"):
        op.execute(
            f"ALTER TABLE remittances ADD COLUMN {column} BIGINT"
            f" CONSTRAINT ck_remittances_{column} CHECK ({column} >= 0)"
        )


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _revise(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("INSERT", "UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_revise_{AGEING}_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{AGEING}'; END"
            )
        return
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_{AGEING} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise('{AGEING}')"
    )


def downgrade() -> None:
    for table in ("outlets", "org_units"):
        if op.get_bind().dialect.name == "sqlite":
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {table}_revise_{AGEING}_by_{event}")
        else:
            op.execute(f"DROP TRIGGER {table}_revise_{AGEING} ON {table}")
    op.drop_table("remittance_suspensions")  # triggers go with their tables
    op.drop_table("cash_ages")
    op.drop_table("remittance_days")
    op.execute(f"DELETE FROM revisions WHERE subject = '{AGEING}'")
    for column in ("due_fen", "missed", "oldest_on"):  # each takes its own check along
        op.execute(f"ALTER TABLE remittances DROP COLUMN {column}")
