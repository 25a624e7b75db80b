"""The form that overrides a day of the working calendar."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import StringField

from agentnet.infra.forms import HouseForm, Needed, NoLongerThan, RadioCardsField

WORKDAY, DAY_OFF = "workday", "off"


class OverrideForm(HouseForm):
    """What a day is from now on, and why."""

    kind = RadioCardsField(
        lazy_gettext("这一天"),
        [Needed()],
        choices=[(WORKDAY, lazy_gettext("上班")), (DAY_OFF, lazy_gettext("休息"))],
    )
    reason = StringField(lazy_gettext("原因"), [Needed(), NoLongerThan(120)])
