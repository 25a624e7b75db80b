"""Shapes of what a keeper tops up, and of what finance decides, receives, pays back and sets."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField

from agentnet.core.money import MAX_FEN
from agentnet.holding.rules import LONGEST_NOTE, LONGEST_SLIP
from agentnet.infra.forms import DayField, HouseForm, IdField, Needed, NoLongerThan, YuanBetween, YuanField
from agentnet.outlets.limit_rules import NAMES, Figures


class TopUpForm(HouseForm):
    """Money paid into the utility's bank."""

    id = IdField()
    outlet = HiddenField()
    amount = YuanField(_l("充值金额"), [Needed(_l("请输入充值金额")), YuanBetween(1, MAX_FEN)])
    slip_no = StringField(_l("银行单号"), [Needed(_l("请填写银行单号")), NoLongerThan(LONGEST_SLIP)])
    paid_on = DayField(_l("存款日期"), [Needed(_l("请填写存款日期"))])


class ConfirmForm(HouseForm):
    """That the money has arrived."""

    id = IdField()


class RejectForm(HouseForm):
    """Why a top-up is sent back."""

    id = IdField()
    note = StringField(_l("退回原因"), [Needed(_l("请写明退回原因")), NoLongerThan(LONGEST_NOTE)])


class DepositForm(HouseForm):
    """A guarantee deposit that came in."""

    id = IdField()
    amount = YuanField(_l("金额"), [Needed(_l("请填写金额")), YuanBetween(1, MAX_FEN)])
    moved_on = DayField(_l("银行日期"), [Needed(_l("请填写银行日期"))])
    slip_no = StringField(_l("银行单号"), [Needed(_l("请填写银行单号")), NoLongerThan(LONGEST_SLIP)])
    note = StringField(_l("说明"), [NoLongerThan(LONGEST_NOTE)])


class PayBackForm(HouseForm):
    """Money that goes back to a keeper, and why."""

    id = IdField()
    amount = YuanField(_l("金额"), [Needed(_l("请填写金额")), YuanBetween(1, MAX_FEN)])
    moved_on = DayField(_l("银行日期"), [Needed(_l("请填写银行日期"))])
    slip_no = StringField(_l("银行单号"), [Needed(_l("请填写银行单号")), NoLongerThan(LONGEST_SLIP)])
    reason = TextAreaField(_l("退还原因"), [Needed(_l("请写明原因")), NoLongerThan(LONGEST_NOTE)])


class LimitForm(HouseForm):
    """Limits from a day on; an empty figure says nothing."""

    id = IdField()
    ceiling = YuanField(_l("现金上限"), [YuanBetween(0, MAX_FEN)])
    single_limit = YuanField(_l("单笔限额"), [YuanBetween(1, MAX_FEN)])
    daily_limit = YuanField(_l("每天限额"), [YuanBetween(0, MAX_FEN)])
    large_amount = YuanField(_l("大额标记从"), [YuanBetween(1, MAX_FEN)])
    first_top_up = YuanField(_l("首次充值至少"), [YuanBetween(0, MAX_FEN)])
    top_up_multiple = YuanField(_l("以后充值的整数倍"), [YuanBetween(0, MAX_FEN)])
    starts_on = DayField(_l("从哪天起"), [Needed(_l("请填写从哪天起"))])
    ends_on = DayField(_l("到哪天止（不含）"))
    reason = TextAreaField(_l("原因"), [Needed(_l("请写明原因")), NoLongerThan(LONGEST_NOTE)])

    def figures(self) -> Figures:
        """Return the figures that were typed."""
        return Figures(*(self[name.removesuffix("_fen")].data for name in NAMES))

    def fill(self, figures: Figures) -> None:
        """Show what holds already."""
        for name, fen in figures.as_dict().items():
            self[name.removesuffix("_fen")].data = fen
