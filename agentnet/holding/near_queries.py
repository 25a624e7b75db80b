"""Who is near a limit: outlets whose cash nears its ceiling, and prepaid ones whose float runs low."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, cast, func, or_, select, true
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from agentnet.collecting.queries import NORMAL_DAYS, normal_days
from agentnet.collecting.rules import PREPAID, float_word
from agentnet.core.clock import now, today
from agentnet.core.money import MAX_FEN, Fen
from agentnet.holding.rules import near_from, percent_full
from agentnet.infra.actor import Actor, Role
from agentnet.infra.db import db
from agentnet.infra.marks import marks_of
from agentnet.infra.pages import InMemory, Page, SortBy, page_of, page_of_rows
from agentnet.infra.revisions import REGISTER, mark_of, remembered, remembered_under
from agentnet.infra.statements import built_once
from agentnet.infra.straight import Straight
from agentnet.ledger.models import Account, Balance, BusinessDay
from agentnet.outlets.limit_rules import Figures, in_force
from agentnet.outlets.models import Agreement, Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.queries.limits import OF_KIND, OWN, with_limits_of_all
from agentnet.outlets.rules import State
from agentnet.users.permissions import Permission

_KEY = SortBy(Outlet.id, int)
MOST_NAMED: Final = 1_000
"""How many outlets are looked at by name."""
CASH_ACCOUNTS: Final = "cash accounts"
"""The subject of the accounts cash is kept in (migration 0026 keeps its marks)."""


class NearCeiling(NamedTuple):
    """An outlet whose cash nears its ceiling, with whom to call."""

    id: int
    code: str
    name: str
    keeper_name: str | None
    phone: str | None
    ceiling_fen: Fen
    cash_fen: Fen
    percent: int
    """How much of the ceiling is reached, rounded down; 100 at least where nothing may be held."""


NEAR_COLUMNS: Mapping[str, InMemory] = {
    "full": InMemory("percent", int),
    "cash": InMemory("cash_fen", int),
    "code": InMemory("code"),
}


class _Ceilings(NamedTuple):
    """Whose cash is looked at, by cash account: from which sum on the outlet is listed, and what is shown of it."""

    outlets: Mapping[int, tuple[Fen, tuple[Any, ...]]]
    from_fen: Fen | None
    """The sum that few are listed below; None where there are so few outlets that each is named."""
    named: list[int]
    """The accounts of those few."""


def _agreed(day: Any) -> ColumnElement[bool]:
    return and_(
        Agreement.outlet_id == Outlet.id,
        Agreement.starts_on <= day,
        or_(Agreement.ends_on.is_(None), Agreement.ends_on > day),
    )


def _balance_of(code: str, account: Any) -> ColumnElement[bool]:
    return and_(account.owner_kind == "OUTLET", account.owner_id == Outlet.id, account.code == code)


def _ceilings(viewer: Actor) -> _Ceilings:
    """Return the ceilings in force today in the territory, of all outlets that keep the utility's cash.

    They are remembered for a territory, not for a person: a district manager alone has outlets as who one is.
    """
    who = viewer.user_id if viewer.has(Role.MANAGER) else None
    known_by = mark_of(REGISTER) + marks_of(CASH_ACCOUNTS)
    return remembered_under(known_by, ("ceilings", viewer.grants, who), lambda: _work_out_ceilings(viewer))


def _work_out_ceilings(viewer: Actor) -> _Ceilings:
    statement: Any = with_limits_of_all(
        select(
            Account.id,
            Agreement.ceiling_fen,
            OF_KIND.ceiling_fen,
            OWN.ceiling_fen,
            Outlet.id,
            Outlet.code,
            Outlet.name,
            Outlet.keeper_name,
            Outlet.phone,
        )
        .select_from(Outlet)
        .join(Account, _balance_of("CASH_HELD", Account))
        .join(Agreement, _agreed(today())),
        today(),
    ).where(Agreement.holding_mode != PREPAID, visible_outlets(viewer, Permission.SETTLEMENT_READ))
    found = {}
    for account_id, agreed, of_kind, own, *shown in db.session.connection().execute(statement):
        held = in_force(Figures(agreed), Figures(of_kind), Figures(own)).ceiling_fen
        assert held is not None, "an agreement names a ceiling"
        found[account_id] = (near_from(held), (*shown, held))
    lowest = sorted(from_fen for from_fen, _shown in found.values())
    if len(lowest) <= MOST_NAMED:
        return _Ceilings(found, None, list(found))
    from_fen = lowest[min(len(lowest) // 8, MOST_NAMED)]
    return _Ceilings(found, from_fen, [id_ for id_, (listed_from, _shown) in found.items() if listed_from < from_fen])


_HELD = select(Balance.account_id, Balance.balance_fen)
_FROM = Straight(_HELD.where(Balance.balance_fen >= bindparam("from_fen", type_=BigInteger())))
_NAMED = Straight(_HELD.where(Balance.account_id.in_(bindparam("named", expanding=True, type_=BigInteger()))))


def _near_ceiling(viewer: Actor, words: str = "") -> list[NearCeiling]:
    """Return the outlets of the territory from 80 percent of their ceiling on, as of this instant."""
    ceilings, sought, connection = _ceilings(viewer), words.casefold(), db.session.connection()
    held = dict(_NAMED.rows(connection, {"named": ceilings.named}))
    if ceilings.from_fen is not None:
        held |= _FROM.rows(connection, {"from_fen": ceilings.from_fen})
    found = []
    for account_id, cash_fen in held.items():
        from_fen, shown = ceilings.outlets.get(account_id, _NOT_LOOKED_AT)
        if cash_fen >= from_fen and (sought in shown[1].casefold() or sought in shown[2].casefold()):
            found.append(NearCeiling._make((*shown, cash_fen, percent_full(cash_fen, shown[-1]))))
    return found


_NOT_LOOKED_AT: Final[tuple[Fen, tuple[Any, ...]]] = (MAX_FEN + 1, ())


def _searched(statement: Any, words: str) -> Any:
    if not words:
        return statement
    return statement.where(
        or_(Outlet.code.icontains(words, autoescape=True), Outlet.name.icontains(words, autoescape=True))
    )


def near_ceiling_page(
    viewer: Actor, arguments: Mapping[str, str] | MultiDict[str, str], words: str = ""
) -> Page[NearCeiling]:
    """Return a page of outlets from 80 percent of their ceiling on, the fullest first unless asked otherwise.

    Who has which ceiling is remembered; what is held is asked. Joined in one statement, most of it was spent on finding
    agreements and limits of outlets far from them.
    """
    return page_of_rows(
        _near_ceiling(viewer, words), arguments, columns=NEAR_COLUMNS, default="-full", key=InMemory("id", int)
    )


_FLOAT_ACCOUNT, _FLOAT_BALANCE = aliased(Account, name="float_account"), aliased(Balance, name="float_balance")
_FLOAT = func.coalesce(_FLOAT_BALANCE.balance_fen, 0)


@built_once
def _normal_days() -> Any:
    return (
        select(
            BusinessDay.outlet_id,
            ((cast(func.sum(BusinessDay.taken_fen), BigInteger) + func.count() - 1) // func.count()).label(
                "normal_fen"
            ),
        )
        .where(
            BusinessDay.business_on >= today() - timedelta(days=NORMAL_DAYS),
            BusinessDay.business_on < today(),
            BusinessDay.taken_fen > 0,
        )
        .group_by(BusinessDay.outlet_id)
        .subquery("normal_days")
    )


@built_once
def _low_float(viewer: Actor, words: str) -> tuple[Select[*tuple[Any, ...]], Mapping[str, SortBy]]:
    normal = _normal_days()
    normal_fen = func.coalesce(normal.c.normal_fen, 0)
    tenths = case((normal_fen > 0, _FLOAT * 10 // func.nullif(normal_fen, 0, type_=BigInteger())), else_=0)
    shown: Any = select(
        Outlet.code,
        Outlet.name,
        Outlet.keeper_name,
        Outlet.phone,
        _FLOAT.label("float_fen"),
        normal_fen.label("normal_fen"),
        tenths.label("days_tenths"),
    )
    statement = (
        shown.select_from(Outlet)
        .join(Agreement, _agreed(today()))
        .outerjoin(_FLOAT_ACCOUNT, _balance_of("FLOAT", _FLOAT_ACCOUNT))
        .outerjoin(_FLOAT_BALANCE, _FLOAT_BALANCE.account_id == _FLOAT_ACCOUNT.id)
        .outerjoin(normal, normal.c.outlet_id == Outlet.id)
        .where(
            Agreement.holding_mode == PREPAID,
            Outlet.state == State.ACTIVE,
            or_(_FLOAT <= 0, normal_fen * 3 > _FLOAT * 2),
            visible_outlets(viewer, Permission.SETTLEMENT_READ),
        )
    )
    columns = {"days": SortBy(tenths, int), "float": SortBy(_FLOAT, int), "code": SortBy(Outlet.code)}
    return _searched(statement, words), columns


def low_float_page(viewer: Actor, arguments: Mapping[str, str] | MultiDict[str, str], words: str = "") -> Page[Any]:
    """Return a page of prepaid outlets whose float covers less than one and a half normal days, the lowest first."""
    statement, columns = _low_float(viewer, words)
    return page_of(db.session(), statement, arguments, columns=columns, default="days", key=_KEY)


@built_once
def _floats(viewer: Actor) -> Select[int, int]:
    """Return the select of the float of every prepaid outlet at business in the territory, by outlet id."""
    return (
        select(Outlet.id, _FLOAT)
        .join(Agreement, _agreed(today()))
        .outerjoin(_FLOAT_ACCOUNT, _balance_of("FLOAT", _FLOAT_ACCOUNT))
        .outerjoin(_FLOAT_BALANCE, _FLOAT_BALANCE.account_id == _FLOAT_ACCOUNT.id)
        .where(
            Agreement.holding_mode == PREPAID,
            Outlet.state == State.ACTIVE,
            visible_outlets(viewer, Permission.SETTLEMENT_READ),
        )
    )


def near_counts(viewer: Actor) -> tuple[int, int]:
    """Return how many outlets of the territory near their ceiling, and how many run low on float.

    Both move with every collection anywhere, and a home page asks at each opening: they are counted anew each minute,
    or when the register changes. The lists behind them are always of this instant.
    """
    minute = now().replace(second=0, microsecond=0)
    return remembered(REGISTER, ("near limits", viewer, minute), lambda: _near_counts(viewer))


def _near_counts(viewer: Actor) -> tuple[int, int]:
    # What a normal day brings lies in days that are over: it is worked out once a day.
    connection = db.session.connection()
    near = len(_near_ceiling(viewer))
    floats = connection.execute(_floats(viewer)).all()
    if not floats:
        return near, 0
    normal = remembered(REGISTER, ("normal days",), lambda: normal_days(true(), today()))
    return near, sum(1 for id_, float_fen in floats if float_word(float_fen, normal.get(id_, 0)))
