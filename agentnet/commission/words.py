"""How commission is said: what a component pays, whom it covers, and the words of the months' states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from agentnet.commission.rules import Component, Version, format_percent
from agentnet.core.clock import Month
from agentnet.core.money import format_yuan
from agentnet.core.words import translatable
from agentnet.divisions.models import Setting
from agentnet.infra.dates import exact_text, month_text
from agentnet.infra.i18n import in_english, say
from agentnet.outlets.models import Tender
from agentnet.outlets.rules import OutletKind
from agentnet.outlets.words import OUTLET_KINDS

SETTINGS: Mapping[str, str] = {Setting.URBAN: translatable("城区"), Setting.RURAL: translatable("农村")}

MONTH_STATES: Mapping[str, tuple[str, str]] = {
    "OPEN": (translatable("未封账"), "waiting"),
    "CLOSING": (translatable("正在封账"), "moving"),
    "CLOSED": (translatable("已封账"), "good"),
}
"""Word and shape of each state of a month."""


def closed_text(month: Month) -> str:
    """Return what a document's head says of its figures: that their month is closed."""
    return _("%(month)s已封账", month=month_text(month))


def provisional_text(month: Month, at: datetime) -> str:
    """Return what a provisional document's head says of its figures: as of when, and that they may still change."""
    return _("%(month)s尚未封账，截至 %(at)s，以封账后的结算单为准", month=month_text(month), at=exact_text(at)[:16])


def pay_text(component: Component | None) -> str:
    """Return what a component pays for one collection: ``每笔 0.50 元``, ``0.2%，最低 0.10 元，最高 1.00 元``."""
    if component is None:
        return _("没有适用的计酬项目")
    fixed, rate = format_yuan(component.fixed_fen), format_percent(component.rate_ppm)
    if component.fixed_fen and component.rate_ppm:
        text = _("每笔 %(fixed)s 元加金额的 %(rate)s%%", fixed=fixed, rate=rate)
    elif component.rate_ppm:
        text = _("金额的 %(rate)s%%", rate=rate)
    elif component.fixed_fen:
        text = _("每笔 %(fixed)s 元", fixed=fixed)
    else:
        text = _("不计酬")
    if component.minimum_fen:
        text += _("，最低 %(amount)s 元", amount=format_yuan(component.minimum_fen))
    if component.maximum_fen is not None:
        text += _("，最高 %(amount)s 元", amount=format_yuan(component.maximum_fen))
    return text


def scope_text(component: Component, tenders: Iterable[Tender]) -> str:
    """Return whom a component covers: ``村邮站 · 现金``; ``不限网点 · 不限支付方式``."""
    kind = kind_text(component.outlet_kind) if component.outlet_kind else _("不限网点")
    tender = tender_text(component.tender, tenders) if component.tender else _("不限支付方式")
    return f"{kind} · {tender}"


def listed(texts: Iterable[str]) -> str:
    """Return texts as a list inside a sentence."""
    return (", " if in_english() else "、").join(texts)


def kind_text(outlet_kind: str) -> str:
    """Return the word for an outlet kind."""
    return say(OUTLET_KINDS[OutletKind(outlet_kind)])


def tender_text(code: str, tenders: Iterable[Tender]) -> str:
    """Return a tender's name as the register has it."""
    found = next(tender for tender in tenders if tender.code == code)
    return found.name_en if in_english() else found.name


def version_text(version: Version) -> str:
    """Return what a version is called: ``第 2 版``."""
    return _("第 %(number)d 版", number=version.number)


def setting_text(setting: str) -> str:
    """Return the word for urban or rural."""
    return say(SETTINGS[setting])


@dataclass(frozen=True, slots=True)
class Words:
    """Words for templates, with the tenders' names at hand."""

    tenders: Sequence[Tender]

    def pay(self, component: Component | None) -> str:
        """Return what it pays."""
        return pay_text(component)

    def scope(self, component: Component) -> str:
        """Return whom it covers."""
        return scope_text(component, self.tenders)

    def said(self, component: Component) -> str:
        """Return whom it covers and what it pays, on one line."""
        return self.scope(component) + (": " if in_english() else "：") + self.pay(component)

    def tender(self, code: str) -> str:
        """Return a tender's name."""
        return tender_text(code, self.tenders)

    def kind(self, code: str) -> str:
        """Return the word for an outlet kind."""
        return kind_text(code)

    def setting(self, code: str) -> str:
        """Return the word for urban or rural."""
        return setting_text(code)
