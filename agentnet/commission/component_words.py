"""How a plan's components are said: whom one covers, what it pays, and how a figure came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from agentnet.commission.engine.explaining import Working
from agentnet.commission.engine.language import Band, Basis, Component, Kind, Measure, Mode, Scope, Step, Tier
from agentnet.commission.engine.reasons import REASON_WORDS
from agentnet.commission.engine.spelling import INPUT_WORDS
from agentnet.commission.rules import format_percent
from agentnet.core.money import Fen, format_yuan
from agentnet.core.words import translatable
from agentnet.divisions.models import Setting
from agentnet.infra.i18n import in_english, say
from agentnet.outlets.models import Tender
from agentnet.outlets.rules import OutletKind
from agentnet.outlets.words import OUTLET_KINDS

BASIS_WORDS: Mapping[Basis, str] = {
    Basis.ENTERED: translatable("按收费：收了就计酬"),
    Basis.SETTLED: translatable("按结清：现金到账后按到账的部分计酬"),
}
SETTINGS: Mapping[str, str] = {Setting.URBAN: translatable("城区"), Setting.RURAL: translatable("农村")}


def pay_text(component: Component | None) -> str:
    """Return what a component pays: ``每笔 0.50 元``; ``金额的 0.2%，最低 0.10 元，最高 1.00 元``."""
    if component is None:
        return _("没有适用的计酬项目")
    return _what(component) + "".join(_bounds(component))


def _what(component: Component) -> str:
    match component.kind:
        case Kind.PER_COLLECTION:
            return _price(component.fee_fen, component.rate_ppm)
        case Kind.BANDED:
            return _("按每笔金额分档：%(parts)s", parts=_listed(_band(band) for band in component.bands))
        case Kind.TIERED:
            return _tiered(component)
        case Kind.GROWTH:
            return _("比去年同月增长的部分：%(parts)s", parts=_listed(_step(component, one) for one in component.steps))
        case Kind.SUBSIDY:
            return _subsidy(component)
        case Kind.MANDATE_BONUS:
            return _("每签一份委托代扣 %(amount)s 元", amount=format_yuan(component.amount_fen))


def _price(fee_fen: Fen, rate_ppm: int) -> str:
    fixed, rate = format_yuan(fee_fen), format_percent(rate_ppm)
    if fee_fen and rate_ppm:
        return _("每笔 %(fixed)s 元加金额的 %(rate)s%%", fixed=fixed, rate=rate)
    if rate_ppm:
        return _("金额的 %(rate)s%%", rate=rate)
    return _("每笔 %(fixed)s 元", fixed=fixed) if fee_fen else _("不计酬")


def _band(band: Band) -> str:
    price = _price(band.fee_fen, band.rate_ppm)
    return _("%(from_)s 元起%(price)s", from_=format_yuan(band.from_fen), price=price)


def _tiered(component: Component) -> str:
    by_volume = component.measure is Measure.VOLUME
    parts = _listed(_tier(tier, by_volume) for tier in component.tiers)
    if component.mode is Mode.MARGINAL:
        return (
            _("按月收费额分段累进：%(parts)s", parts=parts)
            if by_volume
            else _("按月笔数分段累进：%(parts)s", parts=parts)
        )
    return (
        _("按月收费额全额分档：%(parts)s", parts=parts) if by_volume else _("按月笔数全额分档：%(parts)s", parts=parts)
    )


def _tier(tier: Tier, by_volume: bool) -> str:
    if by_volume:
        return _("%(from_)s 元起%(price)s", from_=format_yuan(tier.from_), price=_price(0, tier.rate_ppm))
    return _("%(from_)s 笔起%(price)s", from_=f"{tier.from_:,}", price=_price(tier.fee_fen, 0))


def _step(component: Component, step: Step) -> str:
    price = _price(0, step.rate_ppm) if component.measure is Measure.VOLUME else _price(step.fee_fen, 0)
    return _("达到去年的 %(share)s%% 起%(price)s", share=format_percent(step.from_ppm), price=price)


def _subsidy(component: Component) -> str:
    text = _("每月补贴 %(amount)s 元", amount=format_yuan(component.amount_fen))
    if component.minimum_open_days:
        days = component.minimum_open_days
        text += ngettext("，营业满 %(num)d 天", "，营业满 %(num)d 天", days)
    if component.minimum_visits:
        visits = component.minimum_visits
        text += ngettext("，走访合格 %(num)d 次", "，走访合格 %(num)d 次", visits)
    return text


def _bounds(component: Component) -> Iterable[str]:
    if component.minimum_fen:
        yield _("，最低 %(amount)s 元", amount=format_yuan(component.minimum_fen))
    if component.maximum_fen is not None:
        yield _("，最高 %(amount)s 元", amount=format_yuan(component.maximum_fen))
    if component.per_household:
        yield _("，同一户一个月合并为一笔")
    if component.household_month_cap_fen is not None:
        yield _("，同一户一个月最多 %(amount)s 元", amount=format_yuan(component.household_month_cap_fen))
    if component.month_minimum_fen:
        yield _("，全月最低 %(amount)s 元", amount=format_yuan(component.month_minimum_fen))
    if component.month_maximum_fen is not None:
        yield _("，全月最高 %(amount)s 元", amount=format_yuan(component.month_maximum_fen))


def _listed(texts: Iterable[str]) -> str:
    return ("; " if in_english() else "；").join(texts)


def scope_text(scope: Scope, tenders: Sequence[Tender]) -> str:
    """Return whom a component covers: ``村邮站 · 现金``; ``不限网点 · 不限支付方式``."""
    kinds = listed(kind_text(kind) for kind in sorted(scope.outlet_kinds))
    names = listed(tender_text(code, tenders) for code in sorted(scope.tenders))
    more = [
        listed(setting_text(one) for one in sorted(scope.settings)),
        listed(sorted(scope.partners | scope.campaigns)),
    ]
    return " · ".join([kinds or _("不限网点"), names or _("不限支付方式"), *filter(None, more)])


def working_texts(working: Working) -> list[str]:
    """Return how a figure came about: what it was worked out from, the formula's lines, and why, if it is odd."""
    colon = ": " if in_english() else "："
    texts = [say(INPUT_WORDS[code]) + colon + value for code, value in working.inputs]
    texts += working.formula
    if working.reason is not None:
        texts.append(say(REASON_WORDS[working.reason]))
    return texts


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


def setting_text(setting: str) -> str:
    """Return the word for urban or rural."""
    return say(SETTINGS[setting])
