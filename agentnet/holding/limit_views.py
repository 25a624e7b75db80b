"""Limits by kind and of one outlet: what holds and why, and new ones shown once more before they hold."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.approvals.queries import pending_of
from agentnet.core.clock import today
from agentnet.core.errors import Missing, Refusal
from agentnet.holding import limit_queries, near_queries
from agentnet.holding.forms import LimitForm
from agentnet.holding.limit_actions import RAISE, judge_limits, judged_subject, set_limits
from agentnet.holding.queries import names_of
from agentnet.holding.rules import NewLimits
from agentnet.holding.words import FIGURES
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.limit_rules import NAMES, Figures
from agentnet.outlets.models import Limit, Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.outlets.queries.limits import figures_of, history_of, said_of_kind, said_of_outlet
from agentnet.outlets.rules import OutletKind
from agentnet.outlets.words import OUTLET_KINDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, covers_company, may

Answer = Response | str | tuple[str, int]


@needs(Permission.SETTLEMENT_READ)
def near() -> str:
    """List who is near the ceiling of their cash, or low on float, with whom to call."""
    words = typed_text(request.args, "q", 60)
    of_float = request.args.get("what") == "float"
    page = near_queries.low_float_page if of_float else near_queries.near_ceiling_page
    return render_template(
        "holding/near.html", page=page(viewer(), request.args, words), of_float=of_float, search=words
    )


@needs(Permission.SETTLEMENT_READ)
def limits() -> str:
    """Show what holds for each kind of outlet today."""
    return render_template(
        "holding/limits.html",
        kinds=limit_queries.kinds_on(today()),
        names=OUTLET_KINDS,
        figures=FIGURES,
        may_set=covers_company(viewer(), Permission.LIMIT_EDIT),
    )


def _kind(text: str) -> OutletKind:
    try:
        return OutletKind(text)
    except ValueError:
        raise Missing("kind_missing", "没有这种网点类型") from None


@needs(Permission.SETTLEMENT_READ)
def kind_limits(kind: str) -> str:
    """Show what holds for a kind of outlet, and what was ever set."""
    chosen = _kind(kind)
    history = history_of(Limit.kind == chosen)
    return render_template(
        "holding/kind_limits.html",
        kind=chosen,
        name=OUTLET_KINDS[chosen],
        present=said_of_kind(chosen, today()),
        figures=FIGURES,
        history=history,
        people=_people(history),
        waiting=pending_of(RAISE, "OUTLET_KIND", chosen),
        may_set=covers_company(viewer(), Permission.LIMIT_EDIT),
    )


@needs(Permission.SETTLEMENT_READ)
def outlet_limits(code: str) -> str:
    """Show what holds at an outlet, where each figure comes from, and what was ever set for it alone."""
    outlet = outlet_for(viewer(), code, Permission.SETTLEMENT_READ)
    history = history_of(Limit.outlet_id == outlet.id)
    sources = limit_queries.sources_on(outlet, today())
    return render_template(
        "holding/outlet_limits.html",
        outlet=outlet,
        sources=sources,
        of_kind=figures_of(sources.of_kind),
        own=figures_of(sources.own),
        figures=FIGURES,
        history=history,
        people=_people(history),
        waiting=pending_of(RAISE, "OUTLET", str(outlet.id)),
        may_set=may(viewer(), Permission.LIMIT_EDIT),
    )


def _people(history: object) -> dict[int, str]:
    rows: list[Limit] = list(history)  # type: ignore[call-overload]
    return names_of([person for row in rows for person in (row.user_id, row.approved_by_id)])


def _subject_words(outlet: Outlet | None, kind: OutletKind | None) -> dict[str, object]:
    """Return what the form's pages need to say whose limits they are."""
    if outlet is not None:
        return {
            "name": outlet.name,
            "outlet": outlet,
            "back": url_for(".outlet_limits", code=outlet.code),
            "check": url_for(".set_outlet_limits", code=outlet.code),
            "record": url_for(".set_outlet_limits_record", code=outlet.code),
        }
    assert kind is not None
    return {
        "name": _(OUTLET_KINDS[kind]),
        "outlet": None,
        "back": url_for(".kind_limits", kind=kind),
        "check": url_for(".set_kind_limits", kind=kind),
        "record": url_for(".set_kind_limits_record", kind=kind),
    }


def _new(form: LimitForm, outlet: Outlet | None, kind: OutletKind | None) -> NewLimits:
    return NewLimits(
        id=UUID(str(form.id.data)),
        figures=form.figures(),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        reason=str(form.reason.data or ""),
        kind=None if kind is None else str(kind),
        outlet_code=None if outlet is None else outlet.code,
    )


def _ask(outlet: Outlet | None, kind: OutletKind | None) -> Answer:
    form = LimitForm()
    row = said_of_outlet(outlet.id, today()) if outlet else said_of_kind(str(kind), today())
    if request.method == "GET":
        form.fill(figures_of(row))
        form.starts_on.data = today()
        return _form_page(form, outlet, kind)
    if not form.validate():
        return _form_page(form, outlet, kind), 422
    new = _new(form, outlet, kind)
    try:
        judged_subject(new, viewer())
        more = judge_limits(new, outlet)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet, kind), refusal.status
    return render_template(
        "holding/limit_check.html",
        form=form,
        before=figures_of(row).as_dict(),
        after=new.figures.as_dict(),
        names=NAMES,
        figures=FIGURES,
        more=more,
        **_subject_words(outlet, kind),
    )


def _form_page(form: LimitForm, outlet: Outlet | None, kind: OutletKind | None) -> str:
    below = Figures()
    if outlet is not None:
        sources = limit_queries.sources_on(outlet, today())
        below = limit_queries.without_own(sources)
    return render_template("holding/limit_form.html", form=form, below=below, **_subject_words(outlet, kind))


def _record(outlet: Outlet | None, kind: OutletKind | None) -> Answer:
    form = LimitForm()
    if not form.validate():
        return _form_page(form, outlet, kind), 422
    try:
        done = set_limits(_new(form, outlet, kind), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet, kind), refusal.status
    if done:
        tell(_("限额已设定"))
    else:
        tell(_("提高限额要另一个人批准；批准前按原来的限额"), careful=True)
    return redirect(str(_subject_words(outlet, kind)["back"]), 303)


@needs(Permission.LIMIT_EDIT)
def set_kind_limits(kind: str) -> Answer:
    """Ask for the limits of a kind; posted, show them beside what holds."""
    return _ask(None, _kind(kind))


@needs(Permission.LIMIT_EDIT)
def set_kind_limits_record(kind: str) -> Answer:
    """Set the limits of a kind, or ask a second person for what raises one."""
    return _record(None, _kind(kind))


@needs(Permission.LIMIT_EDIT)
def set_outlet_limits(code: str) -> Answer:
    """Ask for the limits of one outlet; posted, show them beside what holds."""
    return _ask(outlet_for(viewer(), code, Permission.LIMIT_EDIT), None)


@needs(Permission.LIMIT_EDIT)
def set_outlet_limits_record(code: str) -> Answer:
    """Set the limits of one outlet, or ask a second person for what raises one."""
    return _record(outlet_for(viewer(), code, Permission.LIMIT_EDIT), None)
