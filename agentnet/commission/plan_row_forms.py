"""The small rows of a plan version's form: parts of a component, and shares of what is due."""

from __future__ import annotations

from typing import Any, cast

from flask_babel import lazy_gettext as _l
from wtforms import Form, StringField
from wtforms.widgets import TextInput

from agentnet.commission.engine.language import Share
from agentnet.commission.payout.account_rules import clean_share
from agentnet.commission.rules import format_percent, parse_percent
from agentnet.core.money import MAX_FEN
from agentnet.infra.forms import NoLongerThan, TypedField, YuanBetween, YuanField

AMOUNT = YuanBetween(0, MAX_FEN)


class PercentField(TypedField):
    """A percentage with at most four decimals; ``data`` is parts per million."""

    widget = TextInput()
    input_mode = "decimal"
    read = staticmethod(parse_percent)

    def write(self, value: int) -> str:
        return format_percent(value)


class PartForm(Form):
    """One band, tier or step: from where on, and what it pays. It ends where the next begins."""

    start = StringField(_l("从"), [NoLongerThan(20)])
    fixed = YuanField(_l("每笔"), [AMOUNT])
    rate = PercentField(_l("比例（%）"))

    @property
    def is_empty(self) -> bool:
        return not self.start.data and self.fixed.data is None and self.rate.data is None


class ShareForm(Form):
    """Who gets which part of what is due. 代办人 and 合作单位 in either language are what payees are named for."""

    name = StringField(_l("谁"), [NoLongerThan(80)])
    percent = PercentField(_l("比例（%）"))

    @property
    def is_empty(self) -> bool:
        return not self.name.data and self.percent.data is None

    def share(self) -> Share:
        """Return the share, a payee's word turned into the part it means."""
        typed = cast(Any, self)
        return Share(clean_share(typed.name.data) if typed.name.data else "", typed.percent.data or 0)
