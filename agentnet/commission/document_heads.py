"""What every commission document's head says, and how an org unit is named on it."""

from __future__ import annotations

from typing import Literal, cast

from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.core.clock import Month
from agentnet.divisions.models import OrgUnit
from agentnet.documents.kinds import Head
from agentnet.infra.dates import month_text
from agentnet.infra.db import db
from reports.head import DocumentHead


class Units:
    """The organisation, read once, to name a unit with the one above it."""

    def __init__(self) -> None:
        self.by_id = {unit.id: unit for unit in db.session.scalars(select(OrgUnit))}

    def name(self, unit_id: int, language: str) -> str:
        """Return ``温岭供电公司 太平供电所``: the unit after its parent, without the company."""
        unit = self.by_id[unit_id]
        parent = self.by_id.get(unit.parent_id or 0)
        named = [parent, unit] if parent is not None and parent.parent_id is not None else [unit]
        return " ".join((one.name_en or one.name) if language == "en" else one.name for one in named)


def document_head(head: Head, units: Units, unit_id: int, month: Month) -> DocumentHead:
    """Return the printed head of a document about an org unit's (or its outlet's) closed month."""
    return DocumentHead(
        language=cast(Literal["zh", "en"], head.language),
        company=head.company,
        org_name=units.name(unit_id, head.language),
        number=head.number,
        made_at=head.made_at,
        data_state=_("%(month)s已封账", month=month_text(month)),
        check_code=head.check_code,
        verify_url=head.verify_url,
        revision=head.revision,
        revision_reason=head.revision_reason,
    )
