"""The few figures each home page needs, each by one bounded statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
)

from agentnet.approvals.queries import waiting_at_once, waiting_count
from agentnet.collecting.models import Collection, Household, Void
from agentnet.collecting.queries import visible_households
from agentnet.collecting.sums import Taken, taken_in_periods
from agentnet.commission.disputes.queries import open_count
from agentnet.commission.mailing.queries import failed_count
from agentnet.core.clock import now
from agentnet.dashboard.rules import DOCUMENT_IS_LATE_MINUTES, NEED_IS_OLD_DAYS
from agentnet.divisions.models import Setting
from agentnet.documents.models import Run
from agentnet.documents.queries import newest_runs, visible_runs
from agentnet.holding.near_queries import near_counts
from agentnet.holding.queries import waiting_top_ups
from agentnet.infra.actor import Actor
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once, in_one_row, written
from agentnet.infra.straight import Straight
from agentnet.ledger.models import Account, Balance
from agentnet.outlets.models import Assignment, Manager, Outlet
from agentnet.outlets.queries import visible_managers, visible_outlets
from agentnet.outlets.rules import State
from agentnet.settlement.ageing.listing import overdue_counts
from agentnet.users.permissions import Permission, covers_company, grants_for, may, org_paths
from agentnet.visits.models import Need

FOUND = 20
"""How many hits of each kind a search shows."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something waiting for a person: how many, and where they are listed."""

    what: str
    count: int


def taken_in(viewer: Actor, *periods: tuple[date, date]) -> Sequence[Mapping[str, Taken]]:
    """Return what the viewer's territory took in periods, each from a day until a day (exclusive), by setting.

    Voids are left out.
    """
    if covers_company(viewer, Permission.COLLECTION_READ):
        return taken_in_periods(None, *periods)
    grants = grants_for(viewer, Permission.COLLECTION_READ)
    if not any(grant.partner_id is not None or grant.outlet_id is not None for grant in grants):
        return taken_in_periods(org_paths(viewer, Permission.COLLECTION_READ), *periods)
    return [_taken_by_outlets(viewer, *period) for period in periods]


def _taken_by_outlets(viewer: Actor, starts_on: date, ends_on: date) -> Mapping[str, Taken]:
    """Return what the outlets took that the viewer sees: a territory that is not made of org units alone."""
    rows = db.session.execute(
        select(Collection.setting, func.count(), func.sum(Collection.amount_fen))
        .where(
            Collection.outlet_id.in_(select(Outlet.id).where(visible_outlets(viewer, Permission.COLLECTION_READ))),
            Collection.business_on >= starts_on,
            Collection.business_on < ends_on,
            ~exists().where(Void.collection_id == Collection.id),
        )
        .group_by(Collection.setting)
    )
    found = {setting: Taken(int(count), int(total)) for setting, count, total in rows}
    return {setting.value: found.get(setting, Taken()) for setting in Setting}


def taken_by_month(outlet_id: int, since: date) -> Mapping[str, Taken]:
    """Return what an outlet took in each month since a day, by ``YYYY-MM``; served by the outlet's index alone."""
    month = func.substr(cast(Collection.business_on, String), 1, 7)
    rows = db.session.execute(
        select(month, func.count(), func.sum(Collection.amount_fen))
        .where(
            Collection.outlet_id == outlet_id,
            Collection.business_on >= since,
            ~exists().where(Void.collection_id == Collection.id),
        )
        .group_by(month)
        .order_by(month)
    )
    return {label: Taken(int(count), int(total)) for label, count, total in rows}


@built_once
def _figures(viewer: Actor) -> tuple[Straight, Sequence[str]]:
    """Return the select of all that a home page of this viewer asks anew each time, a figure each, and their names."""
    figures: list[Any] = [_cash(viewer)]
    if org_paths(viewer, Permission.DOCUMENT_RUN):
        figures.append(_stuck_documents(viewer))
    if may(viewer, Permission.APPROVAL_DECIDE):
        figures.append(waiting_at_once(viewer))
    if may(viewer, Permission.TOP_UP_CONFIRM):
        figures.append(waiting_top_ups(viewer))
    if may(viewer, Permission.NEED_CLOSE):
        figures.append(_old_needs(viewer))
    asked = in_one_row(*figures)
    return Straight(asked), asked.selected_columns.keys()


def figures_of(viewer: Actor) -> Any:
    """Return the cash of the viewer's territory (``cash_fen``), and what ``stuck`` counts."""
    at = now()
    late, old = at - timedelta(minutes=DOCUMENT_IS_LATE_MINUTES), at - timedelta(days=NEED_IS_OLD_DAYS)
    asked, names = _figures(viewer)
    [figures] = asked.rows(db.session.connection(), {"late": late, "old": old})
    return SimpleNamespace(**dict(zip(names, figures, strict=True)))


def _old_needs(viewer: Actor) -> Select[int]:
    old = bindparam("old", type_=UtcDateTime())
    statement = select(func.count(Need.id).label("old_needs")).where(Need.closed_at.is_(None), Need.raised_at < old)
    if covers_company(viewer, Permission.NEED_CLOSE):
        return statement
    here = visible_outlets(viewer, Permission.NEED_CLOSE)
    return statement.join(Outlet, Outlet.id == Need.outlet_id).where(here)


def stuck(viewer: Actor, day: date, figures: Any) -> list[Stuck]:
    """Return what waits for a person in the viewer's territory, some of it by ``figures_of``; only what there is."""
    found: list[Stuck] = []
    if org_paths(viewer, Permission.DOCUMENT_RUN):
        found += [Stuck("documents_failed", figures.failed), Stuck("documents_waiting", figures.late)]
    if may(viewer, Permission.APPROVAL_DECIDE):
        count = waiting_count(viewer) if figures.stands_in_for else figures.waiting
        found.append(Stuck("approvals_waiting", count))
    if may(viewer, Permission.OUTLET_EDIT):
        without, in_progress = remembered(REGISTER, ("stuck outlets", viewer), lambda: _stuck_outlets(viewer, day))
        warned, suspended = overdue_counts(viewer)
        found += [
            Stuck("outlets_without_manager", without),
            Stuck("outlets_suspended_tomorrow", warned),
            Stuck("outlets_suspended_overdue", suspended),
            Stuck("outlets_in_progress", in_progress),
        ]
    if may(viewer, Permission.SETTLEMENT_READ):
        near, low = near_counts(viewer)
        found += [Stuck("outlets_near_ceiling", near), Stuck("outlets_low_float", low)]
    if may(viewer, Permission.TOP_UP_CONFIRM):
        found.append(Stuck("top_ups_waiting", figures.top_ups))
    if may(viewer, Permission.COMMISSION_EDIT):
        found.append(Stuck("disputes_open", open_count(viewer)))
    if covers_company(viewer, Permission.PAYOUT_EDIT):
        found.append(Stuck("mails_failed", failed_count()))
    if may(viewer, Permission.NEED_CLOSE):
        found.append(Stuck("needs_old", figures.old_needs))
    return [one for one in found if one.count]


def _stuck_documents(viewer: Actor) -> Select[int, int]:
    failed, planned = (Run.state == written(state) for state in ("FAILED", "PLANNED"))
    late = and_(planned, Run.planned_at < bindparam("late", type_=UtcDateTime()))
    return select(
        func.count(Run.id).filter(failed).label("failed"), func.count(Run.id).filter(late).label("late")
    ).where(or_(failed, planned), visible_runs(viewer))


def _stuck_outlets(viewer: Actor, day: date) -> tuple[int, int]:
    """Return how many outlets at business have no primary manager, and how many are not open yet."""
    here = visible_outlets(viewer, Permission.OUTLET_EDIT)
    assigned = exists().where(
        Assignment.outlet_id == Outlet.id,
        Assignment.slot == "PRIMARY",
        Assignment.starts_on <= day,
        or_(Assignment.ends_on.is_(None), Assignment.ends_on > day),
    )
    waiting = [State.APPLIED, State.SITE_CHECK, State.APPROVED]
    return (
        _count(select(Outlet.id).where(Outlet.state == State.ACTIVE, here, ~assigned)),
        _count(select(Outlet.id).where(Outlet.state.in_(waiting), here)),
    )


def _cash(viewer: Actor) -> Select[int]:
    """Return the select of all cash held by the outlets of the viewer's territory."""
    statement: Select[int] = (
        select(func.coalesce(func.sum(Balance.balance_fen), 0).label("cash_fen"))
        .select_from(Account)
        .join(Balance, Balance.account_id == Account.id)
        .where(Account.code == written("CASH_HELD"), Account.owner_kind == written("OUTLET"))
    )
    if covers_company(viewer, Permission.COLLECTION_READ):  # every outlet's; nothing is asked of the outlet itself
        return statement
    here = visible_outlets(viewer, Permission.COLLECTION_READ)
    return statement.join(Outlet, Outlet.id == Account.owner_id).where(here)


def _count(statement: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def newest_documents(viewer: Actor, count: int = 5) -> Sequence[Any]:
    """Return what a list shows of the newest documents the viewer may read."""
    return newest_runs(viewer, count)


def found_outlets(viewer: Actor, words: str) -> Sequence[Outlet]:
    """Return outlets of the territory whose code begins with the words or whose name or address holds them."""
    return db.session.scalars(
        select(Outlet)
        .where(
            visible_outlets(viewer, Permission.OUTLET_READ),
            or_(
                Outlet.code.startswith(words.upper(), autoescape=True),
                Outlet.name.contains(words, autoescape=True),
                Outlet.partner_outlet_no == words,
            ),
        )
        .order_by(Outlet.code)
        .limit(FOUND)
    ).all()


def found_managers(viewer: Actor, words: str) -> Sequence[Manager]:
    """Return managers of the territory by code, name or work phone."""
    if not may(viewer, Permission.MANAGER_READ):
        return []
    return db.session.scalars(
        select(Manager)
        .where(
            visible_managers(viewer),
            or_(
                Manager.code.startswith(words.upper(), autoescape=True),
                Manager.name.contains(words, autoescape=True),
                Manager.work_phone == words,
            ),
        )
        .order_by(Manager.code)
        .limit(FOUND)
    ).all()


def found_households(viewer: Actor, words: str) -> Sequence[Household]:
    """Return households by number; nobody is found by name.

    Who may read households finds those of the own territory by the beginning of a number (four digits or more); who
    collects serves any household, by its whole number alone.
    """
    digits = words.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 13):
        return []
    number = Household.household_no
    found: list[ColumnElement[bool]] = []
    if may(viewer, Permission.HOUSEHOLD_READ):
        here = visible_households(viewer, Permission.HOUSEHOLD_READ)
        found.append(and_(number >= digits, number < digits + ":", here))
    if may(viewer, Permission.COLLECTION_RECORD) and len(digits) in (10, 13):
        found.append(number == digits)
    if not found:
        return []
    return db.session.scalars(select(Household).where(or_(*found)).order_by(number).limit(FOUND)).all()
