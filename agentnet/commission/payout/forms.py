"""What finance types around payouts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import HiddenInput

from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.payout.account_rules import Account, PayeeSaid, clean_number, clean_share
from agentnet.commission.payout.actions import NewBatch
from agentnet.commission.payout.bank_sheet import Layout, read_columns, written_columns
from agentnet.commission.payout.office_actions import NewSetting
from agentnet.commission.payout.payee_actions import NewPayee
from agentnet.commission.payout.rules import LONGEST_NAME
from agentnet.commission.payout.words import TYPES
from agentnet.core.clock import Month
from agentnet.core.money import MAX_FEN
from agentnet.infra.dates import month_text
from agentnet.infra.forms import (
    ChoiceField,
    DayField,
    HouseForm,
    IdField,
    Needed,
    NoLongerThan,
    YuanBetween,
    YuanField,
)


class BatchForm(HouseForm):
    """Which closed month is paid, and when."""

    id = IdField()
    month = ChoiceField(_l("付到哪个月"), [Needed()])
    pay_on = DayField(_l("计划付款日期"), [Needed()])

    def offer(self, months: Iterable[Month]) -> None:
        """Offer the closed months, newest first."""
        self.month.offer([(str(month), month_text(month)) for month in months])

    def new_batch(self) -> NewBatch:
        """Return what was typed."""
        typed = cast(Any, self)
        return NewBatch(typed.id.data, Month.parse(typed.month.data), typed.pay_on.data)


class StepForm(HouseForm):
    """A step that needs no typing; the id makes two clicks one."""

    id = IdField()


class ReasonForm(HouseForm):
    """A step with its reason."""

    id = IdField()
    reason = TextAreaField(_l("原因"), [Needed(), NoLongerThan(200)])


class HoldForm(ReasonForm):
    """An outlet that is not paid for the time being."""

    outlet = StringField(_l("网点编号"), [Needed(), NoLongerThan(32)])


class PayeeForm(HouseForm):
    """Who gets a share, and the account it is paid to."""

    id = IdField()
    outlet = StringField(_l("网点编号"), [NoLongerThan(32)])
    partner = StringField(_l("合作单位编号"), [NoLongerThan(32)])
    share = StringField(_l("分成"), [NoLongerThan(80)])
    starts_on = DayField(_l("从哪天起"), [Needed()])
    code = StringField(_l("收款人编号"), [Needed(), NoLongerThan(32)])
    name = StringField(_l("收款人"), [Needed(), NoLongerThan(LONGEST_NAME)])
    type = ChoiceField(_l("收款人类型"), [Needed()], choices=[(value, _l(words)) for value, words in TYPES.items()])
    holder = StringField(_l("收款户名"), [NoLongerThan(LONGEST_NAME)])
    number = StringField(_l("收款账号"), [NoLongerThan(50)])
    bank = StringField(_l("开户行"), [NoLongerThan(LONGEST_NAME)])
    bank_no = StringField(_l("行号"), [NoLongerThan(20)])
    account_shared = BooleanField(_l("这个账号确实由几个收款人共用"))

    def validate_number(self, field: Field) -> None:
        """Refuse half an account: it would be thrown away, and the payee paid to the account it has."""
        typed = cast(Any, self)
        if not field.data and (typed.holder.data or typed.bank.data or typed.bank_no.data):
            raise ValidationError(_("填了户名、开户行或行号，请把账号也填全；沿用原账户就都不填"))

    def new_payee(self) -> NewPayee:
        """Return what was typed; without an account number the account the payee has is kept."""
        typed = cast(Any, self)
        account = None
        if typed.number.data:
            account = Account(
                typed.holder.data or typed.name.data,
                clean_number(typed.number.data or ""),
                typed.bank.data or "",
                clean_number(typed.bank_no.data or ""),
            )
        said = PayeeSaid(typed.code.data, typed.name.data, PayeeType(typed.type.data), account)
        return NewPayee(
            typed.id.data,
            (typed.outlet.data or "").upper(),
            (typed.partner.data or "").upper(),
            clean_share(typed.share.data or ""),
            typed.starts_on.data,
            said,
            bool(typed.account_shared.data),
        )


class SettingsForm(HouseForm):
    """The smallest payment, tax, and the company's own account, from a day on."""

    id = IdField()
    starts_on = DayField(_l("从哪天起"), [Needed()])
    minimum = YuanField(_l("最低付款额"), [YuanBetween(0, MAX_FEN)])
    withholds = BooleanField(_l("对个人收款人代扣个人所得税（劳务报酬预扣率表）"))
    holder = StringField(_l("付款户名"), [Needed(), NoLongerThan(LONGEST_NAME)])
    number = StringField(_l("付款账号"), [NoLongerThan(50)])
    bank = StringField(_l("付款开户行"), [Needed(), NoLongerThan(LONGEST_NAME)])
    bank_no = StringField(_l("付款行号"), [Needed(), NoLongerThan(20)])
    reason = TextAreaField(_l("依据"), [Needed(), NoLongerThan(200)])

    def new_setting(self, present_number: str) -> NewSetting:
        """Return what was typed; no smallest payment is 0, no number the present one."""
        typed = cast(Any, self)
        account = Account(
            typed.holder.data,
            clean_number(typed.number.data or "") or present_number,
            typed.bank.data,
            clean_number(typed.bank_no.data),
        )
        return NewSetting(
            typed.id.data,
            typed.starts_on.data,
            typed.minimum.data or 0,
            bool(typed.withholds.data),
            account,
            typed.reason.data,
        )


class LayoutForm(HouseForm):
    """The bank's sheet; a column a line: heading=content."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = StringField(_l("名称"), [Needed(), NoLongerThan(30)])
    heading = BooleanField(_l("第一行写表头"))
    columns = TextAreaField(_l("表格的列"), [Needed(), NoLongerThan(4_000)])

    def show(self, name: str, layout: Layout, version: int) -> None:
        """Fill the form with a layout."""
        self.version.data, self.name.data = version, name
        self.heading.data, self.columns.data = layout.heading, written_columns(layout.columns)

    def layout(self) -> Layout:
        """Return what was typed."""
        return Layout(bool(self.heading.data), read_columns(str(self.columns.data)))
