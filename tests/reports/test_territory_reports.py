"""The summary and the two visit reports: urban and rural apart, totals that agree, lists that are complete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentnet.core.money import format_yuan, rmb_capitals
from reports import commission_summary, duty_visits_manager, duty_visits_station
from reports.commission_summary import Totals
from reports.duties import DutyCounts, DutyShares
from reports.duty_visits_station import ManagerCounts
from reports.head import FiguresDisagree
from reports.texts import UnknownWord
from tests.reports.samples import codes_on, text_of
from tests.reports.territory_samples import manager_week, station_month, summary


def test_the_summary_shows_urban_and_rural_apart_with_their_totals() -> None:
    figures = summary(30)
    whole = "".join(text_of(commission_summary.draw(figures)))
    for totals, label in ((figures.urban, "城区小计（6 个网点）"), (figures.rural, "农村小计（24 个网点）")):
        assert f"{label}{totals.count:,} {format_yuan(totals.amount_fen)}" in whole.replace(f"{label} ", label)
    assert rmb_capitals(figures.whole.commission_fen) in whole
    for row in figures.rows:
        assert f"{row.outlet_code} {row.outlet_name}" in whole


def test_the_summary_compares_with_the_earlier_months() -> None:
    page = text_of(commission_summary.draw(summary(30)))[0]
    assert "1,335 1,201 +11.2% - -" in page


def test_no_comparison_is_made_with_nothing() -> None:
    none = replace(summary(30), previous_month=Totals(0, 0, 0, 0))
    assert "1,335 0 - - -" in text_of(commission_summary.draw(none))[0]


@pytest.mark.parametrize("outlets", [1, 4, 5, 22, 23, 24, 25, 26, 60, 600])
def test_the_summarys_last_page_never_holds_a_lone_total(outlets: int) -> None:
    figures = summary(outlets)
    last = text_of(commission_summary.draw(figures))[-1]
    assert rmb_capitals(figures.whole.commission_fen) in last
    assert sum(f"{row.outlet_code} " in last for row in figures.rows) >= min(3, outlets)


def test_rows_with_long_names_are_never_split_between_pages() -> None:
    figures = summary(120)
    rows = [replace(row, outlet_name=f"箬横镇{'垟岙埠嶴' * 9}末{at:03d}") for at, row in enumerate(figures.rows)]
    pages = text_of(commission_summary.draw(replace(figures, rows=tuple(rows))))
    assert len(pages) > 5
    for at, row in enumerate(rows):
        assert [row.outlet_code in page for page in pages] == [f"末{at:03d}" in page for page in pages]


def test_a_territory_without_outlets_says_so() -> None:
    page = text_of(commission_summary.draw(summary(0)))[0]
    assert "本月辖区内没有启用的网点。" in page
    assert "人民币零元整" in page


def test_a_setting_without_outlets_says_so() -> None:
    assert "本月没有此类网点。" in text_of(commission_summary.draw(summary(3)))[0]


@pytest.mark.parametrize("which", ["urban", "rural", "whole"])
def test_a_summary_that_does_not_add_up_is_refused(which: str) -> None:
    figures = summary(10)
    wrong = replace(getattr(figures, which), commission_fen=1)
    with pytest.raises(FiguresDisagree, match=f"{which}.commission_fen"):
        commission_summary.draw(replace(figures, **{which: wrong}))


def test_a_row_that_is_neither_urban_nor_rural_is_refused() -> None:
    figures = summary(10)
    rows = (replace(figures.rows[0], setting="SUBURBAN"), *figures.rows[1:])
    with pytest.raises(FiguresDisagree):
        commission_summary.draw(replace(figures, rows=rows))


def test_the_managers_week_counts_and_names_what_happened() -> None:
    page = text_of(duty_visits_manager.draw(manager_week(8)))[0]
    assert "87.5%" in page
    assert "WL0001 箬横镇垟岙村村邮站 农村 ✓ 已访 11-16 09:20 12 100 0" in page
    assert "WL0004 箬横镇大嶴里村村邮站 农村 × 漏访 - - - -" in page
    assert "未通过：公示牌照片与现任经理不符、宣传资料短缺" in page
    assert "需求：三组变压器旁有异响，村民要求检查、两户申请分户" in page
    assert "与示例经理乙共担；本人为副；本周任职 3 天；由示例经理乙走访" in page
    assert "位置超出范围，待主管核实" in page
    assert "示例经理丙 示例经理甲 台区调整" in page
    assert "城区 1 1 0 0 100.0%" in page
    assert "农村 7 6 1 0 85.7%" in page


def test_the_managers_week_in_english() -> None:
    page = text_of(duty_visits_manager.draw(manager_week(3, "en")))[0]
    assert "Week 47 of 2026 (16 Nov to 22 Nov)" in page
    assert "✓ Done" in page
    assert "Held for 3 days of the week" in page


def test_a_week_without_outlets_has_no_compliance() -> None:
    page = text_of(duty_visits_manager.draw(manager_week(0)))[0]
    assert "本期没有应走访的网点。" in page
    assert "城乡合计 0 0 0 0 -" in page


def test_counts_that_are_not_those_of_the_rows_are_refused() -> None:
    figures = manager_week(8)
    with pytest.raises(FiguresDisagree, match=r"whole\.done"):
        duty_visits_manager.draw(replace(figures, whole=replace(figures.whole, done=6, missed=2)))


def test_more_done_than_due_is_refused() -> None:
    with pytest.raises(FiguresDisagree):
        DutyCounts(due=1, done=2, missed=0, exempt=0)


def test_the_station_month_shows_every_outlet_week_by_week() -> None:
    figures = station_month(30)
    whole = "".join(text_of(duty_visits_station.draw(figures)))
    assert "WL0002 箬横镇桐一村村邮站 示例经理乙 ✓ – ✓ × ✓ 75.0%" in whole
    assert "WL0004 箬横镇大嶴里村村邮站 示例经理丁 · · ✓ ✓ × 66.7%" in whole
    assert "2026年第41周（10月5日至10月11日） 8 8 0 15 100.0%" in whole
    assert "M0002 示例经理乙 32 24 8 8 75.0%" in whole
    assert "城区 25 21 3 3 84.0%" in whole


def test_a_managers_part_of_a_duty_handed_over_is_told_with_two_decimals() -> None:
    figures = station_month(4)
    # Bo: a whole week's outlet and five days of another, missed: 12 of 7 days are 1.71 duties.
    shared = ManagerCounts("M0009", "示例经理戊", DutyShares(due_days=12, done_days=7, missed_days=5, exempt_days=0))
    whole = "".join(text_of(duty_visits_station.draw(replace(figures, managers=(shared,)))))
    assert "M0009 示例经理戊 1.71 1 0.71 0 58.3%" in whole


def test_a_part_of_a_duty_cannot_be_more_done_than_due() -> None:
    with pytest.raises(FiguresDisagree):
        DutyShares(due_days=7, done_days=7, missed_days=2, exempt_days=0)


def test_the_station_month_lists_what_was_missed() -> None:
    figures = station_month(30)
    whole = "".join(text_of(duty_visits_station.draw(figures)))
    for one in figures.missed:
        assert f"{one.week.week}周 {one.outlet_code} {one.outlet_name}" in whole


def test_a_missed_visit_that_is_not_listed_is_refused() -> None:
    figures = station_month(30)
    with pytest.raises(FiguresDisagree, match="missed"):
        duty_visits_station.draw(replace(figures, missed=figures.missed[1:]))


def test_an_outlet_with_too_few_weeks_is_refused() -> None:
    figures = station_month(4)
    outlets = (replace(figures.outlets[0], states=("DONE",)), *figures.outlets[1:])
    with pytest.raises(FiguresDisagree, match="weeks of WL0001"):
        duty_visits_station.draw(replace(figures, outlets=outlets))


@pytest.mark.parametrize("outlets", [0, 1, 8, 30, 368])
def test_the_station_month_ends_with_signatures_and_rows(outlets: int) -> None:
    figures = station_month(outlets)
    last = text_of(duty_visits_station.draw(figures))[-1]
    assert "负责人" in last
    if figures.missed:
        assert sum(f" {one.outlet_code} " in last for one in figures.missed) >= min(3, len(figures.missed))
    else:
        assert "本月没有漏访。" in last


def test_a_county_of_3000_outlets_can_be_drawn() -> None:
    pages = text_of(duty_visits_station.draw(station_month(3_000)))
    assert "WL3000" in "".join(pages)
    assert f"第 {len(pages)} 页 共 {len(pages)} 页" in pages[-1]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(UnknownWord):
        commission_summary.draw(replace(summary(1), level="PLANET"))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_their_codes_lead_to_the_check_page(language: str) -> None:
    for pdf in (
        commission_summary.draw(summary(3, language)),  # type: ignore[arg-type]
        duty_visits_manager.draw(manager_week(3, language)),  # type: ignore[arg-type]
        duty_visits_station.draw(station_month(3, language)),  # type: ignore[arg-type]
    ):
        assert codes_on(pdf) == ["https://agentnet.example/verify/7K3M-9QXD-22TP"]
