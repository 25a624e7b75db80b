"""More is remembered: ceilings and tenders under the mark of the register, what months adjust and which are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

REGISTER = ("field", "register")
"""Whose marks move with the register (``infra.revisions``). Every table of the register takes these two in this order:
two writers that took them crosswise could lock each other out."""

EVENTS = ("INSERT", "UPDATE", "DELETE")
REVISED = {
    "agreements": (REGISTER, EVENTS),
    "limits": (REGISTER, EVENTS),
    "tenders": (REGISTER, EVENTS),
    "accounting_months": (("months",), EVENTS),
    "commission_adjustments": (("months",), EVENTS),
}
"""Whose change gives which subjects a new mark."""

CASH = "cash accounts"
"""A subject that no writer waits for (``infra.marks``): a posting opens the account."""
IS_CASH = "owner_kind = 'OUTLET' AND code = 'CASH_HELD'"
OPENED = "WHEN (NEW.owner_kind = 'OUTLET' AND NEW.code = 'CASH_HELD')"


def upgrade() -> None:
    op.drop_index("ix_agreements_ceiling", table_name="agreements")
    for table, (subjects, events) in REVISED.items():
        for subject in subjects:
            _revise(table, subject, events)
    where = sa.text(IS_CASH)
    op.create_index("ix_accounts_cash", "accounts", ["id"], unique=False, sqlite_where=where, postgresql_where=where)
    _mark_cash()


def _mark_cash() -> None:
    if _is_sqlite():
        op.execute(f"INSERT INTO marks (subject, mark) VALUES ('{CASH}', '')")
        op.execute(
            f"CREATE TRIGGER accounts_mark_cash AFTER INSERT ON accounts {OPENED} BEGIN"
            f" UPDATE marks SET mark = hex(randomblob(16)) WHERE subject = '{CASH}'; END"
        )
        return
    op.execute(
        f"CREATE TRIGGER accounts_mark_cash AFTER INSERT ON accounts FOR EACH ROW {OPENED}"
        f" EXECUTE FUNCTION mark_subject('{CASH}')"
    )


def _revise(table: str, subject: str, events: tuple[str, ...]) -> None:
    if _is_sqlite():
        for event in events:
            op.execute(
                f"CREATE TRIGGER {table}_revise_{subject}_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{subject}'; END"
            )
        return
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_revise_{subject} AFTER {' OR '.join(events)} ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise('{subject}')"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER accounts_mark_cash" if _is_sqlite() else "DROP TRIGGER accounts_mark_cash ON accounts")
    op.execute(f"DELETE FROM marks WHERE subject = '{CASH}'")
    op.drop_index("ix_accounts_cash", table_name="accounts")
    for table, (subjects, events) in REVISED.items():
        for subject in subjects:
            if _is_sqlite():
                for event in events:
                    op.execute(f"DROP TRIGGER {table}_revise_{subject}_by_{event.lower()}")
            else:
                op.execute(f"DROP TRIGGER {table}_revise_{subject} ON {table}")
    op.create_index("ix_agreements_ceiling", "agreements", ["holding_mode", "ceiling_fen"], unique=False)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
