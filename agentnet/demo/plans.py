"""The commission plans the demo company has agreed: a default, and one for the Post that changed in mid-history."""

from __future__ import annotations

from datetime import date
from typing import Any

from agentnet.commission.actions import add_version, create_plan
from agentnet.commission.engine.language import Component, Kind, Scope, Version
from agentnet.demo.timeline import Timeline
from agentnet.infra.actor import SYSTEM
from agentnet.outlets.rules import OutletKind, TenderCode

STANDARD, POST = "STANDARD", "POST"


def _each(name: str, outlet_kinds: str = "", tenders: str = "", **pays: Any) -> Component:
    """Return one of a version's alternatives, of which a collection is paid by the narrowest."""
    scope = Scope(
        outlet_kinds=frozenset({outlet_kinds} if outlet_kinds else ()),
        tenders=frozenset({tenders} if tenders else ()),
    )
    return Component(Kind.PER_COLLECTION, name, scope, group="每笔", **pays)


STANDARD_COMPONENTS = (
    _each("现金每笔", tenders=TenderCode.CASH, fee_fen=60),
    _each("其他支付方式", rate_ppm=2_500, minimum_fen=20, maximum_fen=1_00),
)
POST_FIRST = (
    _each("每笔", fee_fen=50),
    _each("报刊亭", outlet_kinds=OutletKind.NEWSSTAND, rate_ppm=2_000, minimum_fen=30, maximum_fen=80),
)
POST_SECOND = (
    _each("每笔", fee_fen=55),
    _each("村邮站现金", outlet_kinds=OutletKind.VILLAGE_POST, tenders=TenderCode.CASH, fee_fen=80),
    _each("报刊亭", outlet_kinds=OutletKind.NEWSSTAND, rate_ppm=2_400, minimum_fen=40, maximum_fen=1_00),
)


def agree_plans(timeline: Timeline) -> int:
    """Agree both plans with their versions, before the history begins; return the id of the Post's."""
    long_ago = date(timeline.first_on.year - 3, 1, 1)
    changes_on = timeline.whole_months[len(timeline.whole_months) // 2].starts_on
    standard = Version(long_ago, STANDARD_COMPONENTS, note="公司统一标准")
    create_plan(STANDARD, "标准代办费", standard, SYSTEM)
    plan = create_plan(POST, "邮政合作代办费", Version(long_ago, POST_FIRST, note="与东海邮政的合作协议"), SYSTEM)
    second = Version(changes_on, POST_SECOND, note="与东海邮政补充协议：村邮站现金每笔 0.80 元")
    add_version(POST, second, SYSTEM)
    return plan.id
