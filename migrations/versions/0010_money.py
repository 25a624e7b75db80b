"""A bank's slip counts once, whatever it is for; float is paid back, and that and a deposit paid back have two people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

FILL = """
    INSERT INTO bank_slips (outlet_id, slip_no, used_as, subject_id, taken_at)
    SELECT outlet_id, slip_no, used_as, id, taken_at FROM (
        SELECT s.*, ROW_NUMBER() OVER (PARTITION BY outlet_id, slip_no ORDER BY taken_at, id) AS place FROM (
            SELECT outlet_id, slip_no, 'REMITTANCE' AS used_as, id, declared_at AS taken_at FROM remittances
            WHERE state <> 'REJECTED'
            UNION ALL
            SELECT outlet_id, slip_no, 'TOP_UP', id, declared_at FROM top_ups WHERE state <> 'REJECTED'
            UNION ALL
            SELECT outlet_id, slip_no, 'DEPOSIT', id, recorded_at FROM deposit_moves WHERE kind = 'RECEIVED'
        ) s
    ) numbered WHERE place = 1
"""
"""Where a slip was used twice before, the earlier use keeps it, and ``agentnet verify`` names the later one."""


def upgrade() -> None:
    _bank_slips()
    _pay_backs()


def _bank_slips() -> None:
    op.create_table(
        "bank_slips",
        sa.Column("outlet_id", KEY, autoincrement=False, nullable=False),
        sa.Column("slip_no", sa.String(length=40), nullable=False),
        sa.Column("used_as", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("used_as IN ('REMITTANCE', 'TOP_UP', 'DEPOSIT')", name=op.f("ck_bank_slips_used_as")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_bank_slips_outlet_id")),
        sa.PrimaryKeyConstraint("outlet_id", "slip_no", name=op.f("pk_bank_slips")),
        sa.UniqueConstraint("subject_id", name="uq_bank_slips_subject"),
    )
    op.execute(FILL)


def _pay_backs() -> None:
    op.create_table(
        "float_pay_backs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("slip_no", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_float_pay_backs_amount")),
        sa.CheckConstraint("user_id <> approved_by_id", name=op.f("ck_float_pay_backs_two_people")),
        sa.ForeignKeyConstraint(["id"], ["approvals.id"], name=op.f("fk_float_pay_backs_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_float_pay_backs_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_float_pay_backs_outlet_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_float_pay_backs_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_float_pay_backs")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_float_pay_backs_transfer_id")),
        sa.UniqueConstraint("outlet_id", "slip_no", name="uq_float_pay_backs_slip"),
    )
    _refuse_changes("float_pay_backs")
    op.add_column(  # in place: rebuilding the table would lose its triggers
        "deposit_moves",
        sa.Column(
            "approved_by_id",
            sa.BigInteger(),
            sa.CheckConstraint("user_id <> approved_by_id", name=op.f("ck_deposit_moves_two_people")),
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
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_deposit_moves_two_people"), "deposit_moves", type_="check")
    op.execute("ALTER TABLE deposit_moves DROP COLUMN approved_by_id")
    op.drop_table("float_pay_backs")  # triggers go with their tables
    op.drop_table("bank_slips")
