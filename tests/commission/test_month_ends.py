"""What a month's close takes an outlet for: what it was at the month's end, and the version that ruled its last days."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from agentnet.closing.actions import close_month
from agentnet.commission.actions import add_version, create_plan
from agentnet.commission.engine.language import Component, Kind, Scope, Share, Version
from agentnet.commission.engine.writing import write_version
from agentnet.commission.models import OutletAccrual
from agentnet.commission.whatif.trying import try_outlets
from agentnet.core.clock import Month
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Agreement, Outlet
from tests import world
from tests.commission.facts import POSTAL_STATION, collected
from tests.verify.test_planted import is_named, named_in

OCTOBER = Month(2026, 10)
BY_SETTING = Version(
    date(2026, 10, 1),
    (
        Component(Kind.PER_COLLECTION, "农村", Scope(settings=frozenset({"RURAL"})), group="每笔", fee_fen=50),
        Component(Kind.PER_COLLECTION, "城区", Scope(settings=frozenset({"URBAN"})), group="每笔", fee_fen=2_00),
    ),
    note="按城乡",
)


def october() -> OutletAccrual:
    with reading():
        return db.session.get_one(OutletAccrual, ("2026-10", 1))


def changed(**facts: object) -> None:
    """Change facts of WL0001 now, as its supervisor would, with the audit line that tells what they were."""
    with batch():
        outlet = db.session.get_one(Outlet, 1)
        before = {name: getattr(outlet, name) for name in facts}
        db.session.execute(update(Outlet).where(Outlet.id == 1).values(**facts))
        write_audit(world.actor("carol"), "change_outlet", "outlet", "WL0001", before, dict(facts))


@pytest.mark.parametrize("edits", [("URBAN",), ("URBAN", "RURAL", "URBAN")])
def test_an_edit_after_the_month_does_not_rate_the_month_anew(app, edits) -> None:
    with batch():
        add_version("STANDARD", BY_SETTING, SYSTEM)
    collected(POSTAL_STATION, *[203_50] * 10)
    for setting in edits:
        changed(setting=setting)
    changed(partner_id=None, kind="SERVICE_POINT")
    close_month(OCTOBER, SYSTEM)
    found = october()
    # Ten rural collections at 0.50; as a village postal station of the Post, which it was when October ended.
    assert (found.earned_fen, found.setting, found.outlet_kind) == (5_00, "RURAL", "VILLAGE_POST")
    assert found.inputs is not None
    assert found.inputs["partner"] == "POST"
    with db.engine.connect() as connection:
        assert named_in(connection) & {"commission_place", "commission_line", "commission_ruling"} == set()
    assert is_named("commission_place", "UPDATE outlet_accruals SET setting = 'URBAN'")
    assert is_named("commission_ruling", "UPDATE outlet_accruals SET version_id = NULL WHERE outlet_id = 1")


def test_a_month_is_shared_by_the_version_that_ruled_it_even_where_the_agreement_ended(app) -> None:
    shares = (Share("KEEPER", 600_000), Share("PARTNER", 400_000))
    shared = Version(date(2026, 1, 1), world.STANDARD.components, shares=shares, note="分成")
    with batch():
        plan = create_plan("P2", "分成方案", shared, SYSTEM)
        db.session.execute(
            update(Agreement).where(Agreement.outlet_id == 1).values(plan_id=plan.id, ends_on=date(2026, 10, 21))
        )
        db.session.execute(update(Outlet).where(Outlet.id == 1).values(closed_on=date(2026, 10, 20), state="CLOSED"))
    collected(POSTAL_STATION, 203_50, 102_00)
    close_month(OCTOBER, SYSTEM)
    found = october()
    assert found.inputs is not None
    assert found.version_id == found.inputs["ruling"][-1][0] != 1


def test_a_trial_pays_an_outlet_that_opened_in_the_month_for_its_own_days(app) -> None:
    # 310.00 a month, open from the 22nd of 31 days: 100.00.
    paid = Version(date(2026, 10, 1), (Component(Kind.SUBSIDY, "补贴", amount_fen=310_00),), note="补贴")
    with batch():
        add_version("STANDARD", paid, SYSTEM)
        db.session.execute(update(Outlet).where(Outlet.id == 1).values(opened_on=date(2026, 10, 22)))
    collected(POSTAL_STATION, 203_50, on=date(2026, 10, 25))
    close_month(OCTOBER, SYSTEM)
    assert october().earned_fen == 100_00
    with reading():
        tried = try_outlets(write_version(paid), None, [OCTOBER], [1])
    assert sum(fen for (*_key, side, _name), fen in tried.sums.items() if side == "NEW") == 100_00
