"""What several papers need of outlets' cash: its account, its balance at a day, its oldest part, what that missed."""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from agentnet.books.accounts import moved_by
from agentnet.books.rules import Span
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.ledger.queries import account_ids
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.settlement.ageing.queries import LOOKED_BACK_FIRST, calendars_of, day_kinds, takings_of
from agentnet.settlement.ageing.rules import LOOKED_BACK, due_cash, opportunities


def cash_accounts(outlet_ids: Many[int]) -> dict[int, int]:
    """Return the accounts of outlets' cash by outlet; outlets that never held any are left out."""
    found = account_ids(AccountKey(OUTLET, outlet_id, "CASH_HELD") for outlet_id in outlet_ids)
    return {key.owner_id: id_ for key, id_ in found.items()}


def cash_before(accounts_by_outlet: Mapping[int, int], day: date) -> dict[int, Fen]:
    """Return the cash each outlet held before a business day (fen)."""
    moved = moved_by(list(accounts_by_outlet.values()), Span(Month.of(day), until=day))
    return {
        outlet_id: moved[account_id].closing_fen if account_id in moved else 0
        for outlet_id, account_id in accounts_by_outlet.items()
    }


def oldest_days(held: Mapping[int, Fen], before: date) -> dict[int, date]:
    """Return the business day of the oldest cash each outlet held before a day; first in, first out, as ages count."""
    waiting = {outlet_id: amount for outlet_id, amount in held.items() if amount > 0}
    found: dict[int, date] = {}
    for days in (*LOOKED_BACK_FIRST, LOOKED_BACK):
        takings = takings_of(list(waiting), before - timedelta(days=days)) if waiting else {}
        for outlet_id, amount in list(waiting.items()):
            taken = [(day, fen) for day, fen in takings.get(outlet_id, ()) if day < before]
            if days == LOOKED_BACK or sum(fen for _day, fen in taken) >= amount:
                due = due_cash(waiting.pop(outlet_id), taken, before)
                if due is not None:
                    found[outlet_id] = due.oldest_on
    return found


def missed_since(outlets: Iterable[Any], oldest: Mapping[int, date], before: date) -> dict[int, int]:
    """Return how many opportunities each outlet missed since its oldest cash, as of a day.

    ``outlets`` carry ``id`` and ``kind``; those without old cash are left out.
    """
    holding = [outlet for outlet in outlets if outlet.id in oldest]
    if not holding:
        return {}
    first = min(oldest.values())
    calendars, kinds = calendars_of(holding), day_kinds(first, before)
    # Most outlets follow their kind: the days are worked out once for all that share a calendar.
    open_days = {one: opportunities(one, kinds, first, before) for one in set(calendars.values())}
    return {
        outlet_id: sum(day > oldest[outlet_id] for day in open_days[calendar])
        for outlet_id, calendar in calendars.items()
    }
