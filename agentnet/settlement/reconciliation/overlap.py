"""Which lines of a statement an earlier one of the account has already, in whatever format it came. Plain values.

A line is money once. The bank that says all of it again in the same words is recognised by a hash; one that writes its
XML and its web table each in its own way, or whose table was mapped anew, by account, day, amount and direction, and
by the references: lines that share one are the same. Where one of the two formats tells no reference at all, or the
two statements are the same to their balances, as many lines are the same as both have; otherwise two that each tell
another reference never are. A line stands for one earlier line at most, so that two identical legitimate ones survive.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from agentnet.core.money import Fen


@dataclass(frozen=True, slots=True)
class Said:
    """A booked line as far as another format says the same of it.

    ``amount_fen`` is signed: out of the account is negative. ``form`` is the way it came (None: camt.053, else the
    column mapping), ``hashes`` name what the bank says of it word by word, ``place`` is where it stands.
    """

    place: Hashable
    day_on: date
    amount_fen: Fen
    references: frozenset[str]
    text: str
    form: Hashable
    hashes: frozenset[Hashable] = frozenset()
    twin: bool = False
    """Whether its statement is the very same: opening and closing balance, and every day's amounts."""


def plain_account(number: str) -> str:
    """Return an account's number as it is compared: whatever its spelling, letters and digits (and masks) alone.

    >>> plain_account("3305 0161-0000 88"), plain_account("ＣＮ12 3305")
    ('33050161000088', 'CN123305')
    """
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(character for character in folded if character.isalnum() or character == "*")


def plain_references(*told: str) -> frozenset[str]:
    """Return references as they are compared; what is empty is none.

    >>> sorted(plain_references("B- 1", "", "b-1", "E2"))
    ['b-1', 'e2']
    """
    return frozenset("".join(one.split()).casefold() for one in told) - {""}


def repeated(lines: Sequence[Said], known: Iterable[Said]) -> dict[Hashable, Hashable]:
    """Return the lines that are known already: their place, and that of the earlier line they repeat.

    >>> day = date(2026, 11, 18)
    >>> def one(place, reference, form=None, text=""):
    ...     return Said(place, day, 300_00, plain_references(reference), text, form)
    >>> repeated([one("a", "b1", 7), one("b", "b2", 7)], [one(1, "B1")])
    {'a': 1}
    >>> repeated([one("a", "", 7), one("b", "", 7)], [one(1, "B1")])
    {'a': 1}
    """
    found: dict[Hashable, Hashable] = {}
    taken: set[Hashable] = set()
    by_hash: dict[Hashable, Said] = {}
    by_gist: dict[tuple[date, Fen], list[Said]] = defaultdict(list)
    for earlier in known:
        by_gist[earlier.day_on, earlier.amount_fen].append(earlier)
        by_hash.update(dict.fromkeys(earlier.hashes, earlier))

    def pair(line: Said, same: Callable[[Said, Said], bool]) -> None:
        if line.place in found:
            return
        for earlier in by_gist.get((line.day_on, line.amount_fen), ()):
            if earlier.place not in taken and same(line, earlier):
                found[line.place] = earlier.place
                taken.add(earlier.place)
                return

    for line in lines:
        exact = next((by_hash[one] for one in line.hashes if one in by_hash), None)
        if exact is not None and exact.place not in taken:
            found[line.place] = exact.place
            taken.add(exact.place)
    for same in (_share_a_reference, _say_the_same_elsewhere, _could_be_the_same):
        for line in lines:
            pair(line, same)
    return found


def _share_a_reference(line: Said, earlier: Said) -> bool:
    return line.form != earlier.form and bool(line.references & earlier.references)


def _could_be_the_same(line: Said, earlier: Said) -> bool:
    return line.form != earlier.form and (earlier.twin or not (line.references and earlier.references))


def _say_the_same_elsewhere(line: Said, earlier: Said) -> bool:
    return _could_be_the_same(line, earlier) and bool(line.text) and line.text == earlier.text
