"""What another kind would let an outlet do more: its limits today and on every later day on which they turn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, or_, select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen, format_yuan
from agentnet.core.words import translatable
from agentnet.infra.db import db
from agentnet.outlets.limit_rules import RAISABLE, in_force, raised
from agentnet.outlets.models import Agreement, Limit
from agentnet.outlets.queries.dated import agreement_on
from agentnet.outlets.queries.limits import agreed, figures_of, said_of_kind, said_of_outlet

RAISES: Final[Mapping[str, str]] = {
    "ceiling_fen": translatable(
        "改成这个类型会提高现金上限（现在 %(now)s 元）。请财务先在网点的“限额”页单设限额，再改类型"
    ),
    "single_limit_fen": translatable(
        "改成这个类型会提高单笔限额（现在 %(now)s 元）。请财务先在网点的“限额”页单设限额，再改类型"
    ),
    "daily_limit_fen": translatable(
        "改成这个类型会提高每天限额（现在 %(now)s 元）。请财务先在网点的“限额”页单设限额，再改类型"
    ),
}
"""What is said of the first limit another kind would lift."""


def raised_by_kind(outlet_id: int, before: str, after: str) -> Mapping[str, tuple[Fen | None, Fen | None]]:
    """Return the limits another kind would raise at an outlet, as (before, after) on the first such day.

    Between two agreements the last one is thought to hold on: ending it for a day must not be the way around. An outlet
    that never had one collects nothing, and its first agreement is free.
    """
    last = db.session.scalar(
        select(Agreement).where(Agreement.outlet_id == outlet_id).order_by(Agreement.starts_on.desc()).limit(1)
    )
    if last is None:
        return {}
    found: dict[str, tuple[Fen | None, Fen | None]] = {}
    for day in _turning_days(outlet_id, before, after):
        by_agreement = agreed(agreement_on(outlet_id, day) or last)
        own = figures_of(said_of_outlet(outlet_id, day))
        was, would = (in_force(by_agreement, figures_of(said_of_kind(kind, day)), own) for kind in (before, after))
        found |= {name: pair for name, pair in raised(was, would).items() if name not in found}
    return {name: found[name] for name in RAISABLE if name in found}


def _turning_days(outlet_id: int, *kinds: str) -> list[date]:
    """Return today and every later day on which an agreement or a limit begins or ends."""
    of_subject: ColumnElement[bool] = or_(Limit.outlet_id == outlet_id, Limit.kind.in_(kinds))
    spans = [
        *db.session.execute(select(Limit.starts_on, Limit.ends_on).where(of_subject)),
        *db.session.execute(select(Agreement.starts_on, Agreement.ends_on).where(Agreement.outlet_id == outlet_id)),
    ]
    return sorted({today(), *(day for span in spans for day in span if day is not None and day > today())})


def require_no_raise_by_kind(outlet_id: int, before: str, after: str) -> None:
    """Refuse another kind that would lift a limit of the outlet by one person's hand.

    A second person raises limits: finance sets them for the outlet alone first, then its kind lifts nothing any more.

    Raises:
        Invalid: ``kind_raises_limits``.
    """
    if before == after:
        return
    more = raised_by_kind(outlet_id, before, after)
    for name, (now_fen, _would) in more.items():
        raise Invalid("kind_raises_limits", RAISES[name], field="kind", now=format_yuan(now_fen or 0))
