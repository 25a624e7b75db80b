"""What the page of a request says of the difference it is about: what kind, of which day, and what each side has."""

from __future__ import annotations

from flask_babel import gettext as _

from agentnet.infra.dates import day_text
from agentnet.infra.i18n import money_text
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.queries import sides_of
from agentnet.settlement.reconciliation.words import KINDS


def facts_of(found: Difference) -> list[tuple[str, str]]:
    """Return the facts of a difference in the reader's language; a side that has nothing is left out."""
    sides = sides_of(found)
    facts = [(_("差异类型"), _(KINDS[found.kind])), (_("日期"), day_text(found.business_on))]
    ours = sides.Collection or sides.Remittance
    if ours is not None:
        facts.append((_("我方金额"), money_text(ours.amount_fen)))
    if sides.FileRow is not None:
        facts.append((_("对方金额"), money_text(sides.FileRow.gross_fen)))
    return facts
