"""Shapes of what is asked for when something is put right."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField

from agentnet.approvals.rules import LONGEST_REASON
from agentnet.core.money import MAX_FEN
from agentnet.infra.forms import (
    ChoiceField,
    HouseForm,
    HouseholdNoField,
    IdField,
    Needed,
    NoLongerThan,
    RadioCardsField,
    YuanBetween,
    YuanField,
)
from agentnet.settlement.corrections.rules import LONGEST_REFERENCE


class RefundForm(HouseForm):
    """How much is given back, how, and why."""

    id = IdField()
    amount = YuanField(_l("退费金额"), [Needed(_l("请输入退费金额")), YuanBetween(1, MAX_FEN)])
    pay_by = RadioCardsField(_l("退费方式"), [Needed(_l("请选择退费方式"))])
    reason = TextAreaField(_l("退费原因"), [Needed(_l("请写明退费原因")), NoLongerThan(LONGEST_REASON)])


class MoveForm(HouseForm):
    """Which household it was meant for, and how it came about."""

    id = IdField()
    household_no = HouseholdNoField(_l("应该缴的户号"), [Needed(_l("请输入应该缴的户号"))])
    reason = TextAreaField(_l("怎么弄错的"), [Needed(_l("请写明怎么弄错的")), NoLongerThan(LONGEST_REASON)])


class AdjustForm(HouseForm):
    """Which adjustment, at which outlet, how much and why."""

    id = IdField()
    outlet = StringField(_l("网点编号"), [Needed(_l("请填写网点编号")), NoLongerThan(32)])
    adjustment = ChoiceField(_l("调整"), [Needed(_l("请选择一种调整"))])
    amount = YuanField(_l("调整金额"), [Needed(_l("请输入调整金额")), YuanBetween(1, MAX_FEN)])
    reason = TextAreaField(_l("调整原因"), [Needed(_l("请写明调整原因")), NoLongerThan(LONGEST_REASON)])


class ReverseForm(HouseForm):
    """What failed, and what is known of it."""

    id = IdField()
    reason_code = RadioCardsField(_l("哪种技术故障"), [Needed(_l("请选择是哪种技术故障"))])
    reason = TextAreaField(_l("情况说明"), [Needed(_l("请写明情况")), NoLongerThan(LONGEST_REASON)])


class PayCashForm(HouseForm):
    """The money was handed over."""

    id = IdField()


class PayBankForm(HouseForm):
    """The bank has paid, under a number of its own."""

    id = IdField()
    reference = StringField(_l("银行回单号"), [Needed(_l("请填写银行回单号")), NoLongerThan(LONGEST_REFERENCE)])
