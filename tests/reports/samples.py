"""Plainly invented figures for the documents, and how a test reads a PDF back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pypdfium2
import zxingcpp

from agentnet.core.clock import IsoWeek, Month
from reports.commission_statement import AdjustmentLine, CollectionLine, CommissionStatement, ComponentLine
from reports.head import DocumentHead
from reports.texts import Language

OCTOBER = Month(2026, 10)
WEEK = IsoWeek(2026, 47)
TENDERS = ("CASH", "CASH", "UNIONPAY_CARD", "ALIPAY")


def head(language: Language = "zh", number: str = "JS-202610-WL0042-1") -> DocumentHead:
    return DocumentHead(
        language=language,
        company="浙东示范供电有限公司" if language == "zh" else "East Zhejiang Demo Power Supply Co.",
        org_name="温岭市供电公司 箬横供电所" if language == "zh" else "Wenling / Ruoheng supply station",
        number=number,
        made_at=datetime(2026, 10, 31, 18, 0, tzinfo=UTC),
        data_state="2026年10月已封账，账务截至 2026-10-31"
        if language == "zh"
        else "October 2026 closed, ledger to 31 Oct",
        check_code="7K3M-9QXD-22TP",
        verify_url="https://agentnet.example/verify/7K3M-9QXD-22TP",
    )


def collections(count: int) -> tuple[CollectionLine, ...]:
    start = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
    return tuple(
        CollectionLine(
            collected_at=start + timedelta(minutes=number * 43200 // max(count, 1)),
            receipt_no=f"WL0042-202610{1 + number * 30 // max(count, 1):02d}-{number % 97 + 1:04d}",
            household_masked=f"*********{1000 + number * 37 % 9000}",
            tender=TENDERS[number % 4],
            amount_fen=538 + number * 7919 % 45000,
            commission_fen=50 + number % 4 * 10,
        )
        for number in range(count)
    )


def statement(
    count: int = 60, language: Language = "zh", adjustments: tuple[AdjustmentLine, ...] = ()
) -> CommissionStatement:
    lines = collections(count)
    names = {"CASH": "按笔 0.50 元", "UNIONPAY_CARD": "按笔 0.70 元", "ALIPAY": "按笔 0.80 元"}
    components = tuple(
        ComponentLine(
            component=names[tender] if language == "zh" else "Per collection",
            tender=tender,
            count=sum(line.tender == tender for line in lines),
            base_fen=sum(line.amount_fen for line in lines if line.tender == tender),
            commission_fen=sum(line.commission_fen for line in lines if line.tender == tender),
        )
        for tender in names
        if any(line.tender == tender for line in lines)
    )
    earned = sum(line.commission_fen for line in components)
    adjusted = sum(line.commission_fen for line in adjustments)
    return CommissionStatement(
        head=head(language),
        period=OCTOBER,
        outlet_code="WL0042",
        outlet_name="箬横镇垟岙村村邮站",
        outlet_kind="VILLAGE_POST",
        setting="RURAL",
        partner="浙东示范邮政分公司",
        agent="示例代办员甲",
        plan_name="村邮站按笔方案" if language == "zh" else "Village post, per collection",
        plan_version="2026-01",
        agreement_no="XY-2026-0042",
        components=components,
        collections=lines,
        adjustments=adjustments,
        collected_fen=sum(line.amount_fen for line in lines),
        earned_fen=earned,
        adjusted_fen=adjusted,
        due_fen=earned + adjusted,
    )


def adjustments(count: int, commission_fen: int = -50) -> tuple[AdjustmentLine, ...]:
    return tuple(
        AdjustmentLine(
            entered_on=date(2026, 10, 8 + number % 20),
            belongs_to=Month(2026, 9),
            receipt_no=f"WL0042-202609{12 + number % 18:02d}-0007",
            reason="重复缴费，已按退费流程退还客户",
            amount_fen=-20350,
            commission_fen=commission_fen,
        )
        for number in range(count)
    )


def text_of(pdf: bytes) -> list[str]:
    """Return each page's text as a reader sees it, with its line breaks as single newlines."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def codes_on(pdf: bytes, page: int = 0, scale: float = 4) -> list[str]:
    """Return what the QR codes on a rendered page say."""
    picture = pypdfium2.PdfDocument(pdf)[page].render(scale=scale).to_pil()
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def with_reason(figures: CommissionStatement, reason: str) -> CommissionStatement:
    return replace(figures, head=replace(figures.head, revision=2, revision_reason=reason))
