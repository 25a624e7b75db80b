"""The commission plans the demo company has agreed: a default, and one for the Post that changed in mid-history."""

from __future__ import annotations

from datetime import date, timedelta

from agentnet.commission.actions import NewVersion, add_version, create_plan
from agentnet.commission.rules import Component
from agentnet.core.clock import shanghai_instant
from agentnet.demo.chance import chance, fact_id
from agentnet.demo.timeline import Timeline
from agentnet.infra.actor import SYSTEM
from agentnet.outlets.rules import OutletKind, TenderCode

STANDARD, POST = "STANDARD", "POST"

STANDARD_COMPONENTS = (
    Component(tender=TenderCode.CASH, fixed_fen=60),
    Component(rate_ppm=2_500, minimum_fen=20, maximum_fen=1_00),
)
POST_FIRST = (
    Component(fixed_fen=50),
    Component(outlet_kind=OutletKind.NEWSSTAND, rate_ppm=2_000, minimum_fen=30, maximum_fen=80),
)
POST_SECOND = (
    Component(fixed_fen=55),
    Component(outlet_kind=OutletKind.VILLAGE_POST, tender=TenderCode.CASH, fixed_fen=80),
    Component(outlet_kind=OutletKind.NEWSSTAND, rate_ppm=2_400, minimum_fen=40, maximum_fen=1_00),
)


def agree_plans(timeline: Timeline) -> int:
    """Agree both plans with their versions, before the history begins; return the id of the Post's."""
    long_ago = date(timeline.first_on.year - 3, 1, 1)
    changes_on = timeline.whole_months[len(timeline.whole_months) // 2].starts_on
    create_plan(STANDARD, "标准代办费", _version(long_ago, "公司统一标准", STANDARD_COMPONENTS), SYSTEM)
    plan = create_plan(POST, "邮政合作代办费", _version(long_ago, "与东海邮政的合作协议", POST_FIRST), SYSTEM)
    second = _version(changes_on, "与东海邮政补充协议：村邮站现金每笔 0.80 元", POST_SECOND)
    add_version(POST, second, SYSTEM)
    return plan.id


def _version(starts_on: date, note: str, components: tuple[Component, ...]) -> NewVersion:
    decided_at = shanghai_instant(starts_on - timedelta(days=30), 9)
    return NewVersion(fact_id(decided_at, chance("plan version", starts_on, note)), starts_on, note, components)
