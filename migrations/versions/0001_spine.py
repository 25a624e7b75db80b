"""Every table of the spine, as the models declare them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounting_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("closing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('OPEN', 'CLOSING', 'CLOSED')", name=op.f("ck_accounting_months_state")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_accounting_months")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.String(length=16), nullable=False),
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("normal_side", sa.String(length=6), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("owner_kind", "owner_id", "code", "detail", name="uq_accounts_owner_code"),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index("ix_accounts_code", ["code", "owner_kind"], unique=False)

    op.create_table(
        "audit_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_lines")),
    )
    with op.batch_alter_table("audit_lines", schema=None) as batch_op:
        batch_op.create_index("ix_audit_lines_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_lines_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "channels",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("agent_enterable", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_channels")),
        sa.UniqueConstraint("position", name=op.f("uq_channels_position")),
    )
    op.create_table(
        "checklists",
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_checklists")),
    )
    op.create_table(
        "divisions",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column("setting", sa.String(length=5), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("coordinate_source", sa.String(length=32), nullable=True),
        sa.Column("coordinate_synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(code) = 12", name=op.f("ck_divisions_code_length")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_divisions")),
    )
    with op.batch_alter_table("divisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_divisions_level"), ["level"], unique=False)
        batch_op.create_index(batch_op.f("ix_divisions_parent_code"), ["parent_code"], unique=False)

    op.create_table(
        "failed_sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("username_sha256", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_ins")),
    )
    with op.batch_alter_table("failed_sign_ins", schema=None) as batch_op:
        batch_op.create_index("ix_failed_sign_ins_address_at", ["address", "at"], unique=False)
        batch_op.create_index("ix_failed_sign_ins_username_at", ["username_sha256", "at"], unique=False)

    op.create_table(
        "org_units",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=True),
        sa.Column("declared_villages", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["org_units.id"], name=op.f("fk_org_units_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_units")),
        sa.UniqueConstraint("code", name=op.f("uq_org_units_code")),
        sa.UniqueConstraint("path", name=op.f("uq_org_units_path")),
    )
    op.create_table(
        "partners",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("contact", sa.String(length=120), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('POST', 'BANK', 'CHAIN', 'OTHER')", name=op.f("ck_partners_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("code", name=op.f("uq_partners_code")),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("code", name=op.f("uq_plans_code")),
    )
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.create_index(
            "uq_plans_default",
            ["is_default"],
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        )

    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("result_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_table(
        "services",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_services")),
        sa.UniqueConstraint("position", name=op.f("uq_services_position")),
    )
    op.create_table(
        "tenders",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("needs_reference", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_tenders")),
        sa.UniqueConstraint("position", name=op.f("uq_tenders_position")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_users_added_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_table(
        "workday_overrides",
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("is_workday", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day_on", name=op.f("pk_workday_overrides")),
    )
    op.create_table(
        "audit_seals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("audit_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("previous_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["audit_line_id"], ["audit_lines.id"], name=op.f("fk_audit_seals_audit_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("audit_line_id", name=op.f("uq_audit_seals_audit_line_id")),
    )
    op.create_table(
        "balances",
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=False),
        sa.Column("maximum_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance_fen <= maximum_fen", name=op.f("ck_balances_maximum")),
        sa.CheckConstraint("balance_fen >= minimum_fen", name=op.f("ck_balances_minimum")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_balances_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_balances")),
    )
    op.create_table(
        "households",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_no", sa.String(length=13), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("segment", sa.String(length=16), nullable=True),
        sa.CheckConstraint("length(household_no) IN (10, 13)", name=op.f("ck_households_number_length")),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_households_division_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
        sa.UniqueConstraint("household_no", name=op.f("uq_households_household_no")),
    )
    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_households_division_code"), ["division_code"], unique=False)

    op.create_table(
        "managers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("work_phone", sa.String(length=20), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_managers_org_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_managers_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_managers")),
        sa.UniqueConstraint("code", name=op.f("uq_managers_code")),
        sa.UniqueConstraint("user_id", name=op.f("uq_managers_user_id")),
    )
    with op.batch_alter_table("managers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_managers_org_unit_id"), ["org_unit_id"], unique=False)

    op.create_table(
        "outlets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("keeper_name", sa.String(length=120), nullable=True),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("partner_outlet_no", sa.String(length=32), nullable=True),
        sa.Column("hosted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("staffed", sa.Boolean(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("coordinate_source", sa.String(length=32), nullable=True),
        sa.Column("coordinate_synthetic", sa.Boolean(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('VILLAGE_POST', 'NEWSSTAND', 'CONVENIENCE_STORE', 'SERVICE_POINT', 'VILLAGE_CENTRE', 'BUSINESS_HALL')",
            name=op.f("ck_outlets_kind"),
        ),
        sa.CheckConstraint("setting IN ('URBAN', 'RURAL')", name=op.f("ck_outlets_setting")),
        sa.CheckConstraint(
            "state IN ('APPLIED', 'SITE_CHECK', 'APPROVED', 'ACTIVE', 'SUSPENDED', 'CLOSED')",
            name=op.f("ck_outlets_state"),
        ),
        sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name=op.f("ck_outlets_whole_position")),
        sa.CheckConstraint("hosted_by_id IS NULL OR hosted_by_id <> id", name=op.f("ck_outlets_not_its_own_host")),
        sa.CheckConstraint(
            "longitude BETWEEN -180 AND 180 AND latitude BETWEEN -90 AND 90", name=op.f("ck_outlets_position")
        ),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_outlets_division_code")),
        sa.ForeignKeyConstraint(["hosted_by_id"], ["outlets.id"], name=op.f("fk_outlets_hosted_by_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_outlets_org_unit_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_outlets_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlets")),
        sa.UniqueConstraint("code", name=op.f("uq_outlets_code")),
        sa.UniqueConstraint("partner_id", "partner_outlet_no", name="uq_outlets_partner_number"),
    )
    with op.batch_alter_table("outlets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outlets_division_code"), ["division_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlets_hosted_by_id"), ["hosted_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlets_kind"), ["kind"], unique=False)
        batch_op.create_index("ix_outlets_org_unit_state", ["org_unit_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlets_partner_id"), ["partner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlets_setting"), ["setting"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlets_state"), ["state"], unique=False)

    op.create_table(
        "plan_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_versions_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_versions")),
        sa.UniqueConstraint("plan_id", "number", name="uq_plan_versions_number"),
    )
    with op.batch_alter_table("plan_versions", schema=None) as batch_op:
        batch_op.create_index("ix_plan_versions_start", ["plan_id", "starts_on"], unique=False)

    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("cadence", sa.String(length=8), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cadence IN ('WEEKLY', 'MONTHLY')", name=op.f("ck_schedules_cadence")),
        sa.CheckConstraint("hour BETWEEN 0 AND 23 AND minute BETWEEN 0 AND 59", name=op.f("ck_schedules_time")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_schedules_org_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedules_next_at"), ["next_at"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("debit_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credit_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_transfers_amount")),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name=op.f("ck_transfers_two_accounts")),
        sa.ForeignKeyConstraint(["credit_account_id"], ["accounts.id"], name=op.f("fk_transfers_credit_account_id")),
        sa.ForeignKeyConstraint(["debit_account_id"], ["accounts.id"], name=op.f("fk_transfers_debit_account_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["transfers.id"], name=op.f("fk_transfers_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_transfers_reverses_id")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index("ix_transfers_credit", ["credit_account_id", "business_on"], unique=False)
        batch_op.create_index("ix_transfers_debit", ["debit_account_id", "business_on"], unique=False)
        batch_op.create_index("ix_transfers_subject", ["subject_id"], unique=False)

    op.create_table(
        "agreements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("holding_mode", sa.String(length=8), nullable=False),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("single_limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("holding_mode IN ('POSTPAID', 'PREPAID')", name=op.f("ck_agreements_holding_mode")),
        sa.CheckConstraint("ceiling_fen >= 0", name=op.f("ck_agreements_ceiling")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_agreements_period")),
        sa.CheckConstraint("single_limit_fen > 0", name=op.f("ck_agreements_single_limit")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_agreements_outlet_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_agreements_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("number", name=op.f("uq_agreements_number")),
    )
    with op.batch_alter_table("agreements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agreements_outlet_id"), ["outlet_id"], unique=False)

    op.create_table(
        "assignments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot", sa.String(length=8), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("slot IN ('PRIMARY', 'DEPUTY')", name=op.f("ck_assignments_slot")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_assignments_period")),
        sa.ForeignKeyConstraint(["manager_id"], ["managers.id"], name=op.f("fk_assignments_manager_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_assignments_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_manager", ["manager_id", "ends_on", "starts_on", "slot"], unique=False)
        batch_op.create_index("ix_assignments_outlet", ["outlet_id", "slot", "starts_on"], unique=False)
        batch_op.create_index(
            "uq_assignments_open_slot",
            ["outlet_id", "slot"],
            unique=True,
            sqlite_where=sa.text("ends_on IS NULL"),
            postgresql_where=sa.text("ends_on IS NULL"),
        )

    op.create_table(
        "bills",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bill_month", sa.String(length=7), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0", name=op.f("ck_bills_amounts")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_bills_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("household_id", "bill_month", name="uq_bills_household_month"),
    )
    op.create_table(
        "business_days",
        sa.Column(
            "outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("receipt_serial", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("receipt_serial >= 0", name=op.f("ck_business_days_serial")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_business_days_outlet_id")),
        sa.PrimaryKeyConstraint("outlet_id", "business_on", name=op.f("pk_business_days")),
    )
    with op.batch_alter_table("business_days", schema=None) as batch_op:
        batch_op.create_index(
            "ix_business_days_unallocated",
            ["business_on"],
            unique=False,
            sqlite_where=sa.text("allocated_at IS NULL"),
            postgresql_where=sa.text("allocated_at IS NULL"),
        )

    op.create_table(
        "collections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_no", sa.String(length=48), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("tender", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_received_fen", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=40), nullable=True),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_collections_amount")),
        sa.CheckConstraint(
            "cash_received_fen IS NULL OR cash_received_fen >= amount_fen", name=op.f("ck_collections_cash_received")
        ),
        sa.ForeignKeyConstraint(["channel"], ["channels.code"], name=op.f("fk_collections_channel")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_collections_household_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_collections_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_collections_outlet_id")),
        sa.ForeignKeyConstraint(["tender"], ["tenders.code"], name=op.f("fk_collections_tender")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_collections_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("receipt_no", name=op.f("uq_collections_receipt_no")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_collections_transfer_id")),
    )
    with op.batch_alter_table("collections", schema=None) as batch_op:
        batch_op.create_index("ix_collections_day", ["business_on", "id", "setting", "amount_fen"], unique=False)
        batch_op.create_index("ix_collections_household", ["household_id", "collected_at"], unique=False)
        batch_op.create_index("ix_collections_outlet_day", ["outlet_id", "business_on", "id"], unique=False)

    op.create_table(
        "dockings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("division_code", sa.String(length=12), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_dockings_period")),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_dockings_division_code")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_dockings_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dockings")),
    )
    with op.batch_alter_table("dockings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dockings_division_code"), ["division_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_dockings_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(
            "uq_dockings_open_village",
            ["division_code"],
            unique=True,
            sqlite_where=sa.text("ends_on IS NULL"),
            postgresql_where=sa.text("ends_on IS NULL"),
        )

    op.create_table(
        "duties",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_duties_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_duties_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
        sa.UniqueConstraint("outlet_id", "week", name="uq_duties_outlet_week"),
    )
    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.create_index("ix_duties_week_org", ["week", "org_unit_id"], unique=False)

    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(org_unit_id IS NOT NULL AND outlet_id IS NULL AND partner_id IS NULL) OR (org_unit_id IS NULL AND outlet_id IS NOT NULL AND partner_id IS NULL) OR (org_unit_id IS NULL AND outlet_id IS NULL AND partner_id IS NOT NULL)",
            name=op.f("ck_grants_one_place"),
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_grants_period")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_grants_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_grants_outlet_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_grants_partner_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_grants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_user_id"), ["user_id"], unique=False)

    op.create_table(
        "opening_hours",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("opens_minute", sa.BigInteger(), nullable=False),
        sa.Column("closes_minute", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "opens_minute >= 0 AND closes_minute <= 1440 AND opens_minute < closes_minute",
            name=op.f("ck_opening_hours_minutes"),
        ),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_opening_hours_weekday")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_opening_hours_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
        sa.UniqueConstraint("outlet_id", "weekday", "opens_minute", name="uq_opening_hours_start"),
    )
    with op.batch_alter_table("opening_hours", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_hours_outlet_id"), ["outlet_id"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_path", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("ordered_by", sa.String(length=120), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("failure", sa.String(length=400), nullable=True),
        sa.Column("subject_count", sa.BigInteger(), nullable=False),
        sa.Column("new_count", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('OPEN', 'WAITING', 'PLANNED', 'FAILED')", name=op.f("ck_orders_state")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_orders_org_unit_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name=op.f("fk_orders_schedule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("schedule_id", "period_start", "period_end", name="uq_orders_tick"),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("ix_orders_state_id", ["state", "id"], unique=False)

    op.create_table(
        "outlet_placements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_outlet_placements_period")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_outlet_placements_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_outlet_placements_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet_placements")),
    )
    with op.batch_alter_table("outlet_placements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outlet_placements_org_unit_id"), ["org_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlet_placements_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(
            "uq_outlet_placements_open",
            ["outlet_id"],
            unique=True,
            sqlite_where=sa.text("ends_on IS NULL"),
            postgresql_where=sa.text("ends_on IS NULL"),
        )

    op.create_table(
        "outlet_services",
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_outlet_services_outlet_id")),
        sa.ForeignKeyConstraint(["service"], ["services.code"], name=op.f("fk_outlet_services_service")),
        sa.PrimaryKeyConstraint("outlet_id", "service", name=op.f("pk_outlet_services")),
    )
    op.create_table(
        "outlet_states",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_outlet_states_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet_states")),
    )
    with op.batch_alter_table("outlet_states", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outlet_states_outlet_id"), ["outlet_id"], unique=False)

    op.create_table(
        "outlet_tenders",
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tender", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_outlet_tenders_outlet_id")),
        sa.ForeignKeyConstraint(["tender"], ["tenders.code"], name=op.f("fk_outlet_tenders_tender")),
        sa.PrimaryKeyConstraint("outlet_id", "tender", name=op.f("pk_outlet_tenders")),
    )
    op.create_table(
        "plan_components",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_kind", sa.String(length=20), nullable=True),
        sa.Column("tender", sa.String(length=16), nullable=True),
        sa.Column("fixed_fen", sa.BigInteger(), nullable=False),
        sa.Column("rate_ppm", sa.BigInteger(), nullable=False),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=True),
        sa.Column("maximum_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "fixed_fen >= 0 AND rate_ppm >= 0 AND rate_ppm <= 1000000", name=op.f("ck_plan_components_rates")
        ),
        sa.CheckConstraint(
            "minimum_fen IS NULL OR maximum_fen IS NULL OR minimum_fen <= maximum_fen",
            name=op.f("ck_plan_components_bounds"),
        ),
        sa.ForeignKeyConstraint(["tender"], ["tenders.code"], name=op.f("fk_plan_components_tender")),
        sa.ForeignKeyConstraint(["version_id"], ["plan_versions.id"], name=op.f("fk_plan_components_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_components")),
        sa.UniqueConstraint("version_id", "outlet_kind", "tender", name="uq_plan_components_kind_tender"),
    )
    with op.batch_alter_table("plan_components", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_components_version_id"), ["version_id"], unique=False)
        batch_op.create_index(
            "uq_plan_components_any",
            ["version_id"],
            unique=True,
            sqlite_where=sa.text("outlet_kind IS NULL AND tender IS NULL"),
            postgresql_where=sa.text("outlet_kind IS NULL AND tender IS NULL"),
        )
        batch_op.create_index(
            "uq_plan_components_kind",
            ["version_id", "outlet_kind"],
            unique=True,
            sqlite_where=sa.text("outlet_kind IS NOT NULL AND tender IS NULL"),
            postgresql_where=sa.text("outlet_kind IS NOT NULL AND tender IS NULL"),
        )
        batch_op.create_index(
            "uq_plan_components_tender",
            ["version_id", "tender"],
            unique=True,
            sqlite_where=sa.text("outlet_kind IS NULL AND tender IS NOT NULL"),
            postgresql_where=sa.text("outlet_kind IS NULL AND tender IS NOT NULL"),
        )

    op.create_table(
        "terminals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("serial_no", sa.String(length=40), nullable=False),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('CARD', 'CASH')", name=op.f("ck_terminals_kind")),
        sa.CheckConstraint("removed_on IS NULL OR removed_on >= installed_on", name=op.f("ck_terminals_period")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_terminals_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminals")),
        sa.UniqueConstraint("serial_no", name=op.f("uq_terminals_serial_no")),
    )
    with op.batch_alter_table("terminals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_terminals_outlet_id"), ["outlet_id"], unique=False)

    op.create_table(
        "visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.BigInteger(), nullable=True),
        sa.Column("distance_m", sa.BigInteger(), nullable=True),
        sa.Column("checklist_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("agent_word", sa.String(length=400), nullable=True),
        sa.Column("remark", sa.String(length=400), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("struck_reason", sa.String(length=200), nullable=True),
        sa.Column("struck_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_visits_position")),
        sa.CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name=op.f("ck_visits_times")),
        sa.ForeignKeyConstraint(
            ["checklist_version"], ["checklists.version"], name=op.f("fk_visits_checklist_version")
        ),
        sa.ForeignKeyConstraint(["manager_id"], ["managers.id"], name=op.f("fk_visits_manager_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_visits_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index("ix_visits_day", ["visited_on", "id"], unique=False)
        batch_op.create_index("ix_visits_manager", ["manager_id", "visited_on"], unique=False)
        batch_op.create_index("ix_visits_outlet", ["outlet_id", "visited_on"], unique=False)

    op.create_table(
        "advance_uses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("principal_fen + late_charge_fen > 0", name=op.f("ck_advance_uses_something")),
        sa.CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0", name=op.f("ck_advance_uses_amounts")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_advance_uses_bill_id")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_advance_uses_household_id")),
        sa.ForeignKeyConstraint(["id"], ["transfers.id"], name=op.f("fk_advance_uses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advance_uses")),
    )
    with op.batch_alter_table("advance_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_advance_uses_bill_id"), ["bill_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_advance_uses_household_id"), ["household_id"], unique=False)

    op.create_table(
        "allocations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bill_id IS NOT NULL OR late_charge_fen = 0", name=op.f("ck_allocations_advance")),
        sa.CheckConstraint("principal_fen + late_charge_fen > 0", name=op.f("ck_allocations_something")),
        sa.CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0", name=op.f("ck_allocations_amounts")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_allocations_bill_id")),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_allocations_collection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_allocations_bill", ["bill_id", "collection_id", "principal_fen", "late_charge_fen"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_allocations_collection_id"), ["collection_id"], unique=False)

    op.create_table(
        "commission_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("of_month", sa.String(length=7), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_commission_adjustments_amount")),
        sa.CheckConstraint("month > of_month", name=op.f("ck_commission_adjustments_later_month")),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_commission_adjustments_collection_id")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_commission_adjustments_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_adjustments")),
    )
    with op.batch_alter_table("commission_adjustments", schema=None) as batch_op:
        batch_op.create_index("ix_commission_adjustments_month", ["month", "outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_commission_adjustments_outlet_id"), ["outlet_id"], unique=False)

    op.create_table(
        "docking_managers",
        sa.Column("docking_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["docking_id"], ["dockings.id"], name=op.f("fk_docking_managers_docking_id")),
        sa.ForeignKeyConstraint(["manager_id"], ["managers.id"], name=op.f("fk_docking_managers_manager_id")),
        sa.PrimaryKeyConstraint("docking_id", "manager_id", name=op.f("pk_docking_managers")),
    )
    op.create_table(
        "duty_visits",
        sa.Column("duty_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_duty_visits_duty_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_duty_visits_visit_id")),
        sa.PrimaryKeyConstraint("duty_id", "visit_id", name=op.f("pk_duty_visits")),
    )
    with op.batch_alter_table("duty_visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_visits_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "failed_items",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("item_no", sa.BigInteger(), nullable=False),
        sa.Column("remark", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_failed_items_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "item_no", name=op.f("pk_failed_items")),
    )
    op.create_table(
        "needs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service", sa.String(length=24), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_note", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_needs_outlet_id")),
        sa.ForeignKeyConstraint(["service"], ["services.code"], name=op.f("fk_needs_service")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_needs_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs")),
    )
    with op.batch_alter_table("needs", schema=None) as batch_op:
        batch_op.create_index("ix_needs_open", ["closed_at", "raised_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_needs_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_needs_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "outlet_accruals",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column(
            "outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_kind", sa.String(length=20), nullable=False),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("agreement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("collections_count", sa.BigInteger(), nullable=False),
        sa.Column("collected_fen", sa.BigInteger(), nullable=False),
        sa.Column("earned_fen", sa.BigInteger(), nullable=False),
        sa.Column("adjusted_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_fen", sa.BigInteger(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(due_fen = 0) = (transfer_id IS NULL)", name=op.f("ck_outlet_accruals_transfer")),
        sa.CheckConstraint("due_fen = earned_fen + adjusted_fen", name=op.f("ck_outlet_accruals_due")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_outlet_accruals_agreement_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_outlet_accruals_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_outlet_accruals_outlet_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_outlet_accruals_transfer_id")),
        sa.ForeignKeyConstraint(["version_id"], ["plan_versions.id"], name=op.f("fk_outlet_accruals_version_id")),
        sa.PrimaryKeyConstraint("month", "outlet_id", name=op.f("pk_outlet_accruals")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_outlet_accruals_transfer_id")),
    )
    with op.batch_alter_table("outlet_accruals", schema=None) as batch_op:
        batch_op.create_index("ix_outlet_accruals_due", ["month", "due_fen", "outlet_id"], unique=False)
        batch_op.create_index("ix_outlet_accruals_outlet", ["outlet_id", "month"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("revision_reason", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("check_code", sa.String(length=16), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_path", sa.String(length=255), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("frozen_sha256", sa.String(length=64), nullable=False),
        sa.Column("drawing_version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.String(length=400), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.Column("pages", sa.BigInteger(), nullable=True),
        sa.Column("frozen", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state IN ('PLANNED', 'LEASED', 'DONE', 'FAILED')", name=op.f("ck_runs_state")),
        sa.ForeignKeyConstraint(["manager_id"], ["managers.id"], name=op.f("fk_runs_manager_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_runs_order_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_runs_org_unit_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_runs_outlet_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name=op.f("fk_runs_schedule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("kind", "subject", "period_start", "period_end", "revision", name="uq_runs_document"),
        sa.UniqueConstraint("number", name=op.f("uq_runs_number")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index("ix_runs_kind_period", ["kind", "period_start", "serial"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_manager_id"), ["manager_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_runs_org_path", ["org_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_partner_id"), ["partner_id"], unique=False)
        batch_op.create_index("ix_runs_state_id", ["state", "id"], unique=False)

    op.create_table(
        "voids",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_voids_collection_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_voids_transfer_id")),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_voids")),
        sa.UniqueConstraint("id", name=op.f("uq_voids_id")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_voids_transfer_id")),
    )
    with op.batch_alter_table("voids", schema=None) as batch_op:
        batch_op.create_index("ix_voids_voided_at", ["voided_at"], unique=False)

    op.create_table(
        "collection_days",
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column(
            "org_unit_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("setting", sa.String(length=5), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("voided", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("count >= 0 AND amount_fen >= 0 AND voided >= 0", name=op.f("ck_collection_days_sums")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_collection_days_org_unit_id")),
        sa.PrimaryKeyConstraint("business_on", "org_unit_id", "setting", name=op.f("pk_collection_days")),
    )
    op.create_table(
        "revisions",
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("mark", sa.String(length=36), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_revisions")),
    )
    op.create_table(
        "commission_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("outlet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("component_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("adjustment_id", sa.Uuid(), nullable=True),
        sa.Column("base_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'COLLECTION') = (collection_id IS NOT NULL) AND (kind = 'ADJUSTMENT') = (adjustment_id IS NOT NULL)",
            name=op.f("ck_commission_lines_source"),
        ),
        sa.CheckConstraint("kind IN ('COLLECTION', 'ADJUSTMENT')", name=op.f("ck_commission_lines_kind")),
        sa.ForeignKeyConstraint(
            ["adjustment_id"], ["commission_adjustments.id"], name=op.f("fk_commission_lines_adjustment_id")
        ),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=op.f("fk_commission_lines_collection_id")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["plan_components.id"], name=op.f("fk_commission_lines_component_id")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_commission_lines_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_lines")),
        sa.UniqueConstraint("adjustment_id", name=op.f("uq_commission_lines_adjustment_id")),
        sa.UniqueConstraint("collection_id", name=op.f("uq_commission_lines_collection_id")),
    )
    with op.batch_alter_table("commission_lines", schema=None) as batch_op:
        batch_op.create_index("ix_commission_lines_month_outlet", ["month", "outlet_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("commission_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_commission_lines_month_outlet")

    op.drop_table("commission_lines")
    op.drop_table("revisions")
    op.drop_table("collection_days")
    with op.batch_alter_table("voids", schema=None) as batch_op:
        batch_op.drop_index("ix_voids_voided_at")

    op.drop_table("voids")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_state_id")
        batch_op.drop_index(batch_op.f("ix_runs_partner_id"))
        batch_op.drop_index(batch_op.f("ix_runs_outlet_id"))
        batch_op.drop_index("ix_runs_org_path")
        batch_op.drop_index(batch_op.f("ix_runs_order_id"))
        batch_op.drop_index(batch_op.f("ix_runs_manager_id"))
        batch_op.drop_index("ix_runs_kind_period")

    op.drop_table("runs")
    with op.batch_alter_table("outlet_accruals", schema=None) as batch_op:
        batch_op.drop_index("ix_outlet_accruals_outlet")
        batch_op.drop_index("ix_outlet_accruals_due")

    op.drop_table("outlet_accruals")
    with op.batch_alter_table("needs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_needs_visit_id"))
        batch_op.drop_index(batch_op.f("ix_needs_outlet_id"))
        batch_op.drop_index("ix_needs_open")

    op.drop_table("needs")
    op.drop_table("failed_items")
    with op.batch_alter_table("duty_visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duty_visits_visit_id"))

    op.drop_table("duty_visits")
    op.drop_table("docking_managers")
    with op.batch_alter_table("commission_adjustments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_adjustments_outlet_id"))
        batch_op.drop_index("ix_commission_adjustments_month")

    op.drop_table("commission_adjustments")
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allocations_collection_id"))
        batch_op.drop_index("ix_allocations_bill")

    op.drop_table("allocations")
    with op.batch_alter_table("advance_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_advance_uses_household_id"))
        batch_op.drop_index(batch_op.f("ix_advance_uses_bill_id"))

    op.drop_table("advance_uses")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_outlet")
        batch_op.drop_index("ix_visits_manager")
        batch_op.drop_index("ix_visits_day")

    op.drop_table("visits")
    with op.batch_alter_table("terminals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_terminals_outlet_id"))

    op.drop_table("terminals")
    with op.batch_alter_table("plan_components", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_plan_components_tender",
            sqlite_where=sa.text("outlet_kind IS NULL AND tender IS NOT NULL"),
            postgresql_where=sa.text("outlet_kind IS NULL AND tender IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_plan_components_kind",
            sqlite_where=sa.text("outlet_kind IS NOT NULL AND tender IS NULL"),
            postgresql_where=sa.text("outlet_kind IS NOT NULL AND tender IS NULL"),
        )
        batch_op.drop_index(
            "uq_plan_components_any",
            sqlite_where=sa.text("outlet_kind IS NULL AND tender IS NULL"),
            postgresql_where=sa.text("outlet_kind IS NULL AND tender IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_plan_components_version_id"))

    op.drop_table("plan_components")
    op.drop_table("outlet_tenders")
    with op.batch_alter_table("outlet_states", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outlet_states_outlet_id"))

    op.drop_table("outlet_states")
    op.drop_table("outlet_services")
    with op.batch_alter_table("outlet_placements", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_outlet_placements_open",
            sqlite_where=sa.text("ends_on IS NULL"),
            postgresql_where=sa.text("ends_on IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_outlet_placements_outlet_id"))
        batch_op.drop_index(batch_op.f("ix_outlet_placements_org_unit_id"))

    op.drop_table("outlet_placements")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_state_id")

    op.drop_table("orders")
    with op.batch_alter_table("opening_hours", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_hours_outlet_id"))

    op.drop_table("opening_hours")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grants_user_id"))
        batch_op.drop_index(batch_op.f("ix_grants_outlet_id"))

    op.drop_table("grants")
    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.drop_index("ix_duties_week_org")

    op.drop_table("duties")
    with op.batch_alter_table("dockings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_dockings_open_village",
            sqlite_where=sa.text("ends_on IS NULL"),
            postgresql_where=sa.text("ends_on IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_dockings_outlet_id"))
        batch_op.drop_index(batch_op.f("ix_dockings_division_code"))

    op.drop_table("dockings")
    with op.batch_alter_table("collections", schema=None) as batch_op:
        batch_op.drop_index("ix_collections_outlet_day")
        batch_op.drop_index("ix_collections_household")
        batch_op.drop_index("ix_collections_day")

    op.drop_table("collections")
    with op.batch_alter_table("business_days", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_business_days_unallocated",
            sqlite_where=sa.text("allocated_at IS NULL"),
            postgresql_where=sa.text("allocated_at IS NULL"),
        )

    op.drop_table("business_days")
    op.drop_table("bills")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_assignments_open_slot",
            sqlite_where=sa.text("ends_on IS NULL"),
            postgresql_where=sa.text("ends_on IS NULL"),
        )
        batch_op.drop_index("ix_assignments_outlet")
        batch_op.drop_index("ix_assignments_manager")

    op.drop_table("assignments")
    with op.batch_alter_table("agreements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agreements_outlet_id"))

    op.drop_table("agreements")
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index("ix_transfers_subject")
        batch_op.drop_index("ix_transfers_debit")
        batch_op.drop_index("ix_transfers_credit")

    op.drop_table("transfers")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_user_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedules_next_at"))

    op.drop_table("schedules")
    with op.batch_alter_table("plan_versions", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_versions_start")

    op.drop_table("plan_versions")
    with op.batch_alter_table("outlets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outlets_state"))
        batch_op.drop_index(batch_op.f("ix_outlets_partner_id"))
        batch_op.drop_index("ix_outlets_org_unit_state")
        batch_op.drop_index(batch_op.f("ix_outlets_setting"))
        batch_op.drop_index(batch_op.f("ix_outlets_kind"))
        batch_op.drop_index(batch_op.f("ix_outlets_hosted_by_id"))
        batch_op.drop_index(batch_op.f("ix_outlets_division_code"))

    op.drop_table("outlets")
    with op.batch_alter_table("managers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_managers_org_unit_id"))

    op.drop_table("managers")
    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_households_division_code"))

    op.drop_table("households")
    op.drop_table("balances")
    op.drop_table("audit_seals")
    op.drop_table("workday_overrides")
    op.drop_table("users")
    op.drop_table("tenders")
    op.drop_table("services")
    op.drop_table("requests")
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_plans_default", sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default")
        )

    op.drop_table("plans")
    op.drop_table("partners")
    op.drop_table("org_units")
    with op.batch_alter_table("failed_sign_ins", schema=None) as batch_op:
        batch_op.drop_index("ix_failed_sign_ins_username_at")
        batch_op.drop_index("ix_failed_sign_ins_address_at")

    op.drop_table("failed_sign_ins")
    with op.batch_alter_table("divisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_divisions_parent_code"))
        batch_op.drop_index(batch_op.f("ix_divisions_level"))

    op.drop_table("divisions")
    op.drop_table("checklists")
    op.drop_table("channels")
    with op.batch_alter_table("audit_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_lines_subject")
        batch_op.drop_index("ix_audit_lines_at")

    op.drop_table("audit_lines")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index("ix_accounts_code")

    op.drop_table("accounts")
    op.drop_table("accounting_months")
