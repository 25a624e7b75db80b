"""Lines of commission are kept by outlet, and the accrual is taken only over lines that are its own.

A million lines are written in a month's close. References proved line by line, and one index in the order of all
collections, cost more than all the rest of it; both are proved outlet by outlet instead, which is stricter.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "commission_lines"
REFERENCES = (("collection_id", "collections"), ("component_id", "plan_components"), ("outlet_id", "outlets"))
PAID_ONCE, ADJUSTED_ONCE = f"uq_{TABLE}_collection_id", f"uq_{TABLE}_adjustment_id"
BY_OUTLET = f"uq_{TABLE}_collection"
REFUSAL = "commission lines are not of this outlet and month"

FOREIGN = """
    EXISTS (
      SELECT l.collection_id FROM commission_lines l
      WHERE l.month = NEW.month AND l.outlet_id = NEW.outlet_id AND l.collection_id IS NOT NULL
        AND l.settled_to_fen IS NULL
      EXCEPT
      SELECT c.id FROM collections c
      WHERE c.outlet_id = NEW.outlet_id AND c.business_on >= {first} AND c.business_on < {end}
    ) OR EXISTS (
      SELECT l.collection_id FROM commission_lines l
      WHERE l.month = NEW.month AND l.outlet_id = NEW.outlet_id AND l.settled_to_fen IS NOT NULL
      EXCEPT
      SELECT c.id FROM collections c WHERE c.outlet_id = NEW.outlet_id AND c.business_on < {end}
    ) OR EXISTS (
      SELECT 1 FROM commission_lines l
      WHERE l.month = NEW.month AND l.outlet_id = NEW.outlet_id AND (
        l.component_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM plan_components p WHERE p.id = l.component_id)
        OR l.adjustment_id IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM commission_adjustments j
          WHERE j.id = l.adjustment_id AND j.outlet_id = l.outlet_id AND j.month = l.month)
      )
    )
"""
"""Whether lines of the outlet's month are for collections of another outlet or month (a later one, where some became
settled), for adjustments of another, or
paid by a component nobody wrote. As a difference of two sets: a join may be planned as one loop inside another."""


def upgrade() -> None:
    if _is_sqlite():
        _let_change()
    with op.batch_alter_table(TABLE, recreate=_anew()) as batch:
        for column, _target in REFERENCES:
            batch.drop_constraint(op.f(f"fk_{TABLE}_{column}"), type_="foreignkey")
        batch.drop_constraint(PAID_ONCE, type_="unique")
        batch.drop_constraint(ADJUSTED_ONCE, type_="unique")
        batch.create_unique_constraint(BY_OUTLET, ["outlet_id", "collection_id", "month"])
    adjusted = sa.text("adjustment_id IS NOT NULL")
    op.create_index(
        ADJUSTED_ONCE, TABLE, ["adjustment_id"], unique=True, sqlite_where=adjusted, postgresql_where=adjusted
    )
    if _is_sqlite():
        _refuse_changes()
    _require_own_lines()


def downgrade() -> None:
    op.execute("DROP TRIGGER outlet_accruals_own_lines" + ("" if _is_sqlite() else " ON outlet_accruals"))
    if _is_sqlite():
        _let_change()
    else:
        op.execute("DROP FUNCTION require_own_lines()")
    op.drop_index(ADJUSTED_ONCE, TABLE)
    with op.batch_alter_table(TABLE, recreate=_anew()) as batch:
        batch.drop_constraint(BY_OUTLET, type_="unique")
        batch.create_unique_constraint(PAID_ONCE, ["collection_id", "month"])
        batch.create_unique_constraint(ADJUSTED_ONCE, ["adjustment_id"])
        for column, target in REFERENCES:
            batch.create_foreign_key(op.f(f"fk_{TABLE}_{column}"), target, [column], ["id"])
    if _is_sqlite():
        _refuse_changes()


def _require_own_lines() -> None:
    if _is_sqlite():
        foreign = FOREIGN.format(first="NEW.month || '-01'", end="date(NEW.month || '-01', '+1 month')")
        op.execute(
            f"CREATE TRIGGER outlet_accruals_own_lines AFTER INSERT ON outlet_accruals WHEN {foreign}"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        return
    first = "(NEW.month || '-01')::date"
    foreign = FOREIGN.format(first=first, end=f"({first} + interval '1 month')::date")
    # Planned while the tables may still be small and kept for a session that fills them: never by reading them whole.
    op.execute(
        "CREATE FUNCTION require_own_lines() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ BEGIN"
        f" IF {foreign} THEN"
        f" RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER outlet_accruals_own_lines AFTER INSERT ON outlet_accruals"
        " FOR EACH ROW EXECUTE FUNCTION require_own_lines()"
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _anew() -> Any:
    return "always" if _is_sqlite() else "never"


def _let_change() -> None:
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER {TABLE}_no_{event}")


def _refuse_changes() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE}"
            f" BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )
