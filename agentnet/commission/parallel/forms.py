"""What finance types to bring an old sheet, and to accept what differs."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FileField, TextAreaField

from agentnet.commission.parallel.actions import MOST_ROUNDING_FEN
from agentnet.commission.parallel.rules import Scope
from agentnet.commission.parallel.words import SCOPES
from agentnet.infra.forms import ChoiceField, HouseForm, IdField, Needed, NoLongerThan, YuanBetween, YuanField


class SheetForm(HouseForm):
    """The file, and how much of a line's rest is rounding."""

    id = IdField()
    file = FileField(_l("旧表（CSV 或 XLSX）"))
    scope = ChoiceField(
        _l("和哪些网点比"),
        [Needed()],
        choices=[(code, _l(words)) for code, words in SCOPES.items()],
        default=Scope.UNITS.value,
    )
    rounding = YuanField(_l("每行多少以内算四舍五入"), [Needed(), YuanBetween(0, MOST_ROUNDING_FEN)])


class AcceptForm(HouseForm):
    """Why a difference is as it should be."""

    id = IdField()
    note = TextAreaField(_l("说明"), [Needed(), NoLongerThan(200)])
