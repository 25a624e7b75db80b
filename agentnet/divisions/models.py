"""Two independent trees: the state's divisions and the company's org units."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class DivisionLevel(StrEnum):
    """Level of an administrative division."""

    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWNSHIP = "TOWNSHIP"
    VILLAGE = "VILLAGE"


class Setting(StrEnum):
    """Urban or rural; every KPI and report shows the two apart (S29)."""

    URBAN = "URBAN"
    RURAL = "RURAL"


class OrgKind(StrEnum):
    """Kind of an org unit; the tree may have any depth."""

    COMPANY = "COMPANY"
    CITY = "CITY"
    COUNTY = "COUNTY"
    STATION = "STATION"


class Division(Model):
    """A division by its 12-digit code; higher levels are padded with zeros (GB/T 2260, GB/T 10114)."""

    __tablename__ = "divisions"
    __table_args__ = (
        CheckConstraint("length(code) = 12", name="code_length"),
        Index("ix_divisions_level", "level", "code"),  # villages in the order they are listed in
    )

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    level: Mapped[str] = mapped_column(String(8))
    name: Mapped[Name]
    parent_code: Mapped[str | None] = mapped_column(String(12), index=True)
    setting: Mapped[str | None] = mapped_column(String(5))
    """URBAN or RURAL for villages: by the code's last three digits, a hint the office may correct."""
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    coordinate_source: Mapped[str | None] = mapped_column(String(32))
    coordinate_synthetic: Mapped[bool] = mapped_column(default=False)


class OrgUnit(Model):
    """A unit of the company. ``path`` is ``/1/4/9/``: the ids from the company down to itself."""

    __tablename__ = "org_units"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(8))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_units.id"))
    path: Mapped[str] = mapped_column(String(255), unique=True)
    division_code: Mapped[str | None] = mapped_column(String(12))
    declared_villages: Mapped[int | None]
    """The programme's own declared total of villages, where it differs from the register (S38: 830)."""
