"""Two languages: who gets which, words in both, and dates as people say them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask, session
from flask_babel import force_locale, gettext, ngettext

from agentnet.core.clock import SHANGHAI, IsoWeek, Month, frozen_at
from agentnet.core.errors import Invalid
from agentnet.core.money import parse_yuan
from agentnet.infra.dates import calendar_day, day_text, exact_text, instant_parts, instant_text, month_text, week_text
from agentnet.infra.i18n import (
    CHINESE,
    ENGLISH,
    SESSION_KEY,
    html_lang,
    in_english,
    init_i18n,
    money_text,
    read_english,
    refusal_text,
)

TUESDAY_AFTERNOON = datetime(2026, 11, 3, 6, 5, 9, tzinfo=UTC)


@pytest.fixture
def app() -> Flask:
    app = Flask("town")
    app.config["SECRET_KEY"] = "not a secret"
    app.config["viewer_locale"] = None
    init_i18n(app, lambda: app.config["viewer_locale"])
    return app


@pytest.fixture
def tuesday(app: Flask) -> Iterator[None]:
    with app.app_context(), frozen_at(TUESDAY_AFTERNOON):
        yield


def test_a_visitor_reads_chinese_unless_something_says_otherwise(app: Flask) -> None:
    with app.test_request_context():
        assert (html_lang(), gettext("没有找到")) == ("zh-Hans", "没有找到")


@pytest.mark.parametrize(
    ("asked_for", "language"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW", "zh-Hans"),
        ("fr,en;q=0.5,zh;q=0.4", "en"),
        ("fr", "zh-Hans"),
        ("*", "zh-Hans"),
    ],
)
def test_the_browser_is_asked(app: Flask, asked_for: str, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": asked_for}):
        assert html_lang() == language


def test_the_sessions_choice_beats_the_browser(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        session[SESSION_KEY] = ENGLISH
        assert in_english()


def test_a_forged_choice_is_ignored(app: Flask) -> None:
    app.config["viewer_locale"] = "xx"
    with app.test_request_context():
        session[SESSION_KEY] = "../../etc"
        assert html_lang() == "zh-Hans"


def test_a_persons_own_choice_beats_all(app: Flask) -> None:
    app.config["viewer_locale"] = ENGLISH
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        session[SESSION_KEY] = CHINESE
        assert (html_lang(), gettext("没有找到")) == ("en", "Not found")


def test_english_counts_one_and_many(tuesday: None) -> None:
    def wrong(count: int) -> str:
        return ngettext("有 %(num)d 处需要改", "有 %(num)d 处需要改", count)

    assert wrong(1) == "有 1 处需要改"
    with force_locale(ENGLISH):
        assert (wrong(1), wrong(3)) == ("One thing needs correcting", "3 things need correcting")


def test_templates_speak_the_readers_language(app: Flask, tuesday: None) -> None:
    assert app.jinja_env.from_string("{{ _('没有找到') }}").render() == "没有找到"
    with force_locale(ENGLISH):
        assert app.jinja_env.from_string("{{ _('没有找到') }}").render() == "Not found"


def test_a_refusal_speaks_the_readers_language_with_its_parameters(tuesday: None) -> None:
    refusal = Invalid("too_little", "金额不能少于 %(limit)s 元", limit="20.00")
    assert refusal_text(refusal) == "金额不能少于 20.00 元"
    with force_locale(ENGLISH):
        assert refusal_text(refusal) == "The amount must be at least ¥20.00"
        with pytest.raises(Invalid) as refused:
            parse_yuan("abc")
        assert refusal_text(refused.value) == "Enter an amount such as 203.50"


def test_a_percent_sign_without_parameters_is_a_percent_sign(tuesday: None) -> None:
    assert refusal_text(Invalid("half", "只收了 50%")) == "只收了 50%"


def test_outside_any_request_words_are_as_written() -> None:
    assert refusal_text(Invalid("gone", "没有找到")) == "没有找到"


def test_amounts_carry_the_unit_where_the_language_puts_it(tuesday: None) -> None:
    assert (money_text(20350), money_text(-123456)) == ("203.50 元", "-1,234.56 元")
    with force_locale(ENGLISH):
        assert (money_text(20350), money_text(-123456)) == ("¥203.50", "-¥1,234.56")


def test_days_are_said_as_people_say_them(tuesday: None) -> None:
    days = [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5), date(2025, 1, 9)]
    assert [day_text(day) for day in days] == ["昨天", "今天", "明天", "11月5日 周四", "2025年1月9日 周四"]
    with force_locale(ENGLISH):
        said = [day_text(day) for day in days]
        assert said == ["Yesterday", "Today", "Tomorrow", "Thu 5 Nov", "Thu 9 Jan 2025"]
        assert calendar_day(date(2026, 11, 3)) == "Tue 3 Nov"


def test_an_instant_is_told_on_a_shanghai_clock(tuesday: None) -> None:
    late_evening_in_utc = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
    assert instant_text(late_evening_in_utc) == "今天 00:30"
    assert exact_text(TUESDAY_AFTERNOON) == "2026-11-03 14:05:09"
    assert exact_text(date(2026, 11, 3)) == "2026-11-03"


def test_equal_instants_of_two_zones_are_each_written_as_they_are(tuesday: None) -> None:
    in_utc = datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
    told = [instant_parts(one)[0] for one in (in_utc, in_utc.astimezone(SHANGHAI), in_utc)]
    assert told == ["2026-11-02T16:30:00+00:00", "2026-11-03T00:30:00+08:00", "2026-11-02T16:30:00+00:00"]


def test_months_and_weeks_have_names(tuesday: None) -> None:
    weeks = [IsoWeek(2026, 45), IsoWeek(2026, 53), IsoWeek(2026, 40)]
    assert month_text(Month(2026, 11)) == "2026年11月"
    assert [week_text(week) for week in weeks] == [
        "2026年第45周（11月2日–8日）",
        "2026年第53周（12月28日–1月3日）",
        "2026年第40周（9月28日–10月4日）",
    ]
    with force_locale(ENGLISH):
        assert month_text(Month(2026, 11)) == "November 2026"
        assert week_text(weeks[0]) == "Week 45, 2026 (2–8 Nov)"
        assert week_text(weeks[2]) == "Week 40, 2026 (28 Sep–4 Oct)"


def test_two_files_may_not_give_one_message_different_words(tmp_path: Path) -> None:
    (tmp_path / "a.po").write_text('msgid "撤销"\nmsgstr "Void"\n', encoding="utf-8")
    (tmp_path / "b.po").write_text('msgid "撤销"\nmsgstr "Cancel"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="already has other words"):
        read_english(tmp_path)
    (tmp_path / "b.po").write_text('msgid "撤销"\nmsgstr "Void"\n', encoding="utf-8")
    assert read_english(tmp_path)["撤销"].string == "Void"
