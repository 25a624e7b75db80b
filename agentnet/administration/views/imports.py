"""Imports: choose a kind and a file, see what it would do, confirm. And the same tables out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.administration.forms import UploadForm
from agentnet.core.errors import Conflict, Invalid, Missing
from agentnet.infra.actor import Actor
from agentnet.infra.importing import (
    Importer,
    Parsed,
    Plan,
    administers_company,
    carry_out,
    check,
    example_rows,
    export_rows,
    may_import,
    parse,
)
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.sheets import KINDS, download
from agentnet.infra.staging import drop, stage, staged
from agentnet.infra.tables import look_at
from agentnet.infra.templating import tell
from agentnet.infra.transaction import reading
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, require

Answer = Response | str | tuple[str, int]


def _all() -> Mapping[str, Importer]:
    importers: Mapping[str, Importer] = current_app.extensions["agentnet.importers"]
    return importers


def _importer(kind: str) -> Importer:
    importer = _all().get(kind)
    if importer is None:
        raise Missing("import_kind_unknown", "没有这类数据")
    return importer


def _offered(kind: str, who: Actor) -> Importer:
    """Return the importer of a kind that the viewer's role brings."""
    importer = _importer(kind)
    if not who.has(*importer.roles):
        raise Missing("import_kind_unknown", "没有这类数据")
    return importer


def _open_to(who: Actor) -> list[Importer]:
    return [
        importer
        for importer in _all().values()
        if who.has(*importer.roles) and (not importer.whole_company or administers_company(who))
    ]


@needs(Permission.IMPORT)
def imports() -> Answer:
    """Show what may be brought, with its template, or take a file and go on to what it would do."""
    kinds = _open_to(viewer())
    form = UploadForm()
    form.kind.choices = [("", _("请选择")), *((importer.kind, _(importer.words)) for importer in kinds)]
    if request.method == "GET":
        form.kind.data = request.args.get("kind", "")
        return render_template("administration/imports.html", form=form, kinds=kinds)
    if not form.validate():
        return render_template("administration/imports.html", form=form, kinds=kinds), 422
    sha256 = stage(form.file.data.stream, viewer())
    name = Path(form.file.data.filename).name[:120]
    return redirect(url_for("administration.dry_run", kind=form.kind.data, sha256=sha256, name=name), 303)


@needs(Permission.IMPORT)
def dry_run(kind: str, sha256: str) -> Answer:
    """Show what a waiting file would do: counts, or its errors by row and column."""
    who = viewer()
    importer = _offered(kind, who)
    may_import(importer, who)
    path = staged(sha256, who.user_id)
    name = request.args.get("name", "")[:120]
    try:
        parsed = parse(importer, look_at(path))
        plan = check(importer, parsed, who)
    except Invalid as refusal:
        return render_template("administration/dry_run.html", importer=importer, refused=refusal, name=name), 422
    return _show(importer, parsed, plan, name, sha256), 422 if plan.errors.count else 200


def _show(importer: Importer, parsed: Parsed, plan: Plan, name: str, sha256: str) -> str:
    heads = {column.name: column.words for column in importer.columns}
    return render_template(
        "administration/dry_run.html",
        importer=importer,
        refused=None,
        name=name,
        sha256=sha256,
        rows=len(parsed.rows),
        plan=plan,
        heads=heads,
    )


@dataclass(frozen=True, slots=True)
class _Ready:
    """A confirmed file, read before the transaction opened."""

    importer: Importer
    parsed: Parsed


def _read_confirmed() -> _Ready:
    with reading():
        who = viewer()
    require(who, Permission.IMPORT)
    arguments = request.view_args or {}
    importer = _offered(arguments["kind"], who)
    return _Ready(importer, parse(importer, look_at(staged(arguments["sha256"], who.user_id))))


@needs(Permission.IMPORT)
@prepared_by(_read_confirmed)
def confirm(kind: str, sha256: str) -> Answer:
    """Import a waiting file; a second press finds nothing left to change."""
    ready: _Ready = prepared()
    name = request.form.get("name", "")[:120]
    try:
        plan = carry_out(ready.importer, ready.parsed, viewer(), name)
    except Conflict:  # something changed since the dry run: nothing was written, the page says what is wrong now
        return redirect(url_for("administration.dry_run", kind=kind, sha256=sha256, name=name), 303)
    drop(sha256, viewer())
    tell(
        _(
            "已导入%(kind)s：新增 %(new)d 行，更改 %(changed)d 行，%(unchanged)d 行未变",
            kind=_(ready.importer.words),
            **plan.counts(),
        )
    )
    return redirect(url_for("administration.imports"), 303)


@needs(Permission.IMPORT)
def template(kind: str, ending: str) -> Response:
    """Give the file people fill in: the head and one example row."""
    importer = _importer(kind)
    if ending not in KINDS:
        raise Missing("import_kind_unknown", "没有这类数据")
    head, rows = example_rows(importer)
    return download(ending, _("%(kind)s导入模板", kind=_(importer.words)), [_(text) for text in head], rows)


@needs(Permission.EXPORT)
def export(kind: str, ending: str) -> Response:
    """Give a table of the viewer's territory, with personal data masked."""
    importer = _importer(kind)
    if ending not in KINDS:
        raise Missing("import_kind_unknown", "没有这类数据")
    rows = export_rows(importer, viewer())
    return download(ending, _(importer.words), [_(column.words) for column in importer.shown], rows)
