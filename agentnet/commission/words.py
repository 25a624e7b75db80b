"""How commission is said on screens: components, versions, and the states of months."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask_babel import gettext as _

from agentnet.commission.component_words import (
    BASIS_WORDS,
    kind_text,
    listed,
    pay_text,
    scope_text,
    setting_text,
    tender_text,
    working_texts,
)
from agentnet.commission.engine.explaining import Working
from agentnet.commission.engine.language import Basis, Component, Share
from agentnet.commission.engine.reasons import REASON_WORDS, Reason
from agentnet.commission.engine.spelling import INPUT_WORDS, Input, decimal
from agentnet.commission.rules import format_percent
from agentnet.core.clock import Month
from agentnet.core.words import translatable
from agentnet.infra.dates import exact_text, month_text
from agentnet.infra.i18n import in_english, say
from agentnet.outlets.models import Tender

MONTH_STATES: Mapping[str, tuple[str, str]] = {
    "OPEN": (translatable("未封账"), "waiting"),
    "CLOSING": (translatable("正在封账"), "moving"),
    "CLOSED": (translatable("已封账"), "good"),
}
"""Word and shape of each state of a month."""


SHARES: Mapping[str, str] = {"KEEPER": translatable("代办人"), "PARTNER": translatable("合作单位")}
"""The parts a plan may name without a person's name."""


AMOUNTS = frozenset({Input.AMOUNT, Input.HOUSEHOLD_BEFORE, Input.SETTLED_BEFORE, Input.SETTLED_NOW})
"""What of a collection's inputs is money; the engine writes figures without their unit."""


def closed_text(month: Month) -> str:
    """Return what a document's head says of its figures: that their month is closed."""
    return _("%(month)s已封账", month=month_text(month))


def provisional_text(month: Month, at: datetime) -> str:
    """Return what a provisional document's head says of its figures: as of when, and that they may still change."""
    return _("%(month)s尚未封账，截至 %(at)s，以封账后的结算单为准", month=month_text(month), at=exact_text(at)[:16])


@dataclass(frozen=True)
class Words:
    """Words for templates; the tenders' names are asked for where a component is for some of them only."""

    known: Callable[[], Sequence[Tender]] = tuple

    @cached_property
    def tenders(self) -> Sequence[Tender]:
        """The tenders in their usual order."""
        return self.known()

    def pay(self, component: Component | None) -> str:
        """Return what it pays."""
        return pay_text(component)

    def basis(self, basis: Basis) -> str:
        """Return what a version pays by."""
        return say(BASIS_WORDS[basis])

    def scope(self, component: Component) -> str:
        """Return whom it covers."""
        return scope_text(component.scope, self.tenders if component.scope.tenders else ())

    def said(self, component: Component) -> str:
        """Return whom it covers and what it pays, on one line."""
        return self.scope(component) + (": " if in_english() else "：") + self.pay(component)

    def named(self, component: Component) -> str:
        """Return its name with the group it is an alternative of, if of any."""
        group = _("（择一组：%(group)s）", group=component.group) if component.group else ""
        return component.name + group

    def why(self, components: Sequence[Component]) -> str:
        """Return why a collection earns what it does: what each component that pays it pays."""
        return listed(pay_text(one) for one in components) or pay_text(None)

    def share(self, share: Share) -> str:
        """Return a named part of what is due."""
        name = say(SHARES[share.name]) if share.name in SHARES else share.name
        return f"{name} {format_percent(share.ppm)}%"

    def working(self, working: Working) -> Sequence[str]:
        """Return how a figure came about, line by line."""
        return working_texts(working)

    def inputs(self, working: Working) -> Sequence[tuple[str, str]]:
        """Return what a figure was worked out from, each with its word."""
        return [
            (say(INPUT_WORDS[code]), _("%(amount)s 元", amount=value) if code in AMOUNTS else value)
            for code, value in working.inputs
        ]

    def exact(self, working: Working) -> str:
        """Return in yuan what was rounded."""
        return decimal(*working.exact) if working.exact is not None else ""

    def reason(self, reason: Reason | None) -> str:
        """Return why a figure is empty or odd."""
        return say(REASON_WORDS[reason]) if reason is not None else ""

    def tender(self, code: str) -> str:
        """Return a tender's name."""
        return tender_text(code, self.tenders)

    def kind(self, code: str) -> str:
        """Return the word for an outlet kind."""
        return kind_text(code)

    def setting(self, code: str) -> str:
        """Return the word for urban or rural."""
        return setting_text(code)
