"""A row of a file: what it says, what it was matched with and why, and matching by hand."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from agentnet.collecting.models import Collection, Household
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.ids import parse_id
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation import queries
from agentnet.settlement.reconciliation.banking import UNMATCHED
from agentnet.settlement.reconciliation.forms import HandForm, ReasonForm
from agentnet.settlement.reconciliation.match_actions import NewMatch, match_by_hand, undo_match
from agentnet.settlement.reconciliation.models import FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.rules import RowKind, Source
from agentnet.settlement.reconciliation.words import KINDS, ROW_KINDS, SOURCES, STATES, explanation, step_words
from agentnet.settlement.rules import RemittanceState
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]
MOST_CANDIDATES = 10


@needs(Permission.RECONCILIATION_READ)
def row(file_id: int, line_no: int) -> str:
    """Show a row, its matches old and new, and what it could be."""
    file, found = queries.row_for(viewer(), file_id, line_no)
    return _page(file, found)


def _page(
    file: ReconciliationFile, found: FileRow, form: HandForm | None = None, undo: ReasonForm | None = None
) -> str:
    matches = queries.matches_of(found.file_id, found.line_no)
    alone = all(one.RowMatch.undone_at is not None for one in matches)
    of_its_own = found.kind not in (RowKind.FEE, RowKind.OTHER) and found.repeats_line_no is None
    in_hand = of_its_own and not found.reversal and found.gross_fen > 0 and file.withdrawn_at is None
    may_match = alone and in_hand and may(viewer(), Permission.RECONCILE)
    return render_template(
        "reconciliation/row.html",
        file=file,
        row=found,
        matches=matches,
        differences=queries.differences_of_row(found.file_id, found.line_no),
        candidates=_candidates(file, found) if may_match else [],
        may_match=may_match,
        may_undo=not alone and may(viewer(), Permission.RECONCILE),
        form=form or HandForm(formdata=None),
        undo=undo or ReasonForm(formdata=None),
        sources=SOURCES,
        row_kinds=ROW_KINDS,
        kinds=KINDS,
        states=STATES,
        step_words=step_words,
        explanation=explanation,
    )


def _candidates(file: ReconciliationFile, found: FileRow) -> list[tuple[object, ...]]:
    """Return what the row could be, the likeliest first: (fact, outlet's code, outlet's name)."""
    if file.source == Source.PARTNER:
        week = timedelta(days=7)
        live = (RowMatch.collection_id == Collection.id) & RowMatch.undone_at.is_(None)
        statement = (
            select(Collection, Outlet.code, Outlet.name)
            .join(Household, Household.id == Collection.household_id)
            .join(Outlet, Outlet.id == Collection.outlet_id)
            .outerjoin(RowMatch, live)
            .where(
                Household.household_no == found.household_no,
                Outlet.partner_id == file.partner_id,
                Collection.business_on.between(found.day_on - week, found.day_on + week),
                RowMatch.id.is_(None),
            )
            .order_by(func.abs(Collection.amount_fen - found.amount_fen), Collection.id)
        )
    else:
        days = timedelta(days=10)
        statement = (
            select(Remittance, Outlet.code, Outlet.name)  # type: ignore[assignment]
            .join(Outlet, Outlet.id == Remittance.outlet_id)
            .where(
                Remittance.state != RemittanceState.REJECTED,
                UNMATCHED,
                Remittance.deposited_on.between(found.day_on - days, found.day_on + timedelta(days=1)),
                visible_outlets(viewer(), Permission.REMITTANCE_CONFIRM),
            )
            .order_by(func.abs(Remittance.amount_fen - found.gross_fen), Remittance.id)
        )
    return [tuple(one) for one in db.session.execute(statement.limit(MOST_CANDIDATES))]


@needs(Permission.RECONCILE)
def match(file_id: int, line_no: int) -> Answer:
    """Match a row by hand."""
    file, found = queries.row_for(viewer(), file_id, line_no, Permission.RECONCILE)
    form = HandForm()
    if not form.validate():
        return _page(file, found, form), 422
    try:
        remittance = (form.remittance.data or "").strip()
        receipt_no = (form.receipt_no.data or "").strip()
        if file.source == Source.PARTNER and not receipt_no:
            raise Invalid("receipt_missing", "请填写收据号", field="receipt_no")
        if file.source == Source.BANK and not remittance:
            raise Invalid("remittance_not_chosen", "请选择一笔解款")
        new = NewMatch(
            id=UUID(str(form.id.data)),
            file_id=file_id,
            line_no=line_no,
            receipt_no=receipt_no if file.source == Source.PARTNER else "",
            remittance_id=parse_id(remittance) if file.source == Source.BANK else None,
            reason=form.reason.data or "",
        )
        match_by_hand(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(file, found, form), refusal.status
    tell(_("已匹配"), undo_url=url_for(".row", file_id=file_id, line_no=line_no), undo_label=_("看这一行"))
    return redirect(url_for(".file", file_id=file_id, only="unmatched"), 303)


@needs(Permission.RECONCILE)
def undo(file_id: int, line_no: int) -> Answer:
    """Undo a row's match, with the reason."""
    file, found = queries.row_for(viewer(), file_id, line_no, Permission.RECONCILE)
    form = ReasonForm()
    match_id = request.form.get("match_id", "")
    if not form.validate():
        return _page(file, found, undo=form), 422
    known = {str(one.RowMatch.id) for one in queries.matches_of(file_id, line_no)}
    try:
        if match_id not in known:
            raise Invalid("match_not_chosen", "请刷新页面后再取消匹配")
        undo_match(int(match_id), UUID(str(form.id.data)), form.reason.data or "", viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(file, found, undo=form), refusal.status
    tell(_("已取消匹配，两边都重新待处理"), careful=True)
    return redirect(url_for(".row", file_id=file_id, line_no=line_no), 303)
