"""What finance types to close a month over what is not settled."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from agentnet.closing.rules import LONGEST_SIGNATURE
from agentnet.infra.forms import HouseForm, NoLongerThan


class SignForm(HouseForm):
    """Why the month is closed now; empty where nothing stands in its way."""

    signature = TextAreaField(_l("为什么现在封账"), [NoLongerThan(LONGEST_SIGNATURE)])
