"""What an outlet offers: opening hours, tenders, services and self-service terminals."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import delete, insert, select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid, Missing
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import once, require_for_company, require_version
from agentnet.outlets.actions.outlet import require_not_closed
from agentnet.outlets.models import OpeningHours, Outlet, OutletService, OutletTender, Service, Tender, Terminal
from agentnet.outlets.queries import enabled_tenders, hours_of, outlet_for, services_of, tenders_of
from agentnet.outlets.rules import Span, State, TenderCode, TerminalKind, clean_code, require_tenders, write_spans
from agentnet.users.permissions import Permission


def set_opening_hours(code: str, week: Sequence[Sequence[Span]], by: Actor, version: int | None = None) -> None:
    """Set the opening hours of the seven days, Monday first, in minutes after midnight (``rules.read_spans``).

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``outlet_closed``; ``never_open`` if no day has hours.
    """
    outlet = _outlet(code, by, version)
    if not any(week):
        raise Invalid("never_open", "一周至少要有一天营业；长期不营业请办理暂停", field="monday")
    before = hours_of(outlet.id)
    if [list(day) for day in week] == before:
        return
    db.session.execute(delete(OpeningHours).where(OpeningHours.outlet_id == outlet.id))
    db.session.execute(
        insert(OpeningHours),
        [
            {"outlet_id": outlet.id, "weekday": weekday, "opens_minute": opens, "closes_minute": closes}
            for weekday, spans in enumerate(week, 1)
            for opens, closes in spans
        ],
    )
    _changed(outlet, by, "set_opening_hours", [write_spans(day) for day in before], [write_spans(day) for day in week])


def set_tenders(code: str, tenders: Collection[str], by: Actor, version: int | None = None) -> None:
    """Set which tenders an outlet accepts; a tender it already accepts may stay although the company closed it.

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``outlet_closed``, ``tender_not_enabled``, ``cash_required``, ``no_tenders`` if it is active.
    """
    outlet = _outlet(code, by, version)
    before = [tender.code for tender in tenders_of(outlet.id)]
    require_tenders(tenders, {*before, *(tender.code for tender in enabled_tenders())}, staffed=outlet.staffed)
    if outlet.state == State.ACTIVE and not tenders:
        raise Invalid("no_tenders", "营业中的网点至少要有一种支付方式", field="tenders")
    if set(before) == set(tenders):
        return
    db.session.execute(delete(OutletTender).where(OutletTender.outlet_id == outlet.id))
    if tenders:
        db.session.execute(
            insert(OutletTender), [{"outlet_id": outlet.id, "tender": tender} for tender in sorted(set(tenders))]
        )
    _changed(outlet, by, "set_tenders", sorted(before), sorted(set(tenders)))


def set_services(code: str, services: Collection[str], by: Actor, version: int | None = None) -> None:
    """Set which of the seven services an outlet offers (S31).

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``outlet_closed``, ``service_unknown``.
    """
    outlet = _outlet(code, by, version)
    if not set(services) <= set(db.session.scalars(select(Service.code))):
        raise Invalid("service_unknown", "没有这项服务", field="services")
    before = [service.code for service in services_of(outlet.id)]
    if set(before) == set(services):
        return
    db.session.execute(delete(OutletService).where(OutletService.outlet_id == outlet.id))
    if services:
        db.session.execute(
            insert(OutletService), [{"outlet_id": outlet.id, "service": service} for service in sorted(set(services))]
        )
    _changed(outlet, by, "set_services", sorted(before), sorted(set(services)))


def install_terminal(
    code: str, kind: TerminalKind, serial_no: str, on: date, by: Actor, request_id: uuid.UUID | None = None
) -> str:
    """Enter a self-service terminal put up at an outlet; return its serial number.

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Conflict: ``id_reused``.
        Invalid: ``outlet_closed``, ``code_shape``, ``terminal_taken``, ``in_future``.
    """
    serial = clean_code(serial_no)

    def work() -> str:
        outlet = _outlet(code, by, None)
        if db.session.scalar(select(Terminal.id).where(Terminal.serial_no == serial)):
            raise Invalid("terminal_taken", "序列号 %(serial)s 已经登记过", field="serial_no", serial=serial)
        if on > today():
            raise Invalid("in_future", "日期不能晚于今天", field="on")
        db.session.add(Terminal(outlet_id=outlet.id, kind=kind, serial_no=serial, installed_on=on))
        db.session.flush()
        after = {"serial_no": serial, "kind": kind, "installed_on": on.isoformat()}
        write_audit(by, "install_terminal", "outlet", code, None, after)
        return serial

    content = {"outlet": code, "kind": kind, "serial": serial, "on": on}
    return once(request_id, "install_terminal", by, content, work)


def remove_terminal(code: str, serial_no: str, on: date, by: Actor) -> None:
    """Enter that a terminal was taken away; its row stays.

    Raises:
        Forbidden, Missing: as ``outlet_for``; ``terminal_missing`` also once it has been removed.
        Invalid: ``terminal_period``, ``in_future``.
    """
    outlet = outlet_for(by, code, Permission.OUTLET_EDIT, for_change=True)
    row = db.session.scalar(
        select(Terminal).where(
            Terminal.outlet_id == outlet.id, Terminal.serial_no == serial_no, Terminal.removed_on.is_(None)
        )
    )
    if row is None:
        raise Missing("terminal_missing", "这里没有这台在用的终端")
    if on > today():
        raise Invalid("in_future", "日期不能晚于今天", field="on")
    if on < row.installed_on:
        raise Invalid("terminal_period", "撤走的日期不能早于安装日期", field="on")
    row.removed_on = on
    db.session.flush()
    write_audit(
        by, "remove_terminal", "outlet", code, {"serial_no": serial_no}, {"serial_no": serial_no, "on": on.isoformat()}
    )


def open_tender(tender: str, enabled: bool, by: Actor) -> None:
    """Open a tender for the whole company, or close it; cash stays open (cash rules of 2026-02-01).

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``.
        Missing: ``tender_missing``.
        Invalid: ``cash_stays``.
    """
    require_for_company(by, Permission.ORG_EDIT)
    row = db.session.get(Tender, tender)
    if row is None:
        raise Missing("tender_missing", "没有这种支付方式")
    if tender == TenderCode.CASH and not enabled:
        raise Invalid("cash_stays", "现金不能停用（2026年2月1日起施行的现金收付规定）")
    if row.enabled == enabled:
        return
    row.enabled = enabled
    db.session.flush()
    write_audit(by, "open_tender", "tender", tender, {"enabled": not enabled}, {"enabled": enabled})


def _outlet(code: str, by: Actor, version: int | None) -> Outlet:
    outlet = outlet_for(by, code, Permission.OUTLET_EDIT, for_change=True)
    require_version(outlet.version, version)
    require_not_closed(outlet)
    return outlet


def _changed(outlet: Outlet, by: Actor, action: str, before: list[str], after: list[str]) -> None:
    outlet.version += 1
    db.session.flush()
    write_audit(by, action, "outlet", outlet.code, {"chosen": before}, {"chosen": after})
