"""Pages of the books: the trial balance, the accounts behind a line, one account with its running balance."""

from __future__ import annotations

from flask import render_template, request

from agentnet.books.accounts import account_for, account_page, accounts_page
from agentnet.books.asking import AccountWords, asked_span, asked_unit, line_text, span_arguments, span_text
from agentnet.books.queries import trial_balance
from agentnet.books.rules import on_side
from agentnet.books.subjects import places_of
from agentnet.books.words import KINDS, OTHER_KIND, OWNERS, SIDES
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Missing
from agentnet.infra.i18n import say
from agentnet.infra.pages import typed_text
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CHART
from agentnet.outlets.views.common import choices_of
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may


@needs(Permission.LEDGER_READ)
def trial() -> str:
    """Show the trial balance of a unit and all below it, for a month or up to a day."""
    unit, units = asked_unit()
    span = asked_span()
    return render_template(
        "books/trial.html",
        balance=trial_balance(unit, span),
        unit=unit,
        units=choices_of(units),
        span=span,
        asked=span_arguments(span),
        period=span_text(span),
        last=Month.of(today()),
        state=month_state(span.month),
        owners=OWNERS,
        sides=SIDES,
        line_text=line_text,
        on_side=on_side,
        made_at=now(),
        may_export=may(viewer(), Permission.JOURNAL_EXPORT),
    )


@needs(Permission.LEDGER_READ)
def line(owner_kind: str, code: str) -> str:
    """List the accounts of a line at and below a unit, with what each held and moved.

    Raises:
        Missing: ``line_missing``.
    """
    unit, units = asked_unit()
    span = asked_span()
    of_line = owner_kind.upper(), code.upper()
    if of_line not in CHART:
        raise Missing("line_missing", "没有这个科目")
    words = typed_text(request.args, "q", 60)
    return render_template(
        "books/line.html",
        page=accounts_page(unit, *of_line, span, words, request.args),
        name=line_text(*of_line),
        unit=unit,
        units=choices_of(units),
        span=span,
        asked=span_arguments(span),
        period=span_text(span),
        words=words,
        side=CHART[of_line].normal_side,
        sides=SIDES,
        account_text=AccountWords(),
        made_at=now(),
    )


@needs(Permission.LEDGER_READ)
def account(account_id: int) -> str:
    """Show one account's transfers in a month with the balance after each, each leading to its paper."""
    found = account_for(viewer(), account_id)
    span = asked_span()
    shown = account_page(found.id, span, request.args, side=found.normal_side)
    words = AccountWords()
    others = {one.other.id: one.other for one in shown.page.items}
    papers = places_of((one.subject_kind, one.subject_id) for one in shown.page.items)
    return render_template(
        "books/account.html",
        account=found,
        name=words(found.key.owner_kind, found.key.code, found.key.detail),
        shown=shown,
        page=shown.page,
        lines=[(one, papers.get((one.subject_kind, one.subject_id))) for one in shown.page.items],
        others={id_: words(of.key.owner_kind, of.key.code, of.key.detail) for id_, of in others.items()},
        kind_words={kind: say(KINDS.get(kind, OTHER_KIND)) for kind in {one.kind for one in shown.page.items}},
        span=span,
        asked=span_arguments(span),
        period=span_text(span),
        last=Month.of(today()),
        side=found.normal_side,
        sides=SIDES,
        on_side=on_side,
        made_at=now(),
    )
