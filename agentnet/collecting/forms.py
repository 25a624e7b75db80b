"""Shapes of what a keeper types; meaning is checked by the rules."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from agentnet.collecting.rules import LONGEST_REASON, LONGEST_REFERENCE
from agentnet.core.money import MAX_FEN
from agentnet.infra.forms import (
    HouseForm,
    HouseholdNoField,
    IdField,
    Needed,
    NoLongerThan,
    RadioCardsField,
    YuanBetween,
    YuanField,
)


class NumberForm(HouseForm):
    """Which household pays."""

    class Meta(HouseForm.Meta):
        csrf = False  # it only looks up; nothing is changed

    household_no = HouseholdNoField(_l("户号"), [Needed(_l("请输入户号"))])


class TakeForm(HouseForm):
    """What is paid and how."""

    id = IdField()
    outlet = HiddenField()
    amount = YuanField(_l("收费金额"), [Needed(_l("请输入收费金额")), YuanBetween(1, MAX_FEN)])
    tender = RadioCardsField(_l("支付方式"), [Needed(_l("请选择支付方式"))])
    reference = StringField(_l("参考号"), [NoLongerThan(LONGEST_REFERENCE)])
    cash_received = YuanField(_l("收到现金"), [YuanBetween(0, MAX_FEN)])


class ConfirmForm(TakeForm):
    """The same, seen in full: what was due when it was shown, and that a look-alike is meant."""

    due_seen_fen = IntegerField(widget=HiddenInput(), validators=[Optional()])
    lookalike_confirmed = BooleanField(_l("不是重复，确实又收了一笔"))


class VoidForm(HouseForm):
    """Why a collection is cancelled."""

    id = IdField()
    reason = TextAreaField(_l("撤销原因"), [Needed(_l("请写明撤销原因")), NoLongerThan(LONGEST_REASON)])


class RevealForm(HouseForm):
    """Why a full name is needed."""

    reason = StringField(_l("查看原因"), [Needed(_l("请写明查看原因")), NoLongerThan(LONGEST_REASON)])
