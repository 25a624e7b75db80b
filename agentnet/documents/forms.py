"""What a person fills in to order documents, to revise one and to keep a schedule."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField, TextAreaField

from agentnet.documents.display import LANGUAGE_WORDS, WEEKDAYS
from agentnet.documents.rules import LAST_SAFE_MONTH_DAY, Cadence
from agentnet.infra.forms import ChoiceField, DayField, HouseForm, IdField, Needed, NoLongerThan, TimeField

LANGUAGES = [(code, _(words)) for code, words in LANGUAGE_WORDS.items()]


class OrderForm(HouseForm):
    """Documents of one kind, now."""

    id = IdField()
    org_unit = ChoiceField(_("单位"), [Needed()])
    period = ChoiceField(_("哪一期"), [Needed()])
    subject = StringField(_("只出这一个"), [NoLongerThan(64)])
    language = ChoiceField(_("语言"), [Needed()], choices=LANGUAGES)


class ReviseForm(HouseForm):
    """Why a document gets another revision."""

    reason = TextAreaField(_("为什么要出新的一版"), [Needed(_("请写明原因，它会印在新的一版上")), NoLongerThan(200)])


class ScheduleForm(HouseForm):
    """A schedule of one kind; which days there are depends on the kind's cadence."""

    version = HiddenField()
    name = StringField(_("名称"), [Needed(_("请填写名称")), NoLongerThan(120)])
    org_unit = ChoiceField(_("单位"), [Needed()])
    day = ChoiceField(_("哪一天"), [Needed()])
    time = TimeField(_("几点（北京时间）"), [Needed()])
    language = ChoiceField(_("语言"), [Needed()], choices=LANGUAGES)
    starts_on = DayField(_("从哪天起"))


def day_choices(cadence: str) -> list[tuple[str, object]]:
    """Return the days a schedule may tick on."""
    if cadence == Cadence.DAILY:
        return [("1", _("每天"))]
    if cadence == Cadence.WEEKLY:
        return [(str(day), _(words)) for day, words in enumerate(WEEKDAYS, 1)]
    return [(str(day), _("%(day)s 日", day=day)) for day in range(1, LAST_SAFE_MONTH_DAY + 1)]
