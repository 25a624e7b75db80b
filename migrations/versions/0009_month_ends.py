"""Month ends: provisional printing and signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "month_ends",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("provisional_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("signed_reason", sa.String(length=200), nullable=True),
        sa.Column("signed_over", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_reason IS NULL) AND (signed_at IS NULL) = (signed_over IS NULL)",
            name=op.f("ck_month_ends_signed"),
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_month_ends")),
    )


def downgrade() -> None:
    op.drop_table("month_ends")
