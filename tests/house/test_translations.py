"""Everything a person reads exists in both languages: no message is missing, half done, or left over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from agentnet.infra.i18n import CATALOGUES, ENGLISH
from tests.house.sources import CHECKOUT

Words = str | tuple[str, str]

MARKS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "translatable": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    # the message of a named refusal is its second argument
    **dict.fromkeys(("Refusal", "Invalid", "Forbidden", "Missing", "Conflict"), (2,)),
}
HAN = re.compile(r"[\u3400-\u9fff]")
CHINESE = re.compile(r"[\u3400-\u9fff\uff08\uff09\uff1a]")  # a frame of names may hold only our brackets and colon
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%|%")


def _messages(root: Path) -> Iterator[tuple[Words, str]]:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options: Mapping[str, dict[str, str]] = {"templates/**.html": {"silent": "false", "trimmed": "true"}}
    for file, line, words, _comments, _context in extract_from_dir(root, methods, options, MARKS):
        yield (tuple(words) if isinstance(words, tuple | list) else words), f"{root.name}/{file}:{line}"


def _used() -> dict[Words, str]:
    return {words: place for folder in ("agentnet", "reports") for words, place in _messages(CHECKOUT / folder)}


def _catalogue() -> Iterator[tuple[Words, tuple[str, ...], bool, str]]:
    for path in sorted((CATALOGUES / ENGLISH).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=ENGLISH, abort_invalid=True):
                if message.id:
                    said = message.string if isinstance(message.string, tuple | list) else (message.string,)
                    identity = tuple(message.id) if isinstance(message.id, tuple | list) else message.id
                    yield identity, tuple(said), message.fuzzy, path.name


def _names(text: str) -> set[str]:
    return {match[0] for match in PLACEHOLDER.finditer(text)}


def test_the_extraction_sees_templates_code_and_refusals() -> None:
    used = _used()
    assert {"跳到正文", "请输入日期，例如 2026-11-03", "请输入金额，例如 203.50"} <= set(used)
    assert ("有 %(num)d 处需要改", "有 %(num)d 处需要改") in used


def test_every_message_has_english_words() -> None:
    translated = {words for words, _said, _fuzzy, _file in _catalogue()}
    missing = {str(words): place for words, place in _used().items() if words not in translated}
    assert missing == {}, "add them to agentnet/translations/en/<feature>.po"


def test_no_english_words_are_empty_unsure_or_chinese() -> None:
    wrong = [
        (file, words)
        for words, said, fuzzy, file in _catalogue()
        if fuzzy or not all(said) or any(HAN.search(text) for text in said)
    ]
    assert wrong == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    wrong = []
    for words, said, _fuzzy, file in _catalogue():
        wanted = _names(words if isinstance(words, str) else words[1])
        singular = [] if isinstance(words, str) else [said[0]]
        exact = said if isinstance(words, str) else said[1:]
        if any(_names(text) != wanted for text in exact) or any(not _names(text) <= wanted for text in singular):
            wrong.append((file, words, said))
    assert wrong == []


def test_no_english_words_are_left_over() -> None:
    used = _used()
    assert [(file, words) for words, _said, _fuzzy, file in _catalogue() if words not in used] == []


def test_messages_are_written_in_chinese() -> None:
    foreign = {str(words): place for words, place in _used().items() if not CHINESE.search(str(words))}
    assert foreign == {}, "the message language is Chinese; English belongs in the catalogue"
