"""Monthly sums of the book, and journal exports with their saved mappings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND_ONLY = ("journal_exports",)

REVISED = ("ledger_rolls", "org_units", "outlets")
"""Whose change gives the book a new mark (``infra.revisions``): the sums move with their roll."""

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ledger_rolls",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("rolled_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_rolls_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_rolls")),
    )
    op.create_table(
        "ledger_months",
        sa.Column("account_id", KEY, autoincrement=False, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("debit_fen >= 0 AND credit_fen >= 0", name=op.f("ck_ledger_months_sums")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_ledger_months_account_id")),
        sa.PrimaryKeyConstraint("account_id", "month", name=op.f("pk_ledger_months")),
    )
    with op.batch_alter_table("ledger_months", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_months_month", ["month"], unique=False)
    op.create_index("ix_transfers_posted", "transfers", ["posted_at"], unique=False)
    # The clock adds what is there already, a week at a time.
    first = "2000-01-01 00:00:00.000000" if op.get_bind().dialect.name == "sqlite" else "2000-01-01 00:00:00+00"
    op.execute(f"INSERT INTO ledger_rolls (id, rolled_until) VALUES (1, '{first}')")
    _journal_tables()
    _cadences("'WEEKLY', 'MONTHLY'", "'DAILY', 'WEEKLY', 'MONTHLY'")
    for table in APPEND_ONLY:
        _refuse_changes(table)
    op.execute("INSERT INTO revisions (subject, mark) VALUES ('book', '')")
    for table in REVISED:
        _revise(table)


def _journal_tables() -> None:
    op.create_table(
        "journal_mappings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("package", sa.String(length=16), nullable=False),
        sa.Column("encoding", sa.String(length=12), nullable=False),
        sa.Column("date_format", sa.String(length=12), nullable=False),
        sa.Column("heading", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("word", sa.String(length=8), nullable=False),
        sa.Column("company_code", sa.String(length=20), nullable=False),
        sa.Column("abstract", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("encoding IN ('GBK', 'UTF-8-BOM')", name=op.f("ck_journal_mappings_encoding")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_mappings")),
        sa.UniqueConstraint("name", name=op.f("uq_journal_mappings_name")),
    )
    op.create_table(
        "journal_accounts",
        sa.Column("mapping_id", KEY, nullable=False),
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("account_code", sa.String(length=30), nullable=False),
        sa.Column("account_name", sa.String(length=60), nullable=False),
        sa.CheckConstraint("side IN ('', 'DEBIT', 'CREDIT')", name=op.f("ck_journal_accounts_side")),
        sa.ForeignKeyConstraint(["mapping_id"], ["journal_mappings.id"], name=op.f("fk_journal_accounts_mapping_id")),
        sa.PrimaryKeyConstraint("mapping_id", "owner_kind", "code", "detail", "side", name=op.f("pk_journal_accounts")),
    )
    op.create_table(
        "journal_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mapping_id", KEY, nullable=False),
        sa.Column("mapping_version", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("vouchers", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("debit_fen = credit_fen", name=op.f("ck_journal_exports_balanced")),
        sa.ForeignKeyConstraint(["mapping_id"], ["journal_mappings.id"], name=op.f("fk_journal_exports_mapping_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_exports")),
        sa.UniqueConstraint("mapping_id", "mapping_version", "month", name="uq_journal_exports_month"),
    )


def _cadences(before: str, after: str) -> None:
    """Change which cadences a schedule may have.

    SQLite cannot change a CHECK, and the table may not be made anew: orders and runs point to it. Its own way for
    this is to change the table's text (sqlite.org/lang_altertable.html, section 7).
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_schedules_cadence"), "schedules", type_="check")
        op.create_check_constraint(op.f("ck_schedules_cadence"), "schedules", f"cadence IN ({after})")
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'schedules'",
        (f"cadence IN ({before})", f"cadence IN ({after})"),
    )
    assert changed.rowcount == 1
    connection.exec_driver_sql(f"PRAGMA schema_version = {int(version or 0) + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


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


def _revise(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("INSERT", "UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_revise_book_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                " UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = 'book'; END"
            )
        return
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_book AFTER INSERT OR UPDATE OR DELETE ON {table}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise('book')"
    )


def downgrade() -> None:
    for table in REVISED[1:]:  # the first goes with its triggers
        if op.get_bind().dialect.name == "sqlite":
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {table}_revise_book_by_{event}")
        else:
            op.execute(f"DROP TRIGGER {table}_revise_book ON {table}")
    for table in ("orders", "runs"):
        op.execute(
            f"UPDATE {table} SET schedule_id = NULL"
            " WHERE schedule_id IN (SELECT id FROM schedules WHERE cadence = 'DAILY')"
        )
    op.execute("DELETE FROM schedules WHERE cadence = 'DAILY'")
    _cadences("'DAILY', 'WEEKLY', 'MONTHLY'", "'WEEKLY', 'MONTHLY'")
    op.execute("DELETE FROM revisions WHERE subject = 'book'")
    op.drop_table("journal_exports")  # triggers go with their tables
    op.drop_table("journal_accounts")
    op.drop_table("journal_mappings")
    op.drop_index("ix_transfers_posted", table_name="transfers")
    op.drop_table("ledger_months")
    op.drop_table("ledger_rolls")
