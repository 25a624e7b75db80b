"""The payment slip: every fact on every paper, the amount large, a code that reads, a mark when voided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2
import pytest
import zxingcpp

from agentnet.core.clock import Month
from reports.head import FiguresDisagree
from reports.receipt import PAPERS, BillLine, Paper, draw
from tests.reports.samples import codes_on, text_of
from tests.reports.territory_samples import receipt

EVERY_PAPER = pytest.mark.parametrize("paper", list(PAPERS))
MM = 72 / 25.4


@EVERY_PAPER
def test_every_fact_is_on_the_slip(paper: Paper) -> None:
    (page,) = text_of(draw(receipt(), paper))
    for said in (
        "电费缴费凭证",
        "WL0042-20261103-0007",
        "2026-11-03 14:05",
        "WL0042 箬横镇垟岙村村邮站",
        "*********5678",
        "**明",
        "2026年9月",
        "152.10",
        "1.40",
        "2026年10月 (部分缴纳)",
        "50.00",
        "¥203.50",
        "人民币贰佰零叁元伍角整",
        "现金",
        "300.00",
        "96.50",
        "示例代办员甲",
        "01932c07-209c-7e2a-b1c5-9a3c1f5e8d10",
        "95598",
    ):
        assert said in page
    assert "本凭证仅作缴费证明，不作发票使用；电子发票请通过网上国网或营业厅开具" in page.replace("\n", "")


@EVERY_PAPER
def test_the_code_reads_and_is_at_least_20_mm_wide(paper: Paper) -> None:
    pdf = draw(receipt(), paper)
    assert codes_on(pdf) == [receipt().verify_url]
    scale = 4
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=scale).to_pil()
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.position.top_right.x - found.position.top_left.x >= 20 * MM * scale - scale


@pytest.mark.parametrize(("paper", "width"), [("slip58", 58), ("slip80", 80), ("a5", 148)])
def test_the_sheet_is_as_wide_as_its_paper_and_one_page_long(paper: Paper, width: int) -> None:
    document = pypdfium2.PdfDocument(draw(replace(receipt(), outlet_name="垟岙村" * 20), paper))
    assert len(document) == 1
    assert document[0].get_width() == pytest.approx(width * MM, abs=0.1)


def test_a5_has_its_own_length() -> None:
    assert pypdfium2.PdfDocument(draw(receipt(), "a5"))[0].get_height() == pytest.approx(210 * MM, abs=0.1)


def test_the_amount_is_twice_as_large_as_the_rest() -> None:
    page = pypdfium2.PdfDocument(draw(receipt(), "slip80"))[0].get_textpage()
    assert _height(page, "¥203.50") == pytest.approx(2 * _height(page, "300.00"), rel=0.15)


def _height(page: pypdfium2.PdfTextPage, text: str) -> float:
    start, count = page.search(text, match_case=True).get_next()
    boxes = [page.get_charbox(start + at) for at in range(count)]
    return max(top for _, _, _, top in boxes) - min(bottom for _, bottom, _, _ in boxes)


@EVERY_PAPER
def test_the_largest_amount_stays_on_the_paper(paper: Paper) -> None:
    most = 10**14 - 1
    large = replace(
        receipt(), bills=(BillLine(Month(2026, 9), most, 0),), total_fen=most, received_fen=None, change_fen=None
    )
    page = pypdfium2.PdfDocument(draw(large, paper))[0]
    read = page.get_textpage()
    start, count = read.search("¥999,999,999,999.99", match_case=True).get_next()
    boxes = [read.get_charbox(start + at) for at in range(count)]
    assert min(left for left, _, _, _ in boxes) > 0
    assert max(right for _, _, right, _ in boxes) < page.get_width()


@EVERY_PAPER
def test_a_voided_payment_is_marked_and_says_why(paper: Paper) -> None:
    voided = replace(receipt(), voided_at=datetime(2026, 11, 3, 7, 5, tzinfo=UTC), void_reason="户号录入错误")
    (page,) = text_of(draw(voided, paper))
    assert "已作废" in page
    assert "2026-11-03 15:05" in page
    assert "户号录入错误" in page
    assert "已作废" not in text_of(draw(receipt(), paper))[0]


def test_a_card_payment_shows_its_reference_and_no_change() -> None:
    card = replace(
        receipt("en"), tender="UNIONPAY_CARD", tender_reference="034512778812", received_fen=None, change_fen=None
    )
    (page,) = text_of(draw(card))
    assert "UnionPay card" in page
    assert "034512778812" in page
    assert "Change" not in page


def test_an_advance_is_shown_as_one() -> None:
    (page,) = text_of(draw(replace(receipt(), bills=(), advance_fen=20_350)))
    assert "预存电费" in page
    assert "违约金" not in page


def test_parts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(FiguresDisagree, match="total_fen"):
        draw(replace(receipt(), total_fen=20_351))


def test_change_that_is_not_the_rest_is_refused() -> None:
    with pytest.raises(FiguresDisagree, match="received_fen"):
        draw(replace(receipt(), change_fen=9_600))


def test_cash_received_without_change_is_refused() -> None:
    with pytest.raises(FiguresDisagree):
        draw(replace(receipt(), change_fen=None))


def test_markup_in_a_name_is_text() -> None:
    assert "<b>&</b>" in text_of(draw(replace(receipt(), outlet_name="<b>&</b>")))[0]
