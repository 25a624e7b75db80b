"""The papers of money: what they print, that no wrong sum is printed, and that long ones break where they should."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agentnet.core.money import rmb_capitals
from reports import outlet_day, reconciliation, station_remittances, trial_balance
from reports.frozen import from_json, to_json
from reports.head import FiguresDisagree
from reports.reconciled import TieSum
from reports.texts import UnknownWord
from tests.reports import books_samples as samples
from tests.reports.samples import text_of

LANGUAGES = ("zh", "en")


def test_the_trial_balance_of_the_week_is_the_one_worked_out_by_hand() -> None:
    pages = text_of(trial_balance.draw(samples.trial()))
    page = "".join(pages)
    assert "期末余额" in pages[-1]
    for words in (
        "科目余额表",
        "2026年11月",
        "网点持有现金 借 0.00 138.38 102.00 36.38",
        "用户预存电费 贷 0.00 0.00 20.00 20.00",
        "营销电费清算 贷 0.00 0.00 310.88 310.88",
        "本期发生额 864.76 864.76",
        "期末余额 330.88 330.88",
        rmb_capitals(864_76),
        "第 1 页 共 2 页",
        "制表",
    ):
        assert words in page, words


def test_the_trial_balance_in_english() -> None:
    page = "".join(text_of(trial_balance.draw(samples.trial("en"))))
    for words in (
        "Trial Balance",
        "Cash held by outlets Dr 0.00 138.38 102.00 36.38",
        "Closing balances 330.88 330.88",
    ):
        assert words in page, words


def test_a_units_balance_says_what_rests_on_others() -> None:
    station = samples.trial(lines=[line for line in samples.LINES if line[0] != "HOUSEHOLD"], level="STATION")
    page = "".join(text_of(trial_balance.draw(station)))
    assert "其中与本单位以外往来的净额 0.00 20.00" in page
    assert "用户账" not in page


def test_an_empty_trial_balance_says_so() -> None:
    assert "本期没有账。" in text_of(trial_balance.draw(samples.trial(lines=())))[0]


def changed(paper, **changes):
    first, *rest = paper.rows
    return replace(paper, rows=(replace(first, **changes), *rest))


@pytest.mark.parametrize(
    "changes", [{"debit_fen": 1}, {"credit_fen": 1}, {"opening_fen": 1}, {"closing_fen": 1}, {"urban_fen": 1}]
)
def test_a_trial_balance_that_does_not_add_up_is_never_printed(changes) -> None:
    with pytest.raises(FiguresDisagree):
        trial_balance.draw(changed(samples.trial(), **changes))


def test_a_chart_of_a_hundred_lines_keeps_its_heads_and_its_totals_company() -> None:
    lines = [("ORG_UNIT", f"科目{number:03d}", "x", number % 2 == 0, 0, 0, 0) for number in range(100)]
    pages = text_of(trial_balance.draw(samples.trial(lines=lines)))
    assert len(pages) > 2
    assert all("期初（元）" in page for page in pages[:3])
    assert "科目099" in "".join(pages)


def test_the_daily_sheet_shows_the_day_from_takings_to_deposits() -> None:
    page = "".join(text_of(outlet_day.draw(samples.outlet_day())))
    for words in (
        "网点日结单",
        "2026年11月11日",
        "小河头村邮站",
        "现金 1 20.00 - -",
        "银联卡 2 305.50 305.40 -0.10",
        "合计 3 325.50",
        rmb_capitals(325_50),
        "WL0001-20261111-0002 1.00 客户改主意",
        "100.00 1 100.00",
        "0.10 3 0.30",
        "清点合计 126.38",
        rmb_capitals(126_38),
        "长短款 短款 -1.00",
        "少一元，查不到原因",
        "日初余额 - 107.38",
        "撤销代收 -1.00 127.38",
        "日终手头现金 26.38",
        "JK-0001 100.00 90.00 已到账",
    ):
        assert words in page, words


def test_the_daily_sheet_in_english_and_a_day_nobody_counted() -> None:
    page = "".join(text_of(outlet_day.draw(samples.outlet_day("en", counted=False, voids=0))))
    for words in (
        "Outlet Daily Sheet",
        "11 Nov 2026",
        "no cash was counted",
        "Nothing was voided",
        "Cash held at the end",
    ):
        assert words in page, words


@pytest.mark.parametrize("changes", [{"taken_fen": 1}, {"closing_cash_fen": 1}, {"opening_cash_fen": 1}])
def test_a_daily_sheet_that_does_not_add_up_is_never_printed(changes) -> None:
    with pytest.raises(FiguresDisagree):
        outlet_day.draw(replace(samples.outlet_day(), **changes))


@pytest.mark.parametrize("changes", [{"counted_fen": 1}, {"difference_fen": 0}, {"system_fen": 1}])
def test_a_count_that_does_not_add_up_is_never_printed(changes) -> None:
    sheet = samples.outlet_day()
    with pytest.raises(FiguresDisagree):
        outlet_day.draw(replace(sheet, count=replace(sheet.count, **changes)))


def test_a_tender_without_a_word_is_refused() -> None:
    sheet = samples.outlet_day()
    with pytest.raises(UnknownWord):
        outlet_day.draw(replace(sheet, takings=(replace(sheet.takings[0], tender="BARTER", amount_fen=325_50),)))


def test_the_stations_report_shows_urban_and_rural_apart_with_their_sums() -> None:
    figures = samples.station(30)
    page = "".join(text_of(station_remittances.draw(figures)))
    for words in ("供电所解款与现金账龄表", "城区小计（6 个网点）", "农村小计（24 个网点）", "城乡合计（30 个网点）",
                  rmb_capitals(figures.whole.held_fen), "未到账，退回：银行没有"):  # fmt: skip
        assert words in page, words
    one = figures.outlets[1]
    assert f"{one.outlet_code} {one.outlet_name} 79.19 79.19 0.00 0.00 35.71 11-02 28 1" in page


def test_a_station_frozen_before_opportunities_were_counted_says_nothing_of_them() -> None:
    """Stored by the first drawing, without the field; redrawn it must not claim that nothing was missed."""
    figures = samples.station(5)
    fields = json.loads(to_json(figures))
    for outlet in fields["outlets"]:
        del outlet["missed"]
    old = from_json(station_remittances.StationRemittances, json.dumps(fields).encode())
    page, present = ("".join(text_of(station_remittances.draw(one))) for one in (old, figures))
    assert "最早一天 天数 错过" in present
    assert "35.71 11-02 28 1" in present
    assert "最早一天 天数" in page
    assert "天数 错过" not in page
    assert "35.71 11-02 28 1" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_week_is_called_a_week(language) -> None:
    page = text_of(station_remittances.draw(samples.station(5, language, week=True)))[0]
    assert ("2026年第48周" if language == "zh" else "Week 48 of 2026") in page


def test_a_station_without_anything_says_so() -> None:
    page = "".join(text_of(station_remittances.draw(samples.station(0))))
    assert "没有网点持有现金或报交款" in page
    assert "没有在途或退回的交款" in page


@pytest.mark.parametrize("outlets", [1, 4, 22, 24, 60, 300])
def test_the_stations_last_table_is_never_a_lone_total(outlets) -> None:
    pages = text_of(station_remittances.draw(samples.station(outlets)))
    (totals,) = (page for page in pages if f"城乡合计（{outlets} 个网点）" in page)
    assert sum(f"WL{number + 1:04d} " in totals for number in range(outlets)) >= min(1, outlets)
    assert "制表" in pages[-1]


@pytest.mark.parametrize(
    "field", ["declared_fen", "confirmed_fen", "transit_fen", "returned_fen", "held_fen", "outlets"]
)
def test_a_stations_report_that_does_not_add_up_is_never_printed(field) -> None:
    figures = samples.station(5)
    wrong = replace(figures.whole, **{field: getattr(figures.whole, field) + 1})
    with pytest.raises(FiguresDisagree):
        station_remittances.draw(replace(figures, whole=wrong))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_frozen_draws_the_same_bytes(language) -> None:
    for module, figures in (
        (trial_balance, samples.trial(language)),
        (outlet_day, samples.outlet_day(language)),
        (station_remittances, samples.station(30, language)),
        (reconciliation, samples.reconciled(20, language)),
    ):
        again = from_json(type(figures), to_json(figures))
        assert again == figures
        assert module.draw(again) == module.draw(figures)


def test_the_reconciliation_report_shows_files_tie_and_every_difference() -> None:
    figures = samples.reconciled(200)
    page = "".join(text_of(reconciliation.draw(figures)))
    for words in (
        "对账日报",
        "2026年11月11日",
        "待处理 200 笔",
        rmb_capitals(figures.open_fen),
        "1,203 行：已匹配 1,190，已办结 5，待处理 3，不参与匹配 5",
        "账号 *0161 11-09~11-11 199.40 199.40 0.00 0.00 0.00",
        "合计 123,656.18 122,199.40 1,000.00 456.78 0.00",
        "十足便利店 2026年11月11日 1 88.00",
        "代收与合作单位文件 30 325.50 320.50 -5.00 1 2",
        "WL0001 箬横镇垟岙村村邮站 1 -5.00 - - -",
        "101 2026-11-11 我方有、对方没有 WL0001 箬横镇垟岙村村邮站 未接手 0 1.00",
        "另附回单",
        "制表",
    ):
        assert words in page, words
    assert all(f"{number} 2026-11-" in page for number in range(101, 301))


def test_the_reconciliation_report_of_a_month_in_english() -> None:
    page = "".join(text_of(reconciliation.draw(samples.reconciled(3, "en", day=False))))
    for words in (
        "Reconciliation Report",
        "Nov 2026",
        "3 open",
        "Account *0161",
        "Takings and partners",
        "Ouyang",
        "System",
    ):
        assert words in page, words


def test_a_day_without_anything_to_reconcile_says_so() -> None:
    nothing = replace(
        samples.reconciled(0), taken_fen=0, files=(), missing=(), tie=(), untied=(), open_fen=0, ended_fen=0
    )
    page = "".join(text_of(reconciliation.draw(nothing)))
    for words in ("没有对账文件", "没有可核对的营业日", "没有待处理的差异", "没有办结差异"):
        assert words in page, words
    assert "还没有收到" not in page
    tied = replace(samples.reconciled(0), tie=samples.reconciled(0).tie[2:], untied=())
    assert "报了的都一致。" in "".join(text_of(reconciliation.draw(tied)))
    untold = replace(tied, tie=(TieSum("COUNT", 0, 0, 0, 0, 4),))
    assert "还没有一项两边都报了数" in "".join(text_of(reconciliation.draw(untold)))


@pytest.mark.parametrize("field", ["rows", "amount_fen", "matched", "matched_fen", "settled_fen", "open", "apart_fen"])
def test_a_file_whose_rows_are_not_all_somewhere_is_never_printed(field) -> None:
    figures = samples.reconciled(1)
    first, *rest = figures.files
    wrong = replace(first, **{field: getattr(first, field) + 1})
    with pytest.raises(FiguresDisagree):
        reconciliation.draw(replace(figures, files=(wrong, *rest)))


@pytest.mark.parametrize("field", ["open_fen", "ended_fen"])
def test_differences_that_do_not_add_up_are_never_printed(field) -> None:
    figures = samples.reconciled(5)
    with pytest.raises(FiguresDisagree):
        reconciliation.draw(replace(figures, **{field: 1}))


@pytest.mark.parametrize("field", ["file_fen", "count_fen", "cards_fen", "bank_fen"])
def test_a_tie_whose_outlets_do_not_explain_it_is_never_printed(field) -> None:
    figures = samples.reconciled(1)
    wrong = replace(figures.untied[1], **{field: 7})
    with pytest.raises(FiguresDisagree):
        reconciliation.draw(replace(figures, untied=(figures.untied[0], wrong)))


@pytest.mark.parametrize("differences", [0, 1, 2, 7, 60, 200])
def test_the_reports_last_table_never_leaves_the_signatures_alone(differences) -> None:
    pages = text_of(reconciliation.draw(samples.reconciled(differences)))
    assert "制表" in pages[-1]
    assert "本期办结的差异" in pages[-1]


def test_a_kind_of_difference_without_a_word_is_refused() -> None:
    figures = samples.reconciled(1)
    with pytest.raises(UnknownWord):
        reconciliation.draw(replace(figures, open=(replace(figures.open[0], kind="STRANGE"),)))
