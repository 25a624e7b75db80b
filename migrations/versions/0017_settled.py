"""Campaigns and who takes part in them; lines of collections that are paid as they are settled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


LINES = "commission_lines"
PAID_ONCE = "uq_commission_lines_collection_id"
"""Once a month, where what is settled pays: of a collection some may become settled in one month, some in another."""
SETTLED = (
    "(settled_to_fen IS NULL AND settled_from_fen IS NULL AND amount_fen IS NULL)"
    " OR (settled_from_fen BETWEEN 0 AND amount_fen AND settled_to_fen BETWEEN 0 AND amount_fen"
    " AND base_fen = settled_to_fen - settled_from_fen)"
)
COLUMNS = ("amount_fen", "settled_from_fen", "settled_to_fen")


def upgrade() -> None:
    _campaigns()
    _let_change(LINES)
    with op.batch_alter_table(LINES) as batch:
        batch.drop_constraint(PAID_ONCE, type_="unique")
        for name in COLUMNS:
            batch.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        batch.create_unique_constraint(PAID_ONCE, ["collection_id", "month"])
        batch.create_check_constraint(op.f("ck_commission_lines_settled"), SETTLED)
    _refuse_changes(LINES)


def _let_change(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(f"DROP TRIGGER {table}_no_delete")


def _refuse_changes(table: str) -> None:
    """Making a table anew, SQLite loses its triggers; PostgreSQL keeps them."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_campaigns_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("code", name=op.f("uq_campaigns_code")),
    )
    op.create_table(
        "campaign_outlets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_campaign_outlets_period")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_outlets_campaign_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_campaign_outlets_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_outlets")),
        sa.UniqueConstraint("campaign_id", "outlet_id", "starts_on", name="uq_campaign_outlets_start"),
    )
    op.create_index("ix_campaign_outlets_outlet", "campaign_outlets", ["outlet_id", "campaign_id"])


def downgrade() -> None:
    """Go back to one line a collection.

    Raises:
        RuntimeError: if some collection was paid as it was settled: it may have several.
    """
    if op.get_bind().scalar(sa.text("SELECT COUNT(*) FROM commission_lines WHERE settled_to_fen IS NOT NULL")):
        raise RuntimeError("a closed month paid what was settled; its lines could not be read after a downgrade")
    _let_change(LINES)
    with op.batch_alter_table(LINES) as batch:
        batch.drop_constraint(PAID_ONCE, type_="unique")
        batch.drop_constraint(op.f("ck_commission_lines_settled"), type_="check")
        for name in COLUMNS:
            batch.drop_column(name)
        batch.create_unique_constraint(PAID_ONCE, ["collection_id"])
    _refuse_changes(LINES)
    op.drop_table("campaign_outlets")
    op.drop_table("campaigns")
