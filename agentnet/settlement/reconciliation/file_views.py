"""Files: bring one, see what it would do, take it in, and what became of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from agentnet.core.errors import Conflict, Invalid, Missing, Refusal
from agentnet.core.ids import parse_id
from agentnet.infra.db import db
from agentnet.infra.i18n import money_text, refusal_text
from agentnet.infra.pages import typed_text
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.staging import drop, stage, staged
from agentnet.infra.templating import tell
from agentnet.infra.transaction import reading
from agentnet.outlets.models import Partner
from agentnet.settlement.files.lines import FileRefused
from agentnet.settlement.reconciliation import queries
from agentnet.settlement.reconciliation.earlier_lines import earlier_lines
from agentnet.settlement.reconciliation.file_sums import file_sums
from agentnet.settlement.reconciliation.forms import TakeForm, TotalForm, UploadForm
from agentnet.settlement.reconciliation.match_actions import confirm_by_statement, waiting_lines
from agentnet.settlement.reconciliation.reading import Read, read_file
from agentnet.settlement.reconciliation.rules import Source
from agentnet.settlement.reconciliation.taking import (
    ReadPartnerFile,
    ReadStatements,
    take_partner_file,
    take_statements,
)
from agentnet.settlement.reconciliation.words import FILE_KINDS, ROW_KINDS, SOURCES, STEPS, step_words
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, covers_company, grants_for, may, require

Answer = Response | str | tuple[str, int]
PREVIEWED = 10
"""Rows shown as they were read."""
LARGE = 20_000
"""From so many rows on the writer is held for more than half a second on SQLite."""


@needs(Permission.RECONCILIATION_READ)
def files() -> str:
    """List the files of the territory, the newest first."""
    source = request.args.get("source", "")
    source = source if source in tuple(Source) else ""
    return render_template(
        "reconciliation/files.html",
        page=queries.files_page(viewer(), request.args, source),
        sources=SOURCES,
        source=source,
        may_send=may(viewer(), Permission.PARTNER_FILE_SEND),
    )


def _partners() -> list[tuple[str, str]]:
    """Return the partners whose files the viewer may bring."""
    own = [grant.partner_id for grant in grants_for(viewer(), Permission.PARTNER_FILE_SEND) if grant.partner_id]
    statement = select(Partner.code, Partner.name).order_by(Partner.code)
    if not covers_company(viewer(), Permission.PARTNER_FILE_SEND):
        statement = statement.where(Partner.id.in_(own))
    return [tuple(row) for row in db.session.execute(statement)]  # type: ignore[misc]


def _named(saved: Sequence[Any]) -> list[tuple[str, str]]:
    """Return mappings to choose from; of two units' with one name each says whose it is."""
    names = Counter(one.ColumnMapping.name for one in saved)
    return [
        (str(one.ColumnMapping.id), name if names[name] == 1 else f"{name} ({one.unit_name or '-'})")
        for one in saved
        for name in (one.ColumnMapping.name,)
    ]


@needs(Permission.PARTNER_FILE_SEND)
def upload() -> Answer:
    """Take a file that waits for its confirmation, and go on to what it would do."""
    finance = may(viewer(), Permission.RECONCILE)
    form = UploadForm()
    form.kind.offer([(kind, _(words)) for kind, words in FILE_KINDS.items() if finance or kind == "PARTNER"])
    partners = _partners()
    form.partner.offer([("", _("请选择")), *partners] if len(partners) != 1 else partners)
    saved = queries.mappings(viewer()) if finance else []
    form.mapping.offer([("", _("新的：指定各列的意思")), *_named(saved)])
    if request.method == "GET":
        return render_template("reconciliation/upload.html", form=form, finance=finance)
    if not form.validate():
        return render_template("reconciliation/upload.html", form=form, finance=finance), 422
    sha256 = stage(form.file.data.stream, viewer())
    name = Path(form.file.data.filename).name[:120]
    if form.kind.data == "TABLE" and not form.mapping.data:
        return redirect(url_for(".new_mapping", sha256=sha256, name=name), 303)
    told = {"kind": form.kind.data, "partner": form.partner.data or None, "mapping": form.mapping.data or None}
    return redirect(url_for(".check", sha256=sha256, name=name, **told), 303)


def _told() -> dict[str, str]:
    """Return what the sender said the waiting file is."""
    return {name: typed_text(request.values, name, 120) for name in ("kind", "partner", "mapping", "name")}


def _read(sha256: str) -> Read:
    who, told = viewer(), _told()
    path = staged(sha256, who.user_id)
    return read_file(told["kind"], path, sha256, told["name"], told["partner"], told["mapping"], who)


@needs(Permission.PARTNER_FILE_SEND)
def check(sha256: str) -> Answer:
    """Show a waiting file as it was read and what it meets, or what is wrong with it by row and column."""
    told = _told()
    try:
        found = _read(sha256)
    except FileRefused as refusal:
        return _check_page(told, refusal), 422
    form = TakeForm(formdata=None, data={name: told[name] for name in ("kind", "partner", "mapping", "name")})
    mapping = queries.mapping_for(viewer(), told["mapping"]) if told["kind"] == "TABLE" else None
    return render_template(
        "reconciliation/check.html",
        refused=None,
        told=told,
        found=found,
        partner=db.session.get(Partner, found.partner_id) if isinstance(found, ReadPartnerFile) else None,
        sha256=sha256,
        form=form,
        previewed=PREVIEWED,
        large=_rows(found) > LARGE,
        repeated=[] if isinstance(found, ReadPartnerFile) else _repeated(found),
        mapping=mapping,
        row_kinds=ROW_KINDS,
    )


def _repeated(found: ReadStatements) -> list[int]:
    """Return of each statement how many lines an earlier one of the account has already."""
    return [len(earlier_lines(statement, found.mapping_id)) for statement in found.statements]


def _rows(found: Read) -> int:
    if isinstance(found, ReadPartnerFile):
        return len(found.file.rows)
    return sum(len(statement.lines) for statement in found.statements)


def _check_page(told: dict[str, str], refusal: Refusal) -> str:
    """Say why a file is not taken in, with its problems by row and column."""
    problems = [
        (one, refusal_text(Invalid(one.code, one.message, **one.params))) for one in getattr(refusal, "problems", ())
    ]
    count = getattr(refusal, "count", 0)
    return render_template(
        "reconciliation/check.html", refused=refusal, problems=problems, count=count, told=told, found=None
    )


def _back(sha256: str, told: dict[str, str]) -> Response:
    asked: dict[str, Any] = {key: words for key, words in told.items() if words}
    return redirect(url_for(".check", sha256=sha256, **asked), 303)


def _read_confirmed() -> Read:
    with reading():
        who = viewer()
        require(who, Permission.PARTNER_FILE_SEND)
        return _read((request.view_args or {})["sha256"])


@needs(Permission.PARTNER_FILE_SEND)
@prepared_by(_read_confirmed)
def take(sha256: str) -> Answer:
    """Take a waiting file in; a second press leads to the same file."""
    told, form = _told(), TakeForm()
    upload_id = parse_id(request.form.get("id", ""))
    try:
        found: Read = prepared()
    except Missing:
        return redirect(url_for(".files"), 303)  # taken in by the first press, or dropped after a day
    except FileRefused:
        return _back(sha256, told)
    if not form.validate():
        tell(_("页面停留太久，请再提交一次"), careful=True)
        return _back(sha256, told)
    try:
        file_ids = (
            [take_partner_file(upload_id, found, viewer())]
            if isinstance(found, ReadPartnerFile)
            else take_statements(upload_id, found, viewer())
        )
    except (Conflict, Invalid) as refusal:
        return _check_page(told, refusal), refusal.status
    drop(sha256, viewer())
    if len(file_ids) > 1:
        tell(_("已导入 %(count)d 份对账单", count=len(file_ids)))
        return redirect(url_for(".files"), 303)
    tell(_("已导入，匹配结果如下"))
    return redirect(url_for(".file", file_id=file_ids[0]), 303)


@needs(Permission.RECONCILIATION_READ)
def file(file_id: int) -> str:
    """Show a file: what its rows were matched by, what is open, and the rows themselves."""
    shown = queries.file_shown(viewer(), file_id)
    found = shown.ReconciliationFile
    only = request.args.get("only", "")
    only = only if only in ("matched", "unmatched") else ""
    finance = may(viewer(), Permission.RECONCILE)
    waiting = waiting_lines(found.id, viewer()) if finance and found.source == Source.BANK else []
    return render_template(
        "reconciliation/file.html",
        file=found,
        partner_name=shown.partner_name,
        sums=file_sums(found),
        page=queries.rows_page(found, request.args, only),
        only=only,
        may_withdraw=finance,
        withdrawal_id=shown.withdrawal_id,
        withdrawal_reason=shown.withdrawal_reason,
        waiting=waiting,
        waiting_fen=sum(one.confirmed_fen for one in waiting),
        sources=SOURCES,
        row_kinds=ROW_KINDS,
        step_words={step: step_words(step, found.source) for step in STEPS},
    )


@needs(Permission.RECONCILE)
def confirm(file_id: int) -> Answer:
    """Show once more what a statement would confirm; posted, confirm it."""
    found = queries.file_for(viewer(), file_id, Permission.RECONCILE)
    if found.source != Source.BANK:
        raise Missing("channel_file_missing", "没有找到这个对账文件，或它不在您的管辖范围内")
    form = TotalForm()
    if request.method == "POST" and form.validate():
        try:
            count = confirm_by_statement(file_id, UUID(str(form.id.data)), form.total_fen.data or 0, viewer())
        except Conflict as refusal:
            return _confirm_page(found, refusal), refusal.status
        tell(_("已确认 %(count)d 笔到账，共 %(amount)s", count=count, amount=money_text(form.total_fen.data or 0)))
        return redirect(url_for(".file", file_id=file_id), 303)
    return _confirm_page(found), 422 if request.method == "POST" else 200


def _confirm_page(found: Any, refusal: Conflict | None = None) -> str:
    waiting = waiting_lines(found.id, viewer())
    total = sum(one.confirmed_fen for one in waiting)
    return render_template(
        "reconciliation/confirm.html",
        file=found,
        waiting=waiting,
        total_fen=total,
        fee_fen=sum(one.fee_fen for one in waiting),
        refusal=refusal,
        form=TotalForm(formdata=None, total_fen=total),
    )
