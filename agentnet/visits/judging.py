"""Turn what a phone sent into the rows of a visit, or into the refusal that says why not.

Everything the judgement needs is looked up for a whole batch first, so that one visit or a thousand cost the same
number of queries.
"""

from __future__ import annotations

import math
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from agentnet.core.clock import IsoWeek, business_date
from agentnet.core.errors import Forbidden, Invalid, Missing, Refusal
from agentnet.infra import files
from agentnet.infra.db import db
from agentnet.outlets.models import Assignment, Manager, Outlet, Service
from agentnet.visits import checklist, evidence
from agentnet.visits.checklist import Marked
from agentnet.visits.evidence import Position
from agentnet.visits.models import Checklist
from agentnet.visits.rules import Span, span

PHOTO_SUFFIX = ".jpg"
LONGEST_WORDS = 400
LONGEST_ITEM_REMARK = 200
MOST_NEEDS = 20


@dataclass(frozen=True, slots=True)
class FoundNeed:
    """A villager's need: which of the seven services, and what was said."""

    service: str
    text: str


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A visit as its sender tells it. ``id`` is the sender's UUIDv7; ``answers`` maps item number to PASS, FAIL or NA.

    ``manager_code`` and ``received_at`` are for history that the system itself brings in; a manager leaves them out.
    """

    id: uuid.UUID
    outlet_code: str
    arrived_at: datetime
    checklist_version: int
    answers: Mapping[int, str]
    left_at: datetime | None = None
    position: Position | None = None
    item_remarks: Mapping[int, str] = field(default_factory=dict)
    photo_sha256: str | None = None
    needs: Sequence[FoundNeed] = ()
    agent_word: str = ""
    remark: str = ""
    manager_code: str = ""
    received_at: datetime | None = None

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same visit."""
        return {
            "outlet": self.outlet_code,
            "manager": self.manager_code,
            "arrived_at": self.arrived_at,
            "left_at": self.left_at,
            "position": [str(self.position.latitude), str(self.position.longitude), self.position.accuracy_m]
            if self.position
            else None,
            "version": self.checklist_version,
            "answers": {str(no): answer for no, answer in self.answers.items()},
            "item_remarks": {str(no): words for no, words in self.item_remarks.items()},
            "photo": self.photo_sha256,
            "needs": [[need.service, need.text] for need in self.needs],
            "agent_word": self.agent_word,
            "remark": self.remark,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of a visit that stands."""

    visit: dict[str, Any]
    failed: list[dict[str, Any]]
    needs: list[dict[str, Any]]
    week: IsoWeek


class Judge:
    """Knows outlets, checklists, services and assignments of a batch, and judges its visits one by one."""

    def __init__(self, items: Sequence[NewVisit], manager_ids: Mapping[uuid.UUID, int]) -> None:
        self.manager_ids = manager_ids
        codes = {item.outlet_code for item in items}
        outlets = db.session.execute(
            select(Outlet.id, Outlet.code, Outlet.latitude, Outlet.longitude).where(Outlet.code.in_(codes))
        )
        self.outlets = {row.code: row for row in outlets}
        self.checklists = {
            row.version: checklist.items_from(row.items) for row in db.session.scalars(select(Checklist))
        }
        self._known_marks: dict[tuple[Any, ...], Marked] = {}
        """By what was answered: most visits of a batch find one of a few things."""
        self.services = set(db.session.scalars(select(Service.code)))
        self.assigned = _assignments([row.id for row in self.outlets.values()], set(manager_ids.values()))

    def judge(self, item: NewVisit, received_at: datetime) -> Judged:
        """Return the rows of a visit.

        Raises:
            Missing: ``outlet_missing`` if it is not, and never was, this manager's.
            Forbidden: ``not_assigned_that_day``.
            Invalid: ``checklist_incomplete`` and its kin, ``left_before_arrival``, ``position_shape``,
                ``photo_missing``, ``need_incomplete``, ``too_many_needs``, ``text_too_long``.
        """
        visited_on = business_date(min(item.arrived_at, received_at))
        outlet = self._outlet_held(item, visited_on)
        marked = self._marked(item)
        _check_shape(item)
        self._check_needs(item)
        metres_away = _metres_away(item.position, outlet)
        raised = evidence.flags(
            arrived_at=item.arrived_at,
            left_at=item.left_at,
            received_at=received_at,
            position=item.position,
            metres_away=metres_away,
            critical_failed=any(one.critical for one in marked.failed),
        )
        week = IsoWeek.of(visited_on)
        visit = {
            "id": item.id,
            "outlet_id": outlet.id,
            "manager_id": self.manager_ids[item.id],
            "visited_on": visited_on,
            "week": str(week),
            "arrived_at": item.arrived_at,
            "left_at": item.left_at,
            "received_at": received_at,
            "latitude": item.position.latitude if item.position else None,
            "longitude": item.position.longitude if item.position else None,
            "accuracy_m": item.position.accuracy_m if item.position else None,
            "distance_m": metres_away,
            "checklist_version": item.checklist_version,
            "answers": marked.stored,
            "score": marked.score,
            "photo_sha256": item.photo_sha256,
            "agent_word": item.agent_word or None,
            "remark": item.remark or None,
            "flags": [flag.value for flag in raised],
        }
        remarks = [
            {"visit_id": item.id, "item_no": one.no, "remark": item.item_remarks.get(one.no, "")}
            for one in marked.failed
        ]
        needs = [
            {
                "visit_id": item.id,
                "outlet_id": outlet.id,
                "service": need.service,
                "text": need.text,
                "raised_at": item.arrived_at,
            }
            for need in item.needs
        ]
        return Judged(visit, remarks, needs, week)

    def _marked(self, item: NewVisit) -> Marked:
        given = (item.checklist_version, *item.answers.items())
        known = self._known_marks.get(given)
        if known is None:
            items = self.checklists.get(item.checklist_version)
            if items is None:
                raise Invalid("checklist_unknown_item", "检查表已更新，请刷新页面后重新填写", field="answers")
            known = self._known_marks[given] = checklist.marked(items, item.answers)
        return known

    def _outlet_held(self, item: NewVisit, day: date) -> Any:
        outlet = self.outlets.get(item.outlet_code)
        spans = self.assigned.get((outlet.id, self.manager_ids[item.id]), ()) if outlet else ()
        if not spans:
            raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
        if not any(starts_on <= day < ends_on for starts_on, ends_on in spans):
            raise Forbidden("not_assigned_that_day", "%(day)s 这个网点不由您负责，不能登记走访", day=day.isoformat())
        return outlet

    def _check_needs(self, item: NewVisit) -> None:
        if len(item.needs) > MOST_NEEDS:
            raise Invalid("too_many_needs", "一次走访最多登记 %(count)d 条需求", field="needs", count=MOST_NEEDS)
        for need in item.needs:
            if need.service not in self.services or not need.text.strip():
                raise Invalid("need_incomplete", "每条需求都要选服务类别并写明内容", field="needs")
            _check_length(need.text, LONGEST_WORDS, "needs")


def _check_shape(item: NewVisit) -> None:
    if item.left_at is not None and item.left_at < item.arrived_at:
        raise Invalid("left_before_arrival", "离开时间不能早于到达时间", field="left")
    place = item.position
    if place is not None and not (
        math.isfinite(place.latitude)
        and math.isfinite(place.longitude)
        and -90 <= place.latitude <= 90
        and -180 <= place.longitude <= 180
        and 0 <= place.accuracy_m <= 1_000_000
    ):
        raise Invalid("position_shape", "手机给出的位置无法识别，请重新定位或不带位置提交", field="position")
    if item.photo_sha256 is not None and not files.exists(item.photo_sha256, PHOTO_SUFFIX):
        raise Invalid("photo_missing", "照片没有传上来，请重新选择", field="photo")
    _check_length(item.agent_word, LONGEST_WORDS, "agent_word")
    _check_length(item.remark, LONGEST_WORDS, "remark")
    for words in item.item_remarks.values():
        _check_length(words, LONGEST_ITEM_REMARK, "answers")


def _check_length(words: str, longest: int, field_name: str) -> None:
    if len(words) > longest:
        raise Invalid("text_too_long", "最多 %(count)d 个字", field=field_name, count=longest)


def _metres_away(position: Position | None, outlet: Any) -> int | None:
    if position is None or outlet.latitude is None:
        return None
    return evidence.distance_m(position.latitude, position.longitude, outlet.latitude, outlet.longitude)


def _assignments(outlet_ids: Sequence[int], manager_ids: set[int]) -> Mapping[tuple[int, int], list[Span]]:
    found: dict[tuple[int, int], list[Span]] = defaultdict(list)
    rows = db.session.execute(
        select(Assignment.outlet_id, Assignment.manager_id, Assignment.starts_on, Assignment.ends_on).where(
            Assignment.outlet_id.in_(outlet_ids), Assignment.manager_id.in_(manager_ids)
        )
    )
    for outlet_id, manager_id, starts_on, ends_on in rows:
        found[outlet_id, manager_id].append(span(starts_on, ends_on))
    return found


def managers_of_items(items: Sequence[NewVisit]) -> tuple[dict[uuid.UUID, int], dict[uuid.UUID, Refusal]]:
    """Return, for history that names its managers, who made each visit, and the items that name nobody known."""
    rows = db.session.execute(
        select(Manager.code, Manager.id).where(Manager.code.in_({item.manager_code for item in items}))
    )
    by_code = dict(rows.all())
    known = {item.id: by_code[item.manager_code] for item in items if item.manager_code in by_code}
    missing = Missing("manager_missing", "没有找到这位台区经理，或其不在您的管辖范围内")
    return known, {item.id: missing for item in items if item.id not in known}
