"""The figures of reconciliation reports: files, the tie and differences of a period, read once for all units together.

Rows and differences belong to the unit that was stamped on them, the tie to the unit an outlet is in now: as the
screens have it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from flask_babel import gettext as _
from sqlalchemy import BigInteger, and_, case, func, not_, select
from sqlalchemy import cast as as_type

from agentnet.books.tie_figures import Ties
from agentnet.collecting.models import Collection, Void
from agentnet.core.clock import business_date, shanghai_instant
from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.documents.heads import Units, document_head, in_language, unit_subjects
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.dates import exact_text
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import under
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.queries import LIVE, matchable
from agentnet.settlement.reconciliation.rules import RowKind, Source, State, age_days
from agentnet.users.models import User
from reports.head import Level
from reports.reconciled import EndedDifference, FileShare, MissingFile, OpenDifference, Reconciliation

MATCHED, SETTLED, WAITING, APART = "MATCHED", "SETTLED", "WAITING", "APART"
"""Where a row of a file stands."""

ACCOUNT_SHOWN: Final = 4
"""The last digits of an account that are printed."""


def reconciliation_subjects(org_unit: OrgUnit, _period: Period) -> list[Subject]:
    """Return a unit and those below it that have outlets; a station only if it is asked for itself."""
    paths = db.session.scalars(
        select(OrgUnit.path).where(OrgUnit.id.in_(select(Outlet.org_unit_id)), under((org_unit.path,)))
    )
    above = [kind for kind in OrgKind if kind is not OrgKind.STATION]
    return unit_subjects(org_unit, paths, (OrgKind.STATION,) if org_unit.kind == OrgKind.STATION else above)


def freeze_reconciliations(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, Reconciliation]]:
    """Yield each unit's period."""
    units, facts, ties = Units(), _Facts(period), Ties(period)
    for subject in subjects:
        head, unit = heads[subject.code], units.by_id[subject.org_unit_id]
        here = {one.id for one in units.by_id.values() if one.path.startswith(unit.path)}
        with in_language(head.language):
            as_of = exact_text(head.made_at)[:16]
            printed = document_head(head, units, unit.id, _("对账和差异截至%(at)s", at=as_of))
            waiting = tuple(_open(row, head.made_at) for row in facts.open if row.Difference.org_unit_id in here)
            ended = tuple(_ended(row) for row in facts.ended if row.Difference.org_unit_id in here)
        tie, untied = ties.under(here)
        yield (
            subject,
            Reconciliation(
                head=printed,
                starts_on=period.starts_on,
                ends_on=period.ends_on,
                level=cast(Level, unit.kind),
                org_code=unit.code,
                taken_fen=ties.taken_fen(here),
                files=facts.files_of(here),
                missing=facts.missing_of(here),
                tie=tie,
                untied=untied,
                open=waiting,
                open_fen=sum(one.amount_fen for one in waiting),
                ended=ended,
                ended_fen=sum(one.amount_fen for one in ended),
            ),
        )


class _Facts:
    """Files and differences of a period, with the units they belong to."""

    def __init__(self, period: Period) -> None:
        self.period = period
        file = ReconciliationFile
        self.files = db.session.execute(
            select(file, Partner.name.label("partner"))
            .outerjoin(Partner, Partner.id == file.partner_id)
            .where(file.last_on >= period.starts_on, file.last_on < period.ends_on, file.withdrawn_at.is_(None))
            .order_by(file.source.desc(), file.first_on, file.id)
        ).all()
        self.places = _places([row.ReconciliationFile.id for row in self.files])
        self.open = _differences(Difference.state == State.OPEN, Difference.business_on < period.ends_on)
        self.ended = _differences(
            Difference.state != State.OPEN,
            Difference.ended_at >= shanghai_instant(period.starts_on),
            Difference.ended_at < shanghai_instant(period.ends_on),
        )
        self.untold = _untold(period)

    def files_of(self, here: set[int]) -> tuple[FileShare, ...]:
        """Return the units' part of each file that is theirs or has rows of theirs."""
        found = []
        for file, partner in self.files:
            rows = [sums for unit_id, sums in self.places[file.id].items() if unit_id in here]
            if rows or file.org_unit_id in here:
                found.append(_share(file, partner, rows))
        return tuple(found)

    def missing_of(self, here: set[int]) -> tuple[MissingFile, ...]:
        """Return the partners of which files have not come, with the days of the units' own outlets."""
        days: dict[tuple[str, int], dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for unit_id, partner_id, partner, day, fen in self.untold:
            if unit_id in here:
                days[partner, partner_id][day] += fen
        return tuple(
            MissingFile(partner, len(by_day), min(by_day), sum(by_day.values()))
            for (partner, _id), by_day in sorted(days.items())
        )


Sums = dict[str, tuple[int, int]]
"""How many rows stand where, and their sum."""


def _places(file_ids: Sequence[int]) -> dict[int, dict[int, Sums]]:
    """Return by file and unit how many rows stand in each place, and their sum (fen net of fees)."""
    open_one = (
        select(Difference.id)
        .where(
            Difference.file_id == FileRow.file_id,
            Difference.line_no == FileRow.line_no,
            Difference.state == State.OPEN,
        )
        .exists()
    )
    place = case(
        (not_(and_(*matchable())), APART), (RowMatch.id.is_not(None), MATCHED), (open_one, WAITING), else_=SETTLED
    )
    unit = func.coalesce(Collection.org_unit_id, Remittance.org_unit_id, ReconciliationFile.org_unit_id)
    amount = case((FileRow.kind == RowKind.OTHER, 0), else_=FileRow.amount_fen)
    rows = db.session.connection().execute(
        select(FileRow.file_id, unit, place, func.count(), as_type(func.sum(amount), BigInteger))
        .join(ReconciliationFile, ReconciliationFile.id == FileRow.file_id)
        .outerjoin(RowMatch, LIVE)
        .outerjoin(Collection, Collection.id == RowMatch.collection_id)
        .outerjoin(Remittance, Remittance.id == RowMatch.remittance_id)
        .where(FileRow.file_id.in_(file_ids))
        .group_by(FileRow.file_id, unit, place)
    )
    found: dict[int, dict[int, Sums]] = defaultdict(lambda: defaultdict(dict))
    for file_id, unit_id, stands, count, fen in rows:
        found[file_id][unit_id][stands] = int(count), int(fen)
    return found


def _share(file: ReconciliationFile, partner: str | None, rows: Sequence[Sums]) -> FileShare:
    counts, amounts = (
        {place: sum(sums.get(place, (0, 0))[at] for sums in rows) for place in (MATCHED, SETTLED, WAITING, APART)}
        for at in (0, 1)
    )
    return FileShare(
        source=file.source,
        name=partner or _account(file.account),
        first_on=file.first_on,
        last_on=file.last_on,
        rows=sum(counts.values()),
        amount_fen=sum(amounts.values()),
        matched=counts[MATCHED],
        matched_fen=amounts[MATCHED],
        settled=counts[SETTLED],
        settled_fen=amounts[SETTLED],
        open=counts[WAITING],
        open_fen=amounts[WAITING],
        apart=counts[APART],
        apart_fen=amounts[APART],
    )


def _account(account: str) -> str:
    return f"*{account[-ACCOUNT_SHOWN:]}" if len(account) > ACCOUNT_SHOWN else account or "-"


def _differences(*conditions: Any) -> Sequence[Any]:
    """Return differences with the names that are printed, the longest open first."""
    owner, ender = User.__table__.alias("owner"), User.__table__.alias("ender")
    return db.session.execute(
        select(
            Difference,
            Outlet.code,
            Outlet.name,
            Partner.name.label("partner"),
            owner.c.display_name.label("owner"),
            ender.c.display_name.label("ender"),
        )
        .outerjoin(Outlet, Outlet.id == Difference.outlet_id)
        .outerjoin(Partner, Partner.id == Difference.partner_id)
        .outerjoin(owner, owner.c.id == Difference.owner_id)
        .outerjoin(ender, ender.c.id == Difference.ended_by_id)
        .where(*conditions)
        .order_by(Difference.opened_at, Difference.id)
    ).all()


def _open(row: Any, made_at: datetime) -> OpenDifference:
    one = row.Difference
    return OpenDifference(
        number=one.id,
        business_on=one.business_on,
        kind=one.kind,
        outlet_code=row.code or "",
        outlet_name=row.name or row.partner or _("银行"),
        owner=row.owner or "",
        age_days=age_days(business_date(one.opened_at), business_date(made_at)),
        amount_fen=one.amount_fen,
    )


def _ended(row: Any) -> EndedDifference:
    one = row.Difference
    return EndedDifference(
        number=one.id,
        business_on=one.business_on,
        kind=one.kind,
        outlet_code=row.code or "",
        outlet_name=row.name or row.partner or _("银行"),
        state=one.state,
        ended_on=business_date(one.ended_at),
        ended_by=row.ender or "",
        amount_fen=one.amount_fen,
        reason=one.reason,
    )


def _untold(period: Period) -> list[tuple[int, int, str, date, int]]:
    """Return what partners' outlets collected on days of which no file has come: unit, partner, its name, day, sum."""
    told = (
        select(ReconciliationFile.id)
        .where(
            ReconciliationFile.partner_id == Outlet.partner_id,
            ReconciliationFile.first_on == Collection.business_on,
            ReconciliationFile.source == Source.PARTNER,
            ReconciliationFile.withdrawn_at.is_(None),
        )
        .exists()
    )
    rows = db.session.connection().execute(
        select(Outlet.org_unit_id, Partner.id, Partner.name, Collection.business_on, func.sum(Collection.amount_fen))
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(
            Collection.business_on >= period.starts_on,
            Collection.business_on < period.ends_on,
            Void.id.is_(None),
            ~told,
        )
        .group_by(Outlet.org_unit_id, Partner.id, Partner.name, Collection.business_on)
    )
    return [(unit_id, id_, name, day, int(fen)) for unit_id, id_, name, day, fen in rows]
