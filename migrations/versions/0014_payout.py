"""Paying commission out: payees, holds, settings, the bank sheet's layouts, batches, their payments and parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = ("payees", "payee_accounts", "payee_terms", "payout_settings", "payout_legs")
FIXED = {
    "payout_batches": (
        "id",
        "month",
        "number",
        "pay_on",
        "setting_id",
        "withholds",
        "payments",
        "gross_fen",
        "tax_fen",
        "net_fen",
        "drawn_by_id",
    ),
    "payout_payments": (
        "id",
        "batch_id",
        "number",
        "payee_id",
        "name",
        "type",
        "holder",
        "account_number",
        "bank",
        "bank_no",
        "gross_fen",
        "tax_fen",
        "net_fen",
    ),
    "payout_parts": ("id", "batch_id", "payment_id", "outlet_id", "month", "share", "amount_fen", "why", "why_text"),
    "payout_holds": ("id", "outlet_id", "reason", "placed_at", "placed_by_id"),
}
"""What of a row never changes, by table; its rows stay."""
FINAL = {
    "payout_batches": "OLD.state IN ('PAID', 'CANCELLED')",
    "payout_payments": "OLD.state = 'RETURNED'",
    "payout_parts": "OLD.released",
    "payout_holds": "OLD.lifted_at IS NOT NULL",
}
"""When a row never changes again."""


def upgrade() -> None:
    _payees()
    _office()
    _batches()
    _payments()
    for table in APPEND_ONLY:
        _refuse_changes(table)
    for table in FIXED:
        _fix(table)


def _payees() -> None:
    op.create_table(
        "payees",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payees")),
        sa.UniqueConstraint("code", name=op.f("uq_payees_code")),
    )
    op.create_table(
        "payee_accounts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("payee_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=70), nullable=False),
        sa.Column("type", sa.String(length=12), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=True),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("bank", sa.String(length=70), nullable=True),
        sa.Column("bank_no", sa.String(length=12), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("type IN ('INDIVIDUAL', 'SOLE_TRADER', 'COMPANY')", name=op.f("ck_payee_accounts_type")),
        sa.CheckConstraint(
            "(number IS NULL) = (holder IS NULL) AND (number IS NULL) = (bank IS NULL) AND (number IS NULL) = (bank_no IS NULL)",
            name=op.f("ck_payee_accounts_whole"),
        ),
        sa.CheckConstraint("bank_no IS NULL OR LENGTH(bank_no) = 12", name=op.f("ck_payee_accounts_bank_no")),
        sa.ForeignKeyConstraint(["payee_id"], ["payees.id"], name=op.f("fk_payee_accounts_payee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_accounts")),
    )
    op.create_index("ix_payee_accounts_payee", "payee_accounts", ["payee_id", "starts_on"], unique=False)
    op.create_table(
        "payee_terms",
        sa.Column("id", KEY, nullable=False),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("partner_id", KEY, nullable=True),
        sa.Column("share", sa.String(length=80), nullable=False),
        sa.Column("payee_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(outlet_id IS NULL) <> (partner_id IS NULL)", name=op.f("ck_payee_terms_one_owner")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_payee_terms_outlet_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_payee_terms_partner_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["payees.id"], name=op.f("fk_payee_terms_payee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_terms")),
    )
    op.create_index("ix_payee_terms_outlet", "payee_terms", ["outlet_id", "share"], unique=False)
    op.create_index("ix_payee_terms_partner", "payee_terms", ["partner_id", "share"], unique=False)
    op.create_index("ix_payee_terms_payee", "payee_terms", ["payee_id"], unique=False)


def _office() -> None:
    op.create_table(
        "payout_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("lifted_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_reason IS NULL)", name=op.f("ck_payout_holds_lifted")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_payout_holds_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_holds")),
    )
    op.create_index(op.f("ix_payout_holds_outlet_id"), "payout_holds", ["outlet_id"], unique=False)
    op.create_index(
        "uq_payout_holds_outlet",
        "payout_holds",
        ["outlet_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "payout_settings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=False),
        sa.Column("withholds", sa.Boolean(), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("bank", sa.String(length=70), nullable=False),
        sa.Column("bank_no", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("minimum_fen >= 0", name=op.f("ck_payout_settings_minimum")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_settings")),
    )
    op.create_table(
        "payout_layouts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("heading", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_layouts")),
        sa.UniqueConstraint("name", name=op.f("uq_payout_layouts_name")),
    )


def _batches() -> None:
    op.create_table(
        "payout_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("setting_id", KEY, nullable=False),
        sa.Column("withholds", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("drawn_by_id", sa.BigInteger(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_by_id", sa.BigInteger(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(state = 'PAID') = (paid_on IS NOT NULL)", name=op.f("ck_payout_batches_paid")),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'CHECKED', 'APPROVED', 'PAID', 'CANCELLED')", name=op.f("ck_payout_batches_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('APPROVED', 'PAID') OR (approved_by_id IS NOT NULL AND (drawn_by_id IS NULL OR approved_by_id <> drawn_by_id) AND (checked_by_id IS NULL OR approved_by_id <> checked_by_id))",
            name=op.f("ck_payout_batches_four_eyes"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('CHECKED', 'APPROVED', 'PAID') OR checked_at IS NOT NULL",
            name=op.f("ck_payout_batches_checked"),
        ),
        sa.CheckConstraint(
            "net_fen = gross_fen - tax_fen AND tax_fen >= 0 AND net_fen > 0", name=op.f("ck_payout_batches_sums")
        ),
        sa.ForeignKeyConstraint(["setting_id"], ["payout_settings.id"], name=op.f("fk_payout_batches_setting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batches")),
        sa.UniqueConstraint("month", "number", name="uq_payout_batches_number"),
    )


def _payments() -> None:
    op.create_table(
        "payout_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("payee_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=70), nullable=False),
        sa.Column("type", sa.String(length=12), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("account_number", sa.String(length=32), nullable=False),
        sa.Column("bank", sa.String(length=70), nullable=False),
        sa.Column("bank_no", sa.String(length=12), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("returned_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(state = 'RETURNED') = (returned_reason IS NOT NULL)", name=op.f("ck_payout_payments_returned")
        ),
        sa.CheckConstraint(
            "state IN ('PLANNED', 'SENT', 'CONFIRMED', 'RETURNED')", name=op.f("ck_payout_payments_state")
        ),
        sa.CheckConstraint(
            "net_fen = gross_fen - tax_fen AND tax_fen >= 0 AND net_fen > 0", name=op.f("ck_payout_payments_sums")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batches.id"], name=op.f("fk_payout_payments_batch_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["payees.id"], name=op.f("fk_payout_payments_payee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_payments")),
        sa.UniqueConstraint("batch_id", "number", name="uq_payout_payments_number"),
        sa.UniqueConstraint("batch_id", "payee_id", name="uq_payout_payments_payee"),
    )
    op.create_index("ix_payout_payments_payee", "payout_payments", ["payee_id"], unique=False)
    op.create_table(
        "payout_parts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("share", sa.String(length=80), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=13), nullable=True),
        sa.Column("why_text", sa.String(length=200), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "why IS NULL OR why IN ('ON_HOLD', 'CLAWBACK', 'NO_PAYEE', 'NO_ACCOUNT', 'BELOW_MINIMUM')",
            name=op.f("ck_payout_parts_why"),
        ),
        sa.CheckConstraint("(payment_id IS NULL) = (why IS NOT NULL)", name=op.f("ck_payout_parts_paid_or_held")),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_payout_parts_amount")),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batches.id"], name=op.f("fk_payout_parts_batch_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_payout_parts_outlet_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payout_payments.id"], name=op.f("fk_payout_parts_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_parts")),
        sa.UniqueConstraint("batch_id", "outlet_id", "month", "share", name="uq_payout_parts_batch"),
    )
    op.create_index("ix_payout_parts_outlet", "payout_parts", ["outlet_id", "month"], unique=False)
    op.create_index("ix_payout_parts_payment", "payout_parts", ["payment_id"], unique=False)
    op.create_index(
        "uq_payout_parts_once",
        "payout_parts",
        ["month", "outlet_id", "share"],
        unique=True,
        sqlite_where=sa.text("payment_id IS NOT NULL AND NOT released"),
        postgresql_where=sa.text("payment_id IS NOT NULL AND NOT released"),
    )
    op.create_table(
        "payout_legs",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", KEY, autoincrement=False, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.Column("tax_transfer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(tax_fen = 0) = (tax_transfer_id IS NULL)", name=op.f("ck_payout_legs_tax")),
        sa.CheckConstraint("(tax_fen = amount_fen) = (transfer_id IS NULL)", name=op.f("ck_payout_legs_net")),
        sa.CheckConstraint(
            "amount_fen > 0 AND tax_fen >= 0 AND tax_fen <= amount_fen", name=op.f("ck_payout_legs_sums")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_payout_legs_outlet_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payout_payments.id"], name=op.f("fk_payout_legs_payment_id")),
        sa.ForeignKeyConstraint(["tax_transfer_id"], ["transfers.id"], name=op.f("fk_payout_legs_tax_transfer_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_payout_legs_transfer_id")),
        sa.PrimaryKeyConstraint("payment_id", "outlet_id", name=op.f("pk_payout_legs")),
        sa.UniqueConstraint("tax_transfer_id", name=op.f("uq_payout_legs_tax_transfer_id")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_payout_legs_transfer_id")),
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


def _fix(table: str) -> None:
    """Let a row take its further steps; refuse any other change, and that it goes away."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED[table])
        op.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} WHEN {FINAL[table]} OR {changed}"
            f" BEGIN SELECT RAISE(ABORT, '{table} does not change so'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is kept'); END"
        )
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED[table])
    op.execute(
        f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} FOR EACH ROW"
        f" WHEN ({FINAL[table]} OR {changed}) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Forget payouts.

    Raises:
        RuntimeError: if a batch was paid: the book would hold transfers nobody can explain.
    """
    if op.get_bind().execute(sa.text("SELECT COUNT(*) FROM payout_legs")).scalar():
        raise RuntimeError("commission was paid out; its transfers could not be explained after a downgrade")
    for table in (
        "payout_legs", "payout_parts", "payout_payments", "payout_batches", "payout_layouts", "payout_settings",
        "payout_holds", "payee_terms", "payee_accounts", "payees",
    ):  # fmt: skip
        op.drop_table(table)  # triggers go with their tables
