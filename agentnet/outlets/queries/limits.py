"""Which limits hold at an outlet on a day: two look-ups beside the agreement, in the statement that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from agentnet.infra.db import db
from agentnet.outlets.limit_rules import NAMES, NOTHING, Figures, in_force
from agentnet.outlets.models import Agreement, Limit, Outlet
from agentnet.outlets.queries.dated import agreement_on

OWN = aliased(Limit, name="own_limit")
OF_KIND = aliased(Limit, name="kind_limit")


def _last_said(subject: Any, day: Any) -> ColumnElement[int]:
    """Return the id of the limits that hold for a subject on a day: of those that name the day, the last made."""
    said = aliased(Limit)
    of_subject = said.outlet_id == Outlet.id if subject == "outlet" else said.kind == Outlet.kind
    return (
        select(func.max(said.id))
        .where(of_subject, said.starts_on <= day, or_(said.ends_on.is_(None), said.ends_on > day))
        .correlate(Outlet)
        .scalar_subquery()
    )


def with_limits(statement: Any, day: Any) -> Any:
    """Join a select from ``Outlet`` with what holds for it on a day: ``OWN`` and ``OF_KIND``, either may be missing."""
    return statement.outerjoin(OWN, OWN.id == _last_said("outlet", day)).outerjoin(
        OF_KIND, OF_KIND.id == _last_said("kind", day)
    )


def with_limits_of_all(statement: Any, day: Any) -> Any:
    """Join the same as ``with_limits`` for a list of many outlets: what was said last is found once, not for each."""
    for source, subject, of_outlet in ((OWN, Limit.outlet_id, Outlet.id), (OF_KIND, Limit.kind, Outlet.kind)):
        last = (
            select(subject.label("subject"), func.max(Limit.id).label("last_id"))
            .where(subject.is_not(None), Limit.starts_on <= day, or_(Limit.ends_on.is_(None), Limit.ends_on > day))
            .group_by(subject)
            .subquery()
        )
        statement = statement.outerjoin(last, last.c.subject == of_outlet)
        statement = statement.outerjoin(source, source.id == last.c.last_id)
    return statement


def limit_columns(names: Sequence[str] = NAMES) -> list[Any]:
    """Return the columns of the figures named, of the kind and then of the outlet alone."""
    return [getattr(source, name).label(None) for source in (OF_KIND, OWN) for name in names]


def agreed(agreement: Agreement | None) -> Figures:
    """Return the limits an agreement itself names; without an agreement nothing may be held."""
    return Figures(0, 0) if agreement is None else Figures(agreement.ceiling_fen, agreement.single_limit_fen)


def said_of_kind(kind: str, day: date) -> Limit | None:
    """Return what holds for a kind of outlet on a day."""
    return _said(Limit.kind == kind, day)


def said_of_outlet(outlet_id: int, day: date) -> Limit | None:
    """Return what holds for one outlet alone on a day."""
    return _said(Limit.outlet_id == outlet_id, day)


def _said(subject: ColumnElement[bool], day: date) -> Limit | None:
    return db.session.scalar(
        select(Limit)
        .where(subject, Limit.starts_on <= day, or_(Limit.ends_on.is_(None), Limit.ends_on > day))
        .order_by(Limit.id.desc())
        .limit(1)
    )


def figures_of(row: Limit | None) -> Figures:
    """Return the figures of a row; none says nothing."""
    return NOTHING if row is None else Figures(*(getattr(row, name) for name in NAMES))


def limits_on(outlet: Outlet, day: date) -> Figures:
    """Return what holds at an outlet on a day."""
    return in_force(
        agreed(agreement_on(outlet.id, day)),
        figures_of(said_of_kind(outlet.kind, day)),
        figures_of(said_of_outlet(outlet.id, day)),
    )


def history_of(subject: ColumnElement[bool], most: int = 50) -> Sequence[Limit]:
    """Return what was ever set for a subject, the newest first."""
    chosen: Select[Limit] = select(Limit).where(subject).order_by(Limit.id.desc()).limit(most)
    return db.session.scalars(chosen).all()
