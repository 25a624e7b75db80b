"""Two more reasons why something due is not paid: its tax is not below it, and a partner's share without a partner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLE, NAME = "payout_parts", "why"
BEFORE = "why IS NULL OR why IN ('ON_HOLD', 'CLAWBACK', 'NO_PAYEE', 'NO_ACCOUNT', 'BELOW_MINIMUM')"
AFTER = (
    "why IS NULL OR why IN ('ON_HOLD', 'CLAWBACK', 'NO_PARTNER', 'NO_PAYEE', 'NO_ACCOUNT', 'BELOW_MINIMUM', 'TAX_OVER')"
)


def upgrade() -> None:
    _check(BEFORE, AFTER)


def downgrade() -> None:
    _check(AFTER, BEFORE)


def _check(before: str, after: str) -> None:
    """Put another condition into the CHECK; on SQLite in place, since rebuilding a table loses its triggers."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(f"ck_{TABLE}_{NAME}"), TABLE, type_="check")
        op.create_check_constraint(op.f(f"ck_{TABLE}_{NAME}"), TABLE, after)
        return
    bind = op.get_bind()
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = :table"),
        {"before": before, "after": after, "table": TABLE},
    )
    op.execute("PRAGMA writable_schema = RESET")
    text = bind.scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"), {"table": TABLE}
    )
    assert after in str(text), text
