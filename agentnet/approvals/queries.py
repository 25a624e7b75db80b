"""Requests a person may see and decide, and who stands in for whom today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, false, func, or_, select, true

from agentnet.approvals.kinds import kinds
from agentnet.approvals.models import Approval, Delegation
from agentnet.approvals.rules import ApprovalState, require_another
from agentnet.core.clock import today
from agentnet.core.errors import Forbidden, Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once, in_one_row, written
from agentnet.users.models import User
from agentnet.users.permissions import Permission, may, org_paths, reach_company, require
from agentnet.users.queries import actor_for


def _in_territory(paths: tuple[str, ...]) -> ColumnElement[bool]:
    if reach_company(paths):
        return true()  # no unit need be looked for
    under = or_(false(), *(OrgUnit.path.startswith(path, autoescape=True) for path in paths))
    return Approval.org_unit_id.in_(select(OrgUnit.id).where(under))


def stood_in_for(viewer: Actor) -> list[Actor]:
    """Return the people in whose name the viewer may decide today."""
    if viewer.user_id is None:
        return []
    asked = {"delegate": viewer.user_id, "day": today()}
    ids = rows_of(_STOOD_IN_FOR, asked)
    if not ids:  # nearly always: every home page asks
        return []
    people = db.session.scalars(select(User).where(User.id.in_(ids), User.disabled_at.is_(None)).order_by(User.id))
    return [actor_for(person) for person in people]


def _delegated_to(delegate: Any, day: Any) -> ColumnElement[bool]:
    return and_(Delegation.delegate_id == delegate, Delegation.starts_on <= day, Delegation.ends_on > day)


_STOOD_IN_FOR = select(Delegation.user_id).where(_delegated_to(bindparam("delegate"), bindparam("day"))).distinct()


def _decidable_as(person: Actor, decided_by: Iterable[tuple[str, Permission]]) -> ColumnElement[bool]:
    """Return the condition that a person's own grants let them decide a request; never one of their own."""
    by_paths: dict[tuple[str, ...], list[str]] = {}
    for code, permission in decided_by:
        by_paths.setdefault(org_paths(person, permission), []).append(code)
    places = [and_(_of_kinds(codes), _in_territory(paths)) for paths, codes in by_paths.items() if paths]
    return and_(_not_of(person), or_(false(), *places))


def _of_kinds(codes: Iterable[str]) -> ColumnElement[bool]:
    return Approval.kind.in_([written(code) for code in codes])


def _not_of(person: Actor) -> ColumnElement[bool]:
    return or_(Approval.requested_by_id.is_(None), Approval.requested_by_id != person.user_id)


def decidable(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Approval`` that the viewer may decide it, in their own name or another's."""
    return _decidable_by(*_deciders(viewer))


def _deciders(viewer: Actor) -> tuple[tuple[Actor, ...], tuple[tuple[str, Permission], ...]]:
    """Return in whose names the viewer decides, their own first, and what permission decides each kind."""
    return (viewer, *stood_in_for(viewer)), _decided_by()


def _decided_by() -> tuple[tuple[str, Permission], ...]:
    return tuple((kind.code, kind.decide) for kind in kinds().values())


def _decidable_by(persons: Sequence[Actor], decided_by: Sequence[tuple[str, Permission]]) -> ColumnElement[bool]:
    return and_(_not_of(persons[0]), or_(*(_decidable_as(person, decided_by) for person in persons)))


def visible(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition that the viewer may read a request: own, decidable, decided, or of their territory."""
    return _visible_to(*_deciders(viewer))


def _visible_to(persons: Sequence[Actor], decided_by: Sequence[tuple[str, Permission]]) -> ColumnElement[bool]:
    viewer = persons[0]
    return or_(
        Approval.requested_by_id == viewer.user_id,
        Approval.decided_by_id == viewer.user_id,
        _in_territory(org_paths(viewer, Permission.APPROVAL_READ)),
        _decidable_by(persons, decided_by),
    )


def approval_for(viewer: Actor, id_: UUID, *, for_change: bool = False) -> Approval:
    """Return a request the viewer may read.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``approval_missing``.
    """
    require(viewer, Permission.APPROVAL_READ)
    statement = select(Approval).where(Approval.id == id_, visible(viewer))
    if for_change:
        statement = statement.with_for_update(of=Approval).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise Missing("approval_missing", "没有找到这件申请，或它不在您的管辖范围内")
    return found


def in_whose_name(by: Actor, found: Approval) -> int | None:
    """Return in whose name an actor decides a request: None for their own.

    Raises:
        Forbidden: ``own_request``, ``not_permitted``.
    """
    require_another(by.user_id, found.requested_by_id)
    path = db.session.scalar(select(OrgUnit.path).where(OrgUnit.id == found.org_unit_id)) or ""
    permission = kinds()[found.kind].decide
    for person in (by, *stood_in_for(by)):
        if person.user_id == found.requested_by_id:
            continue
        if any(path.startswith(above) for above in org_paths(person, permission)):
            return None if person.user_id == by.user_id else person.user_id
    raise Forbidden("not_permitted", "您的岗位没有此项权限，如需办理请联系主管")


def waiting_count(viewer: Actor) -> int:
    """Return how many requests wait for the viewer's decision."""
    [count] = rows_of(_waiting(*_deciders(viewer)))
    return int(count)


def waiting_at_once(viewer: Actor) -> Select[int, int]:
    """Return the select of how many requests wait for the viewer's own decision, and for how many people they stand in.

    For somebody who stands in for nobody that is ``waiting_count``.
    """
    delegated = select(func.count().label("stands_in_for")).where(_delegated_to(viewer.user_id, today()))
    return in_one_row(_waiting((viewer,), _decided_by()), delegated)


@built_once
def _waiting(persons: tuple[Actor, ...], decided_by: tuple[tuple[str, Permission], ...]) -> Select[int]:
    waits = Approval.state == written(ApprovalState.PENDING.value)
    return select(func.count().label("waiting")).where(waits, _decidable_by(persons, decided_by))


def pending_of(kind: str, subject_kind: str, subject_id: str) -> Approval | None:
    """Return the request of this kind that waits for a decision on a subject."""
    given = {"kind": kind, "subject_kind": subject_kind, "subject_id": subject_id}
    return db.session.scalar(_PENDING, given)


_PENDING = select(Approval).where(
    Approval.kind == bindparam("kind", type_=String()),
    Approval.subject_kind == bindparam("subject_kind", type_=String()),
    Approval.subject_id == bindparam("subject_id", type_=String()),
    Approval.state == ApprovalState.PENDING,
)


def about(viewer: Actor, subject_kind: str, subject_id: str) -> Sequence[Any]:
    """Return the requests about a subject that the viewer may read, as their columns, newest first."""
    if not may(viewer, Permission.APPROVAL_READ):
        return []
    given = {"subject_kind": subject_kind, "subject_id": subject_id}
    if reach_company(org_paths(viewer, Permission.APPROVAL_READ)):  # who reads them all need stand in for nobody
        return rows_of(_about((viewer,), ()), given)
    return rows_of(_about(*_deciders(viewer)), given)


@built_once
def _about(persons: tuple[Actor, ...], decided_by: tuple[tuple[str, Permission], ...]) -> Select[Approval]:
    subject_kind, subject_id = bindparam("subject_kind", type_=String()), bindparam("subject_id", type_=String())
    return (
        select(Approval)
        .where(
            Approval.subject_kind == subject_kind,
            Approval.subject_id == subject_id,
            _visible_to(persons, decided_by),
        )
        .order_by(Approval.requested_at.desc(), Approval.id.desc())
        .limit(20)
    )


COLUMNS: Mapping[str, SortBy] = {
    "requested": SortBy(Approval.id, UUID),
    "amount": SortBy(Approval.amount_fen, int, nullable=True),
}

WAITING, MINE, ALL = "waiting", "mine", "all"


@built_once
def _listed(
    persons: tuple[Actor, ...], decided_by: tuple[tuple[str, Permission], ...], show: str, words: str
) -> Select[*tuple[Any, ...]]:
    """Return the select of a list; the viewer is the first of those in whose name they decide."""
    viewer = persons[0]
    statement: Select[*tuple[Any, ...]] = select(
        Approval.id,
        Approval.kind,
        Approval.subject_kind,
        Approval.subject_label,
        Approval.amount_fen,
        Approval.state,
        Approval.requested_at,
        Approval.reason,
        User.display_name.label("requester"),
        OrgUnit.name.label("unit_name"),
        OrgUnit.name_en.label("unit_name_en"),
    ).join(OrgUnit, OrgUnit.id == Approval.org_unit_id)
    statement = statement.outerjoin(User, User.id == Approval.requested_by_id)
    if show == WAITING:
        statement = statement.where(Approval.state == ApprovalState.PENDING, _decidable_by(persons, decided_by))
    elif show == MINE:
        statement = statement.where(Approval.requested_by_id == viewer.user_id)
    else:
        statement = statement.where(_visible_to(persons, decided_by))
    if words:
        statement = statement.where(Approval.subject_label.contains(words, autoescape=True))
    return statement


def approvals_page(viewer: Actor, arguments: Mapping[str, str], show: str, words: str = "") -> Page[Any]:
    """Return a page of requests, newest first: waiting for the viewer, the viewer's own, or all they may read."""
    statement, key = _listed(*_deciders(viewer), show, words), COLUMNS["requested"]
    return page_of(db.session(), statement, arguments, columns=COLUMNS, default="-requested", key=key)


def delegations_of(viewer: Actor) -> Sequence[Any]:
    """Return the viewer's delegations that are not over, those given and those received, the earliest first."""
    giver, taker = User.__table__.alias("giver"), User.__table__.alias("taker")
    return db.session.execute(
        select(
            Delegation.id,
            Delegation.user_id,
            Delegation.starts_on,
            Delegation.ends_on,
            giver.c.display_name.label("giver"),
            taker.c.display_name.label("taker"),
        )
        .join(giver, giver.c.id == Delegation.user_id)
        .join(taker, taker.c.id == Delegation.delegate_id)
        .where(
            or_(Delegation.user_id == viewer.user_id, Delegation.delegate_id == viewer.user_id),
            Delegation.ends_on > today(),
            Delegation.ends_on > Delegation.starts_on,
        )
        .order_by(Delegation.starts_on, Delegation.id)
        .limit(100)
    ).all()


def names_of(user_ids: Sequence[int | None]) -> dict[int, str]:
    """Return what people are called, by id."""
    wanted = [one for one in user_ids if one is not None]
    return dict(db.session.execute(select(User.id, User.display_name).where(User.id.in_(wanted))).all())
