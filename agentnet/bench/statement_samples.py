"""Invented commission statements of two pages and 60 rows, different for every number and the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agentnet.core.clock import Month
from reports.commission_statement import CollectionLine, CommissionStatement, ComponentLine
from reports.frozen import sealed
from reports.head import DocumentHead

ROWS = 60

_PERIOD = Month(2026, 10)
_FIRST = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
_TENDERS = (("CASH", 50), ("CASH", 50), ("UNIONPAY_CARD", 70), ("ALIPAY", 80))
_TOWNS = ("箬横镇", "松门镇", "石塘镇", "大溪镇", "泽国镇", "新河镇", "滨海镇")
_VILLAGES = ("垟岙村", "桐一村", "埠头村", "大嶴里村", "前塆村", "后山头村", "㘰头村", "上岙应家村", "长屿村", "沙角村")


def statement(number: int) -> CommissionStatement:
    """Return the statement of the outlet with this number."""
    code = f"WL{number:04d}"
    lines = tuple(_line(code, number, row) for row in range(ROWS))
    components = tuple(
        ComponentLine(
            component=f"按笔 0.{rate} 元",
            tender=tender,
            count=sum(line.tender == tender for line in lines),
            base_fen=sum(line.amount_fen for line in lines if line.tender == tender),
            commission_fen=sum(line.commission_fen for line in lines if line.tender == tender),
        )
        for tender, rate in dict(_TENDERS).items()
    )
    earned = sum(line.commission_fen for line in lines)
    place = f"{_TOWNS[number % len(_TOWNS)]}{_VILLAGES[number * 3 % len(_VILLAGES)]}"
    whole = CommissionStatement(
        head=DocumentHead(
            language="zh",
            company="浙东示范供电有限公司",
            org_name="温岭市供电公司",
            number=f"JS-202610-{code}-1",
            made_at=datetime(2026, 10, 31, 18, 0, tzinfo=UTC),
            data_state="2026年10月已封账",
            check_code="",
            verify_url="",
        ),
        period=_PERIOD,
        outlet_code=code,
        outlet_name=f"{place}村邮站",
        outlet_kind="VILLAGE_POST",
        setting="RURAL",
        partner="浙东示范邮政分公司",
        agent="示例代办员甲",
        plan_name="村邮站按笔方案",
        plan_version="2026-01",
        agreement_no=f"XY-2026-{number:04d}",
        components=components,
        collections=lines,
        adjustments=(),
        collected_fen=sum(line.amount_fen for line in lines),
        earned_fen=earned,
        adjusted_fen=0,
        due_fen=earned,
    )
    return sealed(whole, "https://agentnet.example/v/")


def _line(code: str, number: int, row: int) -> CollectionLine:
    tender, commission = _TENDERS[(row + number) % len(_TENDERS)]
    at = _FIRST + timedelta(minutes=row * 720 + number % 60)
    return CollectionLine(
        collected_at=at,
        receipt_no=f"{code}-{at:%Y%m%d}-{row + 1:04d}",
        household_masked=f"*********{1000 + (row * 37 + number * 101) % 9000}",
        tender=tender,
        amount_fen=538 + (row * 7919 + number * 104_729) % 45_000,
        commission_fen=commission,
    )
