"""The figures of the monthly duty-visit reports: a station's or county's outlets week by week, and who answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.core.clock import IsoWeek, Month
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.dates import month_text
from agentnet.infra.db import db
from agentnet.outlets.models import Manager, Outlet
from agentnet.outlets.queries import under
from agentnet.visits.models import Duty, DutyVisit, Visit
from agentnet.visits.queries import Shares, outcome, weeks_between
from agentnet.visits.report_weeks import weeks_of
from agentnet.visits.rules import DutyState, Tally, share_of
from reports.duties import DutyShares, WeekState, counts_of
from reports.duty_visits_station import ManagerCounts, MissedVisit, OutletWeeks, StationMonth
from reports.head import Level


def freeze_months(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, StationMonth]]:
    """Yield each unit's month; its duties are read once for all units together."""
    month, units = Month.of(period.starts_on), Units()
    facts = _Facts(weeks_of(month), tuple(subject.org_path for subject in subjects))
    for subject in subjects:
        head = heads[subject.code]
        duties = facts.under(subject.org_path)
        with in_language(head.language):
            printed = document_head(head, units, subject.org_unit_id, _("%(month)s各周已结束", month=month_text(month)))
            missed = facts.missed(duties)
        outlets = facts.outlets(duties)
        yield (
            subject,
            StationMonth(
                head=printed,
                period=month,
                level=cast(Level, units.by_id[subject.org_unit_id].kind),
                org_code=units.by_id[subject.org_unit_id].code,
                weeks=tuple(facts.weeks),
                outlets=outlets,
                managers=facts.managers_of(duties),
                missed=missed,
                urban=counts_of(_states(outlets, Setting.URBAN)),
                rural=counts_of(_states(outlets, Setting.RURAL)),
                whole=counts_of(state for outlet in outlets for state in outlet.states),
            ),
        )


def _states(outlets: Iterable[OutletWeeks], setting: Setting) -> Iterator[str]:
    return (state for outlet in outlets if outlet.setting == setting for state in outlet.states)


class _Facts:
    """The duties of a month's weeks below some org paths, and who held their outlets."""

    def __init__(self, weeks: Sequence[IsoWeek], paths: tuple[str, ...]) -> None:
        self.weeks = weeks
        self.duties = _duties(weeks, paths)
        self.shares = Shares(weeks[0], weeks[-1], {row.outlet_id for row in self.duties})
        self.held = {row.id: self.shares.of(row.outlet_id, IsoWeek.parse(row.week)) for row in self.duties}
        self.managers = _managers({manager_id for held in self.held.values() for manager_id in held})
        self.struck = _struck_reasons([row.id for row in self.duties if row.state == DutyState.MISSED])

    def under(self, path: str) -> list[Any]:
        """Return the duties of a unit and below, by outlet and week."""
        return [row for row in self.duties if row.path.startswith(path)]

    def outlets(self, duties: Sequence[Any]) -> tuple[OutletWeeks, ...]:
        """Return every outlet with its states; the setting is the latest duty's."""
        rows: dict[int, dict[str, Any]] = defaultdict(dict)
        for row in duties:
            rows[row.outlet_id][row.week] = row
        found = []
        for by_week in rows.values():
            last = by_week[max(by_week)]
            states = [by_week[str(week)].state if str(week) in by_week else "" for week in self.weeks]
            found.append(
                OutletWeeks(
                    outlet_code=last.code,
                    outlet_name=last.name,
                    setting=last.setting,
                    managers=self._names(by_week.values()),
                    states=tuple(cast(WeekState, state) for state in states),
                )
            )
        return tuple(found)

    def _names(self, duties: Iterable[Any]) -> str:
        """Return the names of those who held an outlet, in the order they came."""
        return ", ".join(dict.fromkeys(self.managers[one].name for row in duties for one in self.held[row.id]))

    def managers_of(self, duties: Sequence[Any]) -> tuple[ManagerCounts, ...]:
        """Return every manager's part of the duties, in days, by manager number."""
        tallies: dict[int, Tally] = defaultdict(Tally)
        for row in duties:
            for manager_id, days in self.held[row.id].items():
                tallies[manager_id] += share_of(DutyState(row.state), days)
        found = [
            ManagerCounts(
                self.managers[manager_id].code,
                self.managers[manager_id].name,
                DutyShares(tally.due, tally.done, tally.missed, tally.exempt),
            )
            for manager_id, tally in tallies.items()
        ]
        return tuple(sorted(found, key=lambda one: one.manager_no))

    def missed(self, duties: Sequence[Any]) -> tuple[MissedVisit, ...]:
        """Return the missed duties by week and outlet, with what is known of the cause."""
        found = [
            MissedVisit(
                week=IsoWeek.parse(row.week),
                outlet_code=row.code,
                outlet_name=row.name,
                managers=self._names([row]),
                cause=_("走访被判无效：%(reason)s", reason=self.struck[row.id]) if row.id in self.struck else "",
            )
            for row in duties
            if row.state == DutyState.MISSED
        ]
        return tuple(sorted(found, key=lambda one: (one.week, one.outlet_code)))


def _duties(weeks: Sequence[IsoWeek], paths: tuple[str, ...]) -> Sequence[Any]:
    return db.session.execute(
        select(
            Duty.id,
            Duty.outlet_id,
            Duty.week,
            Duty.setting,
            outcome().label("state"),
            OrgUnit.path,
            Outlet.code,
            Outlet.name,
        )
        .join(Outlet, Outlet.id == Duty.outlet_id)
        .join(OrgUnit, OrgUnit.id == Duty.org_unit_id)
        .where(*weeks_between(weeks[0], weeks[-1]), under(paths))
        .order_by(Outlet.code, Duty.starts_on)
    ).all()


def _managers(manager_ids: Collection[int]) -> Mapping[int, Manager]:
    return {one.id: one for one in db.session.scalars(select(Manager).where(Manager.id.in_(manager_ids)))}


def _struck_reasons(duty_ids: Collection[int]) -> Mapping[int, str]:
    """Return why the last struck visit of a missed duty was struck."""
    rows = db.session.execute(
        select(DutyVisit.duty_id, Visit.struck_reason)
        .join(Visit, Visit.id == DutyVisit.visit_id)
        .where(DutyVisit.duty_id.in_(duty_ids), Visit.struck_at.is_not(None))
        .order_by(Visit.struck_at)
    )
    return {row.duty_id: row.struck_reason for row in rows}
