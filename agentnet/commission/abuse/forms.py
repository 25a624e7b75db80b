"""What a person says of a finding."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from agentnet.commission.abuse.actions import EXPLAINED, SEEN
from agentnet.infra.forms import HouseForm, IdField, Needed, NoLongerThan, RadioCardsField


class MarkForm(HouseForm):
    """Looked at, or explained by a note."""

    id = IdField()
    state = RadioCardsField(
        _l("怎么处理"), [Needed()], choices=[(SEEN, _l("看过了，先记着")), (EXPLAINED, _l("有正当原因"))]
    )
    note = TextAreaField(_l("说明"), [NoLongerThan(200)])
