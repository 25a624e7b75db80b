"""Another kind never lifts an outlet's limits by one person's hand: two people raise them first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from agentnet.core.errors import Invalid
from agentnet.divisions.models import Setting
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import OutletFacts, change_outlet
from agentnet.outlets.limit_rules import Figures
from agentnet.outlets.models import Agreement, Outlet
from agentnet.outlets.rules import OutletKind
from tests import world
from tests.approvals.given import say_yes
from tests.collecting.counter import count
from tests.holding.given import limit
from tests.holding.test_limits import new_limits, pending, set_as

FACTS = OutletFacts("小河头村邮站", OutletKind.VILLAGE_POST, Setting.RURAL, world.VILLAGE, "小河头村1号")


def become(kind, by="carol"):
    with batch():
        change_outlet("WL0001", replace(FACTS, kind=kind), world.actor(by))


def kind_of():
    with reading():
        return db.session.scalars(select(Outlet.kind).where(Outlet.code == "WL0001")).one()


@pytest.mark.parametrize("figure", ["ceiling_fen", "single_limit_fen", "daily_limit_fen"])
def test_a_kind_with_a_higher_limit_or_none_is_refused_and_leaves_nothing(app, figure):
    limit(kind="VILLAGE_POST", **{figure: 1000_00})
    lines = count(AuditLine)
    for kind in (OutletKind.NEWSSTAND, OutletKind.CONVENIENCE_STORE):
        with pytest.raises(Invalid, match="kind_raises_limits") as refusal:
            become(kind)
        assert refusal.value.params["now"] == "1,000.00"
        assert refusal.value.field == "kind"
    assert (kind_of(), count(AuditLine)) == ("VILLAGE_POST", lines)


def test_a_kind_with_the_same_or_lower_limits_is_free(app):
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00, daily_limit_fen=9000_00)
    limit(kind="NEWSSTAND", ceiling_fen=900_00, daily_limit_fen=9000_00)
    become(OutletKind.NEWSSTAND)
    assert kind_of() == "NEWSSTAND"


def test_what_the_agreement_caps_is_no_raise(app):
    """The agreement of WL0001 says 5,000.00 and 2,000.00: a kind above that lets nothing more through."""
    limit(kind="VILLAGE_POST", ceiling_fen=5000_00)
    limit(kind="NEWSSTAND", ceiling_fen=9000_00)
    become(OutletKind.NEWSSTAND)
    assert kind_of() == "NEWSSTAND"


def test_a_raise_that_lies_ahead_is_seen_too(app):
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00)
    limit(kind="NEWSSTAND", ceiling_fen=1000_00)
    limit(kind="NEWSSTAND", ceiling_fen=2000_00, starts_on=world.TODAY + timedelta(days=9))
    with pytest.raises(Invalid, match="kind_raises_limits"):
        become(OutletKind.NEWSSTAND)


def test_two_people_raise_it_for_the_outlet_alone_and_then_the_kind_may_change(app):
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00)
    assert not set_as(new_limits(Figures(ceiling_fen=3000_00)))
    with pytest.raises(Invalid, match="kind_raises_limits"):
        become(OutletKind.NEWSSTAND)
    say_yes(pending()[0], by="carol")
    become(OutletKind.NEWSSTAND)
    assert kind_of() == "NEWSSTAND"


def test_limits_of_its_own_for_some_days_do_not_hide_what_comes_after(app):
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00)
    limit(outlet_id=1, ceiling_fen=1000_00, ends_on=world.TODAY + timedelta(days=3))
    with pytest.raises(Invalid, match="kind_raises_limits"):
        become(OutletKind.NEWSSTAND)


def test_an_agreement_that_was_ended_is_not_the_way_around(app):
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00)
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ends_on=world.TODAY))
    with pytest.raises(Invalid, match="kind_raises_limits"):
        become(OutletKind.NEWSSTAND)


def test_the_page_says_what_to_do(app, sign_in):
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00)
    carol = sign_in("carol")
    typed = {
        "name": "小河头村邮站",
        "kind": "NEWSSTAND",
        "setting": "RURAL",
        "village": world.VILLAGE,
        "address": "小河头村1号",
        "version": "1",
        "staffed": "y",
    }
    page = carol.post("/outlets/WL0001/edit", data=typed)
    assert page.status_code == 422
    assert "会提高现金上限（现在 1,000.00 元）" in page.text
