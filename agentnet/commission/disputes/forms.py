"""What is typed about a disputed line: a reason, and nothing else."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from agentnet.commission.disputes.rules import LONGEST_REASON
from agentnet.infra.forms import HouseForm, IdField, Needed, NoLongerThan


class DisputeForm(HouseForm):
    """What is wrong with a line."""

    id = IdField()
    reason = TextAreaField(_l("哪里不对"), [Needed(), NoLongerThan(LONGEST_REASON)])


class RefuseForm(HouseForm):
    """Why a line is right."""

    id = IdField()
    reason = TextAreaField(_l("答复"), [Needed(), NoLongerThan(LONGEST_REASON)])


class StepForm(HouseForm):
    """A step that needs no words."""

    id = IdField()
