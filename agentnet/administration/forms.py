"""What is typed and picked on the office's pages: shape only."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput

from agentnet.administration.words import ROLES
from agentnet.core.errors import Invalid
from agentnet.divisions.rules import read_code
from agentnet.divisions.words import ORG_KINDS
from agentnet.infra.forms import ChoiceField, DayField, HouseForm, Needed, NoLongerThan, TypedField
from agentnet.outlets.rules import clean_code


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise ValueError(_("请输入整数"))
    return int(text)


def _read_username(text: str) -> str:
    if not text.isascii() or not text.replace(".", "").replace("-", "").replace("_", "").isalnum():
        raise Invalid("username_shape", "登录名只用字母、数字、点和短横线", field="username")
    return text.lower()


class CountField(TypedField):
    """A whole number."""

    widget = TextInput()
    input_mode = "numeric"
    read = staticmethod(_read_count)


class CodeField(TypedField):
    """A public code, in capitals."""

    widget = TextInput()
    read = staticmethod(clean_code)


class UsernameField(TypedField):
    """A name to sign in with."""

    widget = TextInput()
    read = staticmethod(_read_username)


class DivisionCodeField(TypedField):
    """A division's code, filled to its 12 digits."""

    widget = TextInput()
    input_mode = "numeric"
    read = staticmethod(read_code)


class UploadForm(HouseForm):
    """A kind of data and its file."""

    kind = ChoiceField(_l("数据种类"), [Needed()])
    file = FileField(_l("要导入的文件"))

    def validate_file(self, field: FileField) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(_("请选择要导入的文件"))


class UnitForm(HouseForm):
    """An org unit; ``seen`` is what the editor had on the screen."""

    code = CodeField(_l("单位编号"), [Needed(), NoLongerThan(32)])
    name = StringField(_l("单位名称"), [Needed(), NoLongerThan(120)])
    name_en = StringField(_l("英文名称"), [NoLongerThan(120)])
    kind = ChoiceField(_l("单位层级"), [Needed()])
    parent = ChoiceField(_l("上级单位"), [Needed()])
    division_code = DivisionCodeField(_l("行政区划代码"))
    declared_villages = CountField(_l("申报村数"))
    seen = HiddenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.choices = [("", _("请选择")), *((kind.value, _(words)) for kind, words in ORG_KINDS.items())]


class MoveForm(HouseForm):
    """Where a unit shall hang."""

    parent = ChoiceField(_l("新的上级单位"), [Needed()])


class PersonForm(HouseForm):
    """A person who will sign in."""

    display_name = StringField(_l("姓名"), [Needed(), NoLongerThan(120)])
    username = UsernameField(_l("登录名"), [Needed(), NoLongerThan(64)])
    phone = StringField(_l("电话"), [NoLongerThan(20)])


class GrantForm(HouseForm):
    """A role and where it holds."""

    role = ChoiceField(_l("岗位"), [Needed()])
    place = CodeField(_l("范围编号"), [Needed(), NoLongerThan(32)])
    starts_on = DayField(_l("开始日期"), [Needed()])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.choices = [("", _("请选择")), *((role.value, _(words)) for role, words in ROLES.items())]


class NothingForm(HouseForm):
    """A button that needs no typing, with its protection against forged posts."""
