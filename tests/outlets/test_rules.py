"""The register's rules, each on plain values."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.core.errors import Invalid
from agentnet.outlets.rules import (
    NEXT_STATES,
    OutletKind,
    Readiness,
    Served,
    Slot,
    State,
    clean_code,
    clean_phone,
    clean_uscc,
    earliest_change,
    is_open,
    read_spans,
    require_host,
    require_ready,
    require_step,
    require_tenders,
    split_among,
    write_spans,
)


@pytest.mark.parametrize(
    ("present", "following"),
    [(present, following) for present in State for following in State if following not in NEXT_STATES[present]],
)
def test_a_step_the_life_cycle_does_not_have_is_refused(present: State, following: State) -> None:
    with pytest.raises(Invalid, match="step_not_allowed"):
        require_step(present, following)


def test_nothing_follows_closed_and_everything_may_close() -> None:
    assert NEXT_STATES[State.CLOSED] == frozenset()
    for state in set(State) - {State.CLOSED}:
        require_step(state, State.CLOSED)


@pytest.mark.parametrize(
    ("readiness", "code"),
    [
        (Readiness(False, True, True, True), "no_primary_manager"),
        (Readiness(True, False, True, True), "no_agreement"),
        (Readiness(True, True, False, True), "no_opening_hours"),
        (Readiness(True, True, True, False), "no_tenders"),
    ],
)
def test_an_outlet_that_lacks_something_may_not_open(readiness: Readiness, code: str) -> None:
    assert not readiness.ready
    with pytest.raises(Invalid, match=code):
        require_ready(readiness)


def test_an_outlet_that_has_everything_may_open() -> None:
    require_ready(Readiness(True, True, True, True))


def test_a_staffed_point_takes_cash_and_an_unstaffed_one_need_not() -> None:
    with pytest.raises(Invalid, match="cash_required"):
        require_tenders({"ALIPAY"}, {"CASH", "ALIPAY"}, staffed=True)
    require_tenders({"ALIPAY"}, {"CASH", "ALIPAY"}, staffed=False)


def test_a_tender_the_company_has_not_opened_is_refused() -> None:
    with pytest.raises(Invalid, match="tender_not_enabled"):
        require_tenders({"CASH", "E_CNY"}, {"CASH"}, staffed=True)


def test_only_a_village_centre_hosts_and_only_a_postal_station_is_hosted() -> None:
    require_host(OutletKind.VILLAGE_POST, OutletKind.VILLAGE_CENTRE)
    for kind, host in (
        (OutletKind.NEWSSTAND, OutletKind.VILLAGE_CENTRE),
        (OutletKind.VILLAGE_POST, OutletKind.SERVICE_POINT),
    ):
        with pytest.raises(Invalid, match="host_kind"):
            require_host(kind, host)


def test_an_open_outlets_past_may_be_corrected_for_31_days_but_not_before_it_applied() -> None:
    today = date(2026, 11, 18)
    assert earliest_change(today, date(2025, 1, 1), date(2024, 1, 1)) == date(2026, 10, 18)
    assert earliest_change(today, date(2026, 11, 10), date(2026, 11, 1)) == date(2026, 11, 1)
    assert earliest_change(today, None, date(2024, 1, 1)) == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("08:00-18:00", ((480, 1080),)),
        ("８：００－１２：００，１３：３０－１８：００", ((480, 720), (810, 1080))),
        ("13:30-18:00 08:00-12:00", ((480, 720), (810, 1080))),
        ("8:00 - 12:00、14:00 至 18:00", ((480, 720), (840, 1080))),
        ("0:00-24:00", ((0, 1440),)),
        ("全天", ((0, 1440),)),
        ("24 hours", ((0, 1440),)),
        ("", ()),
        ("休息", ()),
    ],
)
def test_hours_are_read_as_people_type_them(typed: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert read_spans(typed) == spans


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("八点到六点", "hours_shape"),
        ("08:70-09:00", "hours_shape"),
        ("08:00-25:00", "hours_shape"),
        ("08:00", "hours_shape"),
        ("20:00-02:00", "hours_past_midnight"),
        ("08:00-08:00", "hours_past_midnight"),
        ("08:00-12:00, 11:00-15:00", "hours_overlap"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused_by_name(typed: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        read_spans(typed)


@given(st.lists(st.integers(0, 1440), min_size=2, max_size=8, unique=True).map(sorted))
def test_written_hours_are_read_back_as_they_were(marks: list[int]) -> None:
    spans = [(marks[i], marks[i + 1]) for i in range(0, len(marks) - 1, 2)]
    assert list(read_spans(write_spans(spans))) == spans


def test_the_closing_minute_is_closed() -> None:
    assert [is_open([(480, 720)], minute) for minute in (479, 480, 719, 720)] == [False, True, True, False]


@pytest.mark.parametrize("typed", ["12345", "12800000000", "1380000000", "abc", "0576-8612345x"])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="phone_shape"):
        clean_phone(typed)


@pytest.mark.parametrize("typed", ["", "-A", "A-", "A B", "A/B", "村01", "A" * 33])
def test_a_code_that_could_not_stand_in_an_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="code_shape"):
        clean_code(typed)


def test_a_credit_code_is_checked_by_its_last_character() -> None:
    # Samples of GB 32100-2015 and of a public register; the last is the first with one character changed.
    assert clean_uscc("91350100M000100Y43") == "91350100M000100Y43"
    assert clean_uscc("91512081MA62K0260E") == "91512081MA62K0260E"
    with pytest.raises(Invalid, match="uscc_check"):
        clean_uscc("91350100M000100Y4Z".replace("Z", "4"))
    with pytest.raises(Invalid, match="uscc_shape"):
        clean_uscc("91350100M000100Y4Z")


PLACES = st.lists(
    st.builds(
        Served,
        outlet_code=st.integers(1, 99).map(lambda number: f"WL{number:04d}"),
        slot=st.sampled_from(Slot),
        other_manager=st.sampled_from([None, "M1", "M2"]),
    ),
    unique_by=lambda place: place.outlet_code,
)


@given(PLACES)
def test_a_round_is_split_so_that_nobody_gets_two_more_than_another(places: list[Served]) -> None:
    free = [Served(place.outlet_code, place.slot, None) for place in places]
    plan = split_among(free, ["M3", "M4", "M5"], {})
    shares = [list(plan.values()).count(one) for one in ("M3", "M4", "M5")]
    assert sum(shares) == len(places)
    assert max(shares) - min(shares) <= 1


@given(PLACES)
def test_nobody_is_asked_to_hold_both_places_of_an_outlet(places: list[Served]) -> None:
    plan = split_among(places, ["M1", "M2"], {"M1": 5})
    for place in places:
        chosen = plan[place.outlet_code]
        assert chosen is not None
        assert place.slot is Slot.PRIMARY or chosen != place.other_manager


def test_a_deputy_place_stays_empty_when_only_the_primary_could_take_it() -> None:
    assert split_among([Served("A", Slot.DEPUTY, "M1")], ["M1"], {}) == {"A": None}
