"""Home pages say what to do now; search finds only one's own."""

import pytest

from agentnet.dashboard import queries
from agentnet.dashboard.rules import growth_tenths
from agentnet.infra.transaction import reading
from tests import world
from tests.collecting.counter import item, record


@pytest.mark.parametrize(
    ("username", "place"),
    [("alice", "/collect"), ("bob", "/duties")],
)
def test_keepers_and_managers_start_where_their_work_is(app, sign_in, username, place):
    answer = sign_in(username).get("/")
    assert (answer.status_code, answer.location) == (303, place)


@pytest.mark.parametrize("username", ["carol", "charlie", "fang", "audrey", "adam"])
def test_offices_start_with_what_is_stuck_and_town_apart_from_country(app, sign_in, username):
    page = sign_in(username).get("/")
    assert page.status_code == 200
    assert "城区" in page.text
    assert "农村" in page.text


def test_the_partner_sees_what_its_outlets_took(app, sign_in):
    page = sign_in("paul").get("/")
    assert page.status_code == 200
    assert "本单位网点代收情况" in page.text


def test_an_outlet_being_applied_for_is_named_to_its_supervisor_only(app, sign_in):
    assert "个网点在申请或批准中" in sign_in("carol").get("/").text
    assert "个网点在申请或批准中" not in sign_in("charlie").get("/").text


def test_the_home_page_speaks_english_too(app, sign_in):
    client = sign_in("carol")
    client.post("/language", data={"locale": "en", "next": "/"})
    assert "Collected this month" in client.get("/").text


@pytest.mark.parametrize(
    ("username", "words", "found"),
    [
        ("carol", "小河头", "WL0002"),
        ("carol", "M00", "M001"),
        ("carol", world.MEI[:8], "*********0017"),
        ("audrey", "M10", "M101"),
        ("alice", world.GANG, world.GANG),
    ],
)
def test_search_finds_outlets_managers_and_households_of_the_territory(app, sign_in, username, words, found):
    assert found in sign_in(username).get("/search", query_string={"q": words}).text


@pytest.mark.parametrize(
    ("username", "words", "hidden"),
    [
        ("charlie", "小河头", "WL0001"),
        ("charlie", "M00", "M001"),
        ("alice", world.MEI[:8], "**梅"),
        ("carol", "陈小梅", "**梅"),
        ("paul", world.MEI, "**梅"),
        ("charlie", world.MEI, "**梅"),
        ("charlie", world.MEI[:8], "**梅"),
    ],
)
def test_search_hides_other_territories_and_finds_nobody_by_name(app, sign_in, username, words, hidden):
    page = sign_in(username).get("/search", query_string={"q": words})
    assert page.status_code == 200
    assert hidden not in page.text


def test_a_single_outlet_found_is_shown_at_once(app, sign_in):
    assert sign_in("carol").get("/search?q=WL0002").location == "/outlets/WL0002"


@pytest.mark.parametrize(("username", "words"), [("carol", world.MEI[:8]), ("fang", world.MEI), ("alice", world.MEI)])
def test_a_household_is_found_by_its_number(app, sign_in, username, words):
    assert "**梅" in sign_in(username).get("/search", query_string={"q": words}).text


@pytest.mark.parametrize("words", ["", "%", "_", "\0", "x" * 500, "' OR 1=1 --", "<script>"])
def test_odd_words_find_nothing_and_break_nothing(app, sign_in, words):
    assert sign_in("charlie").get("/search", query_string={"q": words}).status_code == 200


@pytest.mark.parametrize(("present", "before", "tenths"), [(4950, 4550, 88), (100, 100, 0), (1, 3, -667), (5, 0, None)])
def test_growth_is_the_sources_own_way_of_counting(present, before, tenths):
    assert growth_tenths(present, before) == tenths


@pytest.mark.parametrize("username", ["carol", "alice", "bob", "paul", "audrey"])
def test_the_outlets_page_tells_its_whole_story(app, sign_in, username):
    page = sign_in(username).get("/outlets/WL0001")
    assert page.status_code == 200
    assert "小河头村邮站" in page.text


def test_the_cash_of_an_outlet_is_counted_from_its_first_collection_on(app, sign_in):
    carol, charlie = sign_in("carol"), sign_in("charlie")
    assert "1,350.00" not in carol.get("/").text
    record(item(850_00, world.MEI))
    assert "850.00" in carol.get("/").text
    record(item(500_00, world.OLD, outlet_code="WL0002"), by="alan")
    with reading():
        held = [queries.figures_of(world.actor(name)).cash_fen for name in ("carol", "charlie", "fang")]
    assert held == [1350_00, 0, 1350_00]
    assert "1,350.00" in carol.get("/").text
    assert "1,350.00" not in charlie.get("/").text
