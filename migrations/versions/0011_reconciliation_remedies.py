"""What ends a difference is linked to it, a wrong file is withdrawn, mappings belong to a unit, reversals are named."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KINDS = "'AMOUNT_MISMATCH', 'MISSING_AT_UTILITY', 'MISSING_AT_AGENT', 'DUPLICATE', 'WRONG_DATE', 'LATE_REVERSAL'"
FILE = (
    "id, source, sha256, part, name, partner_id, account, statement_id, mapping_id, org_unit_id, first_on, last_on,"
    " rows_count, amount_fen, opening_fen, closing_fen, repeated_count, imported_at, user_id"
)
ROW = (
    "file_id, line_no, kind, day_on, amount_fen, gross_fen, fee_fen, reference, order_no, household_no, paid_type,"
    " text, occurrence, repeats_file_id, repeats_line_no"
)
"""The columns of a file and of a row that never change."""
REFERENCES = (
    ("column_mappings", "org_unit_id", KEY, "org_units"),
    ("reconciliation_differences", "approval_id", sa.Uuid(), "approvals"),
    ("reconciliation_differences", "booked_id", sa.Uuid(), "collections"),
)
STANDS = sa.text("withdrawn_at IS NULL")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    for table, column, type_, target in REFERENCES:
        kind = type_.compile(op.get_bind().dialect)
        op.execute(  # in words: Alembic adds no reference in place on SQLite, and rebuilding a table loses its triggers
            f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT fk_{table}_{column} REFERENCES {target} (id)"
        )
    op.add_column("reconciliation_rows", sa.Column("reversal", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_reconciliation_differences_approval", "reconciliation_differences", ["approval_id"])
    op.create_index(
        "uq_reconciliation_differences_booked",
        "reconciliation_differences",
        ["booked_id"],
        unique=True,
        sqlite_where=sa.text("booked_id IS NOT NULL"),
        postgresql_where=sa.text("booked_id IS NOT NULL"),
    )
    _check("reconciliation_differences", "kind", f"kind IN ({KINDS})", f"kind IN ({KINDS}, 'BANK_REVERSAL')")
    _files(withdrawable=True)
    _drop_trigger("reconciliation_rows", "no_update")
    _refuse("reconciliation_rows", f"UPDATE OF {ROW}, reversal", "no_update")
    _refuse("reconciliation_rows", "UPDATE OF said_sha256", "no_resaying", "NEW.said_sha256 IS NOT NULL")


def downgrade() -> None:
    _drop_trigger("reconciliation_rows", "no_resaying")
    _drop_trigger("reconciliation_rows", "no_update")
    _files(withdrawable=False)
    _check("reconciliation_differences", "kind", f"kind IN ({KINDS}, 'BANK_REVERSAL')", f"kind IN ({KINDS})")
    op.drop_index("uq_reconciliation_differences_booked", "reconciliation_differences")
    op.drop_index("ix_reconciliation_differences_approval", "reconciliation_differences")
    op.execute("ALTER TABLE reconciliation_rows DROP COLUMN reversal")
    for table, column, _type, _target in REFERENCES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    _refuse("reconciliation_rows", "UPDATE", "no_update")


def _check(table: str, name: str, before: str, after: str) -> None:
    """Put another condition into a CHECK; on SQLite in place, since rebuilding a table loses triggers and references."""
    if not _sqlite():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, after)
        return
    bind = op.get_bind()
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = :table"),
        {"before": before, "after": after, "table": table},
    )
    op.execute("PRAGMA writable_schema = RESET")
    assert after in _schema_of(table), _schema_of(table)


def _files(*, withdrawable: bool) -> None:
    """Let a file and a partner's day be unique among the files that stand (all of them, on the way back).

    Accounts are written by their letters and digits from here on, so that one spelling finds another.
    """
    if _sqlite():
        _files_on_sqlite(withdrawable=withdrawable)
    elif withdrawable:
        op.add_column("reconciliation_files", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        op.execute(
            "ALTER TABLE reconciliation_files ADD COLUMN withdrawal_id UUID"
            " CONSTRAINT fk_reconciliation_files_withdrawal_id REFERENCES approvals (id)"
        )
        op.create_check_constraint(
            op.f("ck_reconciliation_files_withdrawn"),
            "reconciliation_files",
            "(withdrawn_at IS NULL) = (withdrawal_id IS NULL)",
        )
        for name in ("sha256", "partner_day"):
            op.drop_constraint(f"uq_reconciliation_files_{name}", "reconciliation_files", type_="unique")
    else:
        for name in ("sha256", "partner_day"):
            op.drop_index(f"uq_reconciliation_files_{name}", "reconciliation_files")
        _drop_trigger("reconciliation_files", "withdrawn_once")
        _drop_trigger("reconciliation_files", "no_update")
        op.drop_column("reconciliation_files", "withdrawal_id")  # its check goes with it
        op.drop_column("reconciliation_files", "withdrawn_at")
        op.create_unique_constraint("uq_reconciliation_files_sha256", "reconciliation_files", ["sha256", "part"])
        op.create_unique_constraint(
            "uq_reconciliation_files_partner_day", "reconciliation_files", ["partner_id", "first_on"]
        )
    if not withdrawable:
        _refuse("reconciliation_files", "UPDATE", "no_update")
        return
    for name, columns in (("sha256", ["sha256", "part"]), ("partner_day", ["partner_id", "first_on"])):
        op.create_index(
            f"uq_reconciliation_files_{name}",
            "reconciliation_files",
            columns,
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        )
    if not _sqlite():
        _drop_trigger("reconciliation_files", "no_update")
    _spell_accounts()
    _refuse("reconciliation_files", f"UPDATE OF {FILE}", "no_update")
    _refuse("reconciliation_files", "UPDATE", "withdrawn_once", "OLD.withdrawn_at IS NOT NULL")


def _spell_accounts() -> None:
    """Write accounts as statements are compared from here on; no database folds characters as Python does."""
    files = sa.table("reconciliation_files", sa.column("account", sa.String))
    accounts = op.get_bind().scalars(sa.select(files.c.account).distinct()).all()
    for account in accounts:
        folded = unicodedata.normalize("NFKC", account).upper()
        plain = "".join(character for character in folded if character.isalnum() or character == "*")[:40]
        if plain != account:
            op.get_bind().execute(sa.update(files).where(files.c.account == account).values(account=plain))


def _files_on_sqlite(*, withdrawable: bool) -> None:
    """Rebuild the table, since SQLite drops no UNIQUE in place; what refers to it follows its name and back."""
    text = _schema_of("reconciliation_files")
    pairs = (
        (
            "CONSTRAINT pk_reconciliation_files",
            "withdrawn_at DATETIME, \n\twithdrawal_id CHAR(32), \n\tCONSTRAINT pk_reconciliation_files",
        ),
        (
            "CONSTRAINT uq_reconciliation_files_partner_day UNIQUE (partner_id, first_on)",
            "CONSTRAINT ck_reconciliation_files_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawal_id IS NULL))",
        ),
        (
            "CONSTRAINT uq_reconciliation_files_sha256 UNIQUE (sha256, part)",
            "CONSTRAINT fk_reconciliation_files_withdrawal_id FOREIGN KEY(withdrawal_id) REFERENCES approvals (id)",
        ),
    )
    for one, other in pairs:
        before, after = (one, other) if withdrawable else (other, one)
        assert before in text, text
        text = text.replace(before, after, 1)
    op.execute("DROP INDEX ix_reconciliation_files_day")
    for name in () if withdrawable else ("sha256", "partner_day"):
        op.execute(f"DROP INDEX uq_reconciliation_files_{name}")
    op.execute("ALTER TABLE reconciliation_files RENAME TO reconciliation_files_before")
    op.execute(text)
    op.execute(f"INSERT INTO reconciliation_files ({FILE}) SELECT {FILE} FROM reconciliation_files_before")
    op.execute("PRAGMA writable_schema = ON")
    op.execute(
        "UPDATE sqlite_master SET sql = replace(sql, '\"reconciliation_files_before\"', 'reconciliation_files')"
        " WHERE type = 'table' AND name <> 'reconciliation_files_before'"
    )
    op.execute("PRAGMA writable_schema = RESET")
    op.execute("DROP TABLE reconciliation_files_before")  # its triggers go with it
    op.execute("CREATE INDEX ix_reconciliation_files_day ON reconciliation_files (first_on, source)")
    _refuse("reconciliation_files", "DELETE", "no_delete")


def _schema_of(table: str) -> str:
    text = op.get_bind().scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"), {"table": table}
    )
    return str(text)


def _drop_trigger(table: str, name: str) -> None:
    op.execute(f"DROP TRIGGER {table}_{name}" + ("" if _sqlite() else f" ON {table}"))


def _refuse(table: str, event: str, name: str, when: str = "") -> None:
    condition = f" WHEN ({when})" if when else ""
    answer = (
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END" if _sqlite() else "EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} FOR EACH ROW{condition} {answer}")
