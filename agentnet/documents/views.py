"""Pages of made documents: find, look, download, order, revise, try again, and prove one genuine."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from flask import Response as FlaskResponse
from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agentnet.core.clock import today
from agentnet.core.errors import Conflict, Invalid, Missing, Refusal
from agentnet.core.ids import parse_id
from agentnet.documents import actions, queries
from agentnet.documents.counting import count_runs
from agentnet.documents.display import frameable, recent_months, recent_weeks
from agentnet.documents.downloads import entries_of, file_name, zip_stream
from agentnet.documents.forms import ReviseForm
from agentnet.documents.models import Run
from agentnet.documents.queries import RunFilter
from agentnet.documents.rules import RunState, cadence_of, read_period, same_check_code
from agentnet.infra import files
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]

MOST_IN_A_ZIP = 3_000


def _filter_asked() -> RunFilter:
    """Read the filters from the address; what makes no sense is left out."""
    arguments = request.args
    period: tuple[date, date] | None = None
    if text := typed_text(arguments, "period", 10):
        try:
            span = read_period(cadence_of(text), text)
            period = (span.starts_on, span.ends_on)
        except Invalid:
            period = None
    unit = None
    if code := typed_text(arguments, "org_unit", 32):
        unit = next((u for u in queries.units_for(viewer(), Permission.DOCUMENT_READ) if u.code == code), None)
    try:
        order_id = parse_id(arguments["order"]) if arguments.get("order") else None
    except Invalid:
        order_id = None
    state = arguments.get("state", "")
    return RunFilter(
        kind=typed_text(arguments, "kind", 32),
        state=state if state in set(RunState) else "",
        language=typed_text(arguments, "language", 8),
        org_path=unit.path if unit else "",
        words=typed_text(arguments, "q", 60),
        period=period,
        order_id=order_id,
    )


@needs(Permission.DOCUMENT_READ)
def documents() -> Answer:
    """List the documents the viewer may see; nothing asked for, those in the reader's own language if there are any."""
    actor, wanted = viewer(), _filter_asked()
    filtered = wanted != RunFilter()
    count = 0
    if not filtered and "language" not in request.args:
        wanted = RunFilter(language="en" if in_english() else "zh")
        count = count_runs(actor, wanted, MOST_IN_A_ZIP + 1)
        wanted = wanted if count else RunFilter()
    count = count or count_runs(actor, wanted, MOST_IN_A_ZIP + 1)
    page, failed = queries.runs_page(actor, wanted, request.args), 0
    if may(actor, Permission.DOCUMENT_RUN):
        failed = page.items[0].failed_count if page.items else queries.failed_run_count(actor)
    return render_template(
        "documents/documents.html",
        page=page,
        count=count,
        most=MOST_IN_A_ZIP,
        filtered=filtered,
        language=wanted.language,
        failed=failed,
        kinds=queries.permitted_kinds(actor),
        units=queries.units_for(actor, Permission.DOCUMENT_READ),
        months=recent_months(),
        weeks=recent_weeks(),
        may_run=may(actor, Permission.DOCUMENT_RUN),
        may_schedule=may(actor, Permission.SCHEDULE_EDIT),
    )


@needs(Permission.DOCUMENT_READ)
def document(number: str) -> Answer:
    """Show one document: what it is, how it is getting on, and the paper itself."""
    run = queries.run_for(viewer(), number)
    return render_template(
        "documents/document.html",
        run=run,
        revisions=queries.revisions_of(run),
        may_run=actions.may_order(run, viewer()),
    )


@needs(Permission.DOCUMENT_READ)
def preview(number: str) -> Answer:
    """Send the PDF to be shown inside our own page."""
    return frameable(_file_of(queries.run_for(viewer(), number), download=False))


@needs(Permission.DOCUMENT_READ)
def download(number: str) -> Answer:
    """Send the PDF to be kept, under its own name."""
    return _file_of(queries.run_for(viewer(), number), download=True)


def _file_of(run: Run, *, download: bool) -> FlaskResponse:
    if run.state != RunState.DONE or not run.file_sha256:
        raise Conflict("not_drawn_yet", "这份文件还没有出好，请稍等片刻再打开")
    files.require(run.file_sha256, ".pdf")
    response = send_file(
        files.path(run.file_sha256, ".pdf"),
        mimetype="application/pdf",
        as_attachment=download,
        download_name=file_name(run),
        conditional=True,
        etag=run.file_sha256,
        last_modified=run.done_at,
    )
    name = file_name(run)
    if not name.isascii():  # for what knows no other letters: the number alone, not a title with holes
        names = {"filename": f"{run.number}.pdf", "filename*": f"UTF-8''{quote(name)}"}
        response.headers.set("Content-Disposition", "attachment" if download else "inline", **names)
    response.headers["Cache-Control"] = "no-store"
    return response


@needs(Permission.DOCUMENT_READ)
def archive() -> Answer:
    """Send every finished document of the filter in one zip, written while it is sent."""
    actor, wanted = viewer(), _filter_asked()
    runs = queries.finished_runs(actor, wanted, MOST_IN_A_ZIP + 1)
    if not runs:
        raise Missing("nothing_to_pack", "筛选结果里没有已出好的文件")
    if len(runs) > MOST_IN_A_ZIP:
        raise Invalid("archive_too_large", "一次最多打包 %(most)s 份，请先缩小筛选范围", most=MOST_IN_A_ZIP)
    response = FlaskResponse(zip_stream(entries_of(runs)), mimetype="application/zip")
    name = quote(f"{_('报表')}-{today():%Y%m%d}-{len(runs)}.zip")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response.headers["X-Accel-Buffering"] = "no"
    return response


@needs(Permission.DOCUMENT_RUN)
def retry(number: str) -> Answer:
    """Let a failed document be drawn again."""
    run = queries.run_for(viewer(), number)
    actions.retry(run, viewer())
    tell(_("%(number)s 会再绘制一次", number=number))
    return redirect(url_for("documents.document", number=number), 303)


@needs(Permission.DOCUMENT_RUN)
def retry_all() -> Answer:
    """Let every failed document of the territory be drawn again."""
    count = actions.retry_all(viewer())
    tell(ngettext("%(num)d 份文件会再绘制一次", "%(num)d 份文件会再绘制一次", count))
    return redirect(url_for("documents.documents"), 303)


@needs(Permission.DOCUMENT_RUN)
def revise(number: str) -> Answer:
    """Make the next revision of a document from today's facts, with a reason."""
    run = queries.run_for(viewer(), number)
    form = ReviseForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                newer = actions.revise(run, form.reason.data, viewer())
            except Refusal as refusal:
                show_refusal(form, refusal)
                status = refusal.status
            else:
                tell(_("第 %(revision)s 版已安排绘制", revision=newer.revision))
                return redirect(url_for("documents.document", number=newer.number), 303)
    return render_template("documents/revise.html", run=run, form=form), status


@needs(Permission.PUBLIC)
def genuine(number: str) -> Answer:
    """Say to anyone who holds a paper whether its number and check code are genuine, and nothing more."""
    run = queries.run_by_number(number[:40])
    found = run if run is not None and same_check_code(run.check_code, request.args.get("c", "")) else None
    newest = queries.revisions_of(found)[0] if found else None
    return render_template(
        "documents/genuine.html", run=found, newest=newest, number=number[:40]
    ), 200 if found else 404
