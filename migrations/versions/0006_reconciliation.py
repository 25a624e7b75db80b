"""Files of partners and banks, their rows, matches and differences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = ("column_mappings", "reconciliation_files", "reconciliation_rows", "reconciliation_steps")
ENDED_ONCE = {
    "reconciliation_matches": "id, file_id, line_no, collection_id, remittance_id, step, matched_at, user_id, reason",
    "reconciliation_differences": "id, file_id, line_no, collection_id, remittance_id, partner_id, outlet_id,"
    " org_unit_id, business_on, kind, proposal, amount_fen, opened_at",
}
"""Tables whose rows are never deleted, with the columns that never change."""


def upgrade() -> None:
    op.create_table(
        "column_mappings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_mappings")),
        sa.UniqueConstraint("name", "version", name="uq_column_mappings_name"),
    )
    op.create_table(
        "reconciliation_files",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source", sa.String(length=7), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("partner_id", KEY, nullable=True),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("statement_id", sa.String(length=80), nullable=False),
        sa.Column("mapping_id", KEY, nullable=True),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("rows_count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("opening_fen", sa.BigInteger(), nullable=True),
        sa.Column("closing_fen", sa.BigInteger(), nullable=True),
        sa.Column("repeated_count", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(source = 'PARTNER') = (partner_id IS NOT NULL)", name=op.f("ck_reconciliation_files_partner")
        ),
        sa.CheckConstraint("source IN ('PARTNER', 'BANK')", name=op.f("ck_reconciliation_files_source")),
        sa.CheckConstraint(
            "first_on <= last_on AND (partner_id IS NULL OR first_on = last_on)",
            name=op.f("ck_reconciliation_files_days"),
        ),
        sa.CheckConstraint("opening_fen + amount_fen = closing_fen", name=op.f("ck_reconciliation_files_foots")),
        sa.CheckConstraint(
            "rows_count >= 0 AND repeated_count BETWEEN 0 AND rows_count", name=op.f("ck_reconciliation_files_rows")
        ),
        sa.ForeignKeyConstraint(
            ["mapping_id"], ["column_mappings.id"], name=op.f("fk_reconciliation_files_mapping_id")
        ),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_reconciliation_files_org_unit_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_reconciliation_files_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_files")),
        sa.UniqueConstraint("partner_id", "first_on", name="uq_reconciliation_files_partner_day"),
        sa.UniqueConstraint("sha256", "part", name="uq_reconciliation_files_sha256"),
    )
    with op.batch_alter_table("reconciliation_files", schema=None) as batch_op:
        batch_op.create_index("ix_reconciliation_files_day", ["first_on", "source"], unique=False)
    op.create_table(
        "reconciliation_rows",
        sa.Column("file_id", KEY, autoincrement=False, nullable=False),
        sa.Column("line_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=48), nullable=False),
        sa.Column("order_no", sa.String(length=48), nullable=False),
        sa.Column("household_no", sa.String(length=13), nullable=False),
        sa.Column("paid_type", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(length=120), nullable=False),
        sa.Column("said_sha256", sa.String(length=64), nullable=True),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("repeats_file_id", KEY, nullable=True),
        sa.Column("repeats_line_no", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('PAYMENT', 'ENTRY', 'DETAIL', 'FEE', 'OTHER')", name=op.f("ck_reconciliation_rows_kind")
        ),
        sa.CheckConstraint(
            "(repeats_file_id IS NULL) = (repeats_line_no IS NULL)", name=op.f("ck_reconciliation_rows_repeats")
        ),
        sa.CheckConstraint("gross_fen - fee_fen = amount_fen", name=op.f("ck_reconciliation_rows_net")),
        sa.CheckConstraint("occurrence >= 1", name=op.f("ck_reconciliation_rows_occurrence")),
        sa.ForeignKeyConstraint(["file_id"], ["reconciliation_files.id"], name=op.f("fk_reconciliation_rows_file_id")),
        sa.ForeignKeyConstraint(
            ["repeats_file_id", "repeats_line_no"],
            ["reconciliation_rows.file_id", "reconciliation_rows.line_no"],
            name="fk_reconciliation_rows_repeats",
        ),
        sa.PrimaryKeyConstraint("file_id", "line_no", name=op.f("pk_reconciliation_rows")),
    )
    with op.batch_alter_table("reconciliation_rows", schema=None) as batch_op:
        batch_op.create_index(
            "uq_reconciliation_rows_said",
            ["said_sha256", "occurrence"],
            unique=True,
            sqlite_where=sa.text("said_sha256 IS NOT NULL AND repeats_line_no IS NULL"),
            postgresql_where=sa.text("said_sha256 IS NOT NULL AND repeats_line_no IS NULL"),
        )
    op.create_table(
        "reconciliation_differences",
        sa.Column("id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("line_no", sa.BigInteger(), nullable=True),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("remittance_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", KEY, nullable=True),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=18), nullable=False),
        sa.Column("proposal", sa.String(length=7), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=11), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(state = 'OPEN') = (ended_at IS NULL)", name=op.f("ck_reconciliation_differences_ended")),
        sa.CheckConstraint(
            "kind IN ('AMOUNT_MISMATCH', 'MISSING_AT_UTILITY', 'MISSING_AT_AGENT', 'DUPLICATE', 'WRONG_DATE', 'LATE_REVERSAL')",
            name=op.f("ck_reconciliation_differences_kind"),
        ),
        sa.CheckConstraint(
            "proposal IN ('BOOK', 'REVERSE', 'LOOK')", name=op.f("ck_reconciliation_differences_proposal")
        ),
        sa.CheckConstraint("state = 'OPEN' OR reason <> ''", name=op.f("ck_reconciliation_differences_reason")),
        sa.CheckConstraint(
            "state IN ('OPEN', 'EXPLAINED', 'ADJUSTED', 'WRITTEN_OFF')",
            name=op.f("ck_reconciliation_differences_state"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_reconciliation_differences_amount")),
        sa.CheckConstraint(
            "line_no IS NOT NULL OR collection_id IS NOT NULL", name=op.f("ck_reconciliation_differences_side")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_reconciliation_differences_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["file_id", "line_no"],
            ["reconciliation_rows.file_id", "reconciliation_rows.line_no"],
            name="fk_reconciliation_differences_row",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["reconciliation_files.id"], name=op.f("fk_reconciliation_differences_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_unit_id"], ["org_units.id"], name=op.f("fk_reconciliation_differences_org_unit_id")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_reconciliation_differences_outlet_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_reconciliation_differences_owner_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_reconciliation_differences_partner_id")),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["remittances.id"], name=op.f("fk_reconciliation_differences_remittance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_differences")),
    )
    with op.batch_alter_table("reconciliation_differences", schema=None) as batch_op:
        batch_op.create_index("ix_reconciliation_differences_collection", ["collection_id"], unique=False)
        batch_op.create_index("ix_reconciliation_differences_outlet", ["outlet_id", "business_on"], unique=False)
        batch_op.create_index("ix_reconciliation_differences_row", ["file_id", "line_no"], unique=False)
        batch_op.create_index("ix_reconciliation_differences_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_reconciliation_differences_unit", ["org_unit_id", "business_on"], unique=False)
    op.create_table(
        "reconciliation_matches",
        sa.Column("id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("line_no", sa.BigInteger(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("remittance_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(length=9), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger(), nullable=True),
        sa.Column("undo_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("step <> 'HAND' OR reason <> ''", name=op.f("ck_reconciliation_matches_reason")),
        sa.CheckConstraint(
            "step IN ('REFERENCE', 'HOUSEHOLD', 'OTHER_DAY', 'AMOUNT', 'HAND')",
            name=op.f("ck_reconciliation_matches_step"),
        ),
        sa.CheckConstraint(
            "(collection_id IS NULL) <> (remittance_id IS NULL)", name=op.f("ck_reconciliation_matches_one_side")
        ),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undo_reason IS NULL)", name=op.f("ck_reconciliation_matches_undone")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_reconciliation_matches_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["file_id", "line_no"],
            ["reconciliation_rows.file_id", "reconciliation_rows.line_no"],
            name="fk_reconciliation_matches_row",
        ),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["remittances.id"], name=op.f("fk_reconciliation_matches_remittance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_matches")),
    )
    with op.batch_alter_table("reconciliation_matches", schema=None) as batch_op:
        batch_op.create_index(
            "uq_reconciliation_matches_collection",
            ["collection_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_index(
            "uq_reconciliation_matches_remittance",
            ["remittance_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_index(
            "uq_reconciliation_matches_row",
            ["file_id", "line_no"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
    op.create_table(
        "reconciliation_steps",
        sa.Column("id", KEY, nullable=False),
        sa.Column("difference_id", KEY, nullable=False),
        sa.Column("verb", sa.String(length=17), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "verb IN ('OWNED', 'EXPLAINED', 'ADJUSTED', 'WRITTEN_OFF', 'REOPENED')",
            name=op.f("ck_reconciliation_steps_verb"),
        ),
        sa.ForeignKeyConstraint(
            ["difference_id"], ["reconciliation_differences.id"], name=op.f("fk_reconciliation_steps_difference_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_steps")),
    )
    with op.batch_alter_table("reconciliation_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reconciliation_steps_difference_id"), ["difference_id"], unique=False)
    for table in APPEND_ONLY:
        _refuse(table, "UPDATE")
        _refuse(table, "DELETE")
    for table, columns in ENDED_ONCE.items():
        _refuse(table, "DELETE")
        _refuse(table, f"UPDATE OF {columns}")
    _refuse("reconciliation_matches", "UPDATE", "OLD.undone_at IS NOT NULL", "undone")


def _refuse(table: str, event: str, when: str = "", name: str = "") -> None:
    name = f"{table}_no_{name or event.split()[0].lower()}"
    condition = f" WHEN ({when})" if when else ""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{condition}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION refuse_change()"
    )
    if event == "DELETE":
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("reconciliation_steps")  # indexes and triggers go with their tables
    op.drop_table("reconciliation_matches")
    op.drop_table("reconciliation_differences")
    op.drop_table("reconciliation_rows")
    op.drop_table("reconciliation_files")
    op.drop_table("column_mappings")
