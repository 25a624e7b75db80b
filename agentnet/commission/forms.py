"""What finance types: components of a plan version, and adjustments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, Form, FormField, HiddenField, StringField, TextAreaField
from wtforms.widgets import TextInput

from agentnet.commission.actions import NewAdjustment, NewVersion
from agentnet.commission.rules import Component, format_percent, parse_percent
from agentnet.commission.words import tender_text
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
    RadioCardsField,
    TypedField,
    YuanBetween,
    YuanField,
)
from agentnet.outlets.models import Tender
from agentnet.outlets.words import OUTLET_KINDS

MOST_COMPONENTS = 60
"""Six outlet kinds and nine tenders, each with "any", make at most 70 scopes; nobody agrees more than this."""

_AMOUNT = YuanBetween(0, MAX_FEN)


class PercentField(TypedField):
    """A percentage with at most four decimals; ``data`` is parts per million."""

    widget = TextInput()
    input_mode = "decimal"
    read = staticmethod(parse_percent)

    def write(self, value: int) -> str:
        return format_percent(value)


class ComponentForm(Form):
    """One row of a version: whom it covers and what it pays. Empty amounts are none."""

    outlet_kind = ChoiceField(_l("网点类型"))
    tender = ChoiceField(_l("支付方式"))
    fixed = YuanField(_l("每笔"), [_AMOUNT])
    rate = PercentField(_l("比例（%）"))
    minimum = YuanField(_l("最低"), [_AMOUNT])
    maximum = YuanField(_l("最高"), [_AMOUNT])

    def component(self) -> Component:
        """Return the row as the rules see it."""
        return Component(
            outlet_kind=self.outlet_kind.data or None,
            tender=self.tender.data or None,
            fixed_fen=self.fixed.data or 0,
            rate_ppm=self.rate.data or 0,
            minimum_fen=self.minimum.data,
            maximum_fen=self.maximum.data,
        )


class VersionForm(HouseForm):
    """A new version of a plan."""

    id = IdField()
    starts_on = DayField(_l("从哪天起"), [Needed()])
    components = FieldList(FormField(ComponentForm), min_entries=1, max_entries=MOST_COMPONENTS)
    note = StringField(_l("依据"), [Needed(), NoLongerThan(200)])

    def offer(self, tenders: Iterable[Tender]) -> None:
        """Fill the drop-down lists of every row."""
        kinds = [("", _l("不限网点")), *((str(kind), _l(words)) for kind, words in OUTLET_KINDS.items())]
        known = list(tenders)
        codes = [("", _l("不限支付方式")), *((tender.code, tender_text(tender.code, known)) for tender in known)]
        for row in self.components:
            row.form.outlet_kind.choices = kinds
            row.form.tender.choices = codes

    def show(self, components: Iterable[Component]) -> None:
        """Begin with the components of the version in force."""
        rows = [
            {
                "outlet_kind": component.outlet_kind or "",
                "tender": component.tender or "",
                "fixed": component.fixed_fen or None,
                "rate": component.rate_ppm or None,
                "minimum": component.minimum_fen,
                "maximum": component.maximum_fen,
            }
            for component in components
        ]
        while self.components.entries:
            self.components.pop_entry()
        for row in rows or [{}]:
            self.components.append_entry(row)

    def add_row(self) -> None:
        """Offer one more empty row."""
        if len(self.components.entries) < MOST_COMPONENTS:
            self.components.append_entry({})

    def remove_row(self, position: int) -> None:
        """Take a row away; one always stays. The others keep what was typed."""
        if len(self.components.entries) > 1 and 0 <= position < len(self.components.entries):
            self.components.entries.pop(position)

    def new_version(self) -> NewVersion:
        """Return what was typed, once it is valid."""
        typed = cast(Any, self)
        return NewVersion(
            id=typed.id.data,
            starts_on=typed.starts_on.data,
            note=typed.note.data,
            components=tuple(row.form.component() for row in self.components),
        )


class PlanForm(VersionForm):
    """A new plan with its first version."""

    code = StringField(_l("方案编号"), [Needed(), NoLongerThan(32)])
    name = StringField(_l("方案名称"), [Needed(), NoLongerThan(120)])


TAKE_BACK, PAY_MORE = "TAKE_BACK", "PAY_MORE"


class AdjustmentForm(HouseForm):
    """A correction of a closed month."""

    id = IdField()
    outlet = StringField(_l("网点编号"), [Needed(), NoLongerThan(32)])
    of_month = ChoiceField(_l("更正哪个月"), [Needed()])
    direction = RadioCardsField(
        _l("扣回还是补付"), [Needed()], choices=[(TAKE_BACK, _l("扣回（多付了）")), (PAY_MORE, _l("补付（少付了）"))]
    )
    amount = YuanField(_l("金额"), [Needed(), YuanBetween(1, MAX_FEN)])
    receipt_no = StringField(_l("原凭证号"), [NoLongerThan(48)])
    reason = TextAreaField(_l("原因"), [Needed(), NoLongerThan(200)])
    confirmed = HiddenField()

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
