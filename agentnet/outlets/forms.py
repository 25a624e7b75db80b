"""The register's forms: shape only. What is meant is judged by the rules."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import HiddenInput, TextInput

from agentnet.core.errors import Refusal
from agentnet.infra.forms import (
    ChecksField,
    ChoiceField,
    DayField,
    HouseForm,
    IdField,
    Needed,
    NoLongerThan,
    RadioCardsField,
    TypedField,
    YuanField,
)
from agentnet.infra.i18n import refusal_text
from agentnet.outlets.rules import read_spans


class VersionField(IntegerField):
    """The version of what was read, carried through the form; junk counts as an old one."""

    widget = HiddenInput()

    def process_formdata(self, values: list[str]) -> None:
        text = values[0] if values else ""
        self.data = int(text) if text.isdecimal() and len(text) < 10 else 0


class DegreesField(TypedField):
    """Degrees east or north, as a decimal number."""

    widget = TextInput()
    input_mode = "decimal"

    @staticmethod
    def read(text: str) -> float:
        try:
            value = Decimal(text.replace("，", ".").replace("。", "."))
        except InvalidOperation:
            raise ValueError(_("请输入度数，例如 121.385600")) from None
        if not value.is_finite() or abs(value) > 180:
            raise ValueError(_("请输入度数，例如 121.385600"))
        return float(value)

    def write(self, value: float) -> str:
        return f"{value:.6f}"


class SpansField(StringField):
    """The opening hours of one weekday, typed as people write them."""

    def post_validate(self, form: object, validation_stopped: bool) -> None:
        try:
            self.spans = read_spans(self.data or "")
        except Refusal as refusal:
            self.spans = ()
            raise ValidationError(refusal_text(refusal)) from refusal


class OutletForm(HouseForm):
    """An outlet's facts."""

    id = IdField()
    version = VersionField()
    code = StringField(_l("网点编号"), [NoLongerThan(32)])
    name = StringField(_l("网点名称"), [Needed(), NoLongerThan(120)])
    kind = ChoiceField(_l("类型"), [Needed()])
    unit = ChoiceField(_l("管理单位"), [Needed()])
    village = StringField(_l("所在村（社区）"), [Needed(), NoLongerThan(60)])
    setting = RadioCardsField(_l("城乡"), [Needed()])
    address = StringField(_l("地址"), [Needed(), NoLongerThan(200)])
    phone = StringField(_l("联系电话"), [NoLongerThan(20)])
    keeper_name = StringField(_l("代办员姓名"), [NoLongerThan(120)])
    staffed = BooleanField(_l("有人值守"), default=True)
    partner = ChoiceField(_l("合作单位"))
    partner_outlet_no = StringField(_l("合作单位的网点编号"), [NoLongerThan(32)])
    host = StringField(_l("托管它的便民服务中心（编号）"), [NoLongerThan(32)])
    longitude = DegreesField(_l("经度"))
    latitude = DegreesField(_l("纬度"))
    coordinate_source = ChoiceField(_l("位置来源"))
    coordinate_synthetic = BooleanField(_l("位置是推算的，不是实测"))
    applied_on = DayField(_l("申请日期"))
    really_another = BooleanField(_l("已核对，确实是另一处网点"))


class StepForm(HouseForm):
    """One step of the life cycle."""

    version = VersionField()
    state = HiddenField()
    on = DayField(_l("从哪天起"), [Needed()])
    reason = TextAreaField(_l("原因"), [NoLongerThan(200)])
    confirmed = HiddenField()


class MoveForm(HouseForm):
    """Another org unit from a day on."""

    version = VersionField()
    unit = ChoiceField(_l("新的管理单位"), [Needed()])
    on = DayField(_l("从哪天起"), [Needed()])


class AgreementForm(HouseForm):
    """A signed agreement."""

    id = IdField()
    number = StringField(_l("协议编号"), [Needed(), NoLongerThan(32)])
    starts_on = DayField(_l("起始日"), [Needed()])
    ends_on = DayField(_l("终止日"))
    holding_mode = RadioCardsField(_l("资金方式"), [Needed()])
    ceiling = YuanField(_l("现金上限"), [Needed()])
    single_limit = YuanField(_l("单笔限额"), [Needed()])
    own_qr_allowed = BooleanField(_l("允许客户扫代办员自己的收款码付电费"))
    plan = ChoiceField(_l("代办费方案"))
    document = FileField(_l("协议扫描件"))


class EndForm(HouseForm):
    """A day on which something ends, and why."""

    on = DayField(_l("终止日"), [Needed()])
    reason = StringField(_l("原因"), [NoLongerThan(200)])


class HoursForm(HouseForm):
    """Opening hours, one box a weekday."""

    version = VersionField()
    monday = SpansField(_l("周一"), [NoLongerThan(80)])
    like_monday = BooleanField(_l("其他各天与周一相同"))
    tuesday = SpansField(_l("周二"), [NoLongerThan(80)])
    wednesday = SpansField(_l("周三"), [NoLongerThan(80)])
    thursday = SpansField(_l("周四"), [NoLongerThan(80)])
    friday = SpansField(_l("周五"), [NoLongerThan(80)])
    saturday = SpansField(_l("周六"), [NoLongerThan(80)])
    sunday = SpansField(_l("周日"), [NoLongerThan(80)])

    @property
    def days(self) -> list[SpansField]:
        """The seven boxes, Monday first."""
        return [
            self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday,
        ]  # fmt: skip


class OfferForm(HouseForm):
    """Tenders and services."""

    version = VersionField()
    tenders = ChecksField(_l("支付方式"))
    services = ChecksField(_l("便民服务"))


class TerminalForm(HouseForm):
    """A terminal put up."""

    id = IdField()
    kind = RadioCardsField(_l("终端类型"), [Needed()])
    serial_no = StringField(_l("序列号"), [Needed(), NoLongerThan(40)])
    on = DayField(_l("安装日期"), [Needed()])


class AssignForm(HouseForm):
    """A manager for an empty place, or the successor in a place that is held."""

    id = IdField()
    seen = HiddenField()
    """Code of the holder shown on the page, empty for an empty place: it decides which of the two is meant."""
    manager = ChoiceField(_l("台区经理"), [Needed()])
    on = DayField(_l("从哪天起"), [Needed()])
    reason = StringField(_l("原因"), [NoLongerThan(200)])


class ManagerForm(HouseForm):
    """A manager's record."""

    id = IdField()
    version = VersionField()
    code = StringField(_l("工号"), [NoLongerThan(32)])
    name = StringField(_l("姓名"), [Needed(), NoLongerThan(120)])
    work_phone = StringField(_l("工作电话"), [Needed(), NoLongerThan(20)])
    unit = ChoiceField(_l("所属单位"), [Needed()])
    consent_on = DayField(_l("同意公示的日期"))
    photo = FileField(_l("照片"))
    username = StringField(_l("登录账号"), [NoLongerThan(64)])
    really_another = BooleanField(_l("已核对，确实是另一位经理"))


class LeavingForm(HouseForm):
    """When a round passes on, to whom, and why; the place-by-place list is read beside it."""

    id = IdField()
    on = DayField(_l("从哪天起交接"), [Needed()])
    reason = StringField(_l("原因"), [Needed(), NoLongerThan(200)])
    leaves = RadioCardsField(_l("交接之后"), [Needed()])
    successors = ChecksField(_l("接任的台区经理"), [Needed(_l("请至少选一位接任的人"))])


class PartnerForm(HouseForm):
    """A partner's facts."""

    id = IdField()
    version = VersionField()
    code = StringField(_l("编号"), [NoLongerThan(32)])
    name = StringField(_l("单位名称"), [Needed(), NoLongerThan(120)])
    kind = ChoiceField(_l("类型"), [Needed()])
    uscc = StringField(_l("统一社会信用代码"), [NoLongerThan(18)])
    contact = StringField(_l("联系人和电话"), [NoLongerThan(120)])


class DockForm(HouseForm):
    """A village docked."""

    id = IdField()
    outlet = StringField(_l("在哪个网点服务（编号）"), [NoLongerThan(32)])
    managers = ChecksField(_l("对接经理"))
    on = DayField(_l("从哪天起"), [Needed()])
