"""What every kind of report does alike: the units it is about, how one is named, and what stands at the head.

Features above call this from their ``report_data``; documents itself knows no kind by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from typing import Literal, cast

from flask_babel import force_locale
from sqlalchemy import select

from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.documents.kinds import Head, Subject
from agentnet.infra.db import db
from agentnet.infra.i18n import CHINESE, ENGLISH
from reports.head import DocumentHead


def in_language(language: str) -> AbstractContextManager[None]:
    """Say everything inside the block in a document's language (``zh`` or ``en``), whoever is reading."""
    spoken: AbstractContextManager[None] = force_locale(ENGLISH if language == "en" else CHINESE)
    return spoken


class Units:
    """The organisation, read once, to name a unit with the one above it."""

    def __init__(self) -> None:
        self.by_id = {unit.id: unit for unit in db.session.scalars(select(OrgUnit))}

    def name(self, unit_id: int, language: str) -> str:
        """Return ``温岭供电公司 太平供电所``: the unit after its parent, without the company.

        English names are of several words, so a dot stands between the two.
        """
        unit = self.by_id[unit_id]
        parent = self.by_id.get(unit.parent_id or 0)
        named = [parent, unit] if parent is not None and parent.parent_id is not None else [unit]
        if language == "en":
            return " · ".join(one.name_en or one.name for one in named)
        return " ".join(one.name for one in named)


def document_head(head: Head, units: Units, unit_id: int, data_state: str) -> DocumentHead:
    """Return the printed head of a document about an org unit, or about somebody of it."""
    return DocumentHead(
        language=cast(Literal["zh", "en"], head.language),
        company=head.company,
        org_name=units.name(unit_id, head.language),
        number=head.number,
        made_at=head.made_at,
        data_state=data_state,
        check_code=head.check_code,
        verify_url=head.verify_url,
        revision=head.revision,
        revision_reason=head.revision_reason,
    )


def unit_subjects(
    org_unit: OrgUnit, paths: Iterable[str], kinds: Collection[OrgKind] = frozenset(OrgKind)
) -> list[Subject]:
    """Return a unit and those below it, of some kinds, that lie at or above one of the paths: where the figures are."""
    with_figures = {int(step) for path in paths for step in path.strip("/").split("/")}
    units = db.session.scalars(
        select(OrgUnit)
        .where(OrgUnit.path.startswith(org_unit.path, autoescape=True), OrgUnit.kind.in_(kinds))
        .order_by(OrgUnit.path)
    )
    return [
        Subject(code=f"org:{unit.code}", title=unit.name, org_unit_id=unit.id, org_path=unit.path)
        for unit in units
        if unit.id in with_figures
    ]
