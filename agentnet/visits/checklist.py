"""The checklist of a visit: complete or refused, scored by weight, alarmed by its critical items.

Pure. A checklist is versioned and a visit keeps the version it was answered with, so that a new list never changes
what an old visit scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agentnet.core.errors import Invalid


class Answer(StrEnum):
    """What was found: in order, not in order, or not applicable here."""

    PASS = "PASS"  # noqa: S105 # nosec B105 - a verdict, no password
    FAIL = "FAIL"
    NA = "NA"


_BY_VALUE: Mapping[object, Answer] = {answer.value: answer for answer in Answer}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist; a failed critical one raises an alarm."""

    no: int
    name: str
    name_en: str
    weight: int
    critical: bool


def items_from(rows: Iterable[Mapping[str, Any]]) -> tuple[Item, ...]:
    """Return the items of a stored checklist, by number."""
    return tuple(sorted((Item(**row) for row in rows), key=lambda item: item.no))


def checked(items: Sequence[Item], answers: Mapping[int, str]) -> dict[int, Answer]:
    """Return the answers of a complete checklist, by item number.

    Raises:
        Invalid: ``checklist_incomplete`` naming the items without an answer; ``checklist_unknown_item``;
            ``nothing_checked`` if no item at all applied: that was no visit.

    >>> two = [Item(1, "牌", "sign", 6, False), Item(2, "现金", "cash", 10, True)]
    >>> checked(two, {1: "PASS", 2: "FAIL"})[2].value
    'FAIL'
    """
    found = {item.no: _BY_VALUE.get(answers.get(item.no)) for item in items}
    if answers.keys() - found.keys():
        raise Invalid("checklist_unknown_item", "检查表已更新，请刷新页面后重新填写", field="answers")
    given = {no: answer for no, answer in found.items() if answer is not None}
    if len(given) < len(found):
        open_items = [no for no in found if no not in given]
        raise Invalid(
            "checklist_incomplete",
            "还有 %(count)d 项没有选择：第 %(items)s 项",
            field="answers",
            count=len(open_items),
            items=", ".join(map(str, open_items)),
        )
    if all(answer is Answer.NA for answer in given.values()):
        raise Invalid("nothing_checked", "16 项都选了“不适用”，请至少检查一项", field="answers")
    return given


def score(items: Sequence[Item], answers: Mapping[int, Answer]) -> int:
    """Return the weight passed of the weight that applies, in whole per cent rounded half up.

    Of weights 6 passed, 10 failed and 4 not applicable: 6 of 16 is 37.5, so 38.

    >>> three = [Item(1, "", "", 6, False), Item(2, "", "", 10, True), Item(3, "", "", 4, False)]
    >>> score(three, {1: Answer.PASS, 2: Answer.FAIL, 3: Answer.NA})
    38
    """
    applies = sum([item.weight for item in items if answers[item.no] is not Answer.NA])
    passed = sum([item.weight for item in items if answers[item.no] is Answer.PASS])
    return (200 * passed + applies) // (2 * applies)


@dataclass(frozen=True, slots=True)
class Marked:
    """What a complete checklist comes to: its answers as they are stored, the score in whole per cent, what failed."""

    stored: Mapping[str, str]
    score: int
    failed: Sequence[Item]


def marked(items: Sequence[Item], answers: Mapping[int, str]) -> Marked:
    """Return what the answers of a visit come to.

    Raises:
        Invalid: as ``checked``.
    """
    complete = checked(items, answers)
    stored = {str(no): answer.value for no, answer in complete.items()}
    return Marked(stored, score(items, complete), failed(items, complete))


def failed(items: Sequence[Item], answers: Mapping[int, Answer]) -> list[Item]:
    """Return the items that failed, in order."""
    return [item for item in items if answers[item.no] is Answer.FAIL]
