"""Shapes of what a keeper counts and banks, and of what finance decides."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from agentnet.collecting.rules import HELD_TENDERS
from agentnet.core.money import MAX_FEN, Fen
from agentnet.infra.forms import CountField, DayField, HouseForm, IdField, Needed, NoLongerThan, YuanBetween, YuanField
from agentnet.outlets.rules import TenderCode
from agentnet.settlement.rules import FACES_FEN, LONGEST_EXPLANATION, LONGEST_SLIP, Count
from agentnet.settlement.words import FACES

WITH_TERMINAL = tuple(tender for tender in TenderCode if tender not in HELD_TENDERS)
"""Tenders that go through a terminal, which prints the day's total."""


class CloseForm(HouseForm):
    """What was found in the drawer, and what the terminals say."""

    id = IdField()
    outlet = HiddenField()
    business_on = HiddenField()
    system_seen_fen = IntegerField(widget=HiddenInput(), validators=[Optional()])
    other = YuanField(_l("其他零钱"), [YuanBetween(0, MAX_FEN)])
    counterfeit = YuanField(_l("疑似假币（面额合计）"), [YuanBetween(0, MAX_FEN)])
    own_qr = YuanField(_l("自己收款码里的电费"), [YuanBetween(0, MAX_FEN)])
    explanation = TextAreaField(_l("差异说明"), [NoLongerThan(LONGEST_EXPLANATION)])

    def count(self) -> Count:
        """Return what was found; what was left empty was not there."""
        pieces = {face: self[f"pieces_{face}"].data or 0 for face in FACES_FEN}
        return Count(
            {face: n for face, n in pieces.items() if n},
            self.other.data or 0,
            self.counterfeit.data or 0,
            self.own_qr.data or 0,
        )

    def batches(self) -> dict[str, Fen]:
        """Return the terminals' totals that were typed, by tender."""
        typed = {tender.value: self[f"batch_{tender}"].data for tender in WITH_TERMINAL}
        return {tender: amount for tender, amount in typed.items() if amount is not None}

    def name_batches(self, names: Mapping[str, str]) -> None:
        """Call the totals by their tenders' names in the reader's language."""
        for tender, name in names.items():
            if f"batch_{tender}" in self:
                self[f"batch_{tender}"].label.text = name


for _field, _words in FACES.items():
    setattr(CloseForm, _field, CountField(_l(_words)))
for _tender in WITH_TERMINAL:
    setattr(CloseForm, f"batch_{_tender}", YuanField(_tender.value, [YuanBetween(0, MAX_FEN)]))


class RemittanceForm(HouseForm):
    """A deposit at the bank."""

    id = IdField()
    outlet = HiddenField()
    amount = YuanField(_l("交款金额"), [Needed(_l("请输入交款金额")), YuanBetween(1, MAX_FEN)])
    slip_no = StringField(_l("交款单号"), [Needed(_l("请填写交款单号")), NoLongerThan(LONGEST_SLIP)])
    deposited_on = DayField(_l("交款日期"), [Needed(_l("请填写交款日期"))])
    photo = FileField(_l("交款单照片"))
    photo_token = HiddenField()
    """The photo that was received with an earlier page of the same form."""


class ConfirmForm(HouseForm):
    """What the bank really received."""

    id = IdField()
    amount = YuanField(_l("到账金额"), [Needed(_l("请填写到账金额")), YuanBetween(1, MAX_FEN)])
    note = StringField(_l("说明"), [NoLongerThan(LONGEST_EXPLANATION)])


class RejectForm(HouseForm):
    """Why a deposit is sent back."""

    id = IdField()
    note = StringField(_l("退回原因"), [Needed(_l("请写明退回原因")), NoLongerThan(LONGEST_EXPLANATION)])
