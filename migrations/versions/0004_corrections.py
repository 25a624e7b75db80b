"""Requests that need a second person, and who stands in for whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ASKED = (
    "id",
    "kind",
    "subject_kind",
    "subject_id",
    "subject_label",
    "org_unit_id",
    "content",
    "content_sha256",
    "amount_fen",
    "requested_by_id",
    "requested_at",
    "reason",
)
"""What a decision leaves as it was asked."""


def upgrade() -> None:
    _approvals()
    _guard_approvals()


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("subject_label", sa.String(length=80), nullable=False),
        sa.Column("org_unit_id", KEY, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("requested_by_id", KEY, nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("decided_by_id", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.String(length=200), nullable=False),
        sa.Column("on_behalf_of_id", KEY, nullable=True),
        sa.CheckConstraint(
            "state IN ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN')", name=op.f("ck_approvals_state")
        ),
        sa.CheckConstraint("(state = 'PENDING') = (decided_at IS NULL)", name=op.f("ck_approvals_decided")),
        sa.CheckConstraint(
            "state NOT IN ('APPROVED', 'REJECTED') OR (decided_by_id IS NOT NULL"
            " AND (requested_by_id IS NULL OR decided_by_id <> requested_by_id))",
            name=op.f("ck_approvals_four_eyes"),
        ),
        sa.CheckConstraint(
            "on_behalf_of_id IS NULL OR requested_by_id IS NULL OR on_behalf_of_id <> requested_by_id",
            name=op.f("ck_approvals_on_behalf_of"),
        ),
        sa.CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name=op.f("ck_approvals_amount")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_approvals_decided_by_id")),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["users.id"], name=op.f("fk_approvals_on_behalf_of_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_units.id"], name=op.f("fk_approvals_org_unit_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_approvals_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index("ix_approvals_state", ["state", "kind", "org_unit_id"], unique=False)
        batch_op.create_index("ix_approvals_requested_by", ["requested_by_id", "id"], unique=False)
        batch_op.create_index("ix_approvals_subject", ["subject_kind", "subject_id"], unique=False)
        batch_op.create_index(
            "uq_approvals_pending",
            ["kind", "subject_kind", "subject_id"],
            unique=True,
            sqlite_where=sa.text("state = 'PENDING'"),
            postgresql_where=sa.text("state = 'PENDING'"),
        )
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("delegate_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("user_id <> delegate_id", name=op.f("ck_delegations_two_people")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_delegations_period")),
        sa.ForeignKeyConstraint(["delegate_id"], ["users.id"], name=op.f("fk_delegations_delegate_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_delegations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    with op.batch_alter_table("delegations", schema=None) as batch_op:
        batch_op.create_index("ix_delegations_delegate", ["delegate_id", "ends_on"], unique=False)
        batch_op.create_index("ix_delegations_user", ["user_id", "ends_on"], unique=False)


def _guard_approvals() -> None:
    """Let a pending request be decided once; refuse every other change, and that it goes away."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in ASKED)
        op.execute(
            "CREATE TRIGGER approvals_decided_once BEFORE UPDATE ON approvals"
            f" WHEN OLD.state <> 'PENDING' OR {changed}"
            " BEGIN SELECT RAISE(ABORT, 'approvals are decided once'); END"
        )
        op.execute(
            "CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals"
            " BEGIN SELECT RAISE(ABORT, 'approvals are kept'); END"
        )
        return
    changed = " OR ".join(f"NEW.{name}::text IS DISTINCT FROM OLD.{name}::text" for name in ASKED)
    op.execute(
        "CREATE TRIGGER approvals_decided_once BEFORE UPDATE ON approvals FOR EACH ROW"
        f" WHEN (OLD.state <> 'PENDING' OR {changed}) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER approvals_no_truncate BEFORE TRUNCATE ON approvals"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("delegations")
    op.drop_table("approvals")  # triggers go with their tables
