"""Column mappings: what each column of a bank's table means, saved once and used by name."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.errors import Invalid, Refusal
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import typed_text
from agentnet.infra.staging import staged
from agentnet.infra.templating import tell
from agentnet.settlement.files.mapping import COLUMNS, Mapping, guess_from
from agentnet.settlement.reconciliation import queries
from agentnet.settlement.reconciliation.forms import MappingForm
from agentnet.settlement.reconciliation.reading import head_of, save_mapping
from agentnet.settlement.reconciliation.words import COLUMN_WORDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]


@needs(Permission.RECONCILE)
def mappings() -> str:
    """List the mappings in force."""
    return render_template("reconciliation/mappings.html", mappings=queries.mappings(viewer()), words=COLUMN_WORDS)


@needs(Permission.RECONCILE)
def new_mapping(sha256: str) -> Answer:
    """Show the first rows of a waiting table, guess what its columns mean, and save what a person says they mean."""
    name = typed_text(request.values, "name", 120)
    row = request.values.get("row", "")
    path = staged(sha256, viewer().user_id)
    number, head, rows = head_of(path, int(row) if row.isascii() and row.isdigit() and len(row) < 6 else 0)
    form = MappingForm()
    form.offer(head)
    if request.method == "GET":
        _guess(form, head)
    elif form.validate():
        try:
            mapping = _mapping(form, head, number)
            saved = save_mapping(str(form.name.data), form.account.data or "", mapping, viewer())
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            tell(_("列对应已保存，下次可直接选用"))
            file_name = typed_text(request.form, "file_name", 120)
            return redirect(url_for(".check", sha256=sha256, kind="TABLE", mapping=saved, name=file_name), 303)
    page = render_template(
        "reconciliation/new_mapping.html",
        form=form,
        rows=rows,
        head_row=number,
        columns=COLUMNS,
        sha256=sha256,
        file_name=typed_text(request.form, "file_name", 120) or name,
    )
    return page if request.method == "GET" else (page, 422)


def _guess(form: MappingForm, head: list[str]) -> None:
    form.positive_is_in.data = True
    guessed = guess_from(head)
    for column, place in (guessed.places() if guessed else {}).items():
        at = place if isinstance(place, int) else head.index(place) + 1
        form[f"column_{column}"].data = str(at)


def _mapping(form: MappingForm, head: list[str], number: int) -> Mapping:
    """Return the mapping by the words of the head, so that a column may move; twice the same word goes by its place.

    Raises:
        Invalid: ``mapping_date``, ``mapping_amount``.
    """
    chosen = form.columns()
    if "date" not in chosen:
        raise Invalid("mapping_date", "请指定哪一列是交易日期", field="column_date")
    places: dict[str, str | int] = {
        name: head[at - 1] if head.count(head[at - 1]) == 1 else at for name, at in chosen.items()
    }
    by_place = any(isinstance(place, int) for place in places.values())
    return Mapping(
        **places,
        positive_is_in=bool(form.positive_is_in.data),
        debit_is_negative=bool(form.debit_is_negative.data),
        head_row=number if by_place else None,
    )
