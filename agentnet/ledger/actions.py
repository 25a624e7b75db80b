"""Writing the book: ``post_many`` is the only way money moves, and months close here.

Transfers are inserted, never changed. A guarded balance is moved by one guarded statement in the database; nothing is
read first and written back. Neither function here writes an audit line for a posting: the action that moves the money
knows what it means and writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, cast, column, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.inserting import insert_typed
from agentnet.infra.straight import Straight
from agentnet.ledger.queries import accounts, balances, ids_by, month_lock, month_state, months, transfers
from agentnet.ledger.rules import (
    CLOSED,
    CLOSING,
    OPEN,
    AccountKey,
    NewTransfer,
    OutOfLimits,
    chart_line,
    guarded_changes,
    out_of_limits,
)

Ceilings = Mapping[AccountKey, Fen]

_NEW_BALANCE = balances.c.balance_fen + bindparam("change_fen")
_CEILING = func.coalesce(bindparam("ceiling_fen", type_=balances.c.maximum_fen.type), balances.c.maximum_fen)
_MOVE_ONE = Straight(
    update(balances)
    .where(balances.c.account_id == bindparam("of_account"), _NEW_BALANCE.between(balances.c.minimum_fen, _CEILING))
    .values(balance_fen=_NEW_BALANCE, maximum_fen=_CEILING)
)


def _move_many(account_id: Any, change: Any, ceiling: Any) -> Straight:
    limit = func.coalesce(ceiling, balances.c.maximum_fen)
    moved = balances.c.balance_fen + change
    return Straight(
        update(balances)
        .where(balances.c.account_id == account_id, moved.between(balances.c.minimum_fen, limit))
        .values(balance_fen=moved, maximum_fen=limit)
        .returning(balances.c.account_id)
    )


_ON_SQLITE = func.json_each(bindparam("moves")).table_valued("value")
_ON_POSTGRESQL = (
    func.jsonb_to_recordset(cast(bindparam("moves", type_=Text), postgresql.JSONB))
    .table_valued(*(column(name, BigInteger) for name in ("account_id", "change_fen", "ceiling_fen")))
    .render_derived(name="moves", with_types=True)
)
_MOVE_MANY = {
    "sqlite": _move_many(
        *(func.json_extract(_ON_SQLITE.c.value, f"$.{name}") for name in ("account_id", "change_fen", "ceiling_fen")),
    ),
    "postgresql": _move_many(_ON_POSTGRESQL.c.account_id, _ON_POSTGRESQL.c.change_fen, _ON_POSTGRESQL.c.ceiling_fen),
}
_LOCK_IN_ORDER = (
    select(balances.c.account_id)
    .where(balances.c.account_id.in_(bindparam("ids", expanding=True)))
    .order_by(balances.c.account_id)
    .with_for_update()
)
_HOLD_ALONE = text("SELECT pg_advisory_xact_lock(:key)")


def post_many(_by: Actor, new_transfers: Sequence[NewTransfer], ceilings: Ceilings | None = None) -> None:
    """Post transfers, all or none; accounts that are not open yet are opened.

    ``ceilings`` sets the limit of the guarded accounts it names, from now on.

    Raises:
        OutOfLimits: ``over_ceiling`` or ``under_floor`` for the first transfer that does not fit; the caller's
            transaction must then be rolled back, as the door does.
    """
    refused = post_fitting(db.session.connection(), new_transfers, ceilings)
    if refused:
        raise next(iter(refused.values()))


def post_fitting(
    connection: Connection, new_transfers: Sequence[NewTransfer], ceilings: Ceilings | None = None
) -> dict[Any, OutOfLimits]:
    """Post the transfers their guarded accounts have room for, in their order; return the others' refusals by id.

    The batch is first tried as one sum for each account; only if a sum does not fit is each transfer tried alone, so
    that exactly those that fit win.
    """
    if not new_transfers:
        return {}
    ids = _opened(connection, {key for transfer in new_transfers for key in (transfer.debit, transfer.credit)})
    refused: dict[Any, OutOfLimits] = {}
    changes = guarded_changes(new_transfers)
    too_much = _move(connection, ids, changes, ceilings or {})
    if too_much:
        _move(connection, ids, {key: -change for key, change in changes.items() if key not in too_much}, {})
        for transfer in new_transfers:
            refusal = _move_alone(connection, ids, transfer, ceilings or {})
            if refusal is not None:
                refused[transfer.id] = refusal
    posted_at = now()
    rows = [_row(transfer, ids, posted_at) for transfer in new_transfers if transfer.id not in refused]
    insert_typed(connection, transfers, rows)
    return refused


def _row(transfer: NewTransfer, ids: Mapping[AccountKey, int], posted_at: object) -> dict[str, object]:
    return {
        "id": transfer.id,
        "kind": transfer.kind,
        "debit_account_id": ids[transfer.debit],
        "credit_account_id": ids[transfer.credit],
        "amount_fen": transfer.amount_fen,
        "business_on": transfer.business_on,
        "posted_at": posted_at,
        "subject_kind": transfer.subject_kind,
        "subject_id": transfer.subject_id,
        "reverses_id": transfer.reverses_id,
    }


def _move_alone(
    connection: Connection, ids: Mapping[AccountKey, int], transfer: NewTransfer, ceilings: Ceilings
) -> OutOfLimits | None:
    """Move both sides of one transfer, or neither and return why."""
    changes = guarded_changes([transfer])
    too_much = _move(connection, ids, changes, ceilings)
    if not too_much:
        return None
    _move(connection, ids, {key: -change for key, change in changes.items() if key not in too_much}, {})
    key = next(iter(too_much))
    return out_of_limits(key, changes[key])


def _move(
    connection: Connection, ids: Mapping[AccountKey, int], changes: Mapping[AccountKey, Fen], ceilings: Ceilings
) -> set[AccountKey]:
    """Change guarded balances where they stay within their limits; return the accounts that had no room."""
    if not changes:
        return set()
    if len(changes) == 1:
        ((key, change),) = changes.items()
        moved = _MOVE_ONE.execute(
            connection, {"of_account": ids[key], "change_fen": change, "ceiling_fen": ceilings.get(key)}
        )
        return set() if moved.rowcount == 1 else {key}
    by_id = {ids[key]: key for key in changes}
    if connection.dialect.name == "postgresql":
        # Two batches that share accounts must meet them in the same order, or each waits for the other.
        connection.execute(_LOCK_IN_ORDER, {"ids": sorted(by_id)})
    moves = [
        {"account_id": id_, "change_fen": changes[key], "ceiling_fen": ceilings.get(key)} for id_, key in by_id.items()
    ]
    rows = _MOVE_MANY[connection.dialect.name].rows(connection, {"moves": json.dumps(moves)})
    return set(changes) - {by_id[id_] for (id_,) in rows}


def _opened(connection: Connection, keys: set[AccountKey]) -> dict[AccountKey, int]:
    """Return the ids of the accounts, opening those that are not open yet."""
    ids = ids_by(connection, keys)
    missing = sorted(keys - ids.keys())
    if missing:
        _open(connection, missing)
        ids |= ids_by(connection, missing)
    return ids


def _open(connection: Connection, keys: Iterable[AccountKey]) -> None:
    lines = [(key, chart_line(key)) for key in keys]
    insert_or_leave = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        insert_or_leave(accounts).on_conflict_do_nothing(),
        [{**key._asdict(), "normal_side": line.normal_side, "guarded": line.guarded} for key, line in lines],
    )
    ids = ids_by(connection, (key for key, line in lines if line.guarded))
    if ids:
        connection.execute(
            insert_or_leave(balances).on_conflict_do_nothing(),
            [
                {
                    "account_id": ids[key],
                    "balance_fen": 0,
                    "minimum_fen": line.minimum_fen,
                    "maximum_fen": line.maximum_fen,
                }
                for key, line in lines
                if line.guarded
            ],
        )


def begin_closing(month: Month, by: Actor) -> bool:
    """Let a month that is over refuse new facts from now on; return whether it was open until now.

    A close that was killed begins again.

    Raises:
        Invalid: ``month_not_over``.
        Conflict: ``month_closed``.
    """
    if month.ends_on > today():
        raise Invalid("month_not_over", "%(month)s 还没有结束，不能封账", month=str(month))
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD_ALONE, {"key": month_lock(month)})
    state = month_state(month)
    if state == CLOSED:
        raise Conflict("month_closed_already", "%(month)s 已经封账", month=str(month))
    if state == CLOSING:
        return False
    row = {"month": str(month), "state": CLOSING, "closing_at": now(), "user_id": by.user_id}
    changed = connection.execute(update(months).where(months.c.month == str(month)).values(row))
    if changed.rowcount == 0:
        connection.execute(insert(months).values(row))
    write_audit(by, "month_closing", "month", str(month), {"state": OPEN}, {"state": CLOSING})
    return True


def finish_closing(month: Month, by: Actor) -> None:
    """Close a month that is closing. The caller has proved the book (``ledger.queries.require_right_balances``).

    The proof reads every transfer, so it is not made here, where it would keep every counter waiting.

    Raises:
        Conflict: ``month_not_closing``.
    """
    if month_state(month) != CLOSING:
        raise Conflict("month_not_closing", "%(month)s 没有处在封账过程中", month=str(month))
    db.session.connection().execute(
        update(months)
        .where(months.c.month == str(month), months.c.state == CLOSING)
        .values(state=CLOSED, closed_at=now(), user_id=by.user_id)
    )
    write_audit(by, "month_closed", "month", str(month), {"state": CLOSING}, {"state": CLOSED})
