"""The one-screen form of a visit, and the small forms around it. Shape only; meaning is judged by the actions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import FileField, HiddenField, StringField, TextAreaField
from wtforms.validators import Optional

from agentnet.core.clock import now, shanghai, shanghai_instant, today
from agentnet.infra import held_photos
from agentnet.infra.forms import (
    ChoiceField,
    DayField,
    HouseForm,
    IdField,
    Needed,
    NoLongerThan,
    RadioCardsField,
    TimeField,
)
from agentnet.infra.i18n import in_english
from agentnet.outlets.models import Service
from agentnet.visits.checklist import Answer, Item
from agentnet.visits.evidence import Position
from agentnet.visits.judging import LONGEST_ITEM_REMARK, LONGEST_WORDS, FoundNeed, NewVisit
from agentnet.visits.words import ANSWERS

NEED_ROWS = 3
"""Needs offered on the form; more are rare, and each may be logged on the next visit."""


class _VisitForm(HouseForm):
    """What every visit is asked, whatever its checklist."""

    id = IdField()
    checklist_version = HiddenField()
    latitude = HiddenField()
    longitude = HiddenField()
    accuracy = HiddenField()
    photo_token = HiddenField()
    visited = DayField(lazy_gettext("走访日期"), [Needed()], default=today)
    arrived = TimeField(
        lazy_gettext("到达时间"), [Needed()], default=lambda: f"{shanghai(now() - timedelta(minutes=5)):%H:%M}"
    )
    left = TimeField(lazy_gettext("离开时间"), [Optional()])
    photo = FileField(lazy_gettext("现场照片"))
    agent_word = TextAreaField(lazy_gettext("代办员的话"), [NoLongerThan(LONGEST_WORDS)])
    remark = TextAreaField(lazy_gettext("备注"), [NoLongerThan(LONGEST_WORDS)])

    items: tuple[Item, ...] = ()

    def answer_fields(self) -> list[tuple[Item, Any, Any]]:
        """Return each item with its answer and its remark."""
        return [(item, self[f"item_{item.no}"], self[f"item_{item.no}_remark"]) for item in self.items]

    def need_fields(self) -> list[tuple[Any, Any]]:
        """Return the rows for needs: service and words."""
        return [(self[f"need_service_{row}"], self[f"need_text_{row}"]) for row in range(NEED_ROWS)]

    def pass_the_rest(self) -> int:
        """Mark every item without an answer as passed, for the manager to look over; return how many."""
        unanswered = [answer for _item, answer, _remark in self.answer_fields() if not answer.data]
        for answer in unanswered:
            answer.data = Answer.PASS.value
        return len(unanswered)

    def visit(self, outlet_code: str, photo_sha256: str | None) -> NewVisit:
        """Return the visit as typed; only after the form has been validated."""
        visit_id, arrived = self.id.data, self.arrived.data
        assert isinstance(visit_id, uuid.UUID)
        assert arrived is not None
        return NewVisit(
            id=visit_id,
            outlet_code=outlet_code,
            arrived_at=self._instant(arrived),
            left_at=self._instant(self.left.data) if self.left.data else None,
            checklist_version=int(self.checklist_version.data),
            answers={item.no: answer.data for item, answer, _remark in self.answer_fields()},
            item_remarks={
                item.no: remark.data
                for item, answer, remark in self.answer_fields()
                if answer.data == Answer.FAIL and remark.data
            },
            position=self.position(),
            photo_sha256=photo_sha256,
            needs=tuple(
                FoundNeed(service.data, text.data or "")
                for service, text in self.need_fields()
                if service.data or text.data
            ),
            agent_word=self.agent_word.data or "",
            remark=self.remark.data or "",
        )

    def position(self) -> Position | None:
        """Return where the phone said it was; None if it gave nothing that can be read."""
        try:
            accuracy = round(float(self.accuracy.data))
            return Position(float(self.latitude.data), float(self.longitude.data), min(accuracy, 1_000_000))
        except (TypeError, ValueError, OverflowError):
            return None

    def _instant(self, wall_clock: str) -> datetime:
        day = self.visited.data
        assert day is not None
        hour, minute = map(int, wall_clock.split(":"))
        return shanghai_instant(day, hour, minute)


def visit_form(version: int, items: Sequence[Item], services: Sequence[Service]) -> Any:
    """Return a form for one version of the checklist, filled with what was posted."""
    fields: dict[str, Any] = {"items": tuple(items)}
    answers = [(answer.value, lazy_gettext(words)) for answer, words in ANSWERS.items()]
    for item in items:
        name = f"{item.no}. {item.name_en if in_english() else item.name}"
        needed = Needed(_("第 %(no)d 项还没有选择", no=item.no))
        fields[f"item_{item.no}"] = RadioCardsField(name, [needed], choices=answers)
        fields[f"item_{item.no}_remark"] = StringField(
            _("第 %(no)d 项：看到了什么", no=item.no), [NoLongerThan(LONGEST_ITEM_REMARK)]
        )
    offered = [("", _("请选择")), *((one.code, one.name_en if in_english() else one.name) for one in services)]
    for row in range(NEED_ROWS):
        fields[f"need_service_{row}"] = ChoiceField(_("服务类别"), [Optional()], choices=offered)
        fields[f"need_text_{row}"] = StringField(_("村民的需求"), [NoLongerThan(LONGEST_WORDS)])
    form = type("VisitForm", (_VisitForm,), fields)()
    if not form.checklist_version.data:
        form.checklist_version.data = str(version)
    return form


class StrikeForm(HouseForm):
    """Why a visit does not count."""

    reason = TextAreaField(lazy_gettext("判为无效的原因"), [Needed(), NoLongerThan(200)])


class CloseNeedForm(HouseForm):
    """How a need ended."""

    note = TextAreaField(lazy_gettext("办理结果"), [Needed(), NoLongerThan(LONGEST_WORDS)])


PHOTO_PURPOSE = "visit photo"


def photo_token(user_id: int | None, sha256: str) -> str:
    """Return a token by which a form that comes back still holds its photo, and by which nobody names another's."""
    return held_photos.photo_token(PHOTO_PURPOSE, user_id, sha256)


def photo_from_token(user_id: int | None, token: str | None) -> str | None:
    """Return the photo's hash a form holds; None if it holds none or not this person's."""
    return held_photos.photo_from_token(PHOTO_PURPOSE, user_id, token)
