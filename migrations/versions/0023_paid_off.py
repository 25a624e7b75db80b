"""Bills that are paid in full for good: counters look only at the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OWED = sa.text("paid_off_on IS NULL")

PAID_OFF = """
    UPDATE bills SET paid_off_on = CURRENT_DATE
    WHERE principal_fen + late_charge_fen <= COALESCE((
        SELECT SUM(a.principal_fen + a.late_charge_fen)
        FROM allocations a
        JOIN collections c ON c.id = a.collection_id
        JOIN business_days d ON d.outlet_id = c.outlet_id AND d.business_on = c.business_on
        WHERE a.bill_id = bills.id AND d.allocated_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM voids v WHERE v.collection_id = c.id)
    ), 0) + COALESCE((
        SELECT SUM(u.principal_fen + u.late_charge_fen) FROM advance_uses u WHERE u.bill_id = bills.id
    ), 0) + COALESCE((
        SELECT SUM(k.principal_fen + k.late_charge_fen) FROM allocation_changes k WHERE k.bill_id = bills.id
    ), 0)
"""


def upgrade() -> None:
    op.add_column("bills", sa.Column("paid_off_on", sa.Date(), nullable=True))
    op.execute(PAID_OFF)
    op.create_index("ix_bills_owed", "bills", ["household_id"], unique=False, sqlite_where=OWED, postgresql_where=OWED)


def downgrade() -> None:
    op.drop_index("ix_bills_owed", "bills")
    op.drop_column("bills", "paid_off_on")
