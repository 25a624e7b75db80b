"""What a plan would have cost: plans tried on closed months, by outlet, and by month and component; patterns worth a look; old sheets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _what_ifs()
    _what_if_outlets()
    _what_if_sums()
    _patterns()
    _old_sheets()


def _what_ifs() -> None:
    op.create_table(
        "what_ifs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("plan_id", KEY, nullable=True),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("outlets_count", sa.BigInteger(), nullable=False),
        sa.Column("outlets_done", sa.BigInteger(), nullable=False),
        sa.Column("after_outlet_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('WAITING', 'DONE', 'FAILED')", name=op.f("ck_what_ifs_state")),
        sa.CheckConstraint("source IN ('FILE', 'VERSION', 'PENDING', 'FORM')", name=op.f("ck_what_ifs_source")),
        sa.CheckConstraint("first_month <= last_month", name=op.f("ck_what_ifs_months")),
        sa.CheckConstraint("(state = 'WAITING') = (finished_at IS NULL)", name=op.f("ck_what_ifs_finished")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_what_ifs_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_what_ifs")),
    )
    op.create_index("ix_what_ifs_state", "what_ifs", ["state", "id"])


def _what_if_outlets() -> None:
    op.create_table(
        "what_if_outlets",
        sa.Column("what_if_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, autoincrement=False, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.Column("collections_count", sa.BigInteger(), nullable=False),
        sa.Column("collected_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("new_fen", sa.BigInteger(), nullable=False),
        sa.Column("change_fen", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.CheckConstraint("change_fen = new_fen - paid_fen", name=op.f("ck_what_if_outlets_change")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_what_if_outlets_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_what_if_outlets_outlet_id")),
        sa.ForeignKeyConstraint(["what_if_id"], ["what_ifs.id"], name=op.f("fk_what_if_outlets_what_if_id")),
        sa.PrimaryKeyConstraint("what_if_id", "outlet_id", name=op.f("pk_what_if_outlets")),
    )
    op.create_index("ix_what_if_outlets_change", "what_if_outlets", ["what_if_id", "change_fen", "outlet_id"])


def _what_if_sums() -> None:
    op.create_table(
        "what_if_sums",
        sa.Column("id", KEY, nullable=False),
        sa.Column("what_if_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("component", sa.String(length=80), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("side IN ('PAID', 'NEW')", name=op.f("ck_what_if_sums_side")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_what_if_sums_org_unit_id")),
        sa.ForeignKeyConstraint(["what_if_id"], ["what_ifs.id"], name=op.f("fk_what_if_sums_what_if_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_what_if_sums")),
    )
    op.create_index("ix_what_if_sums_what_if", "what_if_sums", ["what_if_id", "month"])


def _patterns() -> None:
    op.create_table(
        "pattern_scans",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_pattern_scans")),
    )
    op.create_table(
        "pattern_findings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("pattern", sa.String(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("group_count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("marked_number", sa.BigInteger(), nullable=True),
        sa.Column("marked_by_id", KEY, nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("pattern IN ('SPLIT', 'TINY', 'UNDONE', 'EDGE')", name=op.f("ck_pattern_findings_pattern")),
        sa.CheckConstraint("state IN ('OPEN', 'SEEN', 'EXPLAINED')", name=op.f("ck_pattern_findings_state")),
        sa.CheckConstraint("state = 'OPEN' OR marked_at IS NOT NULL", name=op.f("ck_pattern_findings_marked")),
        sa.ForeignKeyConstraint(["marked_by_id"], ["users.id"], name=op.f("fk_pattern_findings_marked_by_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_pattern_findings_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_pattern_findings_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pattern_findings")),
        sa.UniqueConstraint("month", "outlet_id", "pattern", name="uq_pattern_findings_pattern"),
    )
    op.create_index("ix_pattern_findings_cost", "pattern_findings", ["month", "cost_fen", "id"])


def _old_sheets() -> None:
    op.create_table(
        "old_sheets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rounding_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines_count", sa.BigInteger(), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rounding_fen >= 0", name=op.f("ck_old_sheets_rounding")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_old_sheets_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_old_sheets")),
    )
    figures = ("theirs_fen", "theirs_count", "theirs_volume_fen", "ours_fen", "ours_count", "ours_volume_fen")
    op.create_table(
        "old_sheet_lines",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sheet_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.BigInteger(), nullable=True),
        sa.Column("outlet_code", sa.String(length=32), nullable=False),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("month", sa.String(length=7), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in figures),
        sa.Column("difference_fen", sa.BigInteger(), nullable=False),
        sa.Column("size_fen", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("accepted_by_id", KEY, nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "difference_fen = COALESCE(ours_fen, 0) - COALESCE(theirs_fen, 0)",
            name=op.f("ck_old_sheet_lines_difference"),
        ),
        sa.CheckConstraint("state IN ('AGREES', 'OPEN', 'ACCEPTED')", name=op.f("ck_old_sheet_lines_state")),
        sa.CheckConstraint(
            "(state = 'ACCEPTED') = (accepted_at IS NOT NULL)", name=op.f("ck_old_sheet_lines_accepted")
        ),
        sa.CheckConstraint("state <> 'ACCEPTED' OR note IS NOT NULL", name=op.f("ck_old_sheet_lines_note")),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["users.id"], name=op.f("fk_old_sheet_lines_accepted_by_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_old_sheet_lines_outlet_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["old_sheets.id"], name=op.f("fk_old_sheet_lines_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_old_sheet_lines")),
        sa.UniqueConstraint("sheet_id", "outlet_code", "month", name="uq_old_sheet_lines_outlet_month"),
    )
    op.create_index("ix_old_sheet_lines_size", "old_sheet_lines", ["sheet_id", "size_fen", "id"])


def downgrade() -> None:
    for table in (
        "old_sheet_lines",
        "old_sheets",
        "pattern_findings",
        "pattern_scans",
        "what_if_sums",
        "what_if_outlets",
        "what_ifs",
    ):
        op.drop_table(table)
