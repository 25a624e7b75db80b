"""What finance types to correct a closed month."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField

from agentnet.commission.adjusting import MOST_FEN, NewAdjustment
from agentnet.core.clock import Month
from agentnet.infra.dates import month_text
from agentnet.infra.forms import (
    ChoiceField,
    HouseForm,
    IdField,
    Needed,
    NoLongerThan,
    RadioCardsField,
    YuanBetween,
    YuanField,
)

TAKE_BACK, PAY_MORE = "TAKE_BACK", "PAY_MORE"


class AdjustmentForm(HouseForm):
    """A correction of a closed month."""

    id = IdField()
    outlet = StringField(_l("网点编号"), [Needed(), NoLongerThan(32)])
    of_month = ChoiceField(_l("更正哪个月"), [Needed()])
    direction = RadioCardsField(
        _l("扣回还是补付"), [Needed()], choices=[(TAKE_BACK, _l("扣回（多付了）")), (PAY_MORE, _l("补付（少付了）"))]
    )
    amount = YuanField(_l("金额"), [Needed(), YuanBetween(1, MOST_FEN)])
    receipt_no = StringField(_l("原凭证号"), [NoLongerThan(48)])
    reason = TextAreaField(_l("原因"), [Needed(), NoLongerThan(200)])
    confirmed = HiddenField()
    dispute = HiddenField()
    """The dispute it answers, if it answers one."""

    def offer(self, months: Iterable[Month]) -> None:
        """Offer the closed months, newest first."""
        self.of_month.choices = [("", _l("请选择")), *((str(month), month_text(month)) for month in months)]

    def new_adjustment(self) -> NewAdjustment:
        """Return what was typed, once it is valid; taken back is negative."""
        typed = cast(Any, self)
        return NewAdjustment(
            id=typed.id.data,
            outlet_code=typed.outlet.data,
            of_month=Month.parse(typed.of_month.data),
            amount_fen=-typed.amount.data if typed.direction.data == TAKE_BACK else typed.amount.data,
            reason=typed.reason.data,
            receipt_no=typed.receipt_no.data or None,
        )
