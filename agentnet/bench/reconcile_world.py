"""A partner's day in a scratch database, and its file with planted differences, so that what is found can be checked.

Of ``ROWS`` rows of the file nineteen in twenty carry our receipt number and one in twenty a number of the partner's
own; ``PLANTED`` of each kind of difference are worked into both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Table, insert, update

from agentnet import create_app
from agentnet.bench import posting_world as world
from agentnet.collecting.models import Collection, Household, Void
from agentnet.core.clock import now, today
from agentnet.core.ids import new_id
from agentnet.infra.bulk import insert_many
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from agentnet.ledger.models import Transfer
from agentnet.outlets.models import Outlet, Partner
from agentnet.settlement.matching import Kind
from agentnet.settlement.reconciliation.taking import as_stored
from agentnet.users.models import RoleGrant, User

ROWS: Final = 200_000
PLANTED: Final = 100
PARTNER: Final = "BENCH"
FINANCE: Final = 740_001
_FIRST_HOUSEHOLD: Final = 3_000_001
_VOIDED, _EARLIER, _OTHER_AMOUNT = (range(start, start + PLANTED) for start in (0, PLANTED, 2 * PLANTED))
_OWN_NUMBERS: Final = 20

EXPECTED: Final = {str(kind): PLANTED for kind in Kind if kind is not Kind.BANK_REVERSAL}
"""How many differences of each kind are to be found, and no others."""


def collections(rows: int = ROWS) -> int:
    """Return how many collections we have: those of the file, and those the partner does not tell."""
    return rows - 2 * PLANTED + PLANTED


def household_no(number: int) -> str:
    """Return the number of a household of this bench."""
    return f"33108{number:08d}"


def receipt_no(number: int, day: date) -> str:
    """Return the receipt of a collection of this bench."""
    return f"B{number % world.OUTLETS}-{day:%Y%m%d}-{number:06d}"


def amount_fen(number: int) -> int:
    """Return what was paid: 1.00 to 500.99 yuan."""
    return 100 + number * 7919 % 50_000


def fill(settings: Settings, file: Path, rows: int = ROWS) -> None:
    """Insert the partner's day and write its file."""
    app = create_app(settings)
    with app.app_context():
        with batch():
            _register()
            _households(rows)
            _collections(rows)
        if not settings.is_sqlite:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        world.close(app)
    file.write_text("".join(_lines(rows)), encoding="ascii")


def _register() -> None:
    session = db.session
    session.execute(insert(Partner).values(id=1, code=PARTNER, name="试速邮政", kind="POST", version=1))
    session.execute(update(Outlet).values(partner_id=1))
    person = {"id": FINANCE, "username": "finance", "display_name": "试速财务", "password_hash": "x"}
    session.execute(insert(User).values(must_change_password=False, created_at=now(), **person))
    long_ago = today() - timedelta(days=400)
    session.execute(insert(RoleGrant).values(user_id=FINANCE, role="FINANCE", org_unit_id=1, starts_on=long_ago))


def _households(rows: int) -> None:
    columns = ("id", "household_no", "name", "address", "division_code")
    made = (
        (_FIRST_HOUSEHOLD + number, household_no(number), "无名氏", "试速村1号", world.VILLAGE)
        for number in range(collections(rows))
    )
    insert_many(cast(Table, Household.__table__), columns, made)


def _collections(rows: int) -> None:
    transfers, table = cast(Table, Transfer.__table__), cast(Table, Collection.__table__)
    ids = [as_stored(table.c.id, new_id()) for _ in range(collections(rows))]
    at = as_stored(table.c.posted_at, now())
    days = {day: as_stored(table.c.business_on, day) or day for day in (today(), today() - timedelta(days=1))}

    def day_of(number: int) -> date:
        return today() - timedelta(days=1) if number in _EARLIER else today()

    head = ("id", "kind", "debit_account_id", "credit_account_id", "amount_fen", "business_on", "posted_at")
    insert_many(
        transfers,
        (*head, "subject_kind", "subject_id"),
        (
            (
                *(ids[n], "COLLECTION", world.FIRST_CASH + n % world.OUTLETS, world.FIRST_RECEIVED + n % world.OUTLETS),
                *(amount_fen(n), days[day_of(n)], at, "COLLECTION", str(ids[n])),
            )
            for n in range(collections(rows))
        ),
    )
    columns = ("id", "receipt_no", "outlet_id", "household_id", "channel", "tender", "amount_fen", "business_on")
    insert_many(
        table,
        (*columns, "collected_at", "posted_at", "org_unit_id", "setting", "transfer_id"),
        (
            (
                *(ids[n], receipt_no(n, day_of(n)), world.FIRST_OUTLET + n % world.OUTLETS, _FIRST_HOUSEHOLD + n),
                *("AGENT_OUTLET", "CASH", amount_fen(n), days[day_of(n)], at, at, 1, "RURAL", ids[n]),
            )
            for n in range(collections(rows))
        ),
    )
    _void(ids)


def _void(ids: list[Any]) -> None:
    transfers, voids = cast(Table, Transfer.__table__), cast(Table, Void.__table__)
    at = as_stored(voids.c.voided_at, now())
    day = as_stored(transfers.c.business_on, today()) or today()
    back = [as_stored(voids.c.id, new_id()) for _ in _VOIDED]
    head = ("id", "kind", "debit_account_id", "credit_account_id", "amount_fen", "business_on", "posted_at")
    insert_many(
        transfers,
        (*head, "subject_kind", "subject_id", "reverses_id"),
        (
            (
                *(back[n], "VOID", world.FIRST_RECEIVED + n % world.OUTLETS, world.FIRST_CASH + n % world.OUTLETS),
                *(amount_fen(n), day, at, "COLLECTION", str(ids[n]), ids[n]),
            )
            for n in _VOIDED
        ),
    )
    columns = ("collection_id", "id", "transfer_id", "reason", "voided_at")
    insert_many(voids, columns, ((ids[n], back[n], back[n], "试速", at) for n in _VOIDED))


def _lines(rows: int) -> Iterator[str]:
    """Yield the file: the head, what both have, what only the partner has, and what it tells twice."""
    day, last = today(), rows - 2 * PLANTED
    told = [*range(last), *range(last, last + PLANTED), *range(rows - PLANTED, rows)]
    lines, total = [], 0
    for place, number in enumerate(told):
        if place >= last + PLANTED:
            number = place - last + 3 * PLANTED  # one of those above, once more
        fen = amount_fen(number) + (1 if number in _OTHER_AMOUNT else 0)
        ours = receipt_no(number, day - timedelta(days=1) if number in _EARLIER else day)
        unknown = last <= place < last + PLANTED
        own = unknown or (number % _OWN_NUMBERS == 0 and number >= 4 * PLANTED + PLANTED)
        household = household_no(90_000_000 + number) if unknown else household_no(number)
        total += fen
        order = f"{day:%Y%m%d}093000123001{place:06d}"
        reference = f"P{number:09d}" if own else ours
        lines.append(f"{order},POSTPAY,{household},{fen // 100}.{fen % 100:02d},cash,{day:%Y%m%d}093000,{reference}\n")
    yield f"{total // 100}.{total % 100:02d},{len(lines)},{day:%Y%m%d},{day:%Y%m%d}\n"
    yield from lines
