"""Outlets and what is dated about them. Nothing here is rewritten: a change ends one row and begins the next."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class Partner(Model):
    """A company whose points collect for the utility: the Post, a bank, a chain (S12)."""

    __tablename__ = "partners"
    __table_args__ = (CheckConstraint("kind IN ('POST', 'BANK', 'CHAIN', 'OTHER')", name="kind"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(8))
    """POST, BANK, CHAIN or OTHER."""
    uscc: Mapped[str | None] = mapped_column(String(18))
    contact: Mapped[str | None] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(default=1)


class Outlet(Model):
    """An agent outlet. Current state, org unit and partner stand here; their history in the dated tables."""

    __tablename__ = "outlets"
    __table_args__ = (
        UniqueConstraint("partner_id", "partner_outlet_no", name="uq_outlets_partner_number"),
        CheckConstraint("hosted_by_id IS NULL OR hosted_by_id <> id", name="not_its_own_host"),
        CheckConstraint(
            "kind IN ('VILLAGE_POST', 'NEWSSTAND', 'CONVENIENCE_STORE', 'SERVICE_POINT', 'VILLAGE_CENTRE',"
            " 'BUSINESS_HALL')",
            name="kind",
        ),
        CheckConstraint(
            "state IN ('APPLIED', 'SITE_CHECK', 'APPROVED', 'ACTIVE', 'SUSPENDED', 'CLOSED')", name="state"
        ),
        CheckConstraint("setting IN ('URBAN', 'RURAL')", name="setting"),
        CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name="whole_position"),
        CheckConstraint("longitude BETWEEN -180 AND 180 AND latitude BETWEEN -90 AND 90", name="position"),
        Index("ix_outlets_org_unit_state", "org_unit_id", "state"),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(20), index=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    setting: Mapped[str] = mapped_column(String(5), index=True)
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    division_code: Mapped[str] = mapped_column(String(12), ForeignKey("divisions.code"), index=True)
    address: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(20))
    keeper_name: Mapped[str | None] = mapped_column(String(120))
    partner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("partners.id"), index=True)
    partner_outlet_no: Mapped[str | None] = mapped_column(String(32))
    hosted_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    """The village service centre that hosts this postal station; one visit serves both."""
    staffed: Mapped[bool] = mapped_column(default=True)
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    coordinate_source: Mapped[str | None] = mapped_column(String(32))
    coordinate_synthetic: Mapped[bool] = mapped_column(default=False)
    applied_on: Mapped[date]
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    """Raised by each edit; a form carries it back, so that two editors cannot overwrite each other."""


class OutletState(Model):
    """One step of the life cycle, with its reason."""

    __tablename__ = "outlet_states"

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200))
    effective_on: Mapped[date]
    changed_at: Mapped[datetime]
    user_id: Mapped[int | None]


class OutletPlacement(Model):
    """The org unit an outlet belongs to, from a day until a day (exclusive)."""

    __tablename__ = "outlet_placements"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
        Index(
            "uq_outlet_placements_open",
            "outlet_id",
            unique=True,
            sqlite_where=text("ends_on IS NULL"),
            postgresql_where=text("ends_on IS NULL"),
        ),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class Agreement(Model):
    """The agency agreement: how money is held, how much, and which commission plan applies."""

    __tablename__ = "agreements"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
        CheckConstraint("ceiling_fen >= 0", name="ceiling"),
        CheckConstraint("single_limit_fen > 0", name="single_limit"),
        CheckConstraint("holding_mode IN ('POSTPAID', 'PREPAID')", name="holding_mode"),
        Index("ix_agreements_plan", "plan_id", "starts_on", "ends_on"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    holding_mode: Mapped[str] = mapped_column(String(8), default="POSTPAID")
    ceiling_fen: Mapped[int]
    """Most cash the outlet may hold unremitted."""
    single_limit_fen: Mapped[int]
    plan_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("plans.id"))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    own_qr_allowed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether customers may pay through the keeper's own QR code; what comes in that way counts as money held."""


class Limit(Model):
    """What finance set for a kind of outlet or for one outlet, from a day until a day (exclusive); never changed.

    Of the rows that name a day the one made last holds on it, so that a lowering holds at once and a raise for a
    season gives way to what was set before it. A figure of None says nothing (``limit_rules.in_force`` combines).
    """

    __tablename__ = "limits"
    __table_args__ = (
        CheckConstraint("(kind IS NULL) <> (outlet_id IS NULL)", name="subject"),
        CheckConstraint(
            "kind IN ('VILLAGE_POST', 'NEWSSTAND', 'CONVENIENCE_STORE', 'SERVICE_POINT', 'VILLAGE_CENTRE',"
            " 'BUSINESS_HALL')",
            name="kind",
        ),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
        CheckConstraint("ceiling_fen >= 0 AND daily_limit_fen >= 0", name="held"),
        CheckConstraint("single_limit_fen > 0 AND large_amount_fen > 0", name="single"),
        CheckConstraint("first_top_up_fen >= 0 AND top_up_multiple_fen >= 0", name="top_ups"),
        CheckConstraint("user_id <> approved_by_id", name="two_people"),
        Index("ix_limits_kind", "kind", "id"),
        Index("ix_limits_outlet", "outlet_id", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[str | None] = mapped_column(String(20))
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"))
    ceiling_fen: Mapped[int | None]
    """Most cash held unremitted."""
    single_limit_fen: Mapped[int | None]
    daily_limit_fen: Mapped[int | None]
    """Most collected on a business day, by all tenders."""
    large_amount_fen: Mapped[int | None]
    """From this amount on a collection is marked as large."""
    first_top_up_fen: Mapped[int | None]
    top_up_multiple_fen: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime]
    user_id: Mapped[int | None]
    approved_by_id: Mapped[int | None]
    """The second person behind a raise; None for what lowers or keeps."""


class OpeningHours(Model):
    """Opening hours of one weekday (1 Monday to 7 Sunday) in minutes after midnight; 0-1440 is round the clock."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("opens_minute >= 0 AND closes_minute <= 1440 AND opens_minute < closes_minute", name="minutes"),
        UniqueConstraint("outlet_id", "weekday", "opens_minute", name="uq_opening_hours_start"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]


class OutletTender(Model):
    """A tender accepted at an outlet."""

    __tablename__ = "outlet_tenders"

    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True)
    tender: Mapped[str] = mapped_column(String(16), ForeignKey("tenders.code"), primary_key=True)


class OutletService(Model):
    """One of the seven services offered at an outlet (S31)."""

    __tablename__ = "outlet_services"

    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True)
    service: Mapped[str] = mapped_column(String(24), ForeignKey("services.code"), primary_key=True)


class Terminal(Model):
    """A self-service terminal at an outlet: for cards or for cash (S08, S09)."""

    __tablename__ = "terminals"
    __table_args__ = (
        CheckConstraint("kind IN ('CARD', 'CASH')", name="kind"),
        CheckConstraint("removed_on IS NULL OR removed_on >= installed_on", name="period"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(4))
    serial_no: Mapped[str] = mapped_column(String(40), unique=True)
    installed_on: Mapped[date]
    removed_on: Mapped[date | None]


class Manager(Model):
    """A district manager (台区经理): the named contact of outlets and villages."""

    __tablename__ = "managers"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    work_phone: Mapped[str] = mapped_column(String(20))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"), unique=True)
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    consent_on: Mapped[date | None]
    """When the manager agreed to photo, name and work phone being posted in public (PIPL)."""
    left_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class Assignment(Model):
    """A manager's duty for an outlet in a slot, from a day until a day (exclusive); S36: one or two."""

    __tablename__ = "assignments"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
        CheckConstraint("slot IN ('PRIMARY', 'DEPUTY')", name="slot"),
        # All that a manager's load asks of a row.
        Index("ix_assignments_manager", "manager_id", "ends_on", "starts_on", "slot"),
        Index("ix_assignments_outlet", "outlet_id", "slot", "starts_on"),
        Index(
            "uq_assignments_open_slot",
            "outlet_id",
            "slot",
            unique=True,
            sqlite_where=text("ends_on IS NULL"),
            postgresql_where=text("ends_on IS NULL"),
        ),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    manager_id: Mapped[int] = mapped_column(BigId, ForeignKey("managers.id"))
    slot: Mapped[str] = mapped_column(String(8))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200), default="")


class Docking(Model):
    """A village connected to the network, served at an outlet or, with none, by its managers alone (S33, S38)."""

    __tablename__ = "dockings"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
        Index(
            "uq_dockings_open_village",
            "division_code",
            unique=True,
            sqlite_where=text("ends_on IS NULL"),
            postgresql_where=text("ends_on IS NULL"),
        ),
    )

    id: Mapped[Key]
    division_code: Mapped[str] = mapped_column(String(12), ForeignKey("divisions.code"), index=True)
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class DockingManager(Model):
    """A contact person of a docked village."""

    __tablename__ = "docking_managers"

    docking_id: Mapped[int] = mapped_column(BigId, ForeignKey("dockings.id"), primary_key=True)
    manager_id: Mapped[int] = mapped_column(BigId, ForeignKey("managers.id"), primary_key=True)


class Channel(Model):
    """One of the source's 14 payment methods (S01), seeded."""

    __tablename__ = "channels"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    agent_enterable: Mapped[bool]


class Tender(Model):
    """A way of paying at an outlet; ``enabled`` opens it for the company, ``needs_reference`` asks for the POS slip."""

    __tablename__ = "tenders"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    enabled: Mapped[bool]
    needs_reference: Mapped[bool]


class Service(Model):
    """One of the seven services of a village point (S31), seeded."""

    __tablename__ = "services"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
