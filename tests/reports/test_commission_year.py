"""The year sheet and the partner's summary: totals with capitals, months without a statement, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from agentnet.core.clock import Month
from reports import commission_statement, commission_summary, commission_year
from reports.commission_statement import ComponentLine, DisputeLine
from reports.commission_year import CommissionYear, YearMonth
from reports.frozen import from_json, to_json
from reports.head import FiguresDisagree
from reports.texts import Language
from tests.reports.samples import head, statement, text_of
from tests.reports.territory_samples import summary


def year(months: int = 12, language: Language = "zh", taken_back: int = 0) -> CommissionYear:
    """Return a year sheet; the outlet began in February, and in June more was taken back than earned."""
    found = []
    for number in range(2, months + 1):
        adjusted = -taken_back if number == 6 else 0
        earned = number * 10_50
        found.append(YearMonth(Month(2026, number), number * 7, number * 203_50, earned, adjusted, earned + adjusted))
    return CommissionYear(
        head=head(language, "JS-CY-202612-000001"),
        period=Month(2026, months),
        outlet_code="WL0042",
        outlet_name="箬横镇垟岙村村邮站",
        outlet_kind="VILLAGE_POST",
        setting="RURAL",
        partner="浙东示范邮政分公司",
        agent="示例代办员甲",
        months=tuple(found),
        count=sum(one.count for one in found),
        collected_fen=sum(one.collected_fen for one in found),
        earned_fen=sum(one.earned_fen for one in found),
        adjusted_fen=sum(one.adjusted_fen for one in found),
        due_fen=sum(one.due_fen for one in found),
    )


def test_a_whole_year_is_added_up_with_capitals() -> None:
    # 2 + 3 + ... + 12 = 77 times 10.50 = 808.50.
    (page,) = text_of(commission_year.draw(year()))
    for words in ("代办费年度表", "2026年", "808.50", "捌佰零捌元伍角", "2026年12月", "全年应付代办费"):
        assert words in page


def test_part_of_a_year_says_so_and_a_month_without_a_statement_is_a_dash() -> None:
    # 2 + ... + 10 = 54 times 10.50 = 567.00.
    (page,) = text_of(commission_year.draw(year(10)))
    for words in ("截至10月", "567.00", "截至目前应付代办费", "2026年1月"):
        assert words in page
    (english,) = text_of(commission_year.draw(year(10, "en")))
    assert "to month 10" in english
    assert "Jan 2026" in english


def test_a_negative_year_is_to_be_recovered() -> None:
    (page,) = text_of(commission_year.draw(year(12, taken_back=900_00)))
    assert "应扣回代办费" in page
    assert "-91.50" in page


def test_a_total_that_is_not_the_sum_of_its_months_is_refused() -> None:
    with pytest.raises(FiguresDisagree):
        commission_year.draw(replace(year(), due_fen=1))
    with pytest.raises(FiguresDisagree):
        months = (replace(year().months[0], due_fen=1), *year().months[1:])
        commission_year.draw(replace(year(), months=months, due_fen=year().due_fen - 21_00 + 1))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_stored_year_is_redrawn_byte_for_byte(language: Language) -> None:
    again = from_json(CommissionYear, to_json(year(9, language)))
    assert commission_year.draw(again) == commission_year.draw(year(9, language))


def test_a_statement_without_collections_keeps_its_signatures_beside_the_answers() -> None:
    answers = tuple(
        DisputeLine(
            date(2026, 10, 12), Month(2026, 9), f"WL0042-260912-{number:04d}", "金额不对", "REFUSED", "核对无误"
        )
        for number in range(40)
    )
    pages = text_of(commission_statement.draw(replace(statement(0), disputes=answers)))
    assert "对以前结算单异议的答复" in pages[0]
    assert "核对无误" in pages[-1]
    assert "制表" in pages[-1]


def test_what_is_earned_once_a_month_is_of_no_collection() -> None:
    once = ComponentLine("每月补贴 300.00 元", "ALL", 0, 0, 300_00)
    figures = replace(statement(0), components=(once,), earned_fen=300_00, due_fen=300_00)
    (page,) = text_of(commission_statement.draw(figures))
    line = next(line for line in page.splitlines() if "每月补贴" in line)
    assert line.split() == ["每月补贴", "300.00", "元", "全部", "-", "-", "300.00"]


def test_a_partners_summary_names_the_partner() -> None:
    page = text_of(commission_summary.draw(replace(summary(6), partner="浙东示范邮政分公司")))[0]
    assert "合作单位代办费汇总表" in page
    assert "浙东示范邮政分公司" in page
