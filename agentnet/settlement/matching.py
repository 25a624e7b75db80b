"""Our collections against a partner's file, to the fen: what pairs with what, and what differs (domain.md 2.4).

Three steps: the exact reference (receipt number, order number), then household, amount and day, and what is left goes
to a person. One of ours pairs with one of theirs, never with two; two identical rows need two identical collections.
By the one-sided rule (单边账) what the agent has and the utility lacks is booked, the other way round it is reversed.
"We" are the utility, "they" are the partner. Plain values in and out; time and memory grow with the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from agentnet.core.money import Fen
from agentnet.core.words import translatable
from agentnet.settlement.files.lines import PartnerRow


@dataclass(frozen=True, slots=True)
class OurCollection:
    """A collection as we booked it. ``reversed_on``: the day we took it back, None while it stands."""

    id: Hashable
    receipt_no: str
    household_no: str
    amount_fen: Fen
    collected_on: date
    tender: str = ""
    order_no: str = ""
    reversed_on: date | None = None


@dataclass(frozen=True, slots=True)
class TheirPayment:
    """A row of the partner's file; ``row`` is its place there."""

    row: int
    receipt_no: str
    order_no: str
    household_no: str
    amount_fen: Fen
    paid_on: date
    tender: str = ""


class Step(StrEnum):
    """By what a pair was found."""

    REFERENCE = "REFERENCE"
    HOUSEHOLD = "HOUSEHOLD"
    OTHER_DAY = "OTHER_DAY"


class Kind(StrEnum):
    """How the two sides differ."""

    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    MISSING_AT_UTILITY = "MISSING_AT_UTILITY"
    MISSING_AT_AGENT = "MISSING_AT_AGENT"
    DUPLICATE = "DUPLICATE"
    WRONG_DATE = "WRONG_DATE"
    LATE_REVERSAL = "LATE_REVERSAL"
    BANK_REVERSAL = "BANK_REVERSAL"
    """A bank's own line that takes back what it had booked; no partner's file has one."""


class Proposal(StrEnum):
    """What is proposed: book at the utility, reverse at the utility, or have a person look."""

    BOOK = "BOOK"
    REVERSE = "REVERSE"
    LOOK = "LOOK"


STEP_WORDS: Final = {
    Step.REFERENCE: translatable("收据号或订单号相同"),
    Step.HOUSEHOLD: translatable("户号、金额和日期相同"),
    Step.OTHER_DAY: translatable("户号和金额相同，日期相差一天"),
}
KIND_WORDS: Final = {
    Kind.AMOUNT_MISMATCH: translatable("金额不一致"),
    Kind.MISSING_AT_UTILITY: translatable("对方有、我方没有（长款）"),
    Kind.MISSING_AT_AGENT: translatable("我方有、对方没有（短款）"),
    Kind.DUPLICATE: translatable("重复"),
    Kind.WRONG_DATE: translatable("日期不一致"),
    Kind.LATE_REVERSAL: translatable("我方已撤销、对方仍计入"),
    Kind.BANK_REVERSAL: translatable("银行冲回"),
}
PROPOSAL_WORDS: Final = {
    Proposal.BOOK: translatable("补账"),
    Proposal.REVERSE: translatable("冲正"),
    Proposal.LOOK: translatable("人工核对"),
}
EXPLANATIONS: Final = {
    (Kind.AMOUNT_MISMATCH, Proposal.BOOK): translatable("同一笔对方多收，补记差额"),
    (Kind.AMOUNT_MISMATCH, Proposal.REVERSE): translatable("同一笔我方多记，冲正差额"),
    (Kind.MISSING_AT_UTILITY, Proposal.BOOK): translatable("对方收成功而我方没有，按单边账规则补账"),
    (Kind.MISSING_AT_AGENT, Proposal.REVERSE): translatable("我方已记而对方没有，按单边账规则冲正"),
    (Kind.DUPLICATE, Proposal.LOOK): translatable("对方文件中同一收据号或订单号出现多次，请对方确认"),
    (Kind.DUPLICATE, Proposal.REVERSE): translatable("我方同户、同日、同金额多记一笔而对方没有，按单边账规则冲正"),
    (Kind.WRONG_DATE, Proposal.LOOK): translatable("同一笔两边记在不同日期，请核对营业日"),
    (Kind.LATE_REVERSAL, Proposal.BOOK): translatable("我方撤销后对方仍计入，对方若不撤销则重新补账"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """One of ours and one of theirs that are the same payment."""

    ours: OurCollection
    theirs: TheirPayment
    step: Step

    @property
    def explanation(self) -> str:
        """Say by what they were found to be the same (a msgid)."""
        return STEP_WORDS[self.step]


@dataclass(frozen=True, slots=True)
class Difference:
    """What does not agree, with both sides where a pair does not; ``amount_fen`` is what to book or reverse."""

    kind: Kind
    proposal: Proposal
    amount_fen: Fen
    ours: OurCollection | None = None
    theirs: TheirPayment | None = None

    @property
    def explanation(self) -> str:
        """Say what happened and what is proposed (a msgid)."""
        return EXPLANATIONS[self.kind, self.proposal]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Each of theirs stands in one match or one one-sided difference; each of ours too, or in ``taken_back``.

    A match may have differences of its own beside it. ``taken_back`` are collections we reversed and they do not have.
    """

    matches: tuple[Match, ...]
    differences: tuple[Difference, ...]
    taken_back: tuple[OurCollection, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing is left to do."""
        return not self.differences


def match(ours: Iterable[OurCollection], theirs: Iterable[TheirPayment]) -> Outcome:
    """Pair our collections with their payments and name every difference, in the order of their file, then of ours.

    >>> from datetime import date
    >>> day = date(2026, 11, 3)
    >>> ours = [OurCollection(1, "R1", "3310810000017", 20350, day), OurCollection(2, "R2", "3310810000025", 500, day)]
    >>> found = match(ours, [TheirPayment(3, "R1", "O1", "3310810000017", 20350, day)])
    >>> [(m.ours.id, m.theirs.row, str(m.step)) for m in found.matches]
    [(1, 3, 'REFERENCE')]
    >>> [(str(d.kind), str(d.proposal), d.ours.id) for d in found.differences]
    [('MISSING_AT_AGENT', 'REVERSE', 2)]
    """
    state = _Matching(list(ours), list(theirs))
    for key in (_exact, _household):  # the payment itself before one that only carries its number
        for standing in (True, False):
            state.pair(Step.REFERENCE, _references, key, standing)
    repeated = state.repeated_rows()
    for without in (repeated, frozenset[int]()):  # two of theirs under one number may still be two of ours
        for standing in (True, False):
            state.pair(Step.HOUSEHOLD, _tender, _exact, standing, without)
            state.pair(Step.HOUSEHOLD, _nothing, _exact, standing, without)
    for days in (1, -1):
        state.pair(Step.OTHER_DAY, _nothing, _days_off(days), True, repeated)
    return state.outcome(repeated)


def payment(row: PartnerRow) -> TheirPayment:
    """Return a row of a partner's file as a side of the matching."""
    return TheirPayment(
        row.row, row.receipt_no, row.order_no, row.household_no, row.amount_fen, row.paid_on, row.paid_type
    )


Side = OurCollection | TheirPayment


def _day(side: Side) -> date:
    return side.collected_on if isinstance(side, OurCollection) else side.paid_on


def _references(side: Side) -> Sequence[Hashable]:
    """Return both numbers: what is an order number to them may be the receipt number to us."""
    return [reference for reference in (side.receipt_no, side.order_no) if reference]


def _tender(side: Side) -> Sequence[Hashable]:
    return [side.tender] if side.tender else []


def _nothing(_side: Side) -> Sequence[Hashable]:
    return [None]


def _household(side: Side) -> Hashable:
    return side.household_no


def _exact(side: Side) -> Hashable:
    return (side.household_no, side.amount_fen, _day(side)) if side.household_no else None


def _days_off(days: int) -> Callable[[Side], Hashable]:
    """Return a key by which their day is ``days`` after ours."""
    later = timedelta(days=days)

    def key(side: Side) -> Hashable:
        day = _day(side) + later if isinstance(side, OurCollection) else _day(side)
        return (side.household_no, side.amount_fen, day) if side.household_no else None

    return key


@dataclass(slots=True)
class _Matching:
    ours: list[OurCollection]
    theirs: list[TheirPayment]
    partner: list[tuple[int, Step] | None] = field(init=False)
    """For each of theirs, which of ours it pairs with."""
    taken: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.partner = [None] * len(self.theirs)
        self.taken = bytearray(len(self.ours))

    def pair(
        self,
        step: Step,
        words: Callable[[Side], Sequence[Hashable]],
        key: Callable[[Side], Hashable],
        standing: bool,
        without: frozenset[int] = frozenset(),
    ) -> None:
        """Pair what is free on both sides and agrees in a word and the key, first come first served."""
        waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
        for at in range(len(self.ours) - 1, -1, -1):  # the last of a list is taken first
            one = self.ours[at]
            if not self.taken[at] and (one.reversed_on is None) is standing and (rest := key(one)) is not None:
                for word in words(one):
                    waiting[word, rest].append(at)
        if not waiting:
            return
        for row, one_of_theirs in enumerate(self.theirs):
            if self.partner[row] is not None or row in without or (rest := key(one_of_theirs)) is None:
                continue
            for word in words(one_of_theirs):
                found = waiting.get((word, rest))
                while found and self.taken[found[-1]]:
                    found.pop()
                if found:
                    at = found.pop()
                    self.taken[at] = 1
                    self.partner[row] = at, step
                    break

    def repeated_rows(self) -> frozenset[int]:
        """Return which of theirs carry a reference of a row that has its pair already: the same payment told twice."""
        seen = {
            (word, one.household_no)
            for one, found in zip(self.theirs, self.partner, strict=True)
            if found is not None
            for word in _references(one)
        }
        repeated = set()
        for row, one in enumerate(self.theirs):
            if self.partner[row] is None:
                words = [(word, one.household_no) for word in _references(one)]
                if any(word in seen for word in words):
                    repeated.add(row)
                seen.update(words)
        return frozenset(repeated)

    def outcome(self, repeated: frozenset[int]) -> Outcome:
        matches, differences = [], []
        for row, (one, found) in enumerate(zip(self.theirs, self.partner, strict=True)):
            if found is not None:
                made = Match(self.ours[found[0]], one, found[1])
                matches.append(made)
                differences += _disagreements(made)
            elif row in repeated:
                differences.append(Difference(Kind.DUPLICATE, Proposal.LOOK, one.amount_fen, theirs=one))
            else:
                differences.append(Difference(Kind.MISSING_AT_UTILITY, Proposal.BOOK, one.amount_fen, theirs=one))
        paired = {_exact(made.ours) for made in matches}
        taken_back = []
        for at, mine in enumerate(self.ours):
            if self.taken[at]:
                continue
            if mine.reversed_on is not None:
                taken_back.append(mine)
                continue
            kind = Kind.DUPLICATE if _exact(mine) in paired and mine.household_no else Kind.MISSING_AT_AGENT
            differences.append(Difference(kind, Proposal.REVERSE, mine.amount_fen, ours=mine))
        return Outcome(tuple(matches), tuple(differences), tuple(taken_back))


def _disagreements(made: Match) -> list[Difference]:
    """Return how the two of a pair differ; once we have reversed ours, only that counts."""
    ours, theirs = made.ours, made.theirs
    if ours.reversed_on is not None:
        return [Difference(Kind.LATE_REVERSAL, Proposal.BOOK, theirs.amount_fen, ours, theirs)]
    found = []
    more = theirs.amount_fen - ours.amount_fen
    if more:
        proposal = Proposal.BOOK if more > 0 else Proposal.REVERSE
        found.append(Difference(Kind.AMOUNT_MISMATCH, proposal, abs(more), ours, theirs))
    if ours.collected_on != theirs.paid_on:
        found.append(Difference(Kind.WRONG_DATE, Proposal.LOOK, ours.amount_fen, ours, theirs))
    return found
