"""Marks that no writer waits for: of a day's deposits and sums, and of what files say and were matched with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CLAIMS = "claims"
OF_CLAIMS = {
    "reconciliation_files": ("INSERT", "UPDATE"),
    "reconciliation_differences": ("INSERT", "UPDATE"),
    # A file brings 200,000 at once: on SQLite, with one writer, their last number tells that there are new ones.
    "reconciliation_matches": ("UPDATE",),
}
"""Whose change gives what files say a new mark; none of their rows is ever deleted. A file's rows come with it."""

DAYS = {
    "remittances": ("{row}.deposited_on", ("INSERT", "UPDATE", "DELETE")),
    "collection_days": ("{row}.business_on", ("INSERT", "UPDATE", "DELETE")),
}
"""Whose change gives a day a new mark: the day a row belongs to, and what can happen to it.

A day's closes are only ever added, so their number tells of them.
"""

ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("mark", sa.String(length=36), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "mark", name=op.f("pk_marks")),
    )
    if _is_sqlite():
        _mark_on_sqlite()
    else:
        _mark_on_postgresql()


def _mark_on_sqlite() -> None:
    op.execute(f"INSERT INTO marks (subject, mark) VALUES ('{CLAIMS}', '')")
    for table, events in OF_CLAIMS.items():
        for event in events:
            op.execute(
                f"CREATE TRIGGER {table}_mark_{CLAIMS}_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                f" UPDATE marks SET mark = hex(randomblob(16)) WHERE subject = '{CLAIMS}'; END"
            )
    for table, (day, events) in DAYS.items():
        for event in events:
            marked = "".join(
                f" DELETE FROM marks WHERE subject = {day.format(row=row)};"
                f" INSERT INTO marks (subject, mark) VALUES ({day.format(row=row)}, hex(randomblob(16)));"
                for row in ROWS[event]
            )
            op.execute(f"CREATE TRIGGER {table}_mark_day_by_{event.lower()} AFTER {event} ON {table} BEGIN{marked} END")


def _mark_on_postgresql() -> None:
    # A new row beside those of others, which are taken away unless somebody else is doing so: nobody waits for anybody,
    # and once a change is committed a mark nobody has seen before is there, its own or that of one still later.
    op.execute(
        "CREATE FUNCTION give_mark(whose text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT 1 FROM marks WHERE subject = whose AND transaction_id = txid_current()) THEN RETURN; END IF;"
        " DELETE FROM marks WHERE subject = whose AND mark IN"
        " (SELECT mark FROM marks WHERE subject = whose FOR UPDATE SKIP LOCKED);"
        " INSERT INTO marks (subject, mark, transaction_id) VALUES (whose, gen_random_uuid()::text, txid_current());"
        " END $$"
    )
    op.execute(
        "CREATE FUNCTION mark_subject() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM give_mark(TG_ARGV[0]); RETURN NULL; END $$"
    )
    for table in OF_CLAIMS:
        op.execute(
            f"CREATE TRIGGER {table}_mark_{CLAIMS} AFTER INSERT OR UPDATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION mark_subject('{CLAIMS}')"
        )
    for table, (day, events) in DAYS.items():
        for event in events:
            name = f"{table}_mark_day_by_{event.lower()}"
            marked = "".join(
                f" PERFORM give_mark(to_char({day.format(row=row)}, 'YYYY-MM-DD'));" for row in ROWS[event]
            )
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN{marked} RETURN NULL; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    sqlite = _is_sqlite()
    for table, events in OF_CLAIMS.items():
        if sqlite:
            for event in events:
                op.execute(f"DROP TRIGGER {table}_mark_{CLAIMS}_by_{event.lower()}")
        else:
            op.execute(f"DROP TRIGGER {table}_mark_{CLAIMS} ON {table}")
    for table, (_day, events_of_day) in DAYS.items():
        for event in events_of_day:
            name = f"{table}_mark_day_by_{event.lower()}"
            op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
            if not sqlite:
                op.execute(f"DROP FUNCTION {name}()")
    if not sqlite:
        op.execute("DROP FUNCTION mark_subject()")
        op.execute("DROP FUNCTION give_mark(text)")
    op.drop_table("marks")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
