"""Forms check shape: digits are digits, an amount is an amount, a day is a day. Meaning is checked by rules.

Every field turns what a person types into the value the business works with (fen, a UUID, a month) and says in the
reader's language what to type when it cannot. What was typed stays in the box.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import (
    Field,
    FieldList,
    FileField,
    Form,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice, SelectFieldBase
from wtforms.validators import InputRequired, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from agentnet.core.clock import YEARS, IsoWeek, Month
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id, parse_id
from agentnet.core.money import Fen, format_yuan, parse_yuan
from agentnet.core.words import translatable
from agentnet.infra.i18n import in_english, refusal_text, words_of_forms

_FULL_WIDTH = str.maketrans("０１２３４５６７８９－／．　", "0123456789-/. ")


class Needed(InputRequired):
    """Refuses an empty field and names it, so that the summary on top says which one."""

    def __call__(self, form: Form, field: Field) -> None:
        if field.raw_data and _stripped(str(field.raw_data[0])):
            return
        if isinstance(field, SelectFieldBase):
            words = gettext("请选择%(label)s", label=field.label.text)
        else:
            words = gettext("请填写%(label)s", label=field.label.text)
        field.errors[:] = []
        raise StopValidation(str(self.message or words))


class NoLongerThan:
    """Refuses text that would not fit its column."""

    def __init__(self, characters: int) -> None:
        self.characters = characters
        self.field_flags = {"maxlength": characters}

    def __call__(self, form: Form, field: Field) -> None:
        if len(field.data or "") > self.characters:
            raise ValidationError(gettext("最多 %(count)d 个字", count=self.characters))


class YuanBetween:
    """Refuses an amount outside two limits in fen, both allowed."""

    def __init__(self, least: Fen, most: Fen) -> None:
        self.least, self.most = least, most

    def __call__(self, form: Form, field: Field) -> None:
        if field.data is None:
            return
        if field.data < self.least:
            raise ValidationError(gettext("金额不能少于 %(limit)s 元", limit=format_yuan(self.least)))
        if field.data > self.most:
            raise ValidationError(gettext("金额不能超过 %(limit)s 元", limit=format_yuan(self.most)))


class HouseForm(FlaskForm):
    """Base of every form: protected against forged posts, spaces around typed text removed."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Form) -> Any:
            """Return the library's own words in the reader's language, whose file is read once."""
            return words_of_forms()

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Give fields of text what came as text and fields of files what came as files; JSON is no form."""
            if hasattr(formdata, "getlist"):
                return formdata
            if not form.is_submitted():
                return None
            sent = [
                (name, file)
                for name, file in request.files.items(multi=True)
                if name in form and isinstance(form[name], FileField)
            ]
            return CombinedMultiDict([MultiDict(sent), request.form]) if sent or request.form else None

        def bind_field(self, form: Form, unbound_field: Any, options: dict[str, Any]) -> Field:
            if issubclass(unbound_field.field_class, StringField):
                options["filters"] = [_stripped, *unbound_field.kwargs.pop("filters", ())]
            return super().bind_field(form, unbound_field, options)


def _stripped(text: str | None) -> str | None:
    """Return typed text without the spaces around it and without the control characters no column takes."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "", text).strip() if isinstance(text, str) else text


class TypedField(Field):
    """A one-line field whose text is read into a value; unreadable text stays in the box with the reason."""

    input_type = "text"
    input_mode: str | None = None
    read: Callable[[str], Any]
    data: Any
    """What ``read`` made of the text; None when nothing was typed."""

    def process_formdata(self, values: Sequence[str]) -> None:
        text = (_stripped(values[0]) or "") if values else ""
        self.data = None
        if not text:
            return
        try:
            self.data = type(self).read(text)
        except Refusal as refusal:
            raise ValueError(refusal_text(refusal)) from refusal

    def pre_validate(self, form: Form) -> None:
        if self.process_errors:
            raise StopValidation

    def write(self, value: Any) -> str:
        """Return the value as a person would type it."""
        return str(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def __call__(self, **attributes: Any) -> str:
        attributes.setdefault("type", self.input_type)
        if self.input_mode:
            attributes.setdefault("inputmode", self.input_mode)
        return super().__call__(**attributes)


class YuanField(TypedField):
    """An amount in yuan; ``data`` is fen."""

    widget = TextInput()
    input_mode = "decimal"
    read = staticmethod(parse_yuan)

    def write(self, value: Fen) -> str:
        return format_yuan(value).replace(",", "")


def _read_count(text: str) -> int:
    digits = re.sub(r"[\s,，]", "", text.translate(_FULL_WIDTH))
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        raise ValueError(gettext("请输入整数，例如 12"))
    return int(digits)


class CountField(TypedField):
    """How many of something; ``data`` is a whole number from 0 on."""

    widget = TextInput()
    input_mode = "numeric"
    read = staticmethod(_read_count)


class HouseholdNoField(TypedField):
    """A household number of 10 or 13 digits, kept as text; spaces and hyphens between groups are forgiven."""

    widget = TextInput()
    input_mode = "numeric"

    def process_formdata(self, values: Sequence[str]) -> None:
        self.data = None
        digits = re.sub(r"[\s-]", "", values[0].translate(_FULL_WIDTH)) if values else ""
        if not digits:
            return
        if not re.fullmatch(r"[0-9]+", digits):
            raise ValueError(gettext("户号只有数字，请对照电费单重新输入"))
        if len(digits) not in (10, 13):
            raise ValueError(gettext("户号是 10 位或 13 位数字，现在是 %(count)d 位", count=len(digits)))
        self.data = digits

    def __call__(self, **attributes: Any) -> str:
        return super().__call__(**{"autocomplete": "off", "data-group": "4", **attributes})


class IdField(HiddenField):
    """The sender's id of a new fact: a fresh UUIDv7 when the form is first shown, the same one when it comes back."""

    data: Any

    def process_data(self, value: object) -> None:
        self.data = value or new_id()

    def process_formdata(self, values: Sequence[str]) -> None:
        try:
            self.data = parse_id(values[0] if values else "")
        except Refusal as refusal:
            self.data = None
            raise ValueError(refusal_text(refusal)) from refusal

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


def _read_day(text: str) -> date:
    match = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?", text.translate(_FULL_WIDTH))
    try:
        if match is None:
            raise ValueError
        day = date(*map(int, match.groups()))
        if day.year not in YEARS:
            raise ValueError
        return day
    except ValueError:
        raise ValueError(gettext("请输入日期，例如 2026-11-03")) from None


class DayField(TypedField):
    """A calendar day; ``data`` is a date."""

    widget = TextInput()
    input_type = "date"
    read = staticmethod(_read_day)

    def write(self, value: date) -> str:
        return value.isoformat()


class MonthField(TypedField):
    """A calendar month; ``data`` is a ``Month``."""

    widget = TextInput()
    input_type = "month"
    read = staticmethod(Month.parse)


class WeekField(TypedField):
    """An ISO week; ``data`` is an ``IsoWeek``."""

    widget = TextInput()
    input_type = "week"
    read = staticmethod(IsoWeek.parse)


class TimeField(TypedField):
    """A wall-clock time; ``data`` is the text ``HH:MM``."""

    widget = TextInput()
    input_type = "time"

    @staticmethod
    def read(text: str) -> str:
        clean = text.translate(_FULL_WIDTH).replace("：", ":")
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", clean):
            raise ValueError(gettext("请输入时间，例如 08:30"))
        return clean


Choices = Iterable[tuple[object, object]] | Mapping[object, object]


class _OwnWords(SelectFieldBase):
    """Choices from pairs or a mapping of value to words; a value outside them is refused in our words."""

    def __init__(self, label: object = None, validators: object = None, choices: Choices = (), **options: Any) -> None:
        refused = lazy_gettext("请从列出的选项中选择")
        options = {"coerce": _as_text, "invalid_choice_message": refused, "invalid_value_message": refused} | options
        super().__init__(label, validators, choices=_listed(choices), **options)

    def pre_validate(self, form: Form) -> None:
        if self.raw_data:  # nothing chosen is no wrong choice; ``Needed`` says whether one must be made
            super().pre_validate(form)

    def offer(self, choices: Choices) -> None:
        """Set what may be chosen, once the view knows it."""
        self.choices = _listed(choices)


def _listed(choices: Choices) -> list[SelectChoice]:
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    return [SelectChoice(value, label) for value, label in pairs]


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


class ChoiceField(_OwnWords, SelectField):
    """One of several, as a drop-down list."""


class RadioCardsField(_OwnWords, RadioField):
    """One of a few, each a large card to press."""


class ChecksField(_OwnWords, SelectMultipleField):
    """Any of several, each a large box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def show_refusal(form: Form, refusal: Refusal, fields: Mapping[str, str] | None = None) -> None:
    """Put a refusal where the person can act on it: at its field, else in the summary on top.

    ``fields`` sends a refusal's code to a form field where the rule's own field name is not the form's.
    """
    text = _with_the_way(refusal)
    name = (fields or {}).get(refusal.code) or refusal.field
    if name and name in form and form[name].type not in ("HiddenField", "IdField", "CSRFTokenField"):
        form[name].errors = [*form[name].errors, text]
    else:
        form.form_errors.append(text)


WAYS: Mapping[str, tuple[str, str, str]] = {"approval_id": ("approvals.approval", "id_", translatable("打开那份申请"))}
"""Where a refusal that names a thing leads: parameter, page, the page's argument, and the words of the link."""


def _with_the_way(refusal: Refusal) -> str:
    """Return a refusal's words, with a link to what stands in the way where it names it."""
    text = refusal_text(refusal)
    for name, (endpoint, argument, words) in WAYS.items():
        if name in refusal.params and refusal.field is None:
            values: dict[str, Any] = {argument: str(refusal.params[name])}
            there = url_for(endpoint, **values)
            return Markup('{} <a href="{}">{}</a>').format(text, there, gettext(words))
    return text


def carried_out(form: HouseForm, work: Callable[[], None]) -> bool:
    """Do what a form asks for; False if it has to be put right, with ``status_of`` saying how to answer."""
    if not form.validate():
        return False
    try:
        work()
    except Refusal as refusal:
        show_refusal(form, refusal)
        form.refused_with = refusal.status
        return False
    return True


def status_of(form: HouseForm) -> int:
    """Return the status of a form that has to be put right: the refusal's, else that of a wrong shape."""
    return int(getattr(form, "refused_with", 422))


def all_errors(form: Form, where: str = "") -> list[tuple[str | None, str]]:
    """Return every error as (id of the field to jump to, or None; words), in the form's order.

    Errors inside rows (``FieldList`` of ``FormField``) begin with where they stand: the list's label with the row's
    number filled in, and the box's label.
    """
    colon = ": " if in_english() else "："
    found: list[tuple[str | None, str]] = [
        (None, error if isinstance(error, Markup) else (where and where + colon) + str(error))
        for error in form.form_errors
    ]
    for field in form:
        if isinstance(field, FieldList):
            own = [str(error) for error in field.errors if isinstance(error, str)]
            found.extend((str(field.id), (where and where + colon) + error) for error in own)
            for number, row in enumerate(field.entries, 1):
                place = f"{where} {field.label.text % {'number': number}}".strip()
                found.extend(all_errors(row.form, place))
            continue
        if field.type == "CSRFTokenField":
            if field.errors:
                found.append((None, gettext("页面停留太久，请再提交一次")))
            continue
        target = None if isinstance(field, HiddenField) else _target(field)
        before = f"{where}{colon}{field.label.text}{colon}" if where else ""
        found.extend((target, before + str(error)) for error in field.errors)
    return found


def _target(field: Field) -> str:
    return f"{field.id}-0" if isinstance(field, RadioField | ChecksField) else str(field.id)
