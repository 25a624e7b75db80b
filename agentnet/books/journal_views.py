"""Pages of the journal export: mappings, one mapping, a month looked at before it is handed over, the file."""

from __future__ import annotations

from urllib.parse import quote

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.books.asking import AccountWords, line_text
from agentnet.books.forms import AccountForm, LayoutForm, NewMappingForm
from agentnet.books.journal import (
    accounts_of,
    export_of,
    exports_page,
    journal_of,
    layout_of,
    mapping_named,
    mappings,
    require_accountant,
)
from agentnet.books.journal_actions import (
    add_mapping,
    change_layout,
    export_journal,
    made,
    require_same,
    set_account,
)
from agentnet.books.models import JournalMapping
from agentnet.books.presets import PRESETS
from agentnet.books.voucher_rules import SOURCES
from agentnet.books.words import SIDES
from agentnet.collecting.queries import tender_names
from agentnet.core.clock import Month, today
from agentnet.core.errors import Missing, Refusal
from agentnet.core.money import format_yuan
from agentnet.infra.dates import month_text
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english
from agentnet.infra.templating import tell
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CHART, CLOSED
from agentnet.outlets.views.common import attempt
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

EXPORT = Permission.JOURNAL_EXPORT
Answer = Response | str | tuple[str, int]


def _asked_month(text: str) -> Month:
    month = Month.parse(text)
    if month > Month.of(today()):
        raise Missing("month_to_come", "这个月还没有到")
    return month


@needs(EXPORT)
def journal() -> Answer:
    """List the mappings and what was exported; posted, add a mapping."""
    require_accountant(viewer())
    form = NewMappingForm()
    form.package.offer([(code, _(preset.title)) for code, preset in PRESETS.items()])
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            status = attempt(
                form, lambda: add_mapping(form.id.data, str(form.name.data), str(form.package.data), viewer())
            )
            if not status:
                tell(_("已建立科目对照，请核对每个科目的编码"))
                return redirect(url_for(".mapping", name=str(form.name.data).strip()), 303)
    page = render_template(
        "books/journal.html",
        form=form,
        mappings=mappings(),
        presets=PRESETS,
        page=exports_page(request.args),
        month=Month.of(today()).previous(),
    )
    return page if status == 200 else (page, status)


@needs(EXPORT)
def mapping(name: str) -> Answer:
    """Show a mapping: its accounts and its layout; posted, change the layout."""
    found = mapping_named(name, viewer())
    form = LayoutForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            status = attempt(form, lambda: change_layout(name, form.version.data or 0, form.layout(), viewer()))
            if not status:
                tell(_("已保存文件格式"))
                return redirect(url_for(".mapping", name=name), 303)
    else:
        form.show(layout_of(found), found.version)
    page = _mapping_page(found, form, _account_form(found, empty=True))
    return page if status == 200 else (page, status)


def _account_form(found: JournalMapping, *, empty: bool = False) -> AccountForm:
    form = AccountForm(formdata=None) if empty else AccountForm()
    words = AccountWords()
    tenders = [(code, words.detail(code)) for code in [*tender_names(in_english()), "COUNTERFEIT"]]
    form.offer([(f"{kind}/{code}", line_text(kind, code)) for kind, code in CHART], [("", _("不限")), *tenders])
    if empty:
        form.version.data = found.version
        line, side, detail = (request.args.get(key, "") for key in ("line", "side", "detail"))
        form.line.data, form.side.data, form.detail.data = line, side, detail
        for one in accounts_of(found):
            if (f"{one.owner_kind}/{one.code}", one.side, one.detail) == (line, side, detail):
                form.account_code.data, form.account_name.data = one.account_code, one.account_name
    return form


def _mapping_page(found: JournalMapping, form: LayoutForm, account_form: AccountForm) -> str:
    return render_template(
        "books/mapping.html",
        mapping=found,
        title=_(PRESETS[found.package].title) if found.package in PRESETS else found.package,
        accounts=accounts_of(found),
        words=AccountWords(),
        sides=SIDES,
        form=form,
        account_form=account_form,
        sources=SOURCES,
        month=Month.of(today()).previous(),
    )


@needs(EXPORT)
def account_target(name: str) -> Answer:
    """Set or take out their account for one of ours."""
    found = mapping_named(name, viewer())
    form = _account_form(found)
    status = 422
    if form.validate():
        status = attempt(
            form, lambda: set_account(name, form.version.data or 0, form.ours(), str(form.side.data or ""),
                                      form.theirs(), viewer())
        )  # fmt: skip
        if not status:
            tell(_("已保存科目对照"))
            return redirect(url_for(".mapping", name=name), 303)
    layout_form = LayoutForm(formdata=None)
    layout_form.show(layout_of(found), found.version)
    return _mapping_page(found, layout_form, form), status


@needs(EXPORT)
def hand_over(name: str, month: str) -> Answer:
    """Show a month's totals beside the trial balance before it is handed over; posted, record it."""
    found = mapping_named(name, viewer())
    asked = _asked_month(month)
    if request.method == "GET":
        return _hand_over_page(found, asked)
    try:
        exported = export_journal(name, asked, viewer())
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        form = NewMappingForm(formdata=None)
        show_refusal(form, refusal)
        return _hand_over_page(found, asked, form), refusal.status
    tell(
        _(
            "已导出%(month)s：%(vouchers)s 张凭证，借贷各 %(amount)s 元",
            month=month_text(asked),
            vouchers=len(exported.journal.vouchers),
            amount=format_yuan(exported.journal.debit_fen),
        )
    )
    return redirect(url_for(".hand_over", name=name, month=month), 303)


def _hand_over_page(found: JournalMapping, month: Month, form: NewMappingForm | None = None) -> str:
    return render_template(
        "books/hand_over.html",
        mapping=found,
        month=month,
        journal=journal_of(found, month),
        closed=month_state(month) == CLOSED,
        exported=export_of(found, month),
        words=AccountWords(),
        sides=SIDES,
        form=form or NewMappingForm(formdata=None),
    )


@needs(EXPORT)
def journal_file(name: str, month: str) -> Response:
    """Give the file of a month that was handed over: made anew, and byte for byte what it was.

    Raises:
        Missing: ``journal_not_exported``. Conflict: ``journal_changed``, ``journal_disagrees``.
    """
    found, asked = mapping_named(name, viewer()), _asked_month(month)
    before = export_of(found, asked)
    if before is None:
        raise Missing("journal_not_exported", "这个月还没有按现在的对照导出，请先导出")
    file = made(found, asked)
    require_same(before, file)
    response = Response(file.data, content_type="text/csv; charset=" + ("gbk" if found.encoding == "GBK" else "utf-8"))
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}-{asked}.csv')}"
    return response
