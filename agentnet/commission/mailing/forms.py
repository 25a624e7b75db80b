"""What finance types around mail."""

from __future__ import annotations

from typing import Any, cast

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField

from agentnet.commission.mailing.actions import NewAddress
from agentnet.commission.mailing.rules import LONGEST_ADDRESS, LONGEST_REASON
from agentnet.commission.mailing.words import LANGUAGES
from agentnet.infra.forms import ChoiceField, HouseForm, IdField, Needed, NoLongerThan


class AddressForm(HouseForm):
    """The address of an outlet or of a payee; ``remove`` in what was pressed takes it away."""

    id = IdField()
    address = StringField(_l("邮箱"), [Needed(), NoLongerThan(LONGEST_ADDRESS)])
    language = ChoiceField(
        _l("用什么语言写信"),
        [Needed()],
        choices=[(value, _l(words)) for value, words in LANGUAGES.items()],
        default="zh",
    )

    def new_address(self, outlet_code: str, payee_code: str) -> NewAddress:
        """Return what was typed."""
        typed = cast(Any, self)
        return NewAddress(typed.id.data, outlet_code, payee_code, typed.address.data or "", typed.language.data)


class MailStepForm(HouseForm):
    """A step that needs no typing; the id makes two clicks one."""

    id = IdField()


class ReturnedForm(HouseForm):
    """Why a mail came back."""

    id = IdField()
    reason = TextAreaField(_l("退信原因"), [Needed(), NoLongerThan(LONGEST_REASON)])
