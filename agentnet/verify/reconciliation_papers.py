"""Reconciliation reports: files, differences and the tie worked out again, as they were when the paper was made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from agentnet.core.clock import business_date, shanghai_instant
from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows
from agentnet.verify.printed import Outlets, Paper, differs, findings_of_paper, papers, stored, unit_paths
from agentnet.verify.register import as_day
from agentnet.verify.tie_history import LEGS, TieHistory

PLACES = ("matched", "settled", "open", "apart")
Placed = dict[str, list[int]]
"""By place how many rows, and their sum."""


class _Differences:
    """Every difference with its steps, so that its state at any instant can be told."""

    def __init__(self, connection: Connection) -> None:
        self.all = {
            row.id: row
            for row in rows(
                connection,
                "SELECT id, file_id, line_no, outlet_id, org_unit_id, business_on, kind, amount_fen, opened_at"
                " FROM reconciliation_differences ORDER BY id",
            )
        }
        self.steps: dict[int, list[Any]] = defaultdict(list)
        for row in rows(
            connection, "SELECT difference_id, verb, at, owner_id FROM reconciliation_steps ORDER BY difference_id, id"
        ):
            self.steps[row.difference_id].append(row)

    def at(self, at: datetime) -> Iterator[tuple[Any, Any | None, bool]]:
        """Yield the differences known at an instant, the step that ended each (None: open), and whether it is owned."""
        for id_, one in self.all.items():
            if as_instant(one.opened_at) > at:
                continue
            taken = [step for step in self.steps[id_] if as_instant(step.at) <= at]
            last = next((step for step in reversed(taken) if step.verb != "OWNED"), None)
            ended = last if last is not None and last.verb != "REOPENED" else None
            yield one, ended, any(step.owner_id is not None for step in taken)


class _Facts:
    """What the papers rest on."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outlets = Outlets(connection)
        self.paths = unit_paths(connection)
        self.differences = _Differences(connection)
        self._ties: dict[tuple[date, date, datetime], TieHistory] = {}
        self._files: dict[tuple[date, date, datetime], dict[int, dict[int, Placed]]] = {}

    def tie(self, paper: Paper, at: datetime) -> TieHistory:
        """Return the tie of the paper's days; papers of a period are made together."""
        key = paper.starts_on, paper.ends_on, at
        if key not in self._ties:
            _forget(self._ties)
            open_now = {one.id for one, ended, _ in self.differences.at(at) if ended is None}
            found = [self.differences.all[id_] for id_ in sorted(open_now)]
            self._ties[key] = TieHistory(self.connection, self.outlets, paper.starts_on, paper.ends_on, at, found)
        return self._ties[key]

    def files(self, paper: Paper, at: datetime) -> dict[int, dict[int, Placed]]:
        """Return by file and unit where its rows stood."""
        key = paper.starts_on, paper.ends_on, at
        if key not in self._files:
            _forget(self._files)
            self._files[key] = _files(self, paper, at)
        return self._files[key]


def _forget(kept: dict[Any, Any]) -> None:
    if len(kept) > 2:
        kept.clear()


def reconciliation_papers_say_what_was_found(connection: Connection) -> Iterator[Finding]:
    """A reconciliation report prints files, tie, open and ended differences as they were when it was made."""
    printed = list(papers(connection, "RECONCILIATION_DAY", "RECONCILIATION_MONTH"))
    if not printed:
        return
    facts = _Facts(connection)
    printed.sort(key=lambda paper: (paper.starts_on, paper.ends_on, paper.made_at, paper.number))
    for paper in printed:

        def differences(at: datetime, paper: Paper = paper) -> list[str]:
            here = {id_ for id_, path in facts.paths.items() if path.startswith(paper.org_path)}
            return [
                *_files_differ(facts, paper, at, here),
                *_lists_differ(facts, paper, at, here),
                *_tie_differs(facts, paper, at, here),
            ]

        yield from findings_of_paper("reconciliation_paper", paper, differences)


def _files(facts: _Facts, paper: Paper, at: datetime) -> dict[int, dict[int, Placed]]:
    found: dict[int, dict[int, Placed]] = defaultdict(lambda: defaultdict(lambda: {name: [0, 0] for name in PLACES}))
    waiting = {
        (one.file_id, one.line_no) for one, ended, _ in facts.differences.at(at) if ended is None and one.line_no
    }
    given = {"starts_on": paper.starts_on, "ends_on": paper.ends_on, "at": stored(facts.connection, at)}
    for row in rows(
        facts.connection,
        """
        SELECT f.id, f.org_unit_id FROM reconciliation_files f
        WHERE f.last_on >= :starts_on AND f.last_on < :ends_on AND f.imported_at <= :at
          AND (f.withdrawn_at IS NULL OR f.withdrawn_at > :at)
        """,
        given,
    ):
        found[row.id][row.org_unit_id]
    for row in rows(
        facts.connection,
        """
        SELECT f.id, r.line_no, COALESCE(c.org_unit_id, d.org_unit_id, f.org_unit_id) AS unit_id,
               CASE WHEN r.kind = 'OTHER' THEN 0 ELSE r.amount_fen END AS fen, m.id AS match_id,
               CASE WHEN r.kind IN ('FEE', 'OTHER') OR r.repeats_line_no IS NOT NULL OR r.gross_fen <= 0 OR r.reversal
                    THEN 1 ELSE 0 END AS apart
        FROM reconciliation_files f JOIN reconciliation_rows r ON r.file_id = f.id
        LEFT JOIN reconciliation_matches m ON m.file_id = r.file_id AND m.line_no = r.line_no
          AND m.matched_at <= :at AND (m.undone_at IS NULL OR m.undone_at > :at)
        LEFT JOIN collections c ON c.id = m.collection_id LEFT JOIN remittances d ON d.id = m.remittance_id
        WHERE f.last_on >= :starts_on AND f.last_on < :ends_on AND f.imported_at <= :at
          AND (f.withdrawn_at IS NULL OR f.withdrawn_at > :at)
        """,
        given,
    ):
        place = "matched" if row.match_id is not None else "settled"
        if row.apart:
            place = "apart"
        elif row.match_id is None and (row.id, row.line_no) in waiting:
            place = "open"
        stands = found[row.id][row.unit_id][place]
        stands[0] += 1
        stands[1] += int(row.fen)
    return found


def _files_differ(facts: _Facts, paper: Paper, at: datetime, here: set[int]) -> Iterator[str]:
    found: Counter[tuple[int, ...]] = Counter()
    for by_unit in facts.files(paper, at).values():
        of_ours = [placed for unit_id, placed in by_unit.items() if unit_id in here]
        if of_ours:
            found[tuple(sum(one[name][part] for one in of_ours) for name in PLACES for part in (0, 1))] += 1
    stated = Counter(
        tuple(one[name + part] for name in PLACES for part in ("", "_fen")) for one in paper.figures["files"]
    )
    yield from differs("files", stated, found)
    for one in paper.figures["files"]:
        counts = (one["rows"], one["amount_fen"])
        placed = (sum(one[name] for name in PLACES), sum(one[f"{name}_fen"] for name in PLACES))
        yield from differs(f"of {one['name']}", counts, placed)


def _lists_differ(facts: _Facts, paper: Paper, at: datetime, here: set[int]) -> Iterator[str]:
    since, until = shanghai_instant(paper.starts_on), shanghai_instant(paper.ends_on)
    open_found, ended_found = {}, {}
    for one, ended, owned in facts.differences.at(at):
        if one.org_unit_id not in here:
            continue
        said = (as_day(one.business_on).isoformat(), one.kind, one.amount_fen)
        if ended is None and as_day(one.business_on) < paper.ends_on:
            age = (business_date(paper.made_at) - business_date(as_instant(one.opened_at))).days
            open_found[one.id] = (*said, max(0, age), owned)
        elif ended is not None and since <= as_instant(ended.at) < until:
            ended_found[one.id] = (*said, ended.verb, business_date(as_instant(ended.at)).isoformat())
    open_stated = {
        one["number"]: (one["business_on"], one["kind"], one["amount_fen"], one["age_days"], bool(one["owner"]))
        for one in paper.figures["open"]
    }
    ended_stated = {
        one["number"]: (one["business_on"], one["kind"], one["amount_fen"], one["state"], one["ended_on"])
        for one in paper.figures["ended"]
    }
    for what, stated, found in (("open", open_stated, open_found), ("ended", ended_stated, ended_found)):
        for number in sorted(stated.keys() | found.keys()):
            yield from differs(f"{what} difference {number}", stated.get(number), found.get(number))
        total = sum(fen for _day, _kind, fen, *_rest in found.values())
        yield from differs(f"{what} in all", paper.figures[f"{what}_fen"], total)


def _tie_differs(facts: _Facts, paper: Paper, at: datetime, here: set[int]) -> Iterator[str]:
    tie = facts.tie(paper, at)
    sums, untied, taken_fen = tie.under(here)
    stated = {
        one["leg"]: (one["told"], one["ours_fen"], one["theirs_fen"], one["untied"], one["waiting"])
        for one in paper.figures["tie"]
    }
    for leg in LEGS:
        yield from differs(f"the tie of {leg}", stated.get(leg), sums.get(leg))
    outlets = {
        one["outlet_code"]: (one["days"], one["file_fen"], one["count_fen"], one["cards_fen"], one["bank_fen"])
        for one in paper.figures["untied"]
    }
    for code in sorted(outlets.keys() | untied.keys()):
        yield from differs(f"the tie of {code}", outlets.get(code), untied.get(code))
    yield from differs("collected", paper.figures["taken_fen"], taken_fen)
    missing = Counter((one["days"], one["first_on"], one["taken_fen"]) for one in paper.figures["missing"])
    yield from differs("missing files", missing, tie.missing(here))
