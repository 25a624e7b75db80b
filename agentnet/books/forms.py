"""What finance types of a mapping."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from agentnet.books.voucher_rules import DATE_FORMATS, ENCODINGS, FileColumn, Layout, Ours, Theirs
from agentnet.infra.forms import ChoiceField, HouseForm, IdField, Needed, NoLongerThan
from agentnet.ledger.rules import CREDIT, DEBIT


class NewMappingForm(HouseForm):
    """A mapping to begin with."""

    id = IdField()
    name = StringField(_l("名称"), [Needed(_l("请填写名称")), NoLongerThan(40)])
    package = ChoiceField(_l("财务软件"), [Needed(_l("请选择财务软件"))])


class LayoutForm(HouseForm):
    """How the file is written; a column a line: heading=content."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    word = StringField(_l("凭证字"), [Needed(_l("请填写凭证字")), NoLongerThan(8)])
    company_code = StringField(_l("公司代码"), [NoLongerThan(20)])
    abstract = StringField(_l("摘要"), [Needed(_l("请填写摘要")), NoLongerThan(60)])
    encoding = ChoiceField(_l("文件编码"), choices=[(one, one) for one in ENCODINGS])
    date_format = ChoiceField(_l("日期写法"), choices=[(one, one) for one in DATE_FORMATS])
    heading = BooleanField(_l("第一行写表头"))
    columns = TextAreaField(_l("文件的列"), [Needed(_l("请写明文件的列")), NoLongerThan(4_000)])

    def show(self, layout: Layout, version: int) -> None:
        """Fill the form with a layout."""
        self.version.data = version
        self.word.data, self.company_code.data, self.abstract.data = layout.word, layout.company_code, layout.abstract
        self.encoding.data, self.date_format.data = layout.encoding, layout.date_format
        self.heading.data = layout.heading
        self.columns.data = "\n".join(written(column) for column in layout.columns)

    def layout(self) -> Layout:
        """Return what was typed."""
        return Layout(
            str(self.encoding.data),
            str(self.date_format.data),
            bool(self.heading.data),
            tuple(read_column(line) for line in str(self.columns.data).splitlines() if line.strip()),
            str(self.word.data).strip(),
            str(self.company_code.data or "").strip(),
            str(self.abstract.data).strip(),
        )


def written(column: FileColumn) -> str:
    """Return a column as it is typed.

    >>> written(FileColumn("摘要", "abstract", 60)), written(FileColumn("币别", "=RMB"))
    ('摘要=abstract:60', '币别==RMB')
    """
    return f"{column.heading}={column.source}" + (f":{column.most}" if column.most else "")


def read_column(line: str) -> FileColumn:
    """Return a typed column; what it holds is judged by the rules.

    >>> read_column("摘要=abstract:60"), read_column("币别==RMB")
    (FileColumn(heading='摘要', source='abstract', most=60), FileColumn(heading='币别', source='=RMB', most=0))
    """
    heading, _, source = line.strip().partition("=")
    plain, colon, most = source.strip().rpartition(":")
    if colon and most.isascii() and most.isdigit() and len(most) <= 3:
        return FileColumn(heading.strip(), plain, int(most))
    return FileColumn(heading.strip(), source.strip())


class AccountForm(HouseForm):
    """Their account for one of ours."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    line = ChoiceField(_l("本系统科目"), [Needed(_l("请选择本系统的科目"))])
    detail = ChoiceField(_l("支付方式"), [Optional()])
    side = ChoiceField(_l("借贷"), [Optional()], choices=[("", _l("不分")), (DEBIT, _l("借")), (CREDIT, _l("贷"))])
    account_code = StringField(_l("对方科目编码"), [NoLongerThan(30)])
    account_name = StringField(_l("对方科目名称"), [NoLongerThan(60)])
    remove = HiddenField()

    def offer(self, lines: Iterable[tuple[str, str]], details: Iterable[tuple[str, str]]) -> None:
        """Set what may be chosen."""
        self.line.offer(lines)
        self.detail.offer(details)

    def ours(self) -> Ours:
        """Return which account of ours was chosen."""
        owner_kind, _, code = str(self.line.data).partition("/")
        return Ours(owner_kind, code, str(self.detail.data or ""))

    def theirs(self) -> Theirs | None:
        """Return the account typed, or None where the line is to be taken out."""
        if self.remove.data:
            return None
        return Theirs(str(self.account_code.data or "").strip(), str(self.account_name.data or "").strip())
