"""The forms of campaigns: shape only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField

from agentnet.infra.forms import DayField, HouseForm, IdField, Needed, NoLongerThan
from agentnet.outlets.campaigns.rules import LONGEST_NOTE
from agentnet.outlets.forms import VersionField


class CampaignForm(HouseForm):
    """A campaign's facts; ``last_on`` is its last day, as people say it."""

    id = IdField()
    version = VersionField()
    code = StringField(_l("编号"), [Needed(), NoLongerThan(32)])
    name = StringField(_l("活动名称"), [Needed(), NoLongerThan(120)])
    starts_on = DayField(_l("第一天"), [Needed()])
    last_on = DayField(_l("最后一天"))
    note = TextAreaField(_l("说明"), [NoLongerThan(LONGEST_NOTE)])


class AddForm(HouseForm):
    """The outlets shown take part from a day on; ``seen`` is how many were shown."""

    id = IdField()
    seen = VersionField()
    on = DayField(_l("从哪天起参加"), [Needed()])


class LeaveForm(HouseForm):
    """The day from which an outlet takes part no longer."""

    on = DayField(_l("从哪天起退出"), [Needed()])
