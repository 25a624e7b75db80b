"""What the head of a visit report says, and how an org unit is named on it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, cast

from flask_babel import force_locale
from sqlalchemy import select

from agentnet.core.clock import IsoWeek, Month
from agentnet.divisions.models import OrgUnit
from agentnet.documents.kinds import Head, Period
from agentnet.infra.db import db
from agentnet.infra.i18n import CHINESE, ENGLISH
from reports.head import DocumentHead


def in_language(language: str) -> AbstractContextManager[None]:
    """Say everything inside the block in a document's language (``zh`` or ``en``), whoever is reading."""
    spoken: AbstractContextManager[None] = force_locale(ENGLISH if language == "en" else CHINESE)
    return spoken


def all_units() -> Mapping[int, OrgUnit]:
    """Return the organisation, read once."""
    return {unit.id: unit for unit in db.session.scalars(select(OrgUnit))}


def document_head(head: Head, units: Mapping[int, OrgUnit], unit_id: int, data_state: str) -> DocumentHead:
    """Return the printed head; the unit stands after the one above it, without the company."""
    unit = units[unit_id]
    parent = units.get(unit.parent_id or 0)
    named = [parent, unit] if parent is not None and parent.parent_id is not None else [unit]
    names = [(one.name_en or one.name) if head.language == "en" else one.name for one in named]
    return DocumentHead(
        language=cast(Literal["zh", "en"], head.language),
        company=head.company,
        org_name=" ".join(names),
        number=head.number,
        made_at=head.made_at,
        data_state=data_state,
        check_code=head.check_code,
        verify_url=head.verify_url,
        revision=head.revision,
        revision_reason=head.revision_reason,
    )


def week_of(period: Period) -> IsoWeek:
    """Return the ISO week a weekly period is."""
    return IsoWeek.of(period.starts_on)


def weeks_of(month: Month) -> list[IsoWeek]:
    """Return the ISO weeks whose Thursday lies in the month, so that every week belongs to one month (ISO 8601).

    >>> [str(week) for week in weeks_of(Month(2026, 12))], len(weeks_of(Month(2026, 11)))
    (['2026-W49', '2026-W50', '2026-W51', '2026-W52', '2026-W53'], 4)
    """
    week = IsoWeek.of(month.starts_on)
    weeks = []
    while (thursday := week.days[3]) < month.ends_on:
        if thursday >= month.starts_on:
            weeks.append(week)
        week = week.next()
    return weeks
