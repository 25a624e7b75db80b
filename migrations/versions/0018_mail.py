"""Statements by mail: who is written to, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
ADDRESSES, MAILS = "mail_addresses", "mails"
ONE_OWNER = "(outlet_id IS NULL) <> (payee_id IS NULL)"
MAIL_CHECKS = (
    ("one_owner", ONE_OWNER),
    ("state", "state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'CANCELLED')"),
    ("lease", "(state = 'SENDING') = (lease_until IS NOT NULL)"),
    ("sent", "state <> 'SENT' OR (sent_at IS NOT NULL AND failure IS NULL)"),
    ("failed", "state <> 'FAILED' OR failure IS NOT NULL"),
    ("counts", "round > 0 AND attempts >= 0"),
    ("again", "round = 1 OR asked_by_id IS NOT NULL"),
)

FIXED = ("id", "run_id", "round", "outlet_id", "payee_id", "address", "language", "queued_at", "asked_by_id")
"""What of a mail never changes; its rows stay."""


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        ADDRESSES,
        sa.Column("id", KEY, nullable=False),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("payee_id", KEY, nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("entered_at", AT, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(ONE_OWNER, name=op.f(f"ck_{ADDRESSES}_one_owner")),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f(f"ck_{ADDRESSES}_language")),
        _foreign(ADDRESSES, "outlet_id", "outlets"),
        _foreign(ADDRESSES, "payee_id", "payees"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ADDRESSES}")),
        sa.UniqueConstraint("outlet_id", name=op.f(f"uq_{ADDRESSES}_outlet_id")),
        sa.UniqueConstraint("payee_id", name=op.f(f"uq_{ADDRESSES}_payee_id")),
    )
    op.create_table(
        MAILS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("outlet_id", KEY, nullable=True),
        sa.Column("payee_id", KEY, nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("queued_at", AT, nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("next_at", AT, nullable=False),
        sa.Column("lease_until", AT, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.Column("sent_at", AT, nullable=True),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_{MAILS}_{name}")) for name, condition in MAIL_CHECKS),
        _foreign(MAILS, "run_id", "runs"),
        _foreign(MAILS, "outlet_id", "outlets"),
        _foreign(MAILS, "payee_id", "payees"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{MAILS}")),
        sa.UniqueConstraint("run_id", "address", "round", name=op.f("uq_mails_once")),
    )
    for name, columns in (
        ("ix_mails_due", ["state", "next_at"]),
        ("ix_mails_outlet", ["outlet_id"]),
        ("ix_mails_payee", ["payee_id"]),
    ):
        op.create_index(name, MAILS, columns)
    _fix()


def _fix() -> None:
    """Let a mail take its further steps; refuse any other change, and that it goes away."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)
        op.execute(
            f"CREATE TRIGGER {MAILS}_fixed BEFORE UPDATE ON {MAILS} WHEN {changed}"
            f" BEGIN SELECT RAISE(ABORT, '{MAILS} does not change so'); END"
        )
        op.execute(
            f"CREATE TRIGGER {MAILS}_no_delete BEFORE DELETE ON {MAILS} BEGIN SELECT RAISE(ABORT, '{MAILS} is kept'); END"
        )
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED)
    op.execute(
        f"CREATE TRIGGER {MAILS}_fixed BEFORE UPDATE ON {MAILS} FOR EACH ROW"
        f" WHEN ({changed}) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {MAILS}_no_delete BEFORE DELETE ON {MAILS} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {MAILS}_no_truncate BEFORE TRUNCATE ON {MAILS}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table(MAILS)
    op.drop_table(ADDRESSES)
