"""Plans as they stand, what outlets have agreed, and which months are locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, case, func, select

from agentnet.commission.engine import language
from agentnet.commission.engine.language import Component
from agentnet.commission.engine.reading import read_version
from agentnet.commission.models import Plan, PlanComponent, PlanVersion
from agentnet.commission.rules import Tariffs, Terms, Version, version_on
from agentnet.core.clock import Month, today
from agentnet.core.errors import Forbidden, Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import MONTHS, REGISTER, remembered
from agentnet.infra.straight import Straight, straight_rows
from agentnet.ledger.models import AccountingMonth
from agentnet.outlets.models import Agreement, Partner, Tender
from agentnet.users.permissions import Permission, org_paths, require

PLANS = "plans"
"""The subject of what plans say (migration 0025 keeps its mark)."""


def require_company_wide(by: Actor, permission: Permission) -> None:
    """Refuse anyone who does not hold the permission for the whole company: plans and months are the company's.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
    """
    if by == SYSTEM:
        return
    require(by, permission)
    company = db.session.connection().execute(_COMPANY).scalar() or "/"
    if not any(company.startswith(path) for path in org_paths(by, permission)):
        raise Forbidden("company_only", "代办费方案和月度封账由公司统一办理，请联系公司财务")


_COMPANY = select(OrgUnit.path).where(OrgUnit.parent_id.is_(None))


def locked_months() -> list[Month]:
    """Return the months that are closed or closing, oldest first."""
    statement = select(AccountingMonth.month).where(AccountingMonth.state.in_(("CLOSING", "CLOSED")))
    return [Month.parse(month) for month in db.session.scalars(statement.order_by(AccountingMonth.month))]


_CLOSED = Straight(
    select(AccountingMonth.month).where(AccountingMonth.state == "CLOSED").order_by(AccountingMonth.month.desc())
)


def closed_months() -> Sequence[Month]:
    """Return the months that are closed, newest first; remembered until another is."""
    return remembered(MONTHS, "closed", lambda: [Month.parse(month) for (month,) in straight_rows(_CLOSED)])


@lru_cache(maxsize=1_024)
def _read(content: str, _sha256: str) -> language.Version:
    return read_version(content)


def shares_of(row: PlanVersion) -> tuple[language.Share, ...]:
    """Return who gets what of a month a stored version rules; none where nothing was agreed."""
    return _read(row.content, row.content_sha256).shares


def partner_ids() -> dict[str, int]:
    """Return every partner's id by its code."""
    return dict(db.session.execute(select(Partner.code, Partner.id)).all())


def tariffs() -> Tariffs:
    """Return every plan's versions: three small tables, remembered until one of their rows changes."""
    return remembered(PLANS, "tariffs", _tariffs)


def _tariffs() -> Tariffs:
    default = straight_rows(_DEFAULT)
    return _tariffs_of(
        tuple(straight_rows(_COMPONENT_IDS)), tuple(straight_rows(_VERSIONS)), default[0][0] if default else None
    )


@lru_cache(maxsize=4)
def _tariffs_of(
    components: tuple[tuple[Any, ...], ...], found: tuple[tuple[Any, ...], ...], default_plan_id: int | None
) -> Tariffs:
    """Return the versions these rows hold: the same rows, which seldom change, are put together once."""
    component_ids: dict[int, list[int]] = defaultdict(list)
    for version_id, id_ in components:
        component_ids[version_id].append(id_)
    versions: dict[int, list[Version]] = defaultdict(list)
    for id_, plan_id, number, content, sha256 in found:
        says = _read(content, sha256)
        versions[plan_id].append(Version(id_, number, says, tuple(component_ids[id_])))
    return Tariffs({plan_id: tuple(several) for plan_id, several in versions.items()}, default_plan_id)


_COMPONENT_IDS = Straight(
    select(PlanComponent.version_id, PlanComponent.id).order_by(PlanComponent.version_id, PlanComponent.position)
)
_VERSIONS = Straight(
    select(
        PlanVersion.id, PlanVersion.plan_id, PlanVersion.number, PlanVersion.content, PlanVersion.content_sha256
    ).order_by(PlanVersion.plan_id, PlanVersion.number)
)
_DEFAULT = Straight(select(Plan.id).where(Plan.is_default))


@dataclass(frozen=True, slots=True)
class PlanNamed:
    """Which version of which plan one is."""

    number: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Paying:
    """A stored component: what it says, and of which version."""

    version_id: int
    position: int
    component: Component


def plan_named(version_id: int | None) -> PlanNamed | None:
    """Return a version's plan, remembered until a row of the plans changes."""
    return remembered(PLANS, "names", _names).get(version_id)


def _names() -> dict[int | None, PlanNamed]:
    return {id_: PlanNamed(*named) for id_, *named in straight_rows(_NAMES)}


_NAMES = Straight(
    select(PlanVersion.id, PlanVersion.number, Plan.code, Plan.name).join(Plan, Plan.id == PlanVersion.plan_id)
)


def components_by_id(ids: Iterable[int]) -> dict[int, Paying]:
    """Return components by their ids."""
    return {
        id_: Paying(version_id, position, _read(content, sha256).components[position])
        for id_, version_id, position, content, sha256 in straight_rows(_COMPONENTS, ids=list(set(ids)))
    }


def components_ruling(versions: Iterable[Version]) -> dict[int, Paying]:
    """Return the components of versions that are known already, by their ids."""
    return {
        id_: Paying(version.id, position, component)
        for version in versions
        for position, (id_, component) in enumerate(zip(version.component_ids, version.components, strict=True))
    }


_COMPONENTS = Straight(
    select(
        PlanComponent.id,
        PlanComponent.version_id,
        PlanComponent.position,
        PlanVersion.content,
        PlanVersion.content_sha256,
    )
    .join(PlanVersion, PlanVersion.id == PlanComponent.version_id)
    .where(PlanComponent.id.in_(bindparam("ids", expanding=True)))
)


def terms_of(outlet_ids: Sequence[int]) -> Mapping[int, list[Terms]]:
    """Return each outlet's agreements, in one query."""
    found: dict[int, list[Terms]] = defaultdict(list)
    for outlet_id, *terms in straight_rows(_TERMS, outlet_ids=list(outlet_ids)):
        found[outlet_id].append(Terms(*terms))
    return found


_TERMS = Straight(
    select(
        Agreement.outlet_id,
        Agreement.id,
        Agreement.starts_on,
        Agreement.ends_on,
        Agreement.plan_id,
        Agreement.number,
    ).where(Agreement.outlet_id.in_(bindparam("outlet_ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan in the list: the version in force, what is to come, and how many agreements name it."""

    plan: Any
    """A plan as its columns."""
    current: Version | None
    upcoming: Version | None
    agreements: int


PLANS_A_PAGE = 20
"""A plan takes several lines of the list."""

_PLANS = select(Plan)
_FIRST_BY_CODE = SortBy(case((Plan.is_default, ""), else_=Plan.code))
"""By code, the default plan before all others."""


def plan_page(arguments: Mapping[str, str]) -> Page[PlanLine]:
    """Return a page of plans by code, the default first."""
    page = page_of(
        db.session(),
        _PLANS,
        arguments,
        columns={"plan": _FIRST_BY_CODE},
        default="plan",
        key=SortBy(Plan.code),
        size=PLANS_A_PAGE,
    )
    return replace(page, items=_lines_of(page.items, today()))


def plan_lines(day: date | None = None) -> list[PlanLine]:
    """Return every plan, the default first."""
    return _lines_of(db.session.scalars(select(Plan).order_by(Plan.is_default.desc(), Plan.code)), day or today())


_IN_FORCE = Straight(
    select(Agreement.plan_id, func.count())
    .where(
        Agreement.starts_on <= bindparam("day"),
        Agreement.ends_on.is_(None) | (Agreement.ends_on > bindparam("day")),
    )
    .group_by(Agreement.plan_id)
)


def _lines_of(plans: Iterable[Any], day: date) -> list[PlanLine]:
    book = tariffs()
    counts = dict(straight_rows(_IN_FORCE, day=day))
    lines = []
    for plan in plans:
        versions = book.versions_by_plan.get(plan.id, ())
        later = [version for version in versions if version.starts_on > day]
        named = counts.get(plan.id, 0) + (counts.get(None, 0) if plan.is_default else 0)
        lines.append(
            PlanLine(plan, version_on(versions, day), min(later, key=lambda one: one.starts_on, default=None), named)
        )
    return lines


def plan_by_code(code: str) -> Plan:
    """Return a plan; plans are the company's and no secret to whoever may read commission.

    Raises:
        Missing: ``plan_missing``.
    """
    plan = db.session.scalar(select(Plan).where(Plan.code == code))
    if plan is None:
        raise Missing("plan_missing", "没有这个代办费方案")
    return plan


def versions_of(plan: Plan) -> list[tuple[PlanVersion, Version]]:
    """Return a plan's versions, newest first, each as stored and as the rules see it."""
    seen = {version.id: version for version in tariffs().versions_by_plan.get(plan.id, ())}
    statement = select(PlanVersion).where(PlanVersion.plan_id == plan.id).order_by(PlanVersion.number.desc())
    return [(row, seen[row.id]) for row in db.session.scalars(statement)]


def tenders() -> Sequence[Tender]:
    """Return the tenders in their usual order, remembered until one of them changes."""
    return remembered(REGISTER, "tenders", lambda: rows_of(_TENDERS))


_TENDERS = select(Tender).order_by(Tender.position)


def partners() -> list[Partner]:
    """Return the partners by name."""
    return list(db.session.scalars(select(Partner).order_by(Partner.name)))
