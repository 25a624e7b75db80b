"""Lists: today's collections at the counter, collections of a territory, households."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.collecting import listing, queries
from agentnet.collecting.actions import reveal_household
from agentnet.collecting.forms import RevealForm
from agentnet.collecting.listing import LARGE, STANDS, VOIDED, CollectionFilter
from agentnet.collecting.rules import due_total
from agentnet.collecting.views import chosen_shown
from agentnet.core.clock import shanghai, today
from agentnet.core.errors import Missing, Refusal
from agentnet.core.masks import mask_household_no, mask_name
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english
from agentnet.infra.pages import typed_day, typed_text
from agentnet.infra.sheets import KINDS, Yuan, download
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]

USUAL_DAYS = 7
FILTERS = ("from", "to", "outlet", "q", "tender", "setting", "state", "campaign")


def _filter_asked() -> CollectionFilter:
    """Read the filters from the address; without any day the last week is shown."""
    first, last = typed_day(request.args, "from"), typed_day(request.args, "to")
    words = typed_text(request.args, "q", 48)
    if first is None and last is None and not words:
        first, last = today() - timedelta(days=USUAL_DAYS - 1), today()
    state = request.args.get("state", "")
    setting = request.args.get("setting", "")
    return CollectionFilter(
        starts_on=first,
        ends_on=None if last is None else last + timedelta(days=1),
        outlet_code=typed_text(request.args, "outlet", 32),
        tender=typed_text(request.args, "tender", 16),
        state=state if state in (STANDS, VOIDED, LARGE) else "",
        words=words,
        setting=setting if setting in ("URBAN", "RURAL") else "",
        campaign=typed_text(request.args, "campaign", 32),
    )


@needs(Permission.COLLECTION_RECORD)
def today_list() -> Answer:
    """List what the own outlet took today, with its sum; what came after the day's close too."""
    outlet = chosen_shown(typed_text(request.args, "outlet", 32))
    words = typed_text(request.args, "q", 48)
    wanted = CollectionFilter(
        starts_on=today(), ends_on=today() + timedelta(days=2), outlet_code=outlet.code, words=words
    )
    return render_template(
        "collecting/today.html",
        outlet=outlet,
        words=words,
        page=listing.collections_page(viewer(), wanted, request.args),
        sums=listing.sums_of(viewer(), wanted),
        tender_names=queries.tender_names(in_english()),
    )


@needs(Permission.COLLECTION_READ)
def collections() -> Answer:
    """List the collections of the viewer's territory."""
    wanted = _filter_asked()
    return render_template(
        "collecting/collections.html",
        wanted=wanted,
        filtered=any(request.args.get(name) for name in FILTERS),
        last_day=None if wanted.ends_on is None else wanted.ends_on - timedelta(days=1),
        page=listing.collections_page(viewer(), wanted, request.args),
        sums=listing.sums_of(viewer(), wanted),
        tender_names=queries.tender_names(in_english()),
        may_export=may(viewer(), Permission.EXPORT),
    )


@needs(Permission.EXPORT)
def export(kind: str) -> Answer:
    """Send the filtered collections as a file, masked."""
    if kind not in KINDS:
        raise Missing("export_kind_missing", "只能导出 CSV 或 XLSX")
    names = queries.tender_names(in_english())
    head = [
        _("凭证号"), _("营业日"), _("时间"), _("网点编号"), _("收费网点"), _("户号"), _("户名"), _("支付方式"),
        _("参考号"), _("金额（元）"), _("城乡"), _("状态"),
    ]  # fmt: skip
    rows = (
        (
            row.Collection.receipt_no,
            row.Collection.business_on,
            f"{shanghai(row.Collection.collected_at):%H:%M:%S}",
            row.code,
            row.name,
            mask_household_no(row.Household.household_no),
            mask_name(row.Household.name),
            names.get(row.Collection.tender, ""),
            row.Collection.reference,
            Yuan(row.Collection.amount_fen),
            _("城区") if row.Collection.setting == "URBAN" else _("农村"),
            _("有效") if row.Void is None else _("已撤销"),
        )
        for row in listing.rows_to_export(viewer(), _filter_asked())
    )
    return download(kind, _("收费记录"), head, rows)


@needs(Permission.HOUSEHOLD_READ)
def households() -> Answer:
    """Find a household by number or address; names stay masked."""
    words = typed_text(request.args, "q", 60)
    page = listing.households_page(viewer(), words, request.args)
    return render_template("collecting/households.html", page=page, words=words)


@needs(Permission.HOUSEHOLD_READ)
def household(household_no: str) -> Answer:
    """Show a household masked, with what it owes, and ask why its name is needed."""
    return _household_page(household_no, RevealForm())


def _household_page(household_no: str, form: RevealForm) -> str:
    found = queries.household_for(viewer(), household_no)
    echo = queries.echo_of(found)
    return render_template(
        "collecting/household.html",
        household=found,
        echo=echo,
        due_fen=due_total(echo.bills),
        form=form,
        revealed=False,
        may_reveal=may(viewer(), Permission.HOUSEHOLD_REVEAL),
    )


@needs(Permission.HOUSEHOLD_REVEAL)
def reveal(household_no: str) -> Answer:
    """Show the full name once, for a reason that is written down."""
    form = RevealForm()
    if not form.validate():
        return _household_page(household_no, form), 422
    try:
        found = reveal_household(household_no, form.reason.data, viewer())
    except Refusal as refusal:
        if refusal.field is None:
            raise
        show_refusal(form, refusal)
        return _household_page(household_no, form), refusal.status
    echo = queries.echo_of(found)
    return render_template(
        "collecting/household.html",
        household=found,
        echo=echo,
        due_fen=due_total(echo.bills),
        form=form,
        revealed=True,
        may_reveal=True,
    )
