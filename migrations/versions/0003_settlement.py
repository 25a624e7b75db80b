"""Day closes and remittances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("day_closes", "day_close_tenders")

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "day_closes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("cash_system_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_counted_fen", sa.BigInteger(), nullable=True),
        sa.Column("counterfeit_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_difference_fen", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.String(length=200), nullable=False),
        sa.Column("difference_transfer_id", sa.Uuid(), nullable=True),
        sa.Column("counterfeit_transfer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("cash_counted_fen >= 0", name=op.f("ck_day_closes_counted")),
        sa.CheckConstraint("counterfeit_fen >= 0", name=op.f("ck_day_closes_counterfeit")),
        sa.CheckConstraint("(user_id IS NULL) = (cash_counted_fen IS NULL)", name=op.f("ck_day_closes_unattended")),
        sa.CheckConstraint(
            "cash_counted_fen IS NOT NULL OR (cash_difference_fen = 0 AND counterfeit_fen = 0)",
            name=op.f("ck_day_closes_uncounted"),
        ),
        sa.ForeignKeyConstraint(
            ["counterfeit_transfer_id"], ["transfers.id"], name=op.f("fk_day_closes_counterfeit_transfer_id")
        ),
        sa.ForeignKeyConstraint(
            ["difference_transfer_id"], ["transfers.id"], name=op.f("fk_day_closes_difference_transfer_id")
        ),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_day_closes_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_day_closes_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_closes")),
        sa.UniqueConstraint("counterfeit_transfer_id", name=op.f("uq_day_closes_counterfeit_transfer_id")),
        sa.UniqueConstraint("difference_transfer_id", name=op.f("uq_day_closes_difference_transfer_id")),
        sa.UniqueConstraint("outlet_id", "business_on", name="uq_day_closes_outlet_day"),
    )
    with op.batch_alter_table("day_closes", schema=None) as batch_op:
        batch_op.create_index("ix_day_closes_day", ["business_on", "outlet_id"], unique=False)
    op.create_table(
        "remittances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("slip_no", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("confirmed_fen", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_remittances_amount")),
        sa.CheckConstraint("state IN ('DECLARED', 'CONFIRMED', 'REJECTED')", name=op.f("ck_remittances_state")),
        sa.CheckConstraint("(state = 'DECLARED') = (decided_at IS NULL)", name=op.f("ck_remittances_decided")),
        sa.CheckConstraint(
            "(state = 'CONFIRMED') = (confirmed_fen IS NOT NULL)", name=op.f("ck_remittances_confirmed")
        ),
        sa.CheckConstraint(
            "confirmed_fen > 0 AND confirmed_fen <= amount_fen", name=op.f("ck_remittances_confirmed_amount")
        ),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_remittances_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_remittances_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittances")),
    )
    with op.batch_alter_table("remittances", schema=None) as batch_op:
        batch_op.create_index("ix_remittances_outlet", ["outlet_id", "declared_at"], unique=False)
        batch_op.create_index("ix_remittances_state", ["state", "declared_at"], unique=False)
        batch_op.create_index(
            "uq_remittances_slip",
            ["outlet_id", "slip_no"],
            unique=True,
            sqlite_where=sa.text("state <> 'REJECTED'"),
            postgresql_where=sa.text("state <> 'REJECTED'"),
        )
    op.create_table(
        "day_close_tenders",
        sa.Column("close_id", sa.Uuid(), nullable=False),
        sa.Column("tender", sa.String(length=16), nullable=False),
        sa.Column("collections_count", sa.BigInteger(), nullable=False),
        sa.Column("system_fen", sa.BigInteger(), nullable=False),
        sa.Column("batch_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("batch_fen >= 0", name=op.f("ck_day_close_tenders_batch")),
        sa.CheckConstraint("collections_count >= 0 AND system_fen >= 0", name=op.f("ck_day_close_tenders_system")),
        sa.ForeignKeyConstraint(["close_id"], ["day_closes.id"], name=op.f("fk_day_close_tenders_close_id")),
        sa.ForeignKeyConstraint(["tender"], ["tenders.code"], name=op.f("fk_day_close_tenders_tender")),
        sa.PrimaryKeyConstraint("close_id", "tender", name=op.f("pk_day_close_tenders")),
    )
    with op.batch_alter_table("business_days", schema=None) as batch_op:
        batch_op.create_index(
            "ix_business_days_not_closed",
            ["business_on", "outlet_id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    for table in APPEND_ONLY:
        _refuse_changes(table)


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


def downgrade() -> None:
    with op.batch_alter_table("business_days", schema=None) as batch_op:
        batch_op.drop_index("ix_business_days_not_closed")
    op.drop_table("day_close_tenders")  # triggers go with their tables
    op.drop_table("remittances")
    op.drop_table("day_closes")
