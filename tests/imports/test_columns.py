"""A cell becomes a value, or a sentence that says what to type."""

from __future__ import annotations

from datetime import date

import pytest

from agentnet.core.errors import Invalid
from agentnet.infra import columns
from agentnet.infra.columns import Column, clean_cell, one_of, plain_head, several_of

KINDS = {"VILLAGE_POST": "村邮站", "NEWSSTAND": "报刊亭"}


@pytest.mark.parametrize(
    "text", ["村邮站", "VILLAGE_POST", "village post", "Village_Post", " 村邮站 ", "postal station"]
)
def test_a_choice_is_known_by_its_code_and_in_both_languages(text: str) -> None:
    assert one_of(KINDS, {"postal station": "VILLAGE_POST"})(text) == "VILLAGE_POST"


def test_an_unknown_choice_names_the_known_ones() -> None:
    with pytest.raises(Invalid, match="村邮站、报刊亭"):
        one_of(KINDS)("邮局")


@pytest.mark.parametrize("text", ["报刊亭、村邮站", "newsstand; 村邮站", "村邮站,报刊亭,村邮站"])
def test_several_choices_come_out_sorted_and_once(text: str) -> None:
    assert several_of(KINDS)(text) == ("NEWSSTAND", "VILLAGE_POST")


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (columns.yuan, "1,234.50", 123450),
        (columns.yuan, "５.38", 538),
        (columns.day, "2026.1.9", date(2026, 1, 9)),
        (columns.month, "2026/9", "2026-09"),
        (columns.digits(10, 13), "3310 8100 0001 7", "3310810000017"),
        (columns.yes_or_no, "是", True),
        (columns.yes_or_no, "NO", False),
        (columns.whole(0, 1000), "830", 830),
        (columns.degrees(180), "121.38712", 121.38712),
        (columns.code(), "WL-０1", "WL-01"),
    ],
)
def test_cells_are_read_as_offices_write_them(read: columns.Reader, text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (columns.yuan, "-1", "cell_negative"),
        (columns.yuan, "1.234", "amount_decimals"),
        (columns.yuan, "很多", "amount_shape"),
        (columns.day, "2026-02-30", "cell_day"),
        (columns.day, "03/11/2026", "cell_day"),
        (columns.month, "2026-13", "cell_month"),
        (columns.digits(10, 13), "33108100000", "cell_digits"),
        (columns.digits(10, 13), "٣٣١٠٨١٠٠٠٠", "cell_digits"),
        (columns.yes_or_no, "maybe", "cell_yes_no"),
        (columns.whole(0, 1000), "1001", "cell_whole"),
        (columns.degrees(90), "121.4", "cell_degrees"),
        (columns.degrees(90), "1e1", "cell_degrees"),
        (columns.code(), "a b", "cell_code"),
        (columns.words(3), "四个字了", "cell_long"),
        (columns.phone, "123", "cell_phone"),
        (clean_cell, "a\x00b", "cell_control"),
        (clean_cell, "第一行\n第二行", "cell_control"),
        (clean_cell, "a\ud800", "cell_control"),
    ],
)
def test_hostile_and_mistyped_cells_are_refused_by_name(read: columns.Reader, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.code == code


def test_an_export_read_back_loses_the_apostrophe_it_was_given() -> None:
    assert [clean_cell(text) for text in ("'=1+1", "'-5", "'村", "it's")] == ["=1+1", "-5", "'村", "it's"]


def test_rare_and_private_characters_of_village_names_are_kept() -> None:
    assert clean_cell("高\ue170村") == "高\ue170村"


def test_heads_are_known_in_both_languages_and_any_spelling() -> None:
    column = Column("household_no", "户号", columns.words(13), ("用电户号",))
    for head in ("household_no", "Household No", "householdNo", "户号", " 用电户号 ", "户 号"):
        assert plain_head(head) in column.heads
