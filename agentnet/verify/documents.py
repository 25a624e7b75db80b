"""Documents: figures as they were frozen, files as they were drawn, and both as the facts say."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.printed import figures_of
from agentnet.verify.register import as_day


def figures_are_as_frozen(connection: Connection) -> Iterator[Finding]:
    """A document's stored figures still have the hash they were frozen with."""
    for row in rows(connection, "SELECT number, frozen, frozen_sha256 FROM runs"):
        text = _text(row.frozen)
        if text is None or hashlib.sha256(text).hexdigest() != row.frozen_sha256:
            yield Finding("document_figures", row.number, "its frozen figures were changed")


def files_are_as_drawn(connection: Connection) -> Iterator[Finding]:
    """A made document's file is there and has the hash it is named by."""
    folder = current_app.extensions["agentnet"].files
    for row in rows(connection, "SELECT number, file_sha256 FROM runs WHERE state = 'DONE'"):
        found = sorted((folder / row.file_sha256[:2]).rglob(f"{row.file_sha256}*")) if row.file_sha256 else []
        if not found:
            yield Finding("document_file", row.number, "its file is gone")
        elif hashlib.sha256(found[0].read_bytes()).hexdigest() != row.file_sha256:
            yield Finding("document_file", row.number, "its file was changed")


def statements_say_what_was_accrued(connection: Connection) -> Iterator[Finding]:
    """A statement prints exactly what the closed month accrued for its outlet."""
    for row in rows(
        connection,
        """
        SELECT r.number, r.frozen, r.period_start, a.due_fen, a.earned_fen, a.adjusted_fen FROM runs r
        LEFT JOIN outlet_accruals a ON a.outlet_id = r.outlet_id
          AND a.month = SUBSTR(CAST(r.period_start AS VARCHAR(10)), 1, 7)
        WHERE r.kind = 'COMMISSION_STATEMENT'
        """,
    ):
        printed = figures_of(row.frozen)
        if printed is None or row.due_fen is None:
            yield Finding("statement", row.number, "was printed for a month that accrued nothing for its outlet")
            continue
        for name in ("due_fen", "earned_fen", "adjusted_fen"):
            if printed.get(name) != getattr(row, name):
                yield Finding(
                    "statement", row.number, f"prints {name} {yuan(printed[name])}, accrued {yuan(getattr(row, name))}"
                )


def duty_reports_say_what_was_done(connection: Connection) -> Iterator[Finding]:
    """A weekly duty report shows each outlet as the visits known when it was made say."""
    served: dict[tuple[str, str], list[tuple[datetime, datetime | None]]] = {}
    exempt: set[tuple[str, str]] = set()
    for row in rows(
        connection,
        """
        SELECT o.code, d.week, d.exempt, v.received_at, v.struck_at FROM duties d JOIN outlets o ON o.id = d.outlet_id
        LEFT JOIN duty_visits x ON x.duty_id = d.id LEFT JOIN visits v ON v.id = x.visit_id
        """,
    ):
        visits = served.setdefault((row.code, row.week), [])
        if row.received_at is not None:
            visits.append((_instant(row.received_at), _instant(row.struck_at) if row.struck_at else None))
        if row.exempt:
            exempt.add((row.code, row.week))
    for row in rows(connection, "SELECT number, frozen, period_start FROM runs WHERE kind = 'DUTY_MANAGER_WEEK'"):
        figures = figures_of(row.frozen)
        if figures is None:
            continue
        made_at = datetime.fromisoformat(figures["head"]["made_at"])
        year, number, _ = as_day(row.period_start).isocalendar()
        week = f"{year:04d}-W{number:02d}"
        for printed in figures["rows"]:
            key = (printed["outlet_code"], week)
            done = any(at <= made_at and (struck is None or struck > made_at) for at, struck in served.get(key, ()))
            expected = "DONE" if done else "EXEMPT" if key in exempt else "MISSED"
            if printed["state"] != expected:
                yield Finding(
                    "duty_report", f"{row.number} {key[0]}", f"prints {printed['state']}, the visits say {expected}"
                )
        counted = {state: sum(one["state"] == state for one in figures["rows"]) for state in ("DONE", "MISSED")}
        if (figures["whole"]["done"], figures["whole"]["missed"]) != (counted["DONE"], counted["MISSED"]):
            yield Finding("duty_report", row.number, f"its totals are not those of its rows ({counted})")


def _text(frozen: bytes) -> bytes | None:
    try:
        return zlib.decompress(frozen)
    except zlib.error:
        return None


def _instant(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
