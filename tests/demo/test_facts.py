"""What happens in the networks: payments, visits, and the ids they carry."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median

from agentnet.core.clock import IsoWeek, business_date, shanghai
from agentnet.demo.rounds import evening_after
from agentnet.demo.world import World
from agentnet.outlets.rules import TenderCode, is_open
from agentnet.visits.checklist import Answer
from agentnet.workdays.rules import day_kind


def payments(world: World):
    return [payment for month in world.months for day in month.payments.values() for payment in day]


def test_about_120_000_collections_with_a_median_of_about_200_yuan(world: World):
    found = payments(world)
    assert 117_000 <= len(found) <= 123_000
    assert 185_00 <= median(payment.amount_fen for payment in found) <= 215_00


def test_summer_is_the_peak(world: World):
    whole = world.months[:-1]
    summed = {m.month.month: sum(p.amount_fen for day in m.payments.values() for p in day) for m in whole}
    counted = {m.month.month: sum(len(day) for day in m.payments.values()) for m in whole}
    summer = {7, 8, 9}
    assert min(summed[month] for month in summer) > max(fen for month, fen in summed.items() if month not in summer)
    assert min(counted[month] for month in summer) > max(n for month, n in counted.items() if month not in summer)


def test_every_payment_is_one_its_outlet_could_take(world: World):
    for month in world.months:
        for day, of_day in month.payments.items():
            assert of_day == sorted(of_day, key=lambda payment: (payment.collected_at, payment.id))
            for payment in of_day:
                outlet = world.people.outlets[payment.outlet]
                local = shanghai(payment.collected_at)
                assert outlet.open_on(day)
                assert payment.tender in outlet.tenders
                assert local.date() == day
                assert outlet.hours[day.weekday()]
                cash = payment.tender is TenderCode.CASH
                assert (payment.reference is None) == cash == (payment.cash_received_fen is not None)
                assert not cash or (payment.cash_received_fen or 0) >= payment.amount_fen


def test_every_payment_is_made_while_the_outlet_is_open(world: World):
    for payment in payments(world):
        local = shanghai(payment.collected_at)
        spans = world.people.outlets[payment.outlet].hours[local.weekday()]
        assert is_open(spans, local.hour * 60 + local.minute) or payment.void_id


def test_nothing_is_collected_today_or_later(world: World):
    assert max(business_date(payment.collected_at) for payment in payments(world)) <= world.people.timeline.last_on


def test_some_are_voided_and_every_id_is_a_uuid_of_version_7_used_once(world: World):
    found = payments(world)
    voids = [payment.void_id for payment in found if payment.void_id]
    ids = [payment.id for payment in found] + voids
    assert 100 < len(voids) < 600
    assert len(ids) == len(set(ids))
    assert {(one.version, one.variant) for one in ids if one} == {(7, found[0].id.variant)}


def test_cash_is_the_usual_tender_and_the_others_occur(world: World):
    tenders = Counter(payment.tender for payment in payments(world))
    assert tenders[TenderCode.CASH] * 2 > sum(tenders.values())
    assert set(tenders) > {TenderCode.CASH, TenderCode.UNIONPAY_CARD, TenderCode.ALIPAY}


def test_the_ceilings_hold_the_cash_of_the_whole_history(world: World):
    cash: Counter[str] = Counter()
    for payment in payments(world):
        if payment.tender is TenderCode.CASH:
            cash[world.people.outlets[payment.outlet].code] += payment.amount_fen
    assert all(fen <= world.ceilings[code] for code, fen in cash.items())
    nearly_full = [code for code, fen in cash.items() if fen * 10 > 8 * world.ceilings[code]]
    assert 3 <= len(nearly_full) <= 30
    assert world.people.agents_code not in nearly_full


def test_visits_are_made_on_working_days_by_who_holds_the_outlet_and_some_are_missed(world: World):
    week = world.people.timeline.weeks()[9]
    visits = world.people.rounds.of(week)
    due = [o for o in world.people.outlets if o.host_code is None and o.open_on(week.starts_on)]
    assert len(due) * 85 < len(visits) * 100 < len(due) * 100
    for visit in visits:
        day = business_date(visit.arrived_at)
        assert visit.manager_code in world.people.staff.holders_on(day)[visit.outlet_code]
        assert day_kind(day, {}).is_workday
        assert set(visit.answers) == set(range(1, 17))
        assert {no for no, answer in visit.answers.items() if answer == Answer.FAIL} == set(visit.item_remarks)
        assert visit.received_at is not None
        assert visit.arrived_at < (visit.left_at or visit.arrived_at) < visit.received_at <= evening_after(week)


def test_nobody_visits_in_the_week_of_spring_festival_or_after_yesterday(world: World):
    weeks = {str(week): week for week in world.people.timeline.weeks()}
    assert world.people.rounds.of(IsoWeek.parse("2026-W08")) == []
    last = world.people.rounds.of(weeks["2026-W47"])
    assert max(business_date(visit.arrived_at) for visit in last) <= world.people.timeline.last_on
    assert world.people.rounds.of(weeks["2026-W48"]) == []


def test_the_same_week_is_the_same_every_time(world: World):
    week = world.people.timeline.weeks()[5]
    assert world.people.rounds.of(week) == world.people.rounds.of(week)
    assert world.people.timeline.today - timedelta(days=1) == world.people.timeline.last_on
