"""Printed trial balances: every line worked out again from the transfers, for the company and each unit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows
from agentnet.verify.printed import Outlets, Paper, differs, findings_of_paper, papers, stored, unit_paths

Moved = list[int]
"""Opening balance on the debit side, debits and credits."""
Line = tuple[str, str, str]
"""Owner kind, code and normal side."""


def trial_papers_say_what_the_book_says(connection: Connection) -> Iterator[Finding]:
    """A printed trial balance has each line as the transfers known when it was made come to."""
    printed = list(papers(connection, "TRIAL_BALANCE_MONTH"))
    if not printed:
        return
    outlets, paths = Outlets(connection), unit_paths(connection)
    books: dict[tuple[date, datetime], list[Any]] = {}

    for paper in printed:

        def differences(at: datetime, paper: Paper = paper) -> list[str]:
            key = paper.starts_on, at
            if key not in books:
                if len(books) > 2:  # papers of a month are made together: its book is asked for once
                    books.clear()
                books[key] = list(_accounts(connection, paper, at))
            return list(_differences(books[key], outlets, paths, paper, at))

        yield from findings_of_paper("trial_paper", paper, differences)


def _accounts(connection: Connection, paper: Paper, at: datetime) -> Iterator[Any]:
    """Yield what each account held before the month and moved in it; those of households and of partners together."""
    return rows(
        connection,
        """
        SELECT a.owner_kind, CASE WHEN a.owner_kind IN ('OUTLET', 'ORG_UNIT') THEN a.owner_id ELSE 0 END AS owner_id,
               a.code, a.normal_side, SUM(s.opening) AS opening, SUM(s.debit) AS debit,
               SUM(s.credit) AS credit
        FROM accounts a JOIN (
          SELECT debit_account_id AS id, CASE WHEN business_on < :starts_on THEN amount_fen ELSE 0 END AS opening,
                 CASE WHEN business_on >= :starts_on THEN amount_fen ELSE 0 END AS debit, 0 AS credit
          FROM transfers WHERE business_on < :ends_on AND posted_at <= :at
          UNION ALL
          SELECT credit_account_id, CASE WHEN business_on < :starts_on THEN -amount_fen ELSE 0 END, 0,
                 CASE WHEN business_on >= :starts_on THEN amount_fen ELSE 0 END
          FROM transfers WHERE business_on < :ends_on AND posted_at <= :at
        ) s ON s.id = a.id
        GROUP BY 1, 2, 3, 4
        """,
        {"starts_on": paper.starts_on, "ends_on": paper.ends_on, "at": stored(connection, at)},
    )


def _differences(
    accounts: list[Any], outlets: Outlets, paths: Mapping[int, str], paper: Paper, at: datetime
) -> Iterator[str]:
    whole = paper.org_path.count("/") <= 2  # /1/
    lines: dict[Line, dict[str, Moved]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for row in accounts:
        setting = ""
        if row.owner_kind == "OUTLET":
            unit_id = outlets.was(row.owner_id, "org_unit_id", at)
            setting = outlets.was(row.owner_id, "setting", at)
        elif row.owner_kind == "ORG_UNIT":
            unit_id = row.owner_id
        else:
            unit_id = None
        if whole or (unit_id is not None and paths[unit_id].startswith(paper.org_path)):
            moved = lines[row.owner_kind, row.code, row.normal_side][setting]
            for at_place, fen in enumerate((row.opening, row.debit, row.credit)):
                moved[at_place] += int(fen)
    found: Counter[tuple[Any, ...]] = Counter()
    sums = [0, 0, 0]
    for (owner_kind, _code, side), by_setting in lines.items():
        if any(any(moved) for moved in by_setting.values()):
            found[_line(owner_kind, side, by_setting)] += 1
            sums = [total + sum(moved[place] for moved in by_setting.values()) for place, total in enumerate(sums)]
    stated = Counter(
        (
            one["owner_kind"], one["debit_normal"], one["opening_fen"], one["debit_fen"], one["credit_fen"],
            one["closing_fen"], one["urban_fen"], one["rural_fen"],
        )
        for one in paper.figures["rows"]
    )  # fmt: skip
    yield from (f"prints a line {line} that the book does not have" for line in stated - found)
    yield from (f"leaves out a line {line}" for line in found - stated)
    yield from differs("movements", paper.figures["debit_fen"], max(sums[1], sums[2]))
    outside = tuple(paper.figures[f"outside_{name}_fen"] for name in ("opening", "debit", "credit"))
    yield from differs("outside", outside, (-sums[0], max(sums[2] - sums[1], 0), max(sums[1] - sums[2], 0)))


def _line(owner_kind: str, side: str, by_setting: Mapping[str, Moved]) -> tuple[Any, ...]:
    """Return a line as it is printed: balances on its own side, closing by setting for outlets."""
    sign = 1 if side == "DEBIT" else -1
    opening, debit, credit = (sum(moved[place] for moved in by_setting.values()) for place in range(3))
    closing = sign * (opening + debit - credit)
    urban, rural = (
        sign * (moved[0] + moved[1] - moved[2])
        for moved in (by_setting.get(name, [0, 0, 0]) for name in ("URBAN", "RURAL"))
    )
    outlet = owner_kind == "OUTLET"
    return (
        owner_kind, side == "DEBIT", sign * opening, debit, credit, closing, urban if outlet else None,
        rural if outlet else None,
    )  # fmt: skip
