"""The figures of stations' remittance and ageing reports, by week or month: read once for all stations together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from typing import cast as typed

from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.books.cash_figures import cash_accounts, cash_before, missed_since, oldest_days
from agentnet.core.clock import business_date, shanghai_instant
from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.documents.heads import Units, document_head, in_language, unit_subjects
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.dates import calendar_day
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import under
from agentnet.settlement.models import Remittance
from agentnet.settlement.rules import RemittanceState
from reports.head import Level
from reports.station_remittances import OpenDeposit, OutletDeposits, StationRemittances, sums_of


def station_subjects(org_unit: OrgUnit, _period: Period) -> list[Subject]:
    """Return the stations at and below a unit that have outlets."""
    paths = db.session.scalars(
        select(OrgUnit.path).where(OrgUnit.id.in_(select(Outlet.org_unit_id)), under((org_unit.path,)))
    )
    return unit_subjects(org_unit, paths, (OrgKind.STATION,))


def freeze_stations(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, StationRemittances]]:
    """Yield each station's period."""
    units = Units()
    outlets = _outlets(subjects)
    ids = [one.id for of_unit in outlets.values() for one in of_unit]
    deposits = _deposits(ids, period)
    held = cash_before(cash_accounts(ids), period.ends_on)
    oldest = oldest_days(held, period.ends_on)
    missed = missed_since((one for of_unit in outlets.values() for one in of_unit), oldest, period.ends_on)
    for subject in subjects:
        head, unit = heads[subject.code], units.by_id[subject.org_unit_id]
        rows = [
            _row(one, deposits[one.id], held.get(one.id, 0), oldest.get(one.id), missed.get(one.id))
            for one in outlets[unit.id]
        ]
        shown = tuple(row for row in rows if row.declared_fen or row.held_fen)
        with in_language(head.language):
            as_of = calendar_day(business_date(head.made_at))
            printed = document_head(head, units, unit.id, _("到账情况截至%(day)s", day=as_of))
        yield (
            subject,
            StationRemittances(
                head=printed,
                starts_on=period.starts_on,
                ends_on=period.ends_on,
                level=typed(Level, unit.kind),
                org_code=unit.code,
                outlets=shown,
                open_deposits=tuple(
                    _open(one, deposit) for one in outlets[unit.id] for deposit in deposits[one.id] if _is_open(deposit)
                ),
                whole=sums_of(shown),
            ),
        )


def _outlets(subjects: Sequence[Subject]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = db.session.execute(
        select(Outlet.id, Outlet.code, Outlet.name, Outlet.setting, Outlet.kind, Outlet.org_unit_id)
        .where(Outlet.org_unit_id.in_([subject.org_unit_id for subject in subjects]))
        .order_by(Outlet.code)
    )
    for row in rows:
        found[row.org_unit_id].append(row)
    return found


def _deposits(outlet_ids: Sequence[int], period: Period) -> dict[int, list[Remittance]]:
    found: dict[int, list[Remittance]] = defaultdict(list)
    for deposit in db.session.scalars(
        select(Remittance)
        .where(
            Remittance.outlet_id.in_(outlet_ids),
            Remittance.declared_at >= shanghai_instant(period.starts_on),
            Remittance.declared_at < shanghai_instant(period.ends_on),
        )
        .order_by(Remittance.id)
    ):
        found[deposit.outlet_id].append(deposit)
    return found


def _row(
    outlet: Any, deposits: Sequence[Remittance], held_fen: int, oldest_on: date | None, missed: int | None
) -> OutletDeposits:
    declared = sum(one.amount_fen for one in deposits)
    confirmed = sum(one.confirmed_fen or 0 for one in deposits)
    transit = sum(one.amount_fen for one in deposits if one.state == RemittanceState.DECLARED)
    return OutletDeposits(
        outlet_code=outlet.code,
        outlet_name=outlet.name,
        setting=outlet.setting,
        declared_fen=declared,
        confirmed_fen=confirmed,
        transit_fen=transit,
        returned_fen=declared - confirmed - transit,
        held_fen=held_fen,
        oldest_on=oldest_on,
        missed=missed,
    )


def _is_open(deposit: Remittance) -> bool:
    return deposit.state != RemittanceState.CONFIRMED or deposit.confirmed_fen != deposit.amount_fen


def _open(outlet: Any, deposit: Remittance) -> OpenDeposit:
    return OpenDeposit(
        slip_no=deposit.slip_no,
        outlet_code=outlet.code,
        outlet_name=outlet.name,
        deposited_on=deposit.deposited_on,
        amount_fen=deposit.amount_fen - (deposit.confirmed_fen or 0),
        state=deposit.state,
        reason=deposit.note,
    )
