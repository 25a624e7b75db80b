"""Holding money: limits by kind and outlet, float top-ups, guarantee deposits, the keeper's own QR code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = ("limits", "deposit_moves")

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "'VILLAGE_POST', 'NEWSSTAND', 'CONVENIENCE_STORE', 'SERVICE_POINT', 'VILLAGE_CENTRE', 'BUSINESS_HALL'"


def upgrade() -> None:
    _limits()
    _top_ups()
    _deposits()
    _columns()
    for table in APPEND_ONLY:
        _refuse_changes(table)
    op.execute(
        "INSERT INTO tenders (code, position, name, name_en, enabled, needs_reference)"
        " VALUES ('KEEPER_QR', 10, '代办员收款码', 'Keeper’s own QR code', false, false)"
    )


def _limits() -> None:
    op.create_table(
        "limits",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=True),
        sa.Column("single_limit_fen", sa.BigInteger(), nullable=True),
        sa.Column("daily_limit_fen", sa.BigInteger(), nullable=True),
        sa.Column("large_amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("first_top_up_fen", sa.BigInteger(), nullable=True),
        sa.Column("top_up_multiple_fen", sa.BigInteger(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(kind IS NULL) <> (outlet_id IS NULL)", name=op.f("ck_limits_subject")),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_limits_kind")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_limits_period")),
        sa.CheckConstraint("ceiling_fen >= 0 AND daily_limit_fen >= 0", name=op.f("ck_limits_held")),
        sa.CheckConstraint("single_limit_fen > 0 AND large_amount_fen > 0", name=op.f("ck_limits_single")),
        sa.CheckConstraint("first_top_up_fen >= 0 AND top_up_multiple_fen >= 0", name=op.f("ck_limits_top_ups")),
        sa.CheckConstraint("user_id <> approved_by_id", name=op.f("ck_limits_two_people")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_limits_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limits")),
    )
    with op.batch_alter_table("limits", schema=None) as batch_op:
        batch_op.create_index("ix_limits_kind", ["kind", "id"], unique=False)
        batch_op.create_index("ix_limits_outlet", ["outlet_id", "id"], unique=False)


def _top_ups() -> None:
    op.create_table(
        "top_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("slip_no", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_top_ups_amount")),
        sa.CheckConstraint("state IN ('DECLARED', 'CONFIRMED', 'REJECTED')", name=op.f("ck_top_ups_state")),
        sa.CheckConstraint("(state = 'DECLARED') = (decided_at IS NULL)", name=op.f("ck_top_ups_decided")),
        sa.CheckConstraint("(state = 'CONFIRMED') = (transfer_id IS NOT NULL)", name=op.f("ck_top_ups_confirmed")),
        sa.CheckConstraint("user_id <> decided_by_id", name=op.f("ck_top_ups_two_people")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_top_ups_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_top_ups_outlet_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_top_ups_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_ups")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_top_ups_transfer_id")),
    )
    with op.batch_alter_table("top_ups", schema=None) as batch_op:
        batch_op.create_index("ix_top_ups_outlet", ["outlet_id", "declared_at"], unique=False)
        batch_op.create_index("ix_top_ups_state", ["state", "declared_at"], unique=False)
        batch_op.create_index(
            "uq_top_ups_slip",
            ["outlet_id", "slip_no"],
            unique=True,
            sqlite_where=sa.text("state <> 'REJECTED'"),
            postgresql_where=sa.text("state <> 'REJECTED'"),
        )


def _deposits() -> None:
    op.create_table(
        "deposit_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("slip_no", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_deposit_moves_amount")),
        sa.CheckConstraint("kind IN ('RECEIVED', 'PAID_BACK')", name=op.f("ck_deposit_moves_kind")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_deposit_moves_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_deposit_moves_outlet_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_deposit_moves_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_moves")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_deposit_moves_transfer_id")),
        sa.UniqueConstraint("outlet_id", "kind", "slip_no", name="uq_deposit_moves_slip"),
    )


def _columns() -> None:
    """Add to tables in place: rebuilding one would lose its triggers."""
    op.add_column(
        "agreements",
        sa.Column("own_qr_allowed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "collections",
        sa.Column("large", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "day_closes",
        sa.Column(
            "own_qr_fen",
            sa.BigInteger(),
            sa.CheckConstraint("own_qr_fen >= 0", name=op.f("ck_day_closes_own_qr")),
            server_default=sa.text("0"),
            nullable=False,
        ),
    )
    op.add_column(
        "business_days",
        sa.Column(
            "taken_fen",
            sa.BigInteger(),
            sa.CheckConstraint("taken_fen >= 0", name=op.f("ck_business_days_taken")),
            server_default=sa.text("0"),
            nullable=False,
        ),
    )
    op.execute(
        "UPDATE business_days SET taken_fen = (SELECT COALESCE(SUM(c.amount_fen), 0) FROM collections c"
        " LEFT JOIN voids v ON v.collection_id = c.id WHERE v.collection_id IS NULL"
        " AND c.outlet_id = business_days.outlet_id AND c.business_on = business_days.business_on)"
    )
    op.add_column(
        "business_days",
        sa.Column(
            "daily_limit_fen",
            sa.BigInteger(),
            sa.CheckConstraint("taken_fen <= daily_limit_fen", name=op.f("ck_business_days_daily_limit")),
            nullable=True,
        ),
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


def downgrade() -> None:
    op.execute("DELETE FROM tenders WHERE code = 'KEEPER_QR'")
    op.drop_table("deposit_moves")  # triggers go with their tables
    op.drop_table("top_ups")
    op.drop_table("limits")
    _drop_column("business_days", "daily_limit_fen", "ck_business_days_daily_limit")
    _drop_column("business_days", "taken_fen", "ck_business_days_taken")
    _drop_column("day_closes", "own_qr_fen", "ck_day_closes_own_qr")
    _drop_column("collections", "large")
    _drop_column("agreements", "own_qr_allowed")


def _drop_column(table: str, column: str, check: str | None = None) -> None:
    """Drop a column with its check; SQLite does both in place and keeps the table's triggers."""
    if check and op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(check), table, type_="check")
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
