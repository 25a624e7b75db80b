"""The three-way tie of some days as it was at an instant, from rows alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.findings import rows
from agentnet.verify.printed import Outlets, stored
from agentnet.verify.register import as_day

LEGS = ("FILE", "COUNT", "CARDS", "BANK")
Key = tuple[int, date]
Side = tuple[int, int | None]
"""Our figure, and the other side's; None while nobody has told it."""
Sums = tuple[int, int, int, int, int]
"""Days told, ours, theirs, days that do not tie, days not told."""


class TieHistory:
    """What tied and what did not, by outlet and day."""

    def __init__(
        self,
        connection: Connection,
        outlets: Outlets,
        starts_on: date,
        ends_on: date,
        at: datetime,
        waiting: Iterable[Any],
    ) -> None:
        self._outlets, self._at = outlets, at
        self._given = {"starts_on": starts_on, "ends_on": ends_on, "at": stored(connection, at)}
        self._connection = connection
        self.taken: dict[Key, int] = self._sums(_TAKEN)
        self._told: dict[Key, int] = self._sums(_TOLD)
        self._closes = {(row.outlet_id, as_day(row.day)): row for row in self._rows(_CLOSES)}
        self._banked = {(row.outlet_id, as_day(row.day)): row for row in self._rows(_BANKED)}
        self._filed = {(row.partner_id, as_day(row.first_on)) for row in self._rows(_FILED)}
        differing = {
            (one.outlet_id, as_day(one.business_on))
            for one in waiting
            if one.outlet_id is not None and starts_on <= as_day(one.business_on) < ends_on
        }
        self._days = sorted(self.taken.keys() | self._closes.keys() | self._banked.keys() | differing)

    def _rows(self, sql: str) -> Iterator[Any]:
        return rows(self._connection, sql, self._given)

    def _sums(self, sql: str) -> dict[Key, int]:
        return {(row.outlet_id, as_day(row.day)): int(row.fen) for row in self._rows(sql)}

    def _partner(self, outlet_id: int) -> Any:
        return self._outlets.was(outlet_id, "partner_id", self._at)

    def _legs(self, key: Key) -> Mapping[str, Side]:
        outlet_id, day = key
        legs: dict[str, Side] = {}
        taken, close, banked = self.taken.get(key, 0), self._closes.get(key), self._banked.get(key)
        partner_id = self._partner(outlet_id)
        if partner_id is not None:
            legs["FILE"] = taken, self._told.get(key, 0) if (partner_id, day) in self._filed else None
        if close is not None:
            counted = close.cash_counted_fen
            legs["COUNT"] = int(close.cash_system_fen), None if counted is None else counted + close.counterfeit_fen
            if close.batched is not None:
                legs["CARDS"] = int(close.carded), int(close.batched)
        elif taken:
            legs["COUNT"] = 0, None
        if banked is not None:
            legs["BANK"] = int(banked.declared), int(banked.confirmed)
        return legs

    def _here(self, units: set[int]) -> Iterator[tuple[str, Key]]:
        for outlet_id, day in self._days:
            if self._outlets.was(outlet_id, "org_unit_id", self._at) in units:
                yield self._outlets.by_id[outlet_id].code, (outlet_id, day)

    def under(self, units: set[int]) -> tuple[dict[str, Sums], dict[str, tuple[int | None, ...]], int]:
        """Return the sums by figure, the outlets that do not tie with their differences, and what was collected."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
        beyond: dict[str, dict[str, int]] = defaultdict(dict)
        untied_days: Counter[str] = Counter()
        taken_fen = 0
        for code, key in self._here(units):
            taken_fen += self.taken.get(key, 0)
            untied = False
            for leg, (ours, theirs) in self._legs(key).items():
                whole = sums[leg]
                if theirs is None:
                    whole[4] += 1
                    continue
                added = (1, ours, theirs, int(ours != theirs), 0)
                sums[leg] = [one + more for one, more in zip(whole, added, strict=True)]
                beyond[code][leg] = beyond[code].get(leg, 0) + theirs - ours
                untied = untied or ours != theirs
            untied_days[code] += untied
        outlets = {code: (days, *(beyond[code].get(leg) for leg in LEGS)) for code, days in untied_days.items() if days}
        return {leg: (a, b, c, d, e) for leg, (a, b, c, d, e) in sums.items()}, outlets, taken_fen

    def missing(self, units: set[int]) -> Counter[tuple[int, str, int]]:
        """Return of each partner whose file has not come the days, the first of them and what was collected."""
        days: dict[Any, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for _code, (outlet_id, day) in self._here(units):
            partner_id = self._partner(outlet_id)
            if partner_id is not None and self.taken.get((outlet_id, day)) and (partner_id, day) not in self._filed:
                days[partner_id][day] += self.taken[outlet_id, day]
        return Counter((len(one), min(one).isoformat(), sum(one.values())) for one in days.values())


_TAKEN = """
    SELECT c.outlet_id, c.business_on AS day, SUM(c.amount_fen) AS fen
    FROM collections c LEFT JOIN voids v ON v.collection_id = c.id AND v.voided_at <= :at
    WHERE c.business_on >= :starts_on AND c.business_on < :ends_on AND c.posted_at <= :at AND v.collection_id IS NULL
    GROUP BY c.outlet_id, c.business_on
    """
_TOLD = """
    WITH standing AS (
      SELECT collection_id, file_id, line_no FROM reconciliation_matches
      WHERE collection_id IS NOT NULL AND matched_at <= :at AND (undone_at IS NULL OR undone_at > :at)
    ), beside AS (
      SELECT d.collection_id, b.outlet_id, b.business_on, b.amount_fen
      FROM reconciliation_differences d JOIN collections b ON b.id = d.booked_id
      WHERE b.posted_at <= :at AND NOT EXISTS (SELECT 1 FROM standing s WHERE s.collection_id = b.id)
    )
    SELECT outlet_id, day, SUM(fen) AS fen FROM (
      SELECT c.outlet_id, c.business_on AS day, r.amount_fen AS fen
      FROM collections c JOIN standing s ON s.collection_id = c.id
      JOIN reconciliation_rows r ON r.file_id = s.file_id AND r.line_no = s.line_no
      UNION ALL
      SELECT c.outlet_id, c.business_on, -b.amount_fen
      FROM beside b JOIN collections c ON c.id = b.collection_id JOIN standing s ON s.collection_id = c.id
      UNION ALL
      SELECT outlet_id, business_on, amount_fen FROM beside
    ) told
    WHERE day >= :starts_on AND day < :ends_on
    GROUP BY outlet_id, day
    """
"""What was booked beside the collection of a row is told of itself, on its own day."""
_CLOSES = """
    SELECT d.outlet_id, d.business_on AS day, d.cash_system_fen, d.cash_counted_fen, d.counterfeit_fen,
           t.batched, t.carded
    FROM day_closes d LEFT JOIN (
      SELECT close_id, SUM(batch_fen) AS batched,
             SUM(CASE WHEN batch_fen IS NOT NULL THEN system_fen ELSE 0 END) AS carded
      FROM day_close_tenders GROUP BY close_id
    ) t ON t.close_id = d.id
    WHERE d.business_on >= :starts_on AND d.business_on < :ends_on AND d.closed_at <= :at
    """
_BANKED = """
    SELECT outlet_id, deposited_on AS day, SUM(amount_fen) AS declared,
           SUM(CASE WHEN decided_at <= :at THEN COALESCE(confirmed_fen, 0) ELSE 0 END) AS confirmed
    FROM remittances
    WHERE deposited_on >= :starts_on AND deposited_on < :ends_on AND declared_at <= :at
      AND (state <> 'REJECTED' OR decided_at > :at)
    GROUP BY outlet_id, deposited_on
    """
_FILED = """
    SELECT partner_id, first_on FROM reconciliation_files
    WHERE first_on >= :starts_on AND first_on < :ends_on AND partner_id IS NOT NULL AND imported_at <= :at
      AND (withdrawn_at IS NULL OR withdrawn_at > :at)
    """
