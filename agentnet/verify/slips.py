"""Bank slips: money that reached the bank once counts once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows

SAYS: Final = {
    "slip_twice": "stands for more than one movement of money",
    "stray_slip": "is held by nothing that stands",
    "slip_free": "counts, and could be used again",
}


def slips_count_once(connection: Connection) -> Iterator[Finding]:
    """A bank slip stands for one remittance, top-up or deposit of an outlet; what was sent back holds none."""
    for row in rows(
        connection,
        """
        WITH u AS (
            SELECT outlet_id, slip_no, 'REMITTANCE' AS used_as, id FROM remittances WHERE state <> 'REJECTED'
            UNION ALL SELECT outlet_id, slip_no, 'TOP_UP', id FROM top_ups WHERE state <> 'REJECTED'
            UNION ALL SELECT outlet_id, slip_no, 'DEPOSIT', id FROM deposit_moves WHERE kind = 'RECEIVED'
        )
        SELECT o.code, f.slip_no, f.wrong FROM (
            SELECT u.outlet_id, u.slip_no, 'slip_twice' AS wrong FROM u GROUP BY 1, 2 HAVING COUNT(*) > 1
            UNION ALL
            SELECT s.outlet_id, s.slip_no, 'stray_slip' FROM bank_slips s LEFT JOIN u
              ON u.id = s.subject_id AND u.outlet_id = s.outlet_id AND u.slip_no = s.slip_no AND u.used_as = s.used_as
            WHERE u.id IS NULL
            UNION ALL
            SELECT u.outlet_id, u.slip_no, 'slip_free' FROM u
            LEFT JOIN bank_slips s ON s.outlet_id = u.outlet_id AND s.slip_no = u.slip_no
            WHERE s.slip_no IS NULL
        ) f JOIN outlets o ON o.id = f.outlet_id
        """,
    ):
        yield Finding(row.wrong, f"{row.code} {row.slip_no}", SAYS[row.wrong])
