"""Forms check shape, say in words what to type, and keep what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask, current_app
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms import FileField, StringField

from agentnet.core.clock import IsoWeek, Month
from agentnet.core.errors import Conflict, Invalid
from agentnet.infra.forms import (
    ChecksField,
    ChoiceField,
    DayField,
    HouseForm,
    HouseholdNoField,
    IdField,
    MonthField,
    Needed,
    NoLongerThan,
    RadioCardsField,
    TimeField,
    WeekField,
    YuanBetween,
    YuanField,
    all_errors,
    show_refusal,
)
from agentnet.infra.i18n import ENGLISH, init_i18n

TENDERS = {"CASH": "现金", "UNIONPAY_CARD": "银联卡"}


class CollectionForm(HouseForm):
    id = IdField()
    household_no = HouseholdNoField("户号", [Needed()])
    amount = YuanField("金额", [Needed(), YuanBetween(1, 5_000_00)])
    tender = RadioCardsField("支付方式", [Needed()], choices=TENDERS)
    kind = ChoiceField("网点类型", choices=[("", "请选择"), ("NEWSSTAND", "报刊亭")])
    services = ChecksField("服务", choices=[("FAULT_REPAIR", "故障报修维修"), ("OUTAGE_NOTICE", "停送电公告通知")])
    remark = StringField("说明", [NoLongerThan(5)])


class PeriodForm(HouseForm):
    day = DayField("日期")
    month = MonthField("月份")
    week = WeekField("周次")
    opens = TimeField("开门")


GOOD = {
    "id": "01932c07-209c-7e2a-b1c5-9a3c1f5e8d10",
    "household_no": "3310 8123 4567 8",
    "amount": "203.5",
    "tender": "CASH",
}


@pytest.fixture(autouse=True)
def request_context() -> Iterator[None]:
    app = Flask("town")
    app.config.update(SECRET_KEY="not a secret", WTF_CSRF_ENABLED=False)
    init_i18n(app)
    with app.test_request_context():
        yield


def sent(**changes: str | list[str]) -> CollectionForm:
    return CollectionForm(formdata=MultiDict({**GOOD, **changes}))


def test_a_good_form_gives_business_values() -> None:
    form = sent(services=["FAULT_REPAIR"], remark="  长\0 ")
    assert form.validate(), form.errors
    assert form.id.data == UUID(GOOD["id"])
    assert (form.household_no.data, form.amount.data, form.tender.data) == ("3310812345678", 20350, "CASH")
    assert (form.services.data, form.remark.data) == (["FAULT_REPAIR"], "长")


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("amount", "", "请填写金额"),
        ("amount", "abc", "请输入金额，例如 203.50"),
        ("amount", "12.345", "金额最多两位小数（到分）"),
        ("amount", "0", "金额不能少于 0.01 元"),
        ("amount", "5000.01", "金额不能超过 5,000.00 元"),
        ("household_no", "", "请填写户号"),
        ("household_no", "331081234567", "户号是 10 位或 13 位数字，现在是 12 位"),
        ("household_no", "33108A2345", "户号只有数字，请对照电费单重新输入"),
        ("tender", "BITCOIN", "请从列出的选项中选择"),
        ("tender", "", "请选择支付方式"),
        ("kind", "PALACE", "请从列出的选项中选择"),
        ("services", "MAGIC", "请从列出的选项中选择"),
        ("remark", "六个汉字太长", "最多 5 个字"),
        ("id", "1", "提交编号无效，请刷新页面后重试"),
    ],
)
def test_a_wrong_shape_is_refused_at_its_field(field: str, typed: str, words: str) -> None:
    form = sent(**{field: typed})
    assert not form.validate()
    assert {name: list(errors) for name, errors in form.errors.items()} == {field: [words]}


def test_what_was_typed_stays_in_the_box() -> None:
    form = sent(amount="12.345", household_no="3310 81")
    form.validate()
    assert 'value="12.345"' in str(form.amount())
    assert 'value="3310 81"' in str(form.household_no())


@pytest.mark.parametrize(
    "typed", ["3310812345", "3310 8123 45", "３３１０８１２３４５", "3310-8123-45", "\u30003310812345"]
)
def test_a_household_number_may_be_typed_in_groups(typed: str) -> None:
    form = sent(household_no=typed)
    assert form.validate()
    assert form.household_no.data == "3310812345"


def test_boxes_call_the_right_keyboard() -> None:
    form = CollectionForm(formdata=None)
    assert 'inputmode="decimal"' in str(form.amount())
    assert all(part in str(form.household_no()) for part in ('inputmode="numeric"', 'data-group="4"'))


def test_a_fresh_form_makes_its_own_id_and_a_returned_one_keeps_it() -> None:
    first, second = CollectionForm(formdata=None), CollectionForm(formdata=None)
    assert first.id.data.version == 7
    assert first.id.data != second.id.data
    returned = sent(amount="")
    returned.validate()
    assert f'value="{GOOD["id"]}"' in str(returned.id())


def test_a_form_shows_stored_values_as_a_person_would_type_them() -> None:
    form = CollectionForm(formdata=None, data={"amount": 123450})
    assert 'value="1234.50"' in str(form.amount())
    periods = PeriodForm(
        formdata=None, data={"day": date(2026, 11, 3), "month": Month(2026, 11), "week": IsoWeek(2026, 45)}
    )
    assert 'value="2026-11-03"' in str(periods.day())
    assert 'value="2026-11"' in str(periods.month())
    assert 'value="2026-W45"' in str(periods.week())


@pytest.mark.parametrize("typed", ["2026-11-03", "2026/11/3", "2026年11月3日", "20261103", "２０２６－１１－０３"])
def test_a_day_is_read_however_it_is_written(typed: str) -> None:
    form = PeriodForm(formdata=MultiDict({"day": typed}))
    assert form.validate()
    assert form.day.data == date(2026, 11, 3)


def test_periods_are_read() -> None:
    form = PeriodForm(formdata=MultiDict({"month": "2026-02", "week": "2026-W53", "opens": "08:30"}))
    assert form.validate()
    assert (form.month.data, form.week.data, form.opens.data) == (Month(2026, 2), IsoWeek(2026, 53), "08:30")
    assert form.day.data is None


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("day", "2026-02-30", "请输入日期，例如 2026-11-03"),
        ("day", "0001-01-01", "请输入日期，例如 2026-11-03"),
        ("day", "9999-12-31", "请输入日期，例如 2026-11-03"),
        ("day", "soon", "请输入日期，例如 2026-11-03"),
        ("month", "2026-13", "请输入月份，例如 2026-10"),
        ("week", "2025-W53", "该年没有第 53 周"),
        ("opens", "25:00", "请输入时间，例如 08:30"),
    ],
)
def test_a_period_that_does_not_exist_is_refused(field: str, typed: str, words: str) -> None:
    form = PeriodForm(formdata=MultiDict({field: typed}))
    assert not form.validate()
    assert form.errors == {field: [words]}


def test_a_refusal_is_shown_at_its_field_and_in_the_summary() -> None:
    form = sent()
    assert form.validate()
    show_refusal(form, Invalid("amount_over_due", "最多 %(count)d 个字", field="amount", count=3))
    assert all_errors(form) == [("amount", "最多 3 个字")]


def test_a_refusal_without_a_field_goes_on_top() -> None:
    form = sent()
    show_refusal(form, Conflict("id_reused", "内容已经变了"))
    show_refusal(form, Invalid("id_shape", "提交编号无效，请刷新页面后重试", field="id"))
    assert all_errors(form) == [(None, "内容已经变了"), (None, "提交编号无效，请刷新页面后重试")]


def test_a_rules_own_field_name_can_be_sent_to_the_forms() -> None:
    form = sent()
    show_refusal(form, Invalid("month_shape", "请输入月份，例如 2026-10", field="month"), {"month_shape": "remark"})
    assert all_errors(form) == [("remark", "请输入月份，例如 2026-10")]


def test_the_summary_jumps_to_the_first_card_of_a_choice() -> None:
    form = sent(tender="")
    form.validate()
    assert all_errors(form) == [("tender-0", "请选择支付方式")]


def test_a_file_in_a_field_of_text_is_not_read_and_a_field_of_files_takes_it() -> None:
    class PhotoForm(CollectionForm):
        photo = FileField("照片")

    files = {name: (BytesIO(b"bytes"), "../photo.jpg") for name in ("amount", "remark", "household_no", "photo")}
    with current_app.test_request_context(method="POST", data={**GOOD, **files}):
        form = PhotoForm()
        assert not form.validate()
        assert [name for name in form.errors if name] == ["household_no", "amount"]
        assert form.photo.data.filename == "../photo.jpg"


@pytest.mark.parametrize("typed", ["", " ", "\0", "\x1f ", "\ud800"])
def test_what_leaves_nothing_behind_was_not_filled_in(typed: str) -> None:
    form = sent(amount=typed)
    assert not form.validate()
    assert form.errors["amount"] == ["请填写金额"]


def test_json_is_no_form() -> None:
    with current_app.test_request_context(method="POST", json={**GOOD, "amount": 203.5, "remark": [1]}):
        assert CollectionForm().amount.data is None


def test_an_expired_page_says_so_in_words() -> None:
    form = CollectionForm(formdata=MultiDict(GOOD), meta={"csrf": True})
    assert not form.validate()
    assert all_errors(form) == [(None, "页面停留太久，请再提交一次")]


def test_a_form_speaks_english_too() -> None:
    with force_locale(ENGLISH):
        form = sent(amount="", tender="BITCOIN", household_no="1")
        form.validate()
        assert [words for _, words in all_errors(form)] == [
            "A household number has 10 or 13 digits; this has 1",
            "“金额” is missing",
            "Choose one of the options listed",
        ]
