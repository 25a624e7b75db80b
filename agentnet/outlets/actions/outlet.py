"""Registering an outlet, changing its facts, and moving it to another org unit."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select

from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid
from agentnet.divisions.models import Division, DivisionLevel, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import apply_changes, audit_change, once, plain, require_version
from agentnet.outlets.models import Outlet, OutletPlacement, OutletState, OutletTender
from agentnet.outlets.queries import outlet_for, partner_by_code, tenders_of, unit_for
from agentnet.outlets.queries.kind_change import require_no_raise_by_kind
from agentnet.outlets.rules import (
    OutletKind,
    State,
    TenderCode,
    clean_code,
    clean_phone,
    earliest_change,
    require_day_of_step,
    require_host,
    require_tenders,
)
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class OutletFacts:
    """What is written down about an outlet. Positions are WGS-84 degrees, both or neither."""

    name: str
    kind: OutletKind
    setting: Setting
    division_code: str
    address: str
    phone: str | None = None
    keeper_name: str | None = None
    partner_code: str | None = None
    partner_outlet_no: str | None = None
    host_code: str | None = None
    staffed: bool = True
    longitude: float | None = None
    latitude: float | None = None
    coordinate_source: str | None = None
    coordinate_synthetic: bool = False


@dataclass(frozen=True, slots=True)
class NewOutlet:
    """An application for an outlet."""

    code: str
    unit_code: str
    applied_on: date
    facts: OutletFacts


def register_outlet(new: NewOutlet, by: Actor, request_id: uuid.UUID | None = None) -> str:
    """Enter an outlet as applied for; return its code. A staffed outlet takes cash from the start.

    Raises:
        Forbidden, Missing: the org unit, partner or host is not there for this person.
        Invalid: ``code_shape``, ``code_taken``, ``in_future`` and whatever is wrong with its facts.
        Conflict: ``id_reused``.
    """

    def work() -> str:
        unit = unit_for(by, new.unit_code, Permission.OUTLET_EDIT)
        code = clean_code(new.code)
        if db.session.scalar(select(Outlet.id).where(Outlet.code == code)):
            raise Invalid("code_taken", "编号 %(taken)s 已经用过，请换一个", field="code", taken=code)
        if new.applied_on > today():
            raise Invalid("in_future", "日期不能晚于今天", field="applied_on")
        values = _checked(new.facts, by, None)
        outlet = Outlet(
            code=code, state=State.APPLIED, org_unit_id=unit.id, applied_on=new.applied_on, version=1, **values
        )
        db.session.add(outlet)
        db.session.flush()
        db.session.add(OutletPlacement(outlet_id=outlet.id, org_unit_id=unit.id, starts_on=new.applied_on))
        db.session.add(
            OutletState(
                outlet_id=outlet.id,
                state=State.APPLIED,
                reason="",
                effective_on=new.applied_on,
                changed_at=now(),
                user_id=by.user_id,
            )
        )
        if new.facts.staffed:
            db.session.add(OutletTender(outlet_id=outlet.id, tender=TenderCode.CASH))
        db.session.flush()
        after = {name: plain(value) for name, value in values.items()}
        write_audit(by, "register_outlet", "outlet", code, None, {**after, "org_unit": unit.code})
        return code

    return once(request_id, "register_outlet", by, asdict(new), work)


def change_outlet(code: str, facts: OutletFacts, by: Actor, version: int | None = None) -> None:
    """Write down new facts about an outlet; the audit trail keeps what they were.

    Raises:
        Forbidden, Missing: as ``outlet_for``, or the partner or host is not there.
        Conflict: ``changed_meanwhile``.
        Invalid: ``outlet_closed``, ``cash_required``, ``kind_raises_limits`` and whatever is wrong with the facts.
    """
    outlet = outlet_for(by, code, Permission.OUTLET_EDIT, for_change=True)
    require_version(outlet.version, version)
    require_not_closed(outlet)
    values = _checked(facts, by, outlet)
    require_no_raise_by_kind(outlet.id, outlet.kind, facts.kind)
    if facts.staffed and not outlet.staffed:
        accepted = {tender.code for tender in tenders_of(outlet.id)}
        require_tenders(accepted, accepted, staffed=True)
    if audit_change(by, "change_outlet", "outlet", code, apply_changes(outlet, values)):
        outlet.version += 1
        db.session.flush()


def move_outlet(code: str, unit_code: str, on: date, by: Actor, version: int | None = None) -> None:
    """Place an outlet under another org unit from a day on; earlier facts keep the unit they were stamped with.

    Raises:
        Forbidden, Missing: the outlet or the unit is not in the territory.
        Conflict: ``changed_meanwhile``.
        Invalid: ``same_unit``, ``in_future``, ``too_far_back``, ``moved_same_day``, ``outlet_closed``.
    """
    outlet = outlet_for(by, code, Permission.OUTLET_EDIT, for_change=True)
    require_version(outlet.version, version)
    require_not_closed(outlet)
    unit = unit_for(by, unit_code, Permission.OUTLET_EDIT)
    if unit.id == outlet.org_unit_id:
        raise Invalid("same_unit", "网点已经在这个单位，请另选一个", field="unit")
    require_day_of_step(on, today(), earliest_change(today(), outlet.opened_on, outlet.applied_on))
    present = db.session.scalars(
        select(OutletPlacement).where(OutletPlacement.outlet_id == outlet.id, OutletPlacement.ends_on.is_(None))
    ).one()
    if on <= present.starts_on:
        raise Invalid(
            "moved_same_day",
            "网点从 %(day)s 起才归现单位，请选更晚的日期",
            field="on",
            day=present.starts_on.isoformat(),
        )
    present.ends_on = on
    db.session.flush()
    db.session.add(OutletPlacement(outlet_id=outlet.id, org_unit_id=unit.id, starts_on=on))
    before = outlet.org_unit_id
    outlet.org_unit_id = unit.id
    outlet.version += 1
    db.session.flush()
    write_audit(
        by,
        "move_outlet",
        "outlet",
        code,
        {"org_unit_id": before},
        {"org_unit_id": unit.id, "org_unit": unit.code, "starts_on": on.isoformat()},
    )


def require_not_closed(outlet: Outlet) -> None:
    """Refuse to change what is over.

    Raises:
        Invalid: ``outlet_closed``.
    """
    if outlet.state == State.CLOSED:
        raise Invalid("outlet_closed", "网点已经关闭，不能再改")


def _checked(facts: OutletFacts, by: Actor, outlet: Outlet | None) -> dict[str, object]:
    """Return the facts as columns of ``Outlet``.

    Raises:
        Missing: ``partner_missing``, ``outlet_missing`` (the host).
        Invalid: ``division_missing``, ``position_half``, ``position_source``, ``phone_shape``, ``host_kind``,
            ``own_host``, ``hosts_others``, ``partner_number_taken``.
    """
    village = db.session.get(Division, facts.division_code)
    if village is None or village.level != DivisionLevel.VILLAGE:
        raise Invalid("division_missing", "没有这个村（社区），请核对名称或 12 位代码", field="village")
    partner = partner_by_code(facts.partner_code) if facts.partner_code else None
    number = facts.partner_outlet_no or None
    if number and partner is None:
        raise Invalid("partner_number_alone", "填了合作单位编号，请同时选择合作单位", field="partner")
    if number and partner:
        taken = db.session.scalar(
            select(Outlet.code).where(
                Outlet.partner_id == partner.id,
                Outlet.partner_outlet_no == number,
                Outlet.id != (outlet.id if outlet else 0),
            )
        )
        if taken:
            raise Invalid(
                "partner_number_taken", "网点 %(taken)s 已用这个合作单位编号", field="partner_outlet_no", taken=taken
            )
    if outlet and outlet.kind == OutletKind.VILLAGE_CENTRE and facts.kind is not OutletKind.VILLAGE_CENTRE:
        require_hosts_nobody(outlet)
    _check_position(facts)
    return {
        "name": facts.name,
        "kind": facts.kind,
        "setting": facts.setting,
        "division_code": facts.division_code,
        "address": facts.address,
        "phone": clean_phone(facts.phone) if facts.phone else None,
        "keeper_name": facts.keeper_name or None,
        "partner_id": partner.id if partner else None,
        "partner_outlet_no": number,
        "hosted_by_id": _host_id(facts, by),
        "staffed": facts.staffed,
        "longitude": facts.longitude,
        "latitude": facts.latitude,
        "coordinate_source": facts.coordinate_source or None,
        "coordinate_synthetic": facts.coordinate_synthetic,
    }


def _host_id(facts: OutletFacts, by: Actor) -> int | None:
    if not facts.host_code:
        return None
    host = outlet_for(by, facts.host_code, Permission.OUTLET_READ)
    require_host(facts.kind, OutletKind(host.kind))
    if host.state == State.CLOSED:
        raise Invalid("host_closed", "托管的便民服务中心已经关闭", field="host")
    return host.id


def require_hosts_nobody(outlet: Outlet) -> None:
    """Refuse to close or re-purpose a village centre that hosts a postal station.

    Raises:
        Invalid: ``hosts_others``.
    """
    hosted = db.session.scalar(
        select(Outlet.name).where(Outlet.hosted_by_id == outlet.id, Outlet.state != State.CLOSED).limit(1)
    )
    if hosted:
        raise Invalid("hosts_others", "这里托管着 %(hosted)s，请先改掉它的托管关系", hosted=hosted)


def _check_position(facts: OutletFacts) -> None:
    if (facts.longitude is None) != (facts.latitude is None):
        raise Invalid("position_half", "经度和纬度要一起填", field="longitude")
    if facts.longitude is None or facts.latitude is None:
        return
    if not (-180 <= facts.longitude <= 180 and -90 <= facts.latitude <= 90):
        raise Invalid("position_range", "经度在 -180 到 180 之间，纬度在 -90 到 90 之间", field="longitude")
    if not facts.coordinate_source:
        raise Invalid("position_source", "请注明位置从哪里来", field="coordinate_source")
