"""Limits: where they come from, what lowers at once, what waits for a second person, and what they refuse."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.approvals.models import Approval
from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.holding.limit_actions import set_limits
from agentnet.holding.rules import NewLimits
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import NewAgreement, sign_agreement
from agentnet.outlets.limit_rules import Figures
from agentnet.outlets.models import Limit, Outlet
from agentnet.outlets.queries.limits import limits_on
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes, state_of
from tests.at_once import at_once
from tests.collecting.counter import count, item, record, refusal_of
from tests.holding.given import agree, limit

TOMORROW = world.TODAY + timedelta(days=1)


def new_limits(figures=None, **changes):
    """Return limits of WL0001 from today on."""
    values = {"id": new_id(), "starts_on": world.TODAY, "reason": "年度核定", "outlet_code": "WL0001"}
    return NewLimits(**(values | {"figures": figures or Figures()} | changes))


def of_kind(figures=None, **changes):
    """Return limits of village postal stations from today on."""
    return new_limits(figures, **({"kind": "VILLAGE_POST", "outlet_code": None} | changes))


def set_as(new, by="fang"):
    """Set limits as one of the cast; return whether they are set."""
    with batch():
        return set_limits(new, world.actor(by))


def holds(day=world.TODAY):
    with reading():
        return limits_on(db.session.get_one(Outlet, 1), day)


def pending():
    with reading():
        return db.session.scalars(select(Approval.id).where(Approval.state == "PENDING")).all()


def test_without_anything_set_the_agreement_holds(app):
    assert holds() == Figures(500_000, 200_000)


def test_the_lower_of_agreement_and_kind_holds_and_an_own_figure_goes_before_both(app):
    limit(kind="VILLAGE_POST", ceiling_fen=400_000, single_limit_fen=900_000, daily_limit_fen=2_000_000)
    assert holds() == Figures(400_000, 200_000, 2_000_000)
    limit(outlet_id=1, ceiling_fen=600_000, large_amount_fen=100_000)
    assert holds() == Figures(600_000, 200_000, 2_000_000, 100_000)


def test_another_kinds_and_another_outlets_limits_do_not_matter(app):
    limit(kind="NEWSSTAND", ceiling_fen=1)
    limit(outlet_id=2, ceiling_fen=1)
    assert holds() == Figures(500_000, 200_000)


def test_what_was_set_last_holds_on_the_days_it_names_and_then_gives_way(app):
    limit(outlet_id=1, ceiling_fen=300_000)
    limit(outlet_id=1, ceiling_fen=450_000, starts_on=TOMORROW, ends_on=TOMORROW + timedelta(days=10))
    assert [holds(world.TODAY + timedelta(days=n)).ceiling_fen for n in (0, 1, 10, 11)] == [
        300_000,
        450_000,
        450_000,
        300_000,
    ]


def test_lowering_holds_at_once(app):
    record(item(200_00, world.MEI))
    assert set_as(new_limits(Figures(ceiling_fen=250_00)))
    assert refusal_of(item(50_01, world.GANG)) == "over_ceiling"
    assert refusal_of(item(50_00, world.GANG)) == "created"
    with reading():
        row = db.session.scalars(select(Limit)).one()
        assert (row.outlet_id, row.ceiling_fen, row.user_id, row.approved_by_id) == (1, 250_00, 9, None)
        assert "limits_set" in db.session.scalars(select(AuditLine.action)).all()


def test_lowering_below_what_is_held_refuses_money_and_keeps_the_balance(app):
    record(item(300_00, world.MEI))
    assert set_as(new_limits(Figures(ceiling_fen=100_00)))
    assert refusal_of(item(1, world.GANG)) == "over_ceiling"
    assert refusal_of(item(1, world.GANG, tender="UNIONPAY_CARD", reference="P")) == "created"


def test_a_daily_limit_counts_every_tender_and_a_void_gives_its_room_back(app):
    limit(kind="VILLAGE_POST", daily_limit_fen=300_00)
    assert refusal_of(item(300_01, world.MEI)) == "over_daily_limit"
    one = item(200_00, world.MEI)
    assert refusal_of(one) == "created"
    assert refusal_of(item(100_01, tender="UNIONPAY_CARD", reference="P")) == "over_daily_limit"
    assert refusal_of(item(100_00, tender="UNIONPAY_CARD", reference="P")) == "created"
    assert refusal_of(item(1, world.OLD)) == "over_daily_limit"
    void(one)
    assert refusal_of(item(200_00, world.OLD)) == "created"
    assert refusal_of(item(1, world.MEI)) == "over_daily_limit"


def void(one):
    with batch():
        void_collection(one.id, new_id(), "收错了", world.actor("alice"))


def test_in_a_batch_those_that_fit_the_day_win_in_their_order_and_numbers_have_no_gap(app):
    limit(kind="VILLAGE_POST", daily_limit_fen=300_00)
    verdicts = record(item(200_00, world.MEI), item(200_00, world.OLD), item(100_00, world.GANG))
    assert [one.refusal.code if one.refusal else one.receipt_no[-4:] for one in verdicts] == [
        "0001",
        "over_daily_limit",
        "0002",
    ]


def test_what_the_cash_has_no_room_for_gives_number_and_room_back(app):
    limit(kind="VILLAGE_POST", daily_limit_fen=400_00)
    agree(ceiling_fen=150_00)
    verdicts = record(item(100_00, world.MEI), item(100_00, world.OLD), item(50_00, world.GANG))
    assert [one.refusal.code if one.refusal else one.receipt_no[-4:] for one in verdicts] == [
        "0001",
        "over_ceiling",
        "0002",
    ]
    assert refusal_of(item(250_00, world.OLD, tender="UNIONPAY_CARD", reference="P")) == "created"
    assert refusal_of(item(1, world.OLD, tender="UNIONPAY_CARD", reference="P")) == "over_daily_limit"


def test_a_single_payment_is_held_to_the_lower_figure(app):
    limit(kind="VILLAGE_POST", single_limit_fen=100_00)
    assert refusal_of(item(100_01, world.MEI)) == "over_single_limit"
    assert refusal_of(item(100_00, world.MEI)) == "created"


def test_a_large_amount_is_marked_as_of_its_posting(app):
    limit(kind="VILLAGE_POST", large_amount_fen=100_00)
    record(item(100_00, world.MEI), item(99_99, world.GANG))
    limit(kind="VILLAGE_POST", large_amount_fen=10_00)
    with reading():
        rows = db.session.execute(select(Collection.amount_fen, Collection.large)).all()
    assert {tuple(row) for row in rows} == {(100_00, True), (99_99, False)}


@pytest.mark.parametrize(
    ("figures", "raised"),
    [
        (Figures(ceiling_fen=500_001), ["ceiling_fen"]),
        (Figures(single_limit_fen=200_001, ceiling_fen=1), ["single_limit_fen"]),
        (Figures(daily_limit_fen=2_000_001), ["daily_limit_fen"]),
    ],
)
def test_a_raise_waits_for_a_second_person(app, figures, raised):
    limit(kind="VILLAGE_POST", daily_limit_fen=2_000_000)
    before = holds()
    assert not set_as(new_limits(figures))
    assert holds() == before
    (approval_id,) = pending()
    with reading():
        assert list(db.session.get_one(Approval, approval_id).content["raises"]) == raised
    with pytest.raises(Forbidden, match="own_request"):
        say_yes(approval_id, by="fang")
    say_yes(approval_id, by="carol")
    assert state_of(approval_id)[0] == "APPROVED"
    for name, figure in figures.as_dict().items():
        if figure is not None:
            assert getattr(holds(), name) == figure
    with reading():
        row = db.session.scalars(select(Limit).order_by(Limit.id.desc())).first()
        assert (row.user_id, row.approved_by_id) == (9, 6)


def test_a_raise_that_is_refused_changes_nothing(app):
    assert not set_as(new_limits(Figures(ceiling_fen=900_000)))
    say_no(pending()[0], by="carol")
    assert (holds().ceiling_fen, count(Limit)) == (500_000, 0)


def test_taking_a_kinds_limit_away_is_a_raise(app):
    more_finance()
    limit(kind="VILLAGE_POST", ceiling_fen=400_000)
    assert not set_as(of_kind(Figures()))
    say_yes(pending()[0])
    assert holds().ceiling_fen == 500_000


def test_a_kinds_first_limit_lowers_and_holds_at_once(app):
    assert set_as(of_kind(Figures(ceiling_fen=400_000, daily_limit_fen=2_000_000)))
    assert holds() == Figures(400_000, 200_000, 2_000_000)


def test_a_raise_hidden_behind_a_later_day_is_found(app):
    # A lower ceiling holds from tomorrow; a row without an end that keeps today's would lift it.
    limit(outlet_id=1, ceiling_fen=500_000)
    limit(outlet_id=1, ceiling_fen=100_000, starts_on=TOMORROW)
    assert not set_as(new_limits(Figures(ceiling_fen=500_000)))
    assert set_as(new_limits(Figures(ceiling_fen=500_000), ends_on=TOMORROW))


def test_what_was_asked_for_before_others_were_set_is_refused(app):
    assert not set_as(new_limits(Figures(ceiling_fen=900_000)))
    assert set_as(new_limits(Figures(ceiling_fen=100_000)))
    with pytest.raises(Conflict, match="limits_changed"):
        say_yes(pending()[0], by="carol")
    assert holds().ceiling_fen == 100_000


def test_one_subject_has_one_raise_waiting(app):
    assert not set_as(new_limits(Figures(ceiling_fen=900_000)))
    with pytest.raises(Conflict, match="approval_pending"):
        set_as(new_limits(Figures(ceiling_fen=800_000)))


@pytest.mark.parametrize("by", ["alice", "bob", "carol", "audrey", "adam", "paul"])
def test_only_finance_sets_limits(app, by):
    for new in (new_limits(Figures(ceiling_fen=1)), of_kind(Figures(ceiling_fen=1))):
        with pytest.raises(Forbidden, match="not_permitted"):
            set_as(new, by=by)
    assert count(Limit) == 0


def test_finance_of_a_county_sets_its_outlets_limits_and_no_kinds(app, finance_of_jiaxing):
    with pytest.raises(Missing, match="outlet_missing"):
        set_as(new_limits(Figures(ceiling_fen=1)), by="charlie")
    with pytest.raises(Forbidden, match="limits_for_company"):
        set_as(of_kind(Figures(ceiling_fen=1)), by="charlie")
    assert set_as(new_limits(Figures(ceiling_fen=1), outlet_code="JX0001"), by="charlie")


@pytest.mark.parametrize("by", ["alice", "bob", "audrey", "charlie"])
def test_who_may_not_approve(app, by):
    assert not set_as(new_limits(Figures(ceiling_fen=900_000)))
    with pytest.raises((Forbidden, Missing)):
        say_yes(pending()[0], by=by)
    assert holds().ceiling_fen == 500_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"starts_on": world.TODAY - timedelta(days=1)}, "limits_in_past"),
        ({"ends_on": world.TODAY}, "limits_period"),
        ({"reason": " x "}, "reason_missing"),
        ({"figures": Figures(ceiling_fen=-1)}, "limits_impossible"),
        ({"figures": Figures(single_limit_fen=0)}, "limits_impossible"),
        ({"figures": Figures(daily_limit_fen=10**14)}, "limits_impossible"),
        ({"outlet_code": None, "kind": "KIOSK"}, "kind_unknown"),
        ({"outlet_code": "WL0009"}, "no_agreement"),
    ],
)
def test_what_is_wrong_leaves_nothing(app, changes, code):
    with pytest.raises(Invalid, match=code):
        set_as(replace(new_limits(), **changes))
    assert (count(Limit), count(Approval), count(AuditLine)) == (0, 0, 0)


def test_sent_twice_is_once_for_what_is_set_and_for_what_is_asked(app):
    for figures, done in ((Figures(ceiling_fen=100_000), True), (Figures(ceiling_fen=900_000), False)):
        new = new_limits(figures)
        assert [set_as(new), set_as(new)] == [done, done]
        with pytest.raises(Conflict, match="id_reused"):
            set_as(replace(new, reason="另一个原因"))
    assert (count(Limit), count(Approval)) == (1, 1)


def test_a_new_agreement_does_not_raise_by_itself(app):
    signed = NewAgreement("DH-2026-1", world.TODAY, None, 500_001, 200_000)
    with pytest.raises(Invalid, match="agreement_raises"), batch():
        sign_agreement("WL0001", signed, world.actor("carol"))
    assert not set_as(new_limits(Figures(ceiling_fen=600_000)))
    say_yes(pending()[0], by="carol")
    with batch():
        sign_agreement("WL0001", signed, world.actor("carol"))
    assert holds().ceiling_fen == 600_000


def test_what_was_allowed_for_some_days_does_not_become_lasting_by_one_person(app):
    week = replace(new_limits(Figures(ceiling_fen=600_000)), ends_on=world.TODAY + timedelta(days=7))
    assert not set_as(week)
    say_yes(pending()[0], by="carol")
    assert holds().ceiling_fen == 600_000
    signed = NewAgreement("DH-2026-1", world.TODAY, None, 600_000, 200_000)
    with pytest.raises(Invalid, match="agreement_raises"), batch():
        sign_agreement("WL0001", signed, world.actor("carol"))


def test_of_two_lowerings_at_once_the_last_made_holds(app):
    with reading():
        fang = world.actor("fang")
    works = [lambda fen=fen: set_limits(new_limits(Figures(ceiling_fen=fen)), fang) for fen in (100_000, 200_000)]
    answers = at_once(app, works, batch)
    assert answers[0] is True
    with reading():
        last = db.session.scalars(select(Limit.ceiling_fen).order_by(Limit.id.desc())).first()
    assert holds().ceiling_fen == last


@pytest.mark.parametrize("sql", ["UPDATE limits SET ceiling_fen = 1", "DELETE FROM limits"])
def test_what_was_set_is_never_changed(app, sql):
    limit(outlet_id=1, ceiling_fen=100_000)
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text(sql))
