"""A plan tried on closed months, and what came of it: in sum for each outlet, and by month, setting and component.

Nothing of the books points here and nothing here enters the books.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class WhatIf(Model):
    """A plan version as it was tried: what it says, on which months and outlets, and how far the work is.

    ``after_outlet_id`` is the last outlet that is done: a worker that takes over goes on behind it.
    """

    __tablename__ = "what_ifs"
    __table_args__ = (
        CheckConstraint("state IN ('WAITING', 'DONE', 'FAILED')", name="state"),
        CheckConstraint("source IN ('FILE', 'VERSION', 'PENDING', 'FORM')", name="source"),
        CheckConstraint("first_month <= last_month", name="months"),
        CheckConstraint("(state = 'WAITING') = (finished_at IS NULL)", name="finished"),
        Index("ix_what_ifs_state", "state", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[Name]
    source: Mapped[str] = mapped_column(String(8))
    content: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    plan_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("plans.id"))
    """Only on the days this plan ruled; NULL: at every outlet."""
    first_month: Mapped[str] = mapped_column(String(7))
    last_month: Mapped[str] = mapped_column(String(7))
    user_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    outlets_count: Mapped[int]
    outlets_done: Mapped[int] = mapped_column(default=0)
    after_outlet_id: Mapped[int] = mapped_column(default=0)
    token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def is_done(self) -> bool:
        return self.state == "DONE"


class WhatIfOutlet(Model):
    """One outlet over all the months: paid, what the plan would have paid, and why (``comparing.Change``)."""

    __tablename__ = "what_if_outlets"
    __table_args__ = (
        CheckConstraint("change_fen = new_fen - paid_fen", name="change"),
        Index("ix_what_if_outlets_change", "what_if_id", "change_fen", "outlet_id"),
    )

    what_if_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("what_ifs.id"), primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True, autoincrement=False)
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    setting: Mapped[str] = mapped_column(String(5))
    collections_count: Mapped[int]
    collected_fen: Mapped[int]
    paid_fen: Mapped[int]
    new_fen: Mapped[int]
    change_fen: Mapped[int]
    why: Mapped[dict[str, Any]]


class WhatIfSum(Model):
    """What a component paid (``PAID``) or would have paid (``NEW``) in a month at some outlets of one unit.

    A unit's outlets may be worked in several portions, each with rows of its own: add them up.
    """

    __tablename__ = "what_if_sums"
    __table_args__ = (
        CheckConstraint("side IN ('PAID', 'NEW')", name="side"),
        Index("ix_what_if_sums_what_if", "what_if_id", "month"),
    )

    id: Mapped[Key]
    what_if_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("what_ifs.id"))
    month: Mapped[str] = mapped_column(String(7))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    setting: Mapped[str] = mapped_column(String(5))
    side: Mapped[str] = mapped_column(String(4))
    component: Mapped[str] = mapped_column(String(80))
    amount_fen: Mapped[int]
