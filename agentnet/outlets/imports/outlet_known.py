"""What the codes in a file of outlets stand for, looked up once for all rows, and the judgement of one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid
from agentnet.divisions.models import Division
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import all_rows_with, rows_with
from agentnet.infra.db import db
from agentnet.infra.importing import Errors, Parsed
from agentnet.outlets.imports.comparing import judged, table_of, units_in_territory
from agentnet.outlets.imports.outlet_columns import DIRECT
from agentnet.outlets.models import Outlet, OutletPlacement, OutletService, OutletTender, Partner, Tender
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.queries.kind_change import require_no_raise_by_kind
from agentnet.outlets.rules import OutletKind, State, require_host, require_tenders
from agentnet.users.permissions import Permission

OUTLETS = table_of(Outlet)


@dataclass(slots=True)
class Row:
    """A row of the file that was judged: what it would be, and what it is today (None when new)."""

    code: str
    values: dict[str, Any]
    host_code: str | None
    tenders: tuple[str, ...] | None
    services: tuple[str, ...] | None
    before: Any


class Known:
    """The register as far as the file speaks of it."""

    def __init__(self, parsed: Parsed, by: Actor) -> None:
        self.in_file = {values["code"]: values for _, values in parsed.records()}
        self.existing = rows_with(OUTLETS, "code", self._given("code"))
        self.own = set(db.session.scalars(select(Outlet.code).where(visible_outlets(by, Permission.OUTLET_EDIT))))
        self.units = units_in_territory(by, Permission.OUTLET_EDIT, self._given("org_unit"))
        self.villages = rows_with(table_of(Division), "code", self._given("division_code"), "level", "setting")
        self.partners = rows_with(table_of(Partner), "code", self._given("partner"), "id")
        self.hosts = rows_with(OUTLETS, "code", self._given("host"), "id", "code", "kind", "state")
        self.enabled = set(db.session.scalars(select(Tender.code).where(Tender.enabled)))
        ids = [row.id for row in self.existing.values()]
        placed = all_rows_with(table_of(OutletPlacement), "outlet_id", ids)
        self.placed_on = {row.outlet_id: row.starts_on for row in placed if row.ends_on is None}
        self.tenders = sets_by_outlet(all_rows_with(table_of(OutletTender), "outlet_id", ids), "tender")
        self.services = sets_by_outlet(all_rows_with(table_of(OutletService), "outlet_id", ids), "service")
        self.hosting = {
            row.hosted_by_id for row in all_rows_with(OUTLETS, "hosted_by_id", ids) if row.state != State.CLOSED
        }
        present = {row.partner_outlet_no for row in self.existing.values() if row.partner_outlet_no}
        taken = all_rows_with(OUTLETS, "partner_outlet_no", self._given("partner_outlet_no") | present)
        self.partner_numbers = {(row.partner_id, row.partner_outlet_no): row.code for row in taken}

    def _given(self, name: str) -> set[Any]:
        return {values[name] for values in self.in_file.values() if values.get(name)}

    def judge(self, line: int, given: Mapping[str, Any], errors: Errors) -> Row:
        """Return the row as it would be, noting every rule it breaks."""
        before = self.existing.get(given["code"])
        if before is not None and given["code"] not in self.own:
            errors.add(line, "code", Invalid("code_elsewhere", "这个编号已由其他单位使用"))
        values = {name: given[name] for name in DIRECT if given.get(name) is not None}
        self._judge_places(line, given, before, values, errors)
        self._judge_partner(line, given, before, values, errors)
        self._judge_position(line, before, values, errors)
        self._judge_host(line, given, before, errors)
        if before is not None:
            judged(errors, line, "kind", lambda: require_no_raise_by_kind(before.id, before.kind, given["kind"]))
        tenders, services = given.get("tenders"), given.get("services")
        staffed = values.get("staffed", before.staffed if before is not None else True)
        accepted = tenders if tenders is not None else self.tenders.get(before.id, ()) if before is not None else None
        if before is None and tenders is None:
            tenders = ("CASH",) if staffed else ()
        elif accepted is not None and (tenders is not None or "staffed" in values):
            already = set(self.tenders.get(before.id, ())) if before is not None else set()
            allowed = self.enabled | already
            chosen = accepted
            judged(errors, line, "tenders", lambda: require_tenders(chosen, allowed, staffed=staffed))
        return Row(given["code"], values, given.get("host"), tenders, services, before)

    def _judge_places(
        self, line: int, given: Mapping[str, Any], before: Any, values: dict[str, Any], errors: Errors
    ) -> None:
        village = self.villages.get(given["division_code"])
        if village is None or village.level != "VILLAGE":
            errors.add(line, "division_code", Invalid("division_missing", "没有这个村（社区），请核对名称或 12 位代码"))
        elif before is None and "setting" not in values:
            if village.setting is None:
                errors.add(line, "setting", Invalid("setting_unknown", "看不出是城镇还是乡村，请填写城乡属性"))
            values["setting"] = village.setting
        unit_id = self.units.get(given["org_unit"])
        if unit_id is None:
            errors.add(line, "org_unit", Invalid("unit_missing", "没有找到这个单位，或它不在您的管辖范围内"))
        values["org_unit_id"] = unit_id
        if before is not None and unit_id != before.org_unit_id and self.placed_on.get(before.id, today()) >= today():
            since = self.placed_on.get(before.id, today()).isoformat()
            moved = Invalid("moved_same_day", "网点从 %(day)s 起才归现单位，请选更晚的日期", day=since)
            errors.add(line, "org_unit", moved)
        if (applied_on := given.get("applied_on")) is not None and applied_on > today():
            errors.add(line, "applied_on", Invalid("in_future", "日期不能晚于今天"))

    def _judge_partner(
        self, line: int, given: Mapping[str, Any], before: Any, values: dict[str, Any], errors: Errors
    ) -> None:
        if given.get("partner"):
            partner = self.partners.get(given["partner"])
            if partner is None:
                errors.add(line, "partner", Invalid("partner_missing", "没有找到这个合作单位"))
            else:
                values["partner_id"] = partner.id
        partner_id = values.get("partner_id", before.partner_id if before is not None else None)
        number = values.get("partner_outlet_no", before.partner_outlet_no if before is not None else None)
        if number is None:
            return
        if partner_id is None:
            alone = Invalid("partner_number_alone", "填了合作单位编号，请同时选择合作单位")
            errors.add(line, "partner", alone)
        taken = self.partner_numbers.setdefault((partner_id, number), given["code"])
        if taken != given["code"]:
            refusal = Invalid("partner_number_taken", "网点 %(taken)s 已用这个合作单位编号", taken=taken)
            errors.add(line, "partner_outlet_no", refusal)

    def _judge_position(self, line: int, before: Any, values: dict[str, Any], errors: Errors) -> None:
        whole = [values.get(name) is not None for name in ("longitude", "latitude")]
        if any(whole) and not all(whole):
            errors.add(line, "longitude", Invalid("position_half", "经度和纬度要一起填"))
        present = before.coordinate_source if before is not None else None
        if all(whole) and not values.get("coordinate_source", present):
            errors.add(line, "coordinate_source", Invalid("position_source", "请注明位置从哪里来"))

    def _judge_host(self, line: int, given: Mapping[str, Any], before: Any, errors: Errors) -> None:
        kind = OutletKind(given["kind"])
        if before is not None and before.id in self.hosting and kind is not OutletKind.VILLAGE_CENTRE:
            refusal = Invalid("hosts_others", "这里托管着 %(hosted)s，请先改掉它的托管关系", hosted="村邮站")
            errors.add(line, "kind", refusal)
        code = given.get("host")
        if not code:
            return
        known: Any = self.hosts.get(code)
        brought = self.in_file.get(code)
        there = code in self.own if known is not None else brought is not None
        if not there:
            errors.add(line, "host", Invalid("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内"))
            return
        host_kind = OutletKind(brought["kind"]) if brought is not None else OutletKind(known.kind)
        judged(errors, line, "host", lambda: require_host(kind, host_kind))
        if known is not None and known.state == State.CLOSED:
            errors.add(line, "host", Invalid("host_closed", "托管的便民服务中心已经关闭"))


def sets_by_outlet(rows: list[Any], name: str) -> dict[int, tuple[str, ...]]:
    """Return the codes in a column of rows by outlet, sorted."""
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.outlet_id, []).append(getattr(row, name))
    return {outlet_id: tuple(sorted(codes)) for outlet_id, codes in found.items()}
