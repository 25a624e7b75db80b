"""Lists of collections: filtered by the address, paged, summed, exported; within the viewer's territory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from werkzeug.datastructures import MultiDict

from agentnet.collecting.models import Collection, Correction, Household, Void
from agentnet.collecting.queries import visible_households
from agentnet.collecting.sums import Taken, taken_by_setting
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once, written
from agentnet.outlets.campaigns.queries import counts_in_campaign
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.permissions import Permission, covers_company

STANDS, VOIDED, LARGE = "stands", "voided", "large"
MOST_EXPORTED = 100_000


@dataclass(frozen=True, slots=True)
class CollectionFilter:
    """What a list is narrowed to; days are half-open."""

    starts_on: date | None = None
    ends_on: date | None = None
    outlet_code: str = ""
    tender: str = ""
    state: str = ""
    words: str = ""
    """A receipt number or a household number, or the end of either."""
    setting: str = ""
    campaign: str = ""
    """Code of a campaign: what its outlets took on the days it counted at them."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the filtered collections come to; voided ones are counted apart and not in the amount."""

    count: int
    amount_fen: Fen
    voided: int


COLUMNS = {
    "day": SortBy(Collection.business_on, date),
    "amount": SortBy(Collection.amount_fen, int),
    "receipt_no": SortBy(Collection.receipt_no, str),
}
_KEY = SortBy(Collection.id, UUID)
_STATES: Mapping[str, Any] = {STANDS: Void.id.is_(None), VOIDED: Void.id.is_not(None), LARGE: Collection.large}


def _conditions(viewer: Actor, wanted: CollectionFilter) -> list[ColumnElement[bool]]:
    conditions = [visible_outlets(viewer, Permission.COLLECTION_READ)]
    if wanted.starts_on:
        conditions.append(Collection.business_on >= written(wanted.starts_on))
    if wanted.ends_on:
        conditions.append(Collection.business_on < written(wanted.ends_on))
    if wanted.outlet_code:
        conditions.append(Outlet.code == wanted.outlet_code)
    if wanted.tender:
        conditions.append(Collection.tender == wanted.tender)
    if wanted.setting:
        conditions.append(Collection.setting == wanted.setting)
    if wanted.state:
        conditions.append(_STATES[wanted.state])
    if wanted.campaign:
        conditions.append(counts_in_campaign(wanted.campaign, Collection.outlet_id, Collection.business_on))
    if wanted.words:
        words = wanted.words.replace(" ", "").upper()
        conditions.append(
            Collection.receipt_no.endswith(words, autoescape=True)
            | Household.household_no.endswith(words, autoescape=True)
        )
    return conditions


def _from_collections(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(Collection)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(Household, Household.id == Collection.household_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
    )


def collections_page(
    viewer: Actor, wanted: CollectionFilter, arguments: Mapping[str, str] | MultiDict[str, str]
) -> Page[Any]:
    """Return a page of what a list shows of collections, newest first unless asked otherwise."""
    return page_of(db.session(), _shown(viewer, wanted), arguments, columns=COLUMNS, default="-day", key=_KEY)


@built_once
def _shown(viewer: Actor, wanted: CollectionFilter) -> Select[*tuple[Any, ...]]:
    shown = select(
        Collection.receipt_no,
        Collection.collected_at,
        Collection.tender,
        Collection.amount_fen,
        Outlet.name.label("outlet_name"),
        Household.household_no,
        Household.name,
        Void.id.label("void_id"),
        Collection.large,
        Void.reason_code,
        # Looked up for each row: PostgreSQL would read every correction there is to answer EXISTS.
        select(Correction.id)
        .where(Correction.collection_id == Collection.id)
        .limit(1)
        .correlate(Collection)
        .scalar_subquery()
        .is_not(None)
        .label("corrected"),
    )
    return _from_collections(shown).where(*_conditions(viewer, wanted))


def sums_of(viewer: Actor, wanted: CollectionFilter) -> Sums:
    """Return what the filtered collections come to."""
    if wanted.starts_on and wanted.ends_on and covers_company(viewer, Permission.COLLECTION_READ):
        of_days = CollectionFilter(wanted.starts_on, wanted.ends_on, setting=wanted.setting)
        if wanted == of_days:
            taken = taken_by_setting(None, wanted.starts_on, wanted.ends_on)
            parts = [part for setting, part in taken.items() if wanted.setting in ("", setting)]
            whole = sum(parts, Taken())
            return Sums(whole.count, whole.total_fen, whole.voided)
    [(count, amount_fen, voided)] = rows_of(_summed(viewer, wanted))
    return Sums(int(count), int(amount_fen), int(voided))


@built_once
def _summed(viewer: Actor, wanted: CollectionFilter) -> Select[*tuple[Any, ...]]:
    standing = Void.id.is_(None)
    statement: Select[*tuple[Any, ...]] = select(
        func.coalesce(func.sum(case((standing, 1), else_=0)), 0),
        func.coalesce(func.sum(case((standing, Collection.amount_fen), else_=0)), 0),
        func.count(Void.id),
    ).outerjoin_from(Collection, Void, Void.collection_id == Collection.id)
    conditions = _conditions(viewer, wanted)
    # Tens of thousands of rows are summed; what no condition asks about is not looked up for each.
    if wanted.outlet_code or not covers_company(viewer, Permission.COLLECTION_READ):
        statement = statement.join(Outlet, Outlet.id == Collection.outlet_id)
    if wanted.words:
        statement = statement.join(Household, Household.id == Collection.household_id)
    return statement.where(*conditions)


def rows_to_export(viewer: Actor, wanted: CollectionFilter) -> Iterator[Any]:
    """Return every filtered row, oldest first.

    Raises:
        Invalid: ``too_many_to_export``.
    """
    sums = sums_of(viewer, wanted)
    if sums.count + sums.voided > MOST_EXPORTED:
        raise Invalid("too_many_to_export", "一次最多导出 %(most)s 笔，请缩小日期或网点范围", most=f"{MOST_EXPORTED:,}")
    statement = _from_collections(select(Collection, Outlet.code, Outlet.name, Household, Void))
    return iter(
        db.session.execute(
            statement.where(*_conditions(viewer, wanted)).order_by(Collection.business_on, Collection.id)
        ).all()
    )


@built_once
def _households(viewer: Actor) -> Select[*tuple[Any, ...]]:
    shown = select(Household.household_no, Household.name, Household.address)
    return shown.where(visible_households(viewer, Permission.HOUSEHOLD_READ))


def households_page(viewer: Actor, words: str, arguments: Mapping[str, str] | MultiDict[str, str]) -> Page[Any]:
    """Return a page of households of the viewer's territory whose number begins or ends with what was typed, or whose
    address holds it. Names are not searched: the list shows them masked."""
    digits = words.replace(" ", "").replace("-", "")
    statement = _households(viewer)
    if digits.isdigit():
        statement = statement.where(
            Household.household_no.startswith(digits, autoescape=True)
            | Household.household_no.endswith(digits, autoescape=True)
        )
    elif words:
        statement = statement.where(Household.address.contains(words, autoescape=True))
    return page_of(
        db.session(),
        statement,
        arguments,
        columns={"number": SortBy(Household.household_no, str)},
        default="number",
        key=SortBy(Household.id, int),
    )
