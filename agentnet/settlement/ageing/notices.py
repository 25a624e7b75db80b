"""What a keeper must know of overdue cash before anything else: on the counter's first page and on the drawer."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from agentnet.collecting.words import Notice
from agentnet.core.clock import today
from agentnet.infra.dates import day_text
from agentnet.infra.i18n import in_english, money_text
from agentnet.outlets.models import Outlet
from agentnet.outlets.rules import State
from agentnet.settlement.ageing.queries import age_kept, open_suspensions
from agentnet.settlement.ageing.rules import is_warned


def overdue_notices(outlet: Outlet) -> list[Notice]:
    """Return what to tell the keeper of an outlet, the gravest alone."""
    if outlet.state == State.SUSPENDED and any(row.last_id == row.state_id for row in open_suspensions([outlet.id])):
        return [
            _notice(
                outlet,
                _("逾期没有交款，本网点已自动暂停收费。请把现金交了并在这里报交款；财务确认到账后自动恢复。"),
                "bad",
            )
        ]
    age = age_kept(outlet.id)
    if age is None or not age.due_fen:
        return []
    amount = money_text(age.due_fen)
    if outlet.state == State.ACTIVE and is_warned(age.suspends_on, today()):
        words = _("今天是最后的机会：今天不报交 %(amount)s，明天起自动暂停收费。", amount=amount)
        return [_notice(outlet, words, "bad")]
    if not age.missed:
        return []
    words = ngettext(
        "已错过 %(num)d 次交款机会：以前收的 %(amount)s。",
        "已错过 %(num)d 次交款机会：以前收的 %(amount)s。",
        age.missed,
        amount=amount,
    )
    if age.next_on:
        words += (" " if in_english() else "") + _("下一个交款日：%(day)s。", day=day_text(age.next_on))
    return [_notice(outlet, words, "careful")]


def _notice(outlet: Outlet, text: str, tone: str) -> Notice:
    return Notice(text, tone, url_for("settlement.drawer", outlet=outlet.code), _("去交款"))
