"""What became settled in a month: for plans that pay money that arrived, not money that was entered (decision 0030).

Cash is settled when the outlet no longer owes it. It owes what lies in its drawer, on the way to the bank and in its
short account; what that is at the end of a day, the book says. Of the collections whose cash went into the drawer the
oldest are settled first. What a customer got back in cash was never owed. A write-off brings no money: what was
written off stays owed here. Everything else (cards, wallets, prepaid outlets) never was the keeper's money and is
settled on its own business day.

Each figure depends on the book by business days alone, which is fixed once a month is closed: worked out again a year
later it is the same.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, func, or_, select

from agentnet.collecting.models import Collection, Correction, RefundPayout, Void
from agentnet.commission.engine.inputs import Fact
from agentnet.commission.engine.oldest_first import settled_oldest_first
from agentnet.commission.models import OutletAccrual
from agentnet.commission.queries import tariffs
from agentnet.commission.rules import Ruled, Tariffs, Terms, joined
from agentnet.commission.working import read_ruling
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.ledger.models import Account, AccountingMonth, Balance, Transfer
from agentnet.ledger.rules import CLOSED, OUTLET

OWED_IN = ("IN_TRANSIT", "OVER_SHORT")
"""Beside the drawer (CASH_HELD), where what an outlet owes of its collections may stand."""
WINDOWS = (10, 60, 400, 40_000)
"""Days looked back for collections whose cash was still owed, as far as it takes."""

transfers, accounts = cast(Table, Transfer.__table__), cast(Table, Account.__table__)


@dataclass(frozen=True, slots=True)
class Settling:
    """An outlet's month as the engine takes it: facts with what became settled, and who ruled them.

    ``counts`` are the facts of versions that pay what was settled, by id; ``unsettled`` is how many of their
    collections are not wholly settled at the month's end, and how much of them (fen).
    """

    ruling: tuple[Ruled, ...]
    facts: list[Fact]
    counts: Mapping[uuid.UUID, Fact]
    unsettled: tuple[int, Fen]


class _Layer(NamedTuple):
    """A collection whose cash went into the drawer, oldest first by day and id; ``stands_fen`` is what it pays for."""

    day: date
    id: uuid.UUID
    tender: str
    household_id: int
    amount_fen: Fen
    stands_fen: Fen


@dataclass(slots=True)
class Concerned:
    """An outlet for which something settled may be paid, and what is found out about it.

    ``ruling`` is who rules the month, ``earlier`` which versions that pay what was settled ruled days before it.
    ``worked_until`` is the day after the last month that was worked: what was settled by then was paid.
    """

    ruling: tuple[Ruled, ...]
    earlier: list[Ruled] = field(default_factory=list)
    worked_until: date = date.min
    layers: list[_Layer] = field(default_factory=list)
    given_back: dict[uuid.UUID, list[tuple[date, Fen]]] = field(default_factory=dict)
    """Cash handed back to customers, by collection, with its day."""

    def amounts(self, until: date) -> list[Fen]:
        """Return what each layer put into the drawer, less what was handed back before a day."""
        back = self.given_back
        return [
            one.amount_fen - sum(fen for day, fen in back[one.id] if day < until) if one.id in back else one.amount_fen
            for one in self.layers
        ]


def settle(
    month: Month,
    ruling: Mapping[int, tuple[Ruled, ...]],
    facts: Mapping[int, Sequence[Fact]],
    terms: Mapping[int, Sequence[Terms]],
    book: Tariffs,
) -> dict[int, Settling]:
    """Return the months of those outlets for which something settled may be paid; nothing is asked while no plan does.

    ``facts`` are the collections of the month that stand, ``ruling`` who rules its days.
    """
    first = book.first_settled_on
    if first is None or first >= month.ends_on:
        return {}
    return settle_outlets(month, _concerned(month, ruling, terms, book, first), facts, {})


def settle_outlets(
    month: Month,
    outlets: Mapping[int, Concerned],
    facts: Mapping[int, Sequence[Fact]],
    paid_for: Mapping[uuid.UUID, Fen],
) -> dict[int, Settling]:
    """Return what became settled in a month at some outlets.

    ``paid_for`` tells of earlier collections what they stand for; of others, what stands of them now.
    """
    if not outlets:
        return {}
    ids = sorted(outlets)
    for outlet_id, collection_id, day, fen in _given_back(ids):
        outlets[outlet_id].given_back.setdefault(collection_id, []).append((day, fen))
    stands = {fact.id: fact.amount_fen for id_ in ids for fact in facts.get(id_, ())}
    for outlet_id, row in _cash(ids, month.starts_on, month.ends_on):
        outlets[outlet_id].layers.append(_Layer._make((*row, stands.get(row[1], 0))))
    owed = owed_at(ids, month.ends_on)
    owed_before: dict[int, Fen] = {}
    for day in {one.worked_until for one in outlets.values() if one.earlier}:
        owed_before |= owed_at([id_ for id_ in ids if outlets[id_].worked_until == day and outlets[id_].earlier], day)
    _look_back(month, outlets, owed, owed_before, paid_for)
    return {
        id_: _settling(month, one, facts.get(id_, ()), owed.get(id_, 0), owed_before.get(id_, 0))
        for id_, one in outlets.items()
    }


def _concerned(
    month: Month,
    ruling: Mapping[int, tuple[Ruled, ...]],
    terms: Mapping[int, Sequence[Terms]],
    book: Tariffs,
    first: date,
) -> dict[int, Concerned]:
    """Return the outlets that a version which pays what was settled rules, or ruled on earlier days."""
    found = {id_: Concerned(several) for id_, several in ruling.items()}
    if first < month.starts_on:
        versions = {one.id: one for several in book.versions_by_plan.values() for one in several}
        written = set()
        for outlet_id, of_month, inputs in db.session.execute(
            select(OutletAccrual.outlet_id, OutletAccrual.month, OutletAccrual.inputs).where(
                OutletAccrual.outlet_id.in_(list(ruling)),
                OutletAccrual.month >= str(Month.of(first)),
                OutletAccrual.month < str(month),
            )
        ):
            stored, outlet = Month.parse(of_month), found[outlet_id]
            written.add((outlet_id, of_month))
            outlet.worked_until = max(outlet.worked_until, stored.ends_on)
            outlet.earlier += cut_to(read_ruling(inputs or {}, versions), stored)
        for earlier in _open_between(first, month):
            for outlet_id, outlet in found.items():
                outlet.worked_until = earlier.ends_on  # as if it had been closed just now
                if (outlet_id, str(earlier)) not in written:
                    outlet.earlier += book.ruling(terms.get(outlet_id, ()), earlier)
    for outlet in found.values():
        outlet.earlier = [one for one in outlet.earlier if one.version.settles]
    return {id_: one for id_, one in found.items() if one.earlier or any(ruled.version.settles for ruled in one.ruling)}


def cut_to(ruling: Iterable[Ruled], month: Month) -> list[Ruled]:
    """Return who ruled a month's own days: what was written down may reach back before them."""
    cut = (Ruled(one.version, max(one.starts_on, month.starts_on), min(one.ends_on, month.ends_on)) for one in ruling)
    return [one for one in cut if one.starts_on < one.ends_on]


def _open_between(first: date, month: Month) -> list[Month]:
    """Return the months before one that are not closed yet, back to a day, oldest first."""
    closed = set(db.session.scalars(select(AccountingMonth.month).where(AccountingMonth.state == CLOSED)))
    found, earlier = [], month.previous()
    while earlier.ends_on > first and str(earlier) not in closed:
        found.append(earlier)
        earlier = earlier.previous()
    return found[::-1]


def owed_at(outlet_ids: Sequence[int], until: date) -> dict[int, Fen]:
    """Return by outlet what it owes of cash collections at the end of the day before ``until`` (fen)."""
    debit, credit, amount, day = (
        transfers.c[name] for name in ("debit_account_id", "credit_account_id", "amount_fen", "business_on")
    )
    here = (accounts.c.owner_kind == OUTLET, accounts.c.owner_id.in_(outlet_ids))
    written_off = select(accounts.c.id.label("id")).where(accounts.c.code == "WRITE_OFF").subquery()

    def moved(side: Any, *conditions: Any) -> Any:
        total = select(func.coalesce(func.sum(amount), 0)).where(side == accounts.c.id, *conditions)
        return total.correlate(accounts).scalar_subquery()

    # In one statement each, so that what is posted meanwhile is in both of its parts or in none.
    drawer = (
        select(accounts.c.owner_id, Balance.balance_fen - moved(debit, day >= until) + moved(credit, day >= until))
        .join(Balance, Balance.account_id == accounts.c.id)
        .where(*here, accounts.c.code == "CASH_HELD")
    )
    no_write_off = debit.not_in(select(written_off.c.id))
    others = select(accounts.c.owner_id, moved(debit, day < until) - moved(credit, day < until, no_write_off)).where(
        *here, accounts.c.code.in_(OWED_IN)
    )
    found: dict[int, Fen] = dict.fromkeys(outlet_ids, 0)
    for statement in (drawer, others):
        for outlet_id, fen in db.session.connection().execute(statement):
            found[outlet_id] += int(fen)
    return found


def owing_in(month: Month) -> set[int]:
    """Return the outlets whose cash reached the bank, or came back from it, in a month: closed ones may be among them.

    None while no plan pays what was settled.
    """
    if tariffs().first_settled_on is None:
        return set()
    moved = or_(Account.id == Transfer.credit_account_id, Account.id == Transfer.debit_account_id)
    return set(
        db.session.scalars(
            select(Account.owner_id)
            .distinct()
            .join(Transfer, moved)
            .where(
                Account.owner_kind == OUTLET,
                Account.code.in_(OWED_IN),
                Transfer.business_on >= month.starts_on,
                Transfer.business_on < month.ends_on,
            )
        )
    )


def _cash(outlet_ids: Sequence[int], since: date, until: date) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield by outlet and age the collections of some days whose cash went into the drawer; voided ones left out."""
    rows = db.session.connection().execute(
        select(
            Collection.outlet_id,
            Collection.business_on,
            Collection.id,
            Collection.tender,
            Collection.household_id,
            Collection.amount_fen,
        )
        .join(Transfer, Transfer.id == Collection.transfer_id)
        .join(Account, Account.id == Transfer.debit_account_id)
        .where(
            Collection.outlet_id.in_(outlet_ids),
            Collection.business_on >= since,
            Collection.business_on < until,
            Account.code == "CASH_HELD",
            ~select(Void.collection_id).where(Void.collection_id == Collection.id).exists(),
        )
        .order_by(Collection.outlet_id, Collection.business_on, Collection.id)
    )
    return ((row[0], tuple(row[1:])) for row in rows.all())


def _given_back(outlet_ids: Sequence[int]) -> Iterator[tuple[int, uuid.UUID, date, Fen]]:
    """Yield what refunds took out of drawers again: outlet, collection, day and amount."""
    rows = db.session.execute(
        select(Correction.outlet_id, Correction.collection_id, Transfer.business_on, Transfer.amount_fen)
        .join(RefundPayout, RefundPayout.correction_id == Correction.id)
        .join(Transfer, Transfer.id == RefundPayout.transfer_id)
        .join(Account, Account.id == Transfer.credit_account_id)
        .where(Correction.outlet_id.in_(outlet_ids), Account.code == "CASH_HELD")
    )
    return ((row[0], row[1], row[2], row[3]) for row in rows if row[1] is not None)


def _look_back(
    month: Month,
    outlets: Mapping[int, Concerned],
    owed: Mapping[int, Fen],
    owed_before: Mapping[int, Fen],
    paid_for: Mapping[uuid.UUID, Fen],
) -> None:
    """Put before the month's layers those of earlier days of which something was owed then, or is owed now."""
    needed = {
        id_: max(owed_before.get(id_, 0), owed.get(id_, 0) - sum(one.amounts(month.ends_on)))
        for id_, one in outlets.items()
        if one.earlier
    }
    until = month.starts_on
    for days in WINDOWS:
        wanted = sorted(id_ for id_, fen in needed.items() if fen > 0)
        if not wanted:
            return
        since = month.starts_on - timedelta(days=days)
        gone = _put_right(wanted, since, until)
        found: dict[int, list[_Layer]] = defaultdict(list)
        for outlet_id, row in _cash(wanted, since, until):
            stands = paid_for.get(row[1], row[4] - gone.get(row[1], 0))
            found[outlet_id].append(_Layer._make((*row, stands)))
        for outlet_id in wanted:
            outlet = outlets[outlet_id]
            known, outlet.layers = outlet.layers, found[outlet_id]
            needed[outlet_id] -= sum(outlet.amounts(month.starts_on))
            outlet.layers += known
        until = since


def _put_right(outlet_ids: Sequence[int], since: date, until: date) -> dict[uuid.UUID, Fen]:
    """Return what some days' collections no longer pay for: refunded, or all of it where it was taken for another."""
    rows = db.session.execute(
        select(Correction.collection_id, Correction.kind, Correction.amount_fen, Collection.amount_fen)
        .join(Collection, Collection.id == Correction.collection_id)
        .where(Collection.outlet_id.in_(outlet_ids), Collection.business_on >= since, Collection.business_on < until)
    )
    gone: dict[uuid.UUID, Fen] = defaultdict(int)
    for collection_id, kind, fen, whole in rows:
        if collection_id is not None:
            gone[collection_id] = whole if kind == "WRONG_HOUSEHOLD" else min(whole, gone[collection_id] + fen)
    return gone


def _settling(month: Month, outlet: Concerned, facts: Sequence[Fact], owed: Fen, owed_before: Fen) -> Settling:
    settled_now = settled_oldest_first(outlet.amounts(month.ends_on), owed)
    old = [one for one in outlet.layers if one.day < outlet.worked_until]  # the oldest layers, in their order
    settled_then = settled_oldest_first(outlet.amounts(outlet.worked_until)[: len(old)], owed_before)
    earlier, unsettled, cash = [], [], {}
    rules = _RulingDays([*outlet.earlier, *outlet.ruling])
    for at, (layer, now) in enumerate(zip(outlet.layers, settled_now, strict=True)):
        stands = layer.stands_fen
        now = min(now, stands)
        if not rules.settles(layer.day):
            continue
        if now < stands:
            unsettled.append(stands - now)
        if layer.day >= month.starts_on:
            cash[layer.id] = now
            continue
        then = min(settled_then[at], stands) if at < len(old) else 0
        if then != now:
            earlier.append(Fact(layer.id, layer.day, layer.tender, layer.household_id, stands, then, now))
    counts = {fact.id: fact for fact in earlier}
    found = list(earlier)
    for fact in facts:
        if rules.settles(fact.day):
            fact = fact._replace(settled_from_fen=0, settled_to_fen=cash.get(fact.id, fact.amount_fen))
            counts[fact.id] = fact
        found.append(fact)
    since = min((fact.day for fact in earlier), default=month.starts_on)
    spans = joined([*(one for one in outlet.earlier if one.ends_on > since), *outlet.ruling])
    days = {fact.day for fact in earlier}
    ruling = tuple(
        one for one in spans if one.ends_on > month.starts_on or any(one.starts_on <= day < one.ends_on for day in days)
    )
    return Settling(ruling, found, counts, (len(unsettled), sum(unsettled)))


class _RulingDays:
    """Whether what was settled is paid for a day's collections."""

    def __init__(self, ruling: Iterable[Ruled]) -> None:
        self.days = [(one.starts_on, one.ends_on) for one in ruling if one.version.settles]
        self.known: dict[date, bool] = {}

    def settles(self, day: date) -> bool:
        if day not in self.known:
            self.known[day] = any(starts_on <= day < ends_on for starts_on, ends_on in self.days)
        return self.known[day]
