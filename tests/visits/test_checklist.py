"""The checklist: complete, scored, alarmed."""

import pytest

from agentnet.core.errors import Invalid
from agentnet.visits.checklist import Answer, Item, checked, failed, score

ITEMS = (Item(1, "牌", "sign", 6, False), Item(2, "现金", "cash", 10, True), Item(3, "纸", "paper", 4, False))


def test_a_complete_checklist_is_accepted() -> None:
    assert checked(ITEMS, {1: "PASS", 2: "FAIL", 3: "NA"}) == {1: Answer.PASS, 2: Answer.FAIL, 3: Answer.NA}


def test_an_incomplete_one_is_refused_naming_the_items() -> None:
    with pytest.raises(Invalid, match="checklist_incomplete") as refused:
        checked(ITEMS, {2: "PASS"})
    assert refused.value.params == {"count": 2, "items": "1, 3"}
    assert refused.value.field == "answers"


def test_a_word_that_is_no_answer_leaves_the_item_open() -> None:
    with pytest.raises(Invalid, match="checklist_incomplete") as refused:
        checked(ITEMS, {1: "PASS", 2: "perhaps", 3: "NA"})
    assert refused.value.params["items"] == "2"


def test_an_item_of_another_version_is_refused() -> None:
    with pytest.raises(Invalid, match="checklist_unknown_item"):
        checked(ITEMS, {1: "PASS", 2: "PASS", 3: "PASS", 17: "PASS"})


def test_a_visit_on_which_nothing_applied_was_none() -> None:
    with pytest.raises(Invalid, match="nothing_checked"):
        checked(ITEMS, {1: "NA", 2: "NA", 3: "NA"})


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("PASS PASS PASS", 100),
        ("FAIL FAIL FAIL", 0),
        ("PASS FAIL NA", 38),  # 6 of 16 = 37.5
        ("FAIL PASS PASS", 70),  # 14 of 20
        ("FAIL PASS NA", 63),  # 10 of 16 = 62.5
        ("NA NA PASS", 100),
    ],
)
def test_the_score_is_the_weight_passed_of_the_weight_that_applies(answers, expected) -> None:
    found = dict(zip((1, 2, 3), map(Answer, answers.split()), strict=True))
    assert score(ITEMS, found) == expected


def test_failed_items_are_named_in_order() -> None:
    assert [item.no for item in failed(ITEMS, {1: Answer.FAIL, 2: Answer.FAIL, 3: Answer.PASS})] == [1, 2]
