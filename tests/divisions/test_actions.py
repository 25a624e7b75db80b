"""The organisation's verbs, below the screen."""

from __future__ import annotations

import pytest

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.divisions.actions import UnitFacts, add_unit, change_unit, facts_of, move_unit
from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.divisions.queries import org_unit_by_code, units_under
from agentnet.infra.actor import SYSTEM, Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from tests import world

STATION = UnitFacts("新河供电所", OrgKind.STATION)
WENDY = Actor(user_id=12, name="Wendy", grants=(Grant(Role.ADMINISTRATOR, org_path=world.WENLING.path),))


def path_of(code: str) -> str:
    unit = org_unit_by_code(code)
    assert unit is not None
    return unit.path


def test_any_depth_may_hang_below_a_station(app) -> None:
    with batch():
        for number, parent in enumerate(("WL-TP", "D1", "D2", "D3"), 1):
            add_unit(f"D{number}", parent, STATION, world.actor("adam"))
    assert path_of("D4").startswith(f"{path_of('D3')}")
    assert [unit.code for unit in units_under(path_of("D2"))] == ["D2", "D3", "D4"]


def test_there_is_one_company(app) -> None:
    with pytest.raises(Invalid, match="company_exists"), batch():
        add_unit("DH2", None, UnitFacts("第二公司", OrgKind.COMPANY), SYSTEM)
    with pytest.raises(Missing, match="unit_missing"), batch():
        add_unit("DH2", None, UnitFacts("第二公司", OrgKind.COMPANY), world.actor("adam"))


def test_a_countys_administrator_edits_the_county_alone(app) -> None:
    with batch():
        add_unit("WL-XH", "WL", STATION, WENDY)
    for work in (
        lambda: add_unit("JX-XH", "JX", STATION, WENDY),
        lambda: change_unit("JX", STATION, WENDY),
        lambda: move_unit("WL-XH", "JX", WENDY),
        lambda: move_unit("JX-NH", "WL", WENDY),
    ):
        with pytest.raises(Missing, match="unit_missing"), batch():
            work()
    with pytest.raises(Forbidden), batch():
        add_unit("X", "WL", STATION, world.actor("carol"))


def test_an_edit_of_what_somebody_else_changed_is_a_conflict(app) -> None:
    adam = world.actor("adam")
    with batch():
        seen = facts_of(change_unit("WL-TP", UnitFacts("太平所", OrgKind.STATION), adam))
    with batch():
        change_unit("WL-TP", UnitFacts("太平供电站", OrgKind.STATION), adam, seen)
    with pytest.raises(Conflict, match="changed_meanwhile"), batch():
        change_unit("WL-TP", UnitFacts("太平", OrgKind.STATION), adam, seen)


def test_a_move_changes_no_path_that_only_looks_alike(app) -> None:
    with batch():
        for number in range(40, 52):
            db.session.add(
                OrgUnit(id=number, code=f"N{number}", name="所", kind="STATION", parent_id=3, path=f"/1/2/3/{number}/")
            )
    with batch():
        move_unit("WL-TP", "JX", world.actor("adam"))  # its path is /1/2/3/4/; theirs are /1/2/3/40/ and on
    assert path_of("WL-TP") == f"{world.JIAXING.path}{world.TAIPING.id}/"
    assert path_of("N40") == "/1/2/3/40/"
