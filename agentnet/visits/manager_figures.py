"""The figures of the weekly duty-visit reports: every manager's outlets, visits, findings and hand-overs of a week."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, cast

from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.core.clock import IsoWeek, today
from agentnet.divisions.models import Setting
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.dates import week_text
from agentnet.infra.db import db
from agentnet.outlets.models import Manager, Outlet
from agentnet.visits.checklist import items_from
from agentnet.visits.evidence import Flag
from agentnet.visits.models import Checklist, Duty, FailedItem, Need, Visit
from agentnet.visits.queries import Holding, active_by_outlet, counted_visits, holdings
from agentnet.visits.report_weeks import week_of
from agentnet.visits.rules import Span, days_in, duty_state, in_common, is_over
from reports.duties import counts_of
from reports.duty_visits_manager import DutyRow, HandoverNote, ManagerWeek

NOBODY = "-"


def freeze_weeks(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, ManagerWeek]]:
    """Yield each manager's week; a bounded number of queries for all of them together."""
    week, units = week_of(period), Units()
    facts = _Facts(week, [subject.manager_id for subject in subjects if subject.manager_id is not None])
    for subject in subjects:
        assert subject.manager_id is not None
        head, manager = heads[subject.code], facts.managers[subject.manager_id]
        with in_language(head.language):
            printed = document_head(head, units, subject.org_unit_id, _("%(week)s已结束", week=week_text(week)))
            rows = facts.rows(manager.id, head.language)
        yield (
            subject,
            ManagerWeek(
                head=printed,
                period=week,
                manager_name=manager.name,
                manager_no=manager.code,
                rows=rows,
                urban=counts_of(row.state for row in rows if row.setting == Setting.URBAN),
                rural=counts_of(row.state for row in rows if row.setting == Setting.RURAL),
                whole=counts_of(row.state for row in rows),
                handovers=facts.handovers(manager.id),
            ),
        )


class _Facts:
    """What is known of a week around some managers, read at once."""

    def __init__(self, week: IsoWeek, manager_ids: Collection[int]) -> None:
        self.week = week
        day_before = week.starts_on - timedelta(days=1)
        own = holdings(day_before, week.ends_on, manager_ids=manager_ids)
        outlet_ids = {holding.outlet_id for holding in own}
        self.holdings = holdings(day_before, week.ends_on, outlet_ids=outlet_ids)
        self.managers = _managers({holding.manager_id for holding in self.holdings} | set(manager_ids))
        self.outlet_ids: dict[int, list[int]] = defaultdict(list)
        for holding in own:
            if holding.outlet_id not in self.outlet_ids[holding.manager_id]:
                self.outlet_ids[holding.manager_id].append(holding.outlet_id)
        self.by_outlet: dict[int, list[Holding]] = defaultdict(list)
        for holding in self.holdings:
            self.by_outlet[holding.outlet_id].append(holding)
        self.active = active_by_outlet(week.ends_on, outlet_ids)
        self.duties = {row.Duty.outlet_id: row for row in _duties(week, outlet_ids)}
        self.visits = counted_visits([row.Duty.id for row in self.duties.values()])
        visit_ids = {visit.id for visit, _manager in self.visits.values()}
        self.failed = _failed_items(visit_ids)
        self.needs = _needs(visit_ids)

    def rows(self, manager_id: int, language: str) -> tuple[DutyRow, ...]:
        """Return a manager's duties by outlet code."""
        found = [self._row(manager_id, outlet_id, language) for outlet_id in self.outlet_ids[manager_id]]
        return tuple(sorted((row for row in found if row is not None), key=lambda row: row.outlet_code))

    def _row(self, manager_id: int, outlet_id: int, language: str) -> DutyRow | None:
        known = self.duties.get(outlet_id)
        mine = [one for one in self.by_outlet[outlet_id] if one.manager_id == manager_id]
        spans = in_common([one.span for one in mine], self.active.get(outlet_id, ()))
        days_held = days_in(self.week, spans)
        if known is None or not days_held:
            return None
        visit, visitor = self.visits.get(known.Duty.id, (None, None))
        state = duty_state(
            visited=visit is not None, exempt=known.Duty.exempt, week_is_over=is_over(self.week, today())
        )
        failed = self.failed.get(visit.id, ()) if visit else ()
        return DutyRow(
            outlet_code=known.Outlet.code,
            outlet_name=known.Outlet.name,
            setting=known.Duty.setting,
            state=state.value,
            slot=cast(Literal["PRIMARY", "DEPUTY"], mine[-1].slot),
            visited_at=visit.arrived_at if visit else None,
            distance_m=visit.distance_m if visit else None,
            score=visit.score if visit else None,
            failed_items=tuple(english if language == "en" else chinese for chinese, english in failed),
            needs=tuple(self.needs.get(visit.id, ())) if visit else (),
            outside_radius=visit is not None and Flag.OUTSIDE_RADIUS in visit.flags,
            visited_by=visitor.name if visitor is not None and visitor.id != manager_id else "",
            shared_with=self._shared_with(manager_id, outlet_id, spans),
            days_held=days_held,
        )

    def _shared_with(self, manager_id: int, outlet_id: int, spans: Sequence[Span]) -> str:
        others = {
            self.managers[one.manager_id].name: None
            for one in self.by_outlet[outlet_id]
            if one.manager_id != manager_id and days_in(self.week, in_common(spans, [one.span]))
        }
        return ", ".join(others)

    def handovers(self, manager_id: int) -> tuple[HandoverNote, ...]:
        """Return where the manager gave an outlet or took one in the week, by day and outlet."""
        found: list[HandoverNote] = []
        for outlet_id in self.outlet_ids[manager_id]:
            days = {day for one in self.by_outlet[outlet_id] for day in one.span if day in self.week.days}
            for day in sorted(days):
                found.extend(self._handed_over(manager_id, outlet_id, day))
        return tuple(sorted(found, key=lambda note: (note.handed_on, note.outlet_code)))

    def _handed_over(self, manager_id: int, outlet_id: int, day: date) -> Iterator[HandoverNote]:
        known = self.duties.get(outlet_id)
        for slot in ("PRIMARY", "DEPUTY"):
            gave = next((one for one in self.by_outlet[outlet_id] if (one.slot, one.span[1]) == (slot, day)), None)
            took = next((one for one in self.by_outlet[outlet_id] if (one.slot, one.span[0]) == (slot, day)), None)
            involved = {one.manager_id for one in (gave, took) if one is not None}
            if known is None or manager_id not in involved or (gave and took and len(involved) == 1):
                continue
            row = took or gave
            yield HandoverNote(
                handed_on=day,
                outlet_code=known.Outlet.code,
                outlet_name=known.Outlet.name,
                from_manager=self.managers[gave.manager_id].name if gave else NOBODY,
                to_manager=self.managers[took.manager_id].name if took else NOBODY,
                note=row.reason if row else "",
            )


def _managers(manager_ids: Collection[int]) -> Mapping[int, Manager]:
    return {one.id: one for one in db.session.scalars(select(Manager).where(Manager.id.in_(manager_ids)))}


def _duties(week: IsoWeek, outlet_ids: Collection[int]) -> Sequence[Any]:
    return db.session.execute(
        select(Duty, Outlet)
        .join(Outlet, Outlet.id == Duty.outlet_id)
        .where(Duty.week == str(week), Duty.outlet_id.in_(outlet_ids))
    ).all()


def _failed_items(visit_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[tuple[str, str]]]:
    """Return the failed items of each visit, in both languages."""
    names = {
        (checklist.version, item.no): (item.name, item.name_en)
        for checklist in db.session.scalars(select(Checklist))
        for item in items_from(checklist.items)
    }
    rows = db.session.execute(
        select(FailedItem.visit_id, FailedItem.item_no, Visit.checklist_version)
        .join(Visit, Visit.id == FailedItem.visit_id)
        .where(FailedItem.visit_id.in_(visit_ids))
        .order_by(FailedItem.visit_id, FailedItem.item_no)
    )
    found: dict[uuid.UUID, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        found[row.visit_id].append(names[row.checklist_version, row.item_no])
    return found


def _needs(visit_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[str]]:
    rows = db.session.execute(select(Need.visit_id, Need.text).where(Need.visit_id.in_(visit_ids)).order_by(Need.id))
    found: dict[uuid.UUID, list[str]] = defaultdict(list)
    for row in rows:
        found[row.visit_id].append(row.text)
    return found
