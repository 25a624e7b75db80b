"""What finance chooses to try a plan: which version, on which closed months, at which outlets."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField

from agentnet.core.clock import Month
from agentnet.infra.dates import month_text
from agentnet.infra.forms import ChoiceField, HouseForm, IdField, Needed


class WhatIfForm(HouseForm):
    """A version from the form of a plan (``content``), from a file, or one that is stored or waits for approval."""

    id = IdField()
    content = HiddenField()
    name = HiddenField()
    home = HiddenField()
    """The code of the plan the version is written for; empty for a new plan, whose code is ``new_code``."""
    new_code = HiddenField()
    version = ChoiceField(_l("哪个方案"))
    file = FileField(_l("或者选一个方案文件（.json）"))
    first_month = ChoiceField(_l("从哪个月"), [Needed()])
    last_month = ChoiceField(_l("到哪个月"), [Needed()])
    plan = ChoiceField(_l("用在哪些网点"))

    def offer(
        self, versions: Sequence[tuple[str, str]], months: Sequence[Month], plans: Sequence[tuple[str, str]]
    ) -> None:
        """Offer what there is; months are the closed ones, newest first."""
        self.version.offer([("", _("请选择")), *versions])
        named = [(str(month), month_text(month)) for month in months]
        self.first_month.offer(named)
        self.last_month.offer(named)
        self.plan.offer(
            [("", _("所有网点")), *((code, _("按“%(plan)s”计酬的网点", plan=name)) for code, name in plans)]
        )
