"""What is written about a month's end besides its state: when it was printed provisionally, and who signed for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import Model


class MonthEnd(Model):
    """A month that was held open by something, or closed over it.

    ``signed_over`` are the obstacles as they stood when finance signed: days not closed, deposits in transit and open
    differences, the latter two with their fen. A signature is given once.
    """

    __tablename__ = "month_ends"
    __table_args__ = (
        CheckConstraint(
            "(signed_at IS NULL) = (signed_reason IS NULL) AND (signed_at IS NULL) = (signed_over IS NULL)",
            name="signed",
        ),
    )

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    provisional_at: Mapped[datetime | None]
    """When every provisional statement was planned."""
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[int | None]
    signed_reason: Mapped[str | None] = mapped_column(String(200))
    signed_over: Mapped[dict[str, Any] | None]
