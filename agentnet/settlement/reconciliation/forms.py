"""Shapes of what finance and partners type: files, matches, reasons, column mappings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import HiddenInput

from agentnet.collecting.rules import LONGEST_REFERENCE
from agentnet.infra.forms import ChoiceField, HouseForm, IdField, Needed, NoLongerThan, RadioCardsField
from agentnet.settlement.files.mapping import COLUMNS
from agentnet.settlement.reconciliation.rules import LONGEST_REASON
from agentnet.settlement.reconciliation.words import COLUMN_WORDS, FILE_KINDS


class UploadForm(HouseForm):
    """A file and what it is."""

    kind = ChoiceField(_l("文件种类"), [Needed()], tuple(FILE_KINDS.items()))
    partner = ChoiceField(_l("合作单位"))
    mapping = ChoiceField(_l("列对应"))
    file = FileField(_l("文件"))

    def validate_file(self, field: Any) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(_("请选择文件"))

    def validate_partner(self, field: Any) -> None:
        if self.kind.data == "PARTNER" and not field.data:
            raise ValidationError(_("请选择%(label)s", label=field.label.text))


class TakeForm(HouseForm):
    """A file that was looked at, to be taken in."""

    id = IdField()
    kind = HiddenField()
    partner = HiddenField()
    mapping = HiddenField()
    name = HiddenField()


class HandForm(HouseForm):
    """What a row is, and how one knows."""

    id = IdField()
    receipt_no = StringField(_l("收据号"), [NoLongerThan(48)])
    remittance = HiddenField()
    reason = StringField(_l("凭什么认定是同一笔"), [NoLongerThan(LONGEST_REASON)])


class ReasonForm(HouseForm):
    """A step that only its reason can explain."""

    id = IdField()
    reason = TextAreaField(_l("原因"), [NoLongerThan(LONGEST_REASON)])


class RemedyForm(HouseForm):
    """A difference put right: where, how it was paid or is paid back, why; what a remedy does not need is not shown."""

    id = IdField()
    remedy = HiddenField()
    outlet = StringField(_l("网点编号"), [NoLongerThan(32)])
    tender = ChoiceField(_l("支付方式"))
    reference = StringField(_l("参考号"), [NoLongerThan(LONGEST_REFERENCE)])
    pay_by = RadioCardsField(_l("退费方式"))
    reason = TextAreaField(_l("原因"), [NoLongerThan(LONGEST_REASON)])

    def validate_reason(self, field: Any) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("请用 2 到 200 个字写明原因"))


class TotalForm(HouseForm):
    """Confirming what the page showed."""

    id = IdField()
    total_fen = IntegerField(widget=HiddenInput(), validators=[Optional()])


class MappingForm(HouseForm):
    """Which column means what; the columns' fields are added below."""

    name = StringField(_l("名称"), [Needed(), NoLongerThan(60)])
    account = StringField(_l("银行账号"), [NoLongerThan(40)])
    positive_is_in = BooleanField(_l("金额为正数表示收入"))
    debit_is_negative = BooleanField(_l("支出列的金额本身带负号"))

    def offer(self, head: Sequence[str]) -> None:
        """Offer the head's words for every column."""
        choices = [("", _("没有这一列")), *((str(at), words) for at, words in enumerate(head, 1) if words)]
        for name in COLUMNS:
            self[f"column_{name}"].offer(choices)

    def columns(self) -> dict[str, int]:
        """Return the columns that were chosen, counted from 1."""
        return {name: int(self[f"column_{name}"].data) for name in COLUMNS if self[f"column_{name}"].data}


for _name in COLUMNS:
    setattr(MappingForm, f"column_{_name}", ChoiceField(_l(COLUMN_WORDS[_name])))
