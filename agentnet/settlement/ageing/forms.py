"""The shape of remittance days as they are typed."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from agentnet.infra.forms import (
    ChecksField,
    CountField,
    DayField,
    HouseForm,
    IdField,
    Needed,
    NoLongerThan,
    RadioCardsField,
)
from agentnet.outlets.display import WEEKDAYS
from agentnet.settlement.ageing.rules import LONGEST_REASON, NewDays, Rhythm
from agentnet.settlement.words import RHYTHMS


class DaysForm(HouseForm):
    """On which days an outlet can remit, from a day on."""

    id = IdField()
    rhythm = RadioCardsField(_l("什么时候可以交款"), [Needed(_l("请选择什么时候可以交款"))])
    weekdays = ChecksField(_l("每周哪几天"))
    starts_on = DayField(_l("从哪天起"), [Needed(_l("请填写从哪天起"))])
    reason = StringField(_l("原因"), [Needed(_l("请写明原因")), NoLongerThan(LONGEST_REASON)])

    def offer_days(self, *, of_kind: bool) -> None:
        """Offer the rhythms and weekdays in the reader's language; a kind cannot be as its kind."""
        known = [(code, words) for code, words in RHYTHMS.items() if not of_kind or code != Rhythm.AS_KIND]
        self.rhythm.offer([(code, _(words)) for code, words in known])
        self.weekdays.offer([(str(number), _(words)) for number, words in enumerate(WEEKDAYS, 1)])

    def days(self, suspend_after: int | None = None) -> NewDays:
        """Return what was typed; weekdays count only where they are asked for."""
        chosen = "".join(self.weekdays.data or ()) if self.rhythm.data == Rhythm.WEEKDAYS else ""
        return NewDays(self.starts_on.data, str(self.rhythm.data), chosen, str(self.reason.data or ""), suspend_after)


class KindDaysForm(DaysForm):
    """The same for a kind of outlet, and how many missed opportunities suspend one."""

    suspend_after = CountField(_l("错过几次就自动暂停"), [Needed(_l("请填 0 到 30；0 表示从不自动暂停"))])
