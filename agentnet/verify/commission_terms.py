"""What commission was worked from: the versions that were agreed, and which ruled which days."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

from sqlalchemy import Connection

from agentnet.verify.commission import FAR_FUTURE, Spans, closed_months, tariffs_known
from agentnet.verify.findings import Finding, rows
from agentnet.verify.printed import Outlets
from agentnet.verify.register import as_day

SHANGHAI = timezone(timedelta(hours=8))


def versions_say_what_was_agreed(connection: Connection) -> Iterator[Finding]:
    """A version's document has the hash it was stored with, its start and note, and its components in their places."""
    components: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for row in rows(connection, "SELECT version_id, position, kind, name FROM plan_components ORDER BY position"):
        components[row.version_id].append((row.position, row.kind, row.name))
    for row in rows(connection, "SELECT v.*, p.code FROM plan_versions v JOIN plans p ON p.id = v.plan_id"):
        document = json.loads(row.content)
        said = [(at, one["kind"], one["name"]) for at, one in enumerate(document.get("components", ()))]
        if (
            hashlib.sha256(row.content.encode()).hexdigest() != row.content_sha256
            or document.get("starts_on") != as_day(row.starts_on).isoformat()
            or document.get("note", "") != row.note
            or said != components[row.id]
        ):
            yield Finding("plan_version", f"{row.code} {row.number}", "its document is not the one that was agreed")


def months_were_ruled(connection: Connection) -> Iterator[Finding]:
    """A closed month names the versions that ruled, within the outlet's open days.

    Where an agreement was signed or ended after the close, which versions ruled cannot be told from today's register.
    """
    tariffs, later = tariffs_known(connection), _agreed_later(connection)
    opened = {
        row.id: (as_day(row.opened_on) if row.opened_on else None, as_day(row.closed_on) if row.closed_on else None)
        for row in rows(connection, "SELECT id, opened_on, closed_on FROM outlets")
    }
    outlets = Outlets(connection)
    partners = {row.id: row.code for row in rows(connection, "SELECT id, code FROM partners")}
    accruals = {
        (row.month, row.outlet_id): row.version_id
        for row in rows(connection, "SELECT month, outlet_id, version_id FROM outlet_accruals")
    }
    for month in closed_months(connection):
        if month.inputs is None:
            continue
        ended = datetime.combine(month.days[1], time(), SHANGHAI)
        (first, end), subject, wrote = month.days, f"{month.code} {month.month}", month.outlet
        kind, setting, whose = (outlets.was(month.outlet_id, name, ended) for name in ("kind", "setting", "partner_id"))
        if (kind, setting, partners.get(whose, "")) != (wrote.kind, wrote.setting, wrote.partner):
            yield Finding("commission_place", subject, "was another kind of outlet at its end")
        of_month = _cut(month.ruling, month.days[0], FAR_FUTURE)
        if of_month and max(of_month, key=lambda one: one[2])[0] != accruals[month.month, month.outlet_id]:
            yield Finding("commission_ruling", subject, "is shared by another version than ended it")
        taken = [day for line in month.lines if (day := as_day(line.business_on)) >= first]
        back = [one for one in month.ruling if one[1] < first]
        if (month.month, month.outlet_id) not in later:
            ruled = tariffs.spans(month.outlet_id, first, end)
            opens, closes = opened[month.outlet_id]
            ruled = _cut(ruled, min([opens or FAR_FUTURE, *taken]), max([closes or FAR_FUTURE, *taken]))
            if ruled != _cut(month.ruling, first, FAR_FUTURE):
                yield Finding("commission_ruling", subject, "other versions ruled than it says")
        # Days before the month are named where money of theirs was settled in it.
        if any(end_ > end for _, _start, end_ in month.ruling) or not all(tariffs.settles(id_) for id_, *_ in back):
            yield Finding("commission_ruling", subject, "names days outside the month")


def _cut(spans: Spans, first: date, last: date) -> list[tuple[int, date, date]]:
    end = last if last == FAR_FUTURE else last + timedelta(days=1)
    return [(id_, max(a, first), min(b, end)) for id_, a, b in spans if max(a, first) < min(b, end)]


def _agreed_later(connection: Connection) -> set[tuple[str, int]]:
    """Return the months and outlets whose agreements were changed after the close."""
    return {
        (row.month, row.outlet_id)
        for row in rows(
            connection,
            """
            SELECT DISTINCT a.month, a.outlet_id FROM outlet_accruals a
            JOIN accounting_months m ON m.month = a.month JOIN outlets o ON o.id = a.outlet_id
            JOIN audit_lines l ON l.subject_kind = 'outlet' AND l.subject_id = o.code AND l.at >= m.closing_at
              AND l.action IN ('sign_agreement', 'end_agreement')
            """,
        )
    }
