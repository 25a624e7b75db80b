"""Pages of the parallel run: sheets, one with its differences, one line with its parts, accepting, files."""

from __future__ import annotations

import uuid
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agentnet.commission.parallel import queries
from agentnet.commission.parallel.actions import NewAcceptance, NewSheet, accept, bring_sheet
from agentnet.commission.parallel.forms import AcceptForm, SheetForm
from agentnet.commission.parallel.reading import COLUMNS, SHEET, read_sheet
from agentnet.commission.parallel.rules import Cause, Scope
from agentnet.commission.parallel.words import (
    CAUSES,
    STATES,
    average_text,
    cause_heads,
    month_words,
    part_texts,
    signed,
)
from agentnet.commission.queries import require_company_wide
from agentnet.core.errors import Invalid, Missing, Refusal
from agentnet.infra.forms import show_refusal
from agentnet.infra.importing import Parsed, example_rows
from agentnet.infra.pages import chosen, typed_text
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.sheets import KINDS, download
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may, require

READ, EDIT = Permission.COMMISSION_ANALYSE, Permission.COMMISSION_EDIT
MOST_BYTES = 16 << 20
USUAL_ROUNDING_FEN = 5
Answer = Response | str | tuple[str, int]


@needs(READ)
def sheets() -> str:
    """List the old sheets, newest first."""
    return render_template(
        "commission/parallel/list.html",
        page=queries.sheet_page(viewer(), request.args),
        may_edit=may(viewer(), EDIT),
    )


def _read_sent() -> Parsed:
    """Read the file that was sent, before the transaction opens."""
    sent = request.files.get("file")
    content = sent.stream.read(MOST_BYTES + 1) if sent else b""
    if not content:
        raise Invalid("sheet_none", "请选择旧表文件", field="file")
    if len(content) > MOST_BYTES:
        raise Invalid("sheet_large", "文件超过 16 MB，请按月份分几个文件", field="file")
    return read_sheet(content)


def _form_page(form: SheetForm, parsed: Parsed | None = None) -> str:
    return render_template(
        "commission/parallel/form.html",
        form=form,
        columns=COLUMNS,
        errors=parsed.errors if parsed is not None and parsed.errors.count else None,
        heads={column.name: column.words for column in COLUMNS},
    )


@needs(EDIT)
@prepared_by(_read_sent)
def new_sheet() -> Answer:
    """Show the form, or set a sheet beside our months."""
    require_company_wide(viewer(), EDIT)
    form, parsed = SheetForm(), None
    if request.method == "GET":
        form.rounding.data = USUAL_ROUNDING_FEN
        return _form_page(form)
    if not form.validate():
        return _form_page(form), 422
    try:
        parsed = prepared()
        name = request.files["file"].filename or "-"
        scope = Scope(form.scope.data)
        new = NewSheet(uuid.UUID(str(form.id.data)), name, parsed, form.rounding.data or 0, scope)
        sheet = bring_sheet(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, parsed), refusal.status
    return redirect(url_for("commission.old_sheet", sheet_id=sheet.id), 303)


@needs(EDIT)
def template(kind: str) -> Response:
    """Give the file to fill in: the head and one example row.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``file_kind_missing``.
    """
    if kind not in KINDS:
        raise Missing("file_kind_missing", "没有这种文件格式")
    head, rows = example_rows(SHEET)
    return download(kind, _("旧表模板"), [_(words) for words in head], rows)


def _wanted() -> queries.LineWanted:
    return queries.LineWanted(
        chosen(request.args, "state", {name: name for name in STATES}, ""),
        chosen(request.args, "cause", {str(name): str(name) for name in CAUSES}, ""),
        typed_text(request.args, "month", 7),
        typed_text(request.args, "q", 32),
    )


def _sheet_page(sheet_id: uuid.UUID, form: AcceptForm) -> str:
    found = queries.sheet_by_id(sheet_id)
    wanted, sums = _wanted(), queries.sums_of(viewer(), found)
    page, heads = queries.line_page(viewer(), found, wanted, request.args), cause_heads()
    return render_template(
        "commission/parallel/sheet.html",
        sheet=found,
        months=sums.months,
        lines=sum(month.lines for month in sums.months),
        still_open=sum(month.still_open for month in sums.months),
        causes_found=sums.causes,
        page=page,
        texts={line.id: part_texts(line, heads) for line in page.items},
        wanted=wanted,
        causes=CAUSES,
        states=STATES,
        signed=signed,
        month_names={month: month_words(month) for month in {one.month for one in (*sums.months, *page.items)}},
        form=form,
        may_edit=may(viewer(), EDIT),
        may_export=may(viewer(), Permission.EXPORT),
    )


@needs(READ)
def sheet(sheet_id: uuid.UUID) -> str:
    """Show a sheet beside ours: by month, by cause, and line by line."""
    return _sheet_page(sheet_id, AcceptForm(formdata=None))


@needs(EDIT)
def accept_cause(sheet_id: uuid.UUID) -> Answer:
    """Accept every open line of one cause with a note."""
    form = AcceptForm()
    cause: Any = chosen(request.args, "cause", {str(name): name for name in CAUSES}, None)
    queries.sheet_by_id(sheet_id)
    if cause is None:
        raise Missing("cause_missing", "请先选一种原因，再一起接受")
    if not form.validate():
        return _sheet_page(sheet_id, form), 422
    try:
        new = NewAcceptance(uuid.UUID(str(form.id.data)), sheet_id, form.note.data or "", cause=Cause(cause))
        number = accept(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _sheet_page(sheet_id, form), refusal.status
    tell(ngettext("已接受 %(num)d 行差异", "已接受 %(num)d 行差异", number))
    return redirect(url_for("commission.old_sheet", sheet_id=sheet_id), 303)


def _line_page(sheet_id: uuid.UUID, line_id: int, form: AcceptForm) -> str:
    found = queries.sheet_by_id(sheet_id)
    one, name, accepted_by = queries.line_of(viewer(), found, line_id)
    return render_template(
        "commission/parallel/line.html",
        sheet=found,
        line=one,
        name=name,
        accepted_by=accepted_by,
        texts=part_texts(one, cause_heads()),
        theirs_average=average_text(one.theirs_fen, one.theirs_count),
        ours_average=average_text(one.ours_fen, one.ours_count),
        states=STATES,
        signed=signed,
        month_words=month_words,
        form=form,
        may_edit=may(viewer(), EDIT),
    )


@needs(READ)
def line(sheet_id: uuid.UUID, line_id: int) -> str:
    """Show one line on both sides with the parts of its difference."""
    return _line_page(sheet_id, line_id, AcceptForm(formdata=None))


@needs(EDIT)
def accept_line(sheet_id: uuid.UUID, line_id: int) -> Answer:
    """Accept one line with a note."""
    form = AcceptForm()
    queries.line_of(viewer(), queries.sheet_by_id(sheet_id), line_id)
    if not form.validate():
        return _line_page(sheet_id, line_id, form), 422
    try:
        accept(NewAcceptance(uuid.UUID(str(form.id.data)), sheet_id, form.note.data or "", line_id=line_id), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _line_page(sheet_id, line_id, form), refusal.status
    tell(_("已接受这一行差异"))
    return redirect(url_for("commission.old_sheet", sheet_id=sheet_id), 303)


@needs(READ)
def export(sheet_id: uuid.UUID, kind: str) -> Response:
    """Give every line with its explanation as CSV or XLSX.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``file_kind_missing``, ``sheet_missing``.
    """
    require(viewer(), Permission.EXPORT)
    if kind not in KINDS:
        raise Missing("file_kind_missing", "没有这种文件格式")
    found = queries.sheet_by_id(sheet_id)
    return download(kind, f"parallel-{found.brought_at:%Y%m%d}", queries.head(), queries.rows(viewer(), found))
