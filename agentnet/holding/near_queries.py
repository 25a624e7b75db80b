"""Who is near a limit: outlets whose cash nears its ceiling, and prepaid ones whose float runs low."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from agentnet.collecting.queries import NORMAL_DAYS, normal_days
from agentnet.collecting.rules import PREPAID, float_word
from agentnet.core.clock import now, today
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once, written
from agentnet.ledger.models import Account, Balance, BusinessDay
from agentnet.outlets.models import Agreement, Limit, Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.queries.limits import OF_KIND, OWN, with_limits_of_all
from agentnet.outlets.rules import HoldingMode, State
from agentnet.users.permissions import Permission

NEAR_PERCENT: Final = 80
"""From this share of its ceiling on an outlet is listed."""

_CEILING = case(
    (OWN.ceiling_fen.is_not(None), OWN.ceiling_fen),
    (OF_KIND.ceiling_fen < Agreement.ceiling_fen, OF_KIND.ceiling_fen),
    else_=Agreement.ceiling_fen,
)
_FULL = case((_CEILING > 0, Balance.balance_fen * 100 // func.nullif(_CEILING, 0, type_=BigInteger())), else_=100)
_KEY = SortBy(Outlet.id, int)
CASH_COLUMNS: Mapping[str, SortBy] = {
    "full": SortBy(_FULL, int),
    "cash": SortBy(Balance.balance_fen, int),
    "code": SortBy(Outlet.code),
}


def _agreed(day: Any) -> ColumnElement[bool]:
    return and_(Agreement.outlet_id == Outlet.id, _in_force(Agreement, day))


def _in_force(of: Any, day: Any) -> ColumnElement[bool]:
    return and_(of.starts_on <= day, or_(of.ends_on.is_(None), of.ends_on > day))


def _may_be_near(day: Any) -> ColumnElement[bool]:
    """Return a condition that every outlet near its ceiling meets, on ``Account`` and ``Balance`` alone.

    Most outlets are far even from the lowest ceiling agreed with anybody: neither their agreement nor their limits
    need be looked up. Outlets with a limit of their own are looked at in any case, so that one of zero hides none.
    """
    agreed = select(Agreement.ceiling_fen).where(
        Agreement.holding_mode == written(HoldingMode.POSTPAID.value), _in_force(Agreement, day)
    )
    of_kind = select(func.min(Limit.ceiling_fen)).where(Limit.kind.is_not(None), _in_force(Limit, day))
    lowest = (agreed.order_by(Agreement.ceiling_fen).limit(literal_column("1")), of_kind)
    return or_(
        *(Balance.balance_fen * 100 >= one.scalar_subquery() * NEAR_PERCENT for one in lowest),
        Account.owner_id.in_(select(Limit.outlet_id).where(Limit.outlet_id.is_not(None))),
    )


def _balance_of(code: str, account: Any) -> ColumnElement[bool]:
    return and_(account.owner_kind == "OUTLET", account.owner_id == Outlet.id, account.code == code)


@built_once
def _near_ceiling(viewer: Actor, words: str) -> Select[*tuple[Any, ...]]:
    shown: Any = select(
        Outlet.code,
        Outlet.name,
        Outlet.keeper_name,
        Outlet.phone,
        Balance.balance_fen.label("cash_fen"),
        _CEILING.label("ceiling_fen"),
        _FULL.label("percent"),
    )
    day = written(today())
    statement = with_limits_of_all(
        shown.select_from(Outlet)
        .join(Account, _balance_of("CASH_HELD", Account))
        .join(Balance, Balance.account_id == Account.id)
        .join(Agreement, _agreed(day)),
        day,
    ).where(
        Balance.balance_fen > 0,
        Agreement.holding_mode != written(PREPAID),
        _may_be_near(day),
        Balance.balance_fen * 100 >= _CEILING * NEAR_PERCENT,
        visible_outlets(viewer, Permission.SETTLEMENT_READ),
    )
    return _searched(statement, words)


def _searched(statement: Any, words: str) -> Any:
    if not words:
        return statement
    return statement.where(
        or_(Outlet.code.icontains(words, autoescape=True), Outlet.name.icontains(words, autoescape=True))
    )


def near_ceiling_page(viewer: Actor, arguments: Mapping[str, str] | MultiDict[str, str], words: str = "") -> Page[Any]:
    """Return a page of outlets from 80 percent of their ceiling on, the fullest first unless asked otherwise."""
    statement = _near_ceiling(viewer, words)
    return page_of(db.session(), statement, arguments, columns=CASH_COLUMNS, default="-full", key=_KEY)


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
def _near_count(viewer: Actor) -> Select[int]:
    return select(func.count()).select_from(_near_ceiling(viewer, "").subquery())


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
    near = connection.execute(_near_count(viewer)).scalar_one()
    floats = connection.execute(_floats(viewer)).all()
    if not floats:
        return near, 0
    normal = remembered(REGISTER, ("normal days",), lambda: normal_days(true(), today()))
    return near, sum(1 for id_, float_fen in floats if float_word(float_fen, normal.get(id_, 0)))
