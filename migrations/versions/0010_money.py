"""A bank's slip counts once, whatever it is for."""

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


def downgrade() -> None:
    op.drop_table("bank_slips")
