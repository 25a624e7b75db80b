"""Shapes of a decision and of a delegation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField

from agentnet.approvals.rules import LONGEST_REASON
from agentnet.infra.forms import DayField, HouseForm, IdField, Needed, NoLongerThan


class ApproveForm(HouseForm):
    """Yes, to exactly what was shown."""

    id = IdField()
    seen = HiddenField()
    note = TextAreaField(_l("说明"), [NoLongerThan(LONGEST_REASON)])


class RejectForm(HouseForm):
    """No, and why."""

    id = IdField()
    note = TextAreaField(_l("不同意的原因"), [Needed(_l("请写明不同意的原因")), NoLongerThan(LONGEST_REASON)])


class WithdrawForm(HouseForm):
    """Taking one's own request back."""

    id = IdField()


class DelegateForm(HouseForm):
    """Who stands in, and on which days; ``until`` is the last of them."""

    id = IdField()
    username = StringField(_l("代理人的登录名"), [Needed(_l("请填写代理人的登录名")), NoLongerThan(64)])
    starts_on = DayField(_l("开始日期"), [Needed(_l("请填写开始日期"))])
    until = DayField(_l("最后一天"), [Needed(_l("请填写最后一天"))])
