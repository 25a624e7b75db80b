"""The commission statement as a reader sees it: right figures, whole pages, honest refusals."""

from __future__ import annotations

import re
from dataclasses import replace

import pypdfium2
import pytest
from PIL import ImageChops

from agentnet.core.money import format_yuan, rmb_capitals
from reports.commission_statement import draw
from reports.head import FiguresDisagree
from reports.texts import UnknownWord
from tests.reports.samples import adjustments, codes_on, statement, text_of, with_reason

MM = 72 / 25.4


def test_it_says_what_the_figures_say() -> None:
    figures = statement(60)
    pages = text_of(draw(figures))
    first, whole = pages[0], "".join(pages)
    for said in ("代办费结算单", "2026年10月", "WL0042 箬横镇垟岙村村邮站", "村邮站", "农村", "XY-2026-0042"):
        assert said in first
    assert format_yuan(figures.due_fen) in first
    assert rmb_capitals(figures.due_fen) in first
    for line in figures.collections:
        assert f"{line.receipt_no} {line.household_masked}" in whole
        assert format_yuan(line.amount_fen) in whole
    assert format_yuan(figures.collected_fen) in pages[-1]


def test_times_are_printed_on_the_shanghai_clock() -> None:
    assert "10-01 07:30 WL0042-20261001-0001" in text_of(draw(statement(3)))[0]


def test_the_english_one_is_english() -> None:
    page = text_of(draw(statement(3, "en")))[0]
    for said in (
        "Commission Statement",
        "Oct 2026",
        "Commission due this month",
        "Village postal station",
        "Page 1 of 1",
    ):
        assert said in page
    assert "结算单" not in page


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (1, 1), (60, 2), (600, 14)])
def test_pages_grow_with_the_rows_and_every_page_is_numbered(rows: int, pages: int) -> None:
    read = text_of(draw(statement(rows)))
    assert len(read) == pages
    for number, page in enumerate(read, start=1):
        assert f"第 {number} 页 共 {pages} 页" in page
        assert "校验码 7K3M-9QXD-22TP" in page
        assert "制成时间 2026-11-01 02:00" in page
        assert "第1版" in page


def test_heads_are_repeated_on_every_page() -> None:
    for page in text_of(draw(statement(200))):
        assert "凭证号" in page
        assert "代办费（元）" in page


def test_every_row_is_printed_exactly_once() -> None:
    figures = statement(600)
    numbers = [line.receipt_no for line in figures.collections]
    whole = "".join(text_of(draw(figures)))
    assert len(set(numbers)) > 500
    assert all(whole.count(number) == numbers.count(number) for number in set(numbers))


@pytest.mark.parametrize("rows", range(15, 70))
def test_the_last_page_never_holds_a_lone_total(rows: int) -> None:
    figures = statement(rows)
    last = text_of(draw(figures))[-1]
    assert "负责人" in last
    assert rmb_capitals(figures.due_fen) in last
    assert sum(line.receipt_no in last for line in figures.collections) >= 3


@pytest.mark.parametrize("corrections", [1, 2, 20, 60])
def test_adjustments_are_negative_lines_with_their_month_and_reason(corrections: int) -> None:
    pages = text_of(draw(statement(30, adjustments=adjustments(corrections))))
    whole = "".join(pages)
    assert "三、以前月份调整" in whole
    assert whole.count("2026年9月") == corrections
    assert whole.count("-0.50") >= corrections
    assert "应付代办费（本月＋调整）" in pages[-1]


def test_a_month_that_takes_more_back_than_it_earns_says_so() -> None:
    figures = statement(3, adjustments=adjustments(2, commission_fen=-5_000))
    page = text_of(draw(figures))[0]
    assert "本月应扣回代办费" in page
    assert "-98.20" in page
    assert "人民币负玖拾捌元贰角整" in page


def test_corrections_in_a_month_without_collections_are_still_shown() -> None:
    page = text_of(draw(statement(0, adjustments=adjustments(1))))[0]
    assert "本月该网点没有代收记录" in page
    assert "二、以前月份调整" in page
    assert "人民币负伍角整" in page


@pytest.mark.parametrize(
    ("reason", "sentence"), [("no_collections", "没有代收记录"), ("suspended", "停业"), ("closed", "已撤销")]
)
def test_an_empty_statement_says_why(reason: str, sentence: str) -> None:
    page = text_of(draw(replace(statement(0), empty_reason=reason)))[0]
    assert sentence in page
    assert "0.00" in page
    assert "人民币零元整" in page


def test_a_reason_with_a_sign_no_font_has_is_printed_all_the_same() -> None:
    corrected = tuple(replace(one, reason="少算了\U0001f600请补") for one in adjustments(1))
    assert "少算了〓请补" in "".join(text_of(draw(statement(3, "zh", corrected))))


def test_a_revision_says_what_changed() -> None:
    page = text_of(draw(with_reason(statement(3), "补入10月3日漏传的代收")))[0]
    assert "本版更正：补入10月3日漏传的代收" in page
    assert "第2版" in page


def test_markup_in_a_name_is_text() -> None:
    page = text_of(draw(replace(statement(1), outlet_name="<b>&amp;村</b>", agent="<font size=40>&")))[0]
    assert "<b>&amp;村</b>" in page
    assert "<font size=40>&" in page


def test_the_code_on_every_page_leads_to_the_check_page() -> None:
    pdf = draw(statement(60))
    for page in range(2):
        assert codes_on(pdf, page) == ["https://agentnet.example/verify/7K3M-9QXD-22TP"]


def test_the_outline_lists_the_sections() -> None:
    document = pypdfium2.PdfDocument(draw(statement(60, adjustments=adjustments(1))))
    titles = [item.get_title() for item in document.get_toc()]
    assert titles == ["代办费结算单", "一、代办费汇总", "二、代收明细", "三、以前月份调整"]


@pytest.mark.parametrize("rows", [0, 25, 26, 27, 60])
def test_nothing_is_printed_in_the_margins(rows: int) -> None:
    long = replace(statement(rows), outlet_name="箬横镇" + "垟岙埠嶴" * 14 + "村邮站", partner="浙东示范" * 12)
    for page in pypdfium2.PdfDocument(draw(long)):
        picture = page.render(scale=2).to_pil().convert("L")
        left, top, right, bottom = ImageChops.invert(picture).getbbox()
        assert left >= 25 * MM * 2 - 2
        assert right <= picture.width - 20 * MM * 2 + 2
        assert top >= 20 * MM * 2 - 2
        assert bottom <= picture.height - 20 * MM * 2 + 2


def test_long_facts_wrap_and_stay_whole() -> None:
    long = "示例供电所代办员甲乙丙丁" * 5
    page = text_of(draw(replace(statement(60), agent=long)))[0]
    assert long in page.replace("\n", "")


def test_long_receipt_numbers_and_large_amounts_are_never_broken() -> None:
    figures = statement(40)
    line = replace(figures.collections[0], receipt_no="331081103201001-20261001-000001", amount_fen=12_345_678_900)
    lines = (line, *figures.collections[1:])
    whole = replace(figures, collections=lines, collected_fen=sum(one.amount_fen for one in lines))
    page = text_of(draw(whole))[0]
    assert "331081103201001-20261001-000001 *********1000 现金 123,456,789.00 0.50" in page


def test_a_foot_that_is_too_long_is_cut_visibly() -> None:
    figures = statement(1)
    page = text_of(draw(replace(figures, head=replace(figures.head, data_state="已封账" * 40))))[0]
    assert re.search("数据状态 (已封账)+(已|已封)?…", page)


@pytest.mark.parametrize("field", ["due_fen", "earned_fen", "adjusted_fen", "collected_fen"])
def test_a_total_that_is_not_its_parts_is_refused(field: str) -> None:
    figures = statement(5)
    with pytest.raises(FiguresDisagree, match=field):
        draw(replace(figures, **{field: getattr(figures, field) + 1}))


def test_an_unknown_tender_is_refused() -> None:
    figures = statement(1)
    with pytest.raises(UnknownWord):
        draw(replace(figures, collections=(replace(figures.collections[0], tender="BARTER"),)))


def test_the_same_figures_give_the_same_bytes() -> None:
    assert draw(statement(60)) == draw(statement(60))
