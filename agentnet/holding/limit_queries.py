"""What limits hold for an outlet or a kind, from when to when, and what new ones would let through more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.holding.rules import NewLimits
from agentnet.infra.db import db
from agentnet.outlets.limit_rules import RAISABLE, Figures, in_force, raised
from agentnet.outlets.models import Agreement, Limit, Outlet
from agentnet.outlets.queries import agreement_on
from agentnet.outlets.queries.limits import agreed, figures_of, history_of, said_of_kind, said_of_outlet
from agentnet.outlets.rules import OutletKind

Raise = Mapping[str, tuple[Fen | None, Fen | None]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where an outlet's limits come from on a day, and what they come to."""

    agreement: Agreement | None
    agreed: Figures
    of_kind: Limit | None
    own: Limit | None
    holds: Figures


def sources_on(outlet: Outlet, day: date) -> Sources:
    """Return where an outlet's limits come from on a day."""
    agreement = agreement_on(outlet.id, day)
    by_agreement = Figures() if agreement is None else agreed(agreement)
    of_kind, own = said_of_kind(outlet.kind, day), said_of_outlet(outlet.id, day)
    return Sources(agreement, by_agreement, of_kind, own, in_force(by_agreement, figures_of(of_kind), figures_of(own)))


def kinds_on(day: date) -> Mapping[OutletKind, Limit | None]:
    """Return what holds for every kind of outlet on a day."""
    rows = db.session.scalars(select(Limit).where(Limit.kind.is_not(None)).order_by(Limit.id)).all()
    found: dict[str, Limit] = {
        str(row.kind): row for row in rows if row.starts_on <= day and (row.ends_on is None or row.ends_on > day)
    }
    return {kind: found.get(kind) for kind in OutletKind}


def last_set(outlet: Outlet | None, kind: str | None) -> int:
    """Return the number of what was set last for a subject; 0 for nothing."""
    rows = history_of(Limit.outlet_id == outlet.id if outlet else Limit.kind == kind, 1)
    return rows[0].id if rows else 0


def raised_by(new: NewLimits, outlet: Outlet | None) -> Raise:
    """Return what the new limits would let through more on any day they name, as it is on the first such day.

    What holds changes on few days; only those are looked at. A day without an agreement lets nothing through.
    """
    found: dict[str, tuple[Fen | None, Fen | None]] = {}
    for day in _turning_days(new, outlet):
        more = _raised_on(new.figures, day, outlet, new.kind)
        found |= {name: pair for name, pair in more.items() if name not in found}
    return {name: found[name] for name in RAISABLE if name in found}


def _raised_on(figures: Figures, day: date, outlet: Outlet | None, kind: str | None) -> Raise:
    if outlet is None:
        return raised(figures_of(said_of_kind(kind or "", day)), figures)
    sources = sources_on(outlet, day)
    if sources.agreement is None:
        return {}
    return raised(sources.holds, in_force(sources.agreed, figures_of(sources.of_kind), figures))


def _turning_days(new: NewLimits, outlet: Outlet | None) -> Sequence[date]:
    spans: list[tuple[date, date | None]] = []
    if outlet is None:
        limits = select(Limit.starts_on, Limit.ends_on).where(Limit.kind == new.kind)
    else:
        limits = select(Limit.starts_on, Limit.ends_on).where(
            (Limit.outlet_id == outlet.id) | (Limit.kind == outlet.kind)
        )
        agreements = select(Agreement.starts_on, Agreement.ends_on).where(Agreement.outlet_id == outlet.id)
        spans += [(first, last) for first, last in db.session.execute(agreements)]
    spans += [(first, last) for first, last in db.session.execute(limits)]
    days = {new.starts_on, *(day for span in spans for day in span if day is not None)}
    return sorted(day for day in days if new.starts_on <= day and (new.ends_on is None or day < new.ends_on))


def has_agreement(outlet: Outlet, day: date) -> bool:
    """Return whether an outlet has an agreement in force on a day."""
    return agreement_on(outlet.id, day) is not None


def company_id() -> int:
    """Return the org unit at the root: what holds for a kind holds everywhere."""
    return db.session.scalars(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.id)).first() or 0


def without_own(sources: Sources) -> Figures:
    """Return what would hold at an outlet if nothing were set for it alone."""
    return in_force(sources.agreed, figures_of(sources.of_kind))
