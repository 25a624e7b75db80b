"""Campaigns and who takes part in them, from a day until a day (exclusive)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class Campaign(Model):
    """A campaign such as 跨业联动，助农缴费 (S23); without ``ends_on`` it runs until further notice."""

    __tablename__ = "campaigns"
    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    """What it is for and whom it addresses, in words."""
    version: Mapped[int] = mapped_column(default=1)
    """Raised by each edit; a form carries it back, so that two editors cannot overwrite each other."""


class CampaignOutlet(Model):
    """An outlet taking part in a campaign; it counts on the days on which the campaign runs as well."""

    __tablename__ = "campaign_outlets"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
        UniqueConstraint("campaign_id", "outlet_id", "starts_on", name="uq_campaign_outlets_start"),
        Index("ix_campaign_outlets_outlet", "outlet_id", "campaign_id"),
    )

    id: Mapped[Key]
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaigns.id"))
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
