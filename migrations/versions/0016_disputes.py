"""Lines of closed months that are disputed, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "commission_disputes"
REFERENCES = (
    ("outlet_id", "outlets"),
    ("line_id", "commission_lines"),
    ("monthly_id", "monthly_commissions"),
    ("owner_id", "users"),
    ("adjustment_id", "commission_adjustments"),
)
CHECKS = (
    ("line", "(line_id IS NULL) <> (monthly_id IS NULL)"),
    ("state", "state IN ('OPEN', 'ACCEPTED', 'REFUSED', 'WITHDRAWN')"),
    ("ended", "(state = 'OPEN') = (ended_at IS NULL)"),
    ("answered", "(state IN ('ACCEPTED', 'REFUSED')) = (answered_in IS NOT NULL)"),
    ("adjusted", "(state = 'ACCEPTED') = (adjustment_id IS NOT NULL)"),
    ("answer", "answered_in IS NULL OR (answered_in > month AND answer <> '')"),
    ("reason", "reason <> ''"),
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("line_id", KEY, nullable=True),
        sa.Column("monthly_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("owner_id", KEY, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.Column("answered_in", sa.String(length=7), nullable=True),
        sa.Column("adjustment_id", sa.Uuid(), nullable=True),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}")) for name, condition in CHECKS),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{TABLE}_{column}"))
            for column, target in REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("adjustment_id", name=op.f(f"uq_{TABLE}_adjustment_id")),
    )
    for column in ("line_id", "monthly_id"):
        open_one = sa.text(f"state = 'OPEN' AND {column} IS NOT NULL")
        name = f"uq_{TABLE}_open_{column}"
        op.create_index(name, TABLE, [column], unique=True, sqlite_where=open_one, postgresql_where=open_one)
    for name, columns in (
        ("state", ["state", "raised_at"]),
        ("outlet", ["outlet_id", "month"]),
        ("answered", ["answered_in", "outlet_id"]),
    ):
        op.create_index(f"ix_{TABLE}_{name}", TABLE, columns)


def downgrade() -> None:
    op.drop_table(TABLE)
