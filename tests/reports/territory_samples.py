"""Plainly invented figures for the reports about a territory or a manager."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from agentnet.core.clock import IsoWeek, Month
from reports.commission_summary import CommissionSummary, OutletRow, Totals
from reports.duties import DAYS_OF_A_DUTY, DutyShares, WeekState, counts_of
from reports.duty_visits_manager import DutyRow, HandoverNote, ManagerWeek
from reports.duty_visits_station import ManagerCounts, MissedVisit, OutletWeeks, StationMonth
from reports.receipt import BillLine, Receipt
from reports.texts import Language
from tests.reports.samples import OCTOBER, WEEK, head

VILLAGES = ("垟岙村", "桐一村", "埠头村", "大嶴里村", "前塆村", "后山头村", "㘰头村", "上岙应家村")
KINDS = ("VILLAGE_POST", "SERVICE_POINT", "CONVENIENCE_STORE", "VILLAGE_CENTRE")
PATTERNS: tuple[tuple[WeekState, ...], ...] = (
    ("DONE", "DONE", "DONE", "DONE", "DONE"),
    ("DONE", "EXEMPT", "DONE", "MISSED", "DONE"),
    ("DONE", "EXEMPT", "DONE", "DONE", "DUE"),
    ("", "", "DONE", "DONE", "MISSED"),
)


def place(number: int) -> tuple[str, str, str]:
    setting = "URBAN" if number % 5 == 4 else "RURAL"
    village = VILLAGES[number % len(VILLAGES)]
    name = f"太平街道{village}报刊亭" if setting == "URBAN" else f"箬横镇{village}村邮站"
    return f"WL{number + 1:04d}", name, setting


def totals(rows: list[OutletRow]) -> Totals:
    return Totals(
        len(rows),
        sum(row.count for row in rows),
        sum(row.amount_fen for row in rows),
        sum(row.commission_fen for row in rows),
    )


def summary(outlets: int = 30, language: Language = "zh") -> CommissionSummary:
    rows = []
    for number in range(outlets):
        code, name, setting = place(number)
        count = number * 37 % 90
        kind = "NEWSSTAND" if setting == "URBAN" else KINDS[number % len(KINDS)]
        rows.append(OutletRow(code, name, kind, setting, count, count * 20_350, count * 50 - (number == 7) * 9_000))
    whole = totals(rows)
    before = Totals(whole.outlets, whole.count * 9 // 10, whole.amount_fen * 11 // 10, whole.commission_fen)
    return CommissionSummary(
        head=head(language, "HZ-202610-3310811-1"),
        period=OCTOBER,
        level="STATION",
        org_code="331081-07",
        rows=tuple(rows),
        urban=totals([row for row in rows if row.setting == "URBAN"]),
        rural=totals([row for row in rows if row.setting == "RURAL"]),
        whole=whole,
        previous_month=before if rows else None,
    )


def manager_week(outlets: int = 8, language: Language = "zh") -> ManagerWeek:
    rows = []
    for number in range(outlets):
        code, name, setting = place(number)
        row = DutyRow(code, name, setting, "MISSED" if number % 6 == 3 else "DONE")
        if row.state == "DONE":
            visited_at = datetime(2026, 11, 16, 1, 20, tzinfo=UTC) + timedelta(minutes=number * 397)
            row = replace(row, visited_at=visited_at, distance_m=12 + number * 3, score=100 - number % 4 * 6)
        if number % 4 == 1:
            row = replace(
                row,
                failed_items=("公示牌照片与现任经理不符", "宣传资料短缺"),
                needs=("三组变压器旁有异响，村民要求检查", "两户申请分户"),
            )
        if number % 5 == 2:
            row = replace(row, shared_with="示例经理乙", visited_by="示例经理乙", slot="DEPUTY", days_held=3)
        if number % 7 == 6:
            row = replace(row, outside_radius=True, distance_m=1420)
        rows.append(row)
    return ManagerWeek(
        head=head(language, "ZF-2026W47-M0031-1"),
        period=WEEK,
        manager_name="示例经理甲",
        manager_no="M0031",
        rows=tuple(rows),
        urban=counts_of(row.state for row in rows if row.setting == "URBAN"),
        rural=counts_of(row.state for row in rows if row.setting == "RURAL"),
        whole=counts_of(row.state for row in rows),
        handovers=(
            HandoverNote(date(2026, 11, 18), "WL0003", "箬横镇埠头村村邮站", "示例经理丙", "示例经理甲", "台区调整"),
        )
        if rows
        else (),
    )


def shares_of(states: Iterable[str]) -> DutyShares:
    """Return what states count for a manager who held every outlet all week."""
    found = counts_of(states)
    return DutyShares(*(n * DAYS_OF_A_DUTY for n in (found.due, found.done, found.missed, found.exempt)))


def station_month(outlets: int = 30, language: Language = "zh") -> StationMonth:
    weeks = tuple(IsoWeek(2026, week) for week in range(40, 45))
    lines = []
    for number in range(outlets):
        code, name, setting = place(number)
        lines.append(OutletWeeks(code, name, setting, f"示例经理{'甲乙丙丁'[number % 4]}", PATTERNS[number % 4]))
    missed = [
        MissedVisit(weeks[at], line.outlet_code, line.outlet_name, line.managers, "台风停航" if at == 3 else "")
        for line in lines
        for at, state in enumerate(line.states)
        if state == "MISSED"
    ]
    managers = [
        ManagerCounts(
            f"M{at + 1:04d}",
            f"示例经理{letter}",
            shares_of(state for line in lines[at::4] for state in line.states),
        )
        for at, letter in enumerate("甲乙丙丁")
        if lines
    ]
    return StationMonth(
        head=head(language, "ZY-202610-3310811-1"),
        period=Month(2026, 10),
        level="STATION",
        org_code="331081-07",
        weeks=weeks,
        outlets=tuple(lines),
        managers=tuple(managers),
        missed=tuple(missed),
        urban=counts_of(state for line in lines if line.setting == "URBAN" for state in line.states),
        rural=counts_of(state for line in lines if line.setting == "RURAL" for state in line.states),
        whole=counts_of(state for line in lines for state in line.states),
    )


def receipt(language: Language = "zh") -> Receipt:
    return Receipt(
        language=language,
        company="浙东示范供电有限公司" if language == "zh" else "East Zhejiang Demo Power Supply Co.",
        org_name="温岭市供电公司",
        receipt_no="WL0042-20261103-0007",
        serial_no="01932c07-209c-7e2a-b1c5-9a3c1f5e8d10",
        collected_at=datetime(2026, 11, 3, 6, 5, tzinfo=UTC),
        outlet_code="WL0042",
        outlet_name="箬横镇垟岙村村邮站",
        agent="示例代办员甲",
        household_masked="*********5678",
        name_masked="**明",
        bills=(BillLine(Month(2026, 9), 15_210, 140), BillLine(Month(2026, 10), 5_000, 0, part=True)),
        advance_fen=0,
        total_fen=20_350,
        tender="CASH",
        received_fen=30_000,
        change_fen=9_650,
        verify_url="https://agentnet.example/verify/WL0042-20261103-0007?c=7K3M9QXD",
    )
