"""The documents' words: both languages complete, no raw code on paper, examples that hold."""

from __future__ import annotations

import doctest
import re

import pytest

from reports import duties
from reports.kit import wording
from reports.texts import GROUPS, UnknownWord, words

HAN = re.compile(r"[\u4e00-\u9fff]")
PAIRS = [(key, zh, en) for group in GROUPS for key, (zh, en) in group.items()]


@pytest.mark.parametrize(("key", "zh", "en"), PAIRS)
def test_both_languages_say_it_and_fill_in_the_same(key: str, zh: str, en: str) -> None:
    blanks = [sorted(re.findall(r"%\((\w+)\)s", text)) for text in (zh, en)]
    assert zh
    assert en
    assert blanks[0] == blanks[1]


def test_english_is_english_but_for_the_name_of_the_app() -> None:
    assert [key for key, _, en in PAIRS if HAN.search(en.replace("网上国网", ""))] == []


def test_no_key_stands_in_two_groups() -> None:
    keys = [key for key, _, _ in PAIRS]
    assert len(keys) == len(set(keys))


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(UnknownWord):
        words("zh")["BARTER"]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownWord):
        words("fr")  # type: ignore[arg-type]


@pytest.mark.parametrize("module", [wording, duties])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0
    assert found.failed == 0
