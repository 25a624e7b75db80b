"""What a version comes to for some bills: what each component pays, and what such a payment earns in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from flask_babel import gettext as _

from agentnet.commission.component_words import kind_text, listed, setting_text, tender_text
from agentnet.commission.engine.amounts import pay_of
from agentnet.commission.engine.compiling import OTHER, Route, compile_version
from agentnet.commission.engine.inputs import Profile
from agentnet.commission.engine.language import PAYS_COLLECTIONS, Component, Scope, Share, Version
from agentnet.commission.engine.sharing import split
from agentnet.core.money import Fen
from agentnet.divisions.models import Setting
from agentnet.outlets.models import Tender
from agentnet.outlets.rules import OutletKind

EXAMPLE_FEN: Final = (20_00, 100_00, 203_50, 500_00, 2_000_00)
"""Bills the worked example goes through: small, a round one, a usual one, two large."""

MOST_TOTALS: Final = 24
"""Kinds of payment that are told apart; a plan with more would fill pages."""

MOST_NAMED: Final = 4
"""Tenders that are named one by one; more are the others, which stand last."""


@dataclass(frozen=True, slots=True)
class Total:
    """What payments of one kind earn in all: ``whom`` they are, ``names`` of what adds up, a figure for each bill."""

    whom: str
    names: tuple[str, ...]
    earned: tuple[Fen, ...]
    shares: tuple[tuple[Share, tuple[Fen, ...]], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A version's worked example. ``totals`` is empty where one component stands alone, or where there are too many."""

    amounts: tuple[Fen, ...]
    rows: tuple[tuple[Component, tuple[Fen, ...]], ...]
    monthly: tuple[Component, ...]
    totals: tuple[Total, ...]
    shares: tuple[Share, ...]
    too_many: bool


def worked_example(version: Version, tenders: Sequence[Tender]) -> Example:
    """Return what a version comes to for the example bills, each a household's first of its month."""
    paying = [one for one in version.components if one.kind in PAYS_COLLECTIONS]
    totals = _totals(version, tenders) if paying and (len(paying) > 1 or version.shares) else []
    return Example(
        amounts=EXAMPLE_FEN,
        rows=tuple((one, tuple(map(pay_of(one), EXAMPLE_FEN))) for one in paying),
        monthly=tuple(one for one in version.components if one.kind not in PAYS_COLLECTIONS),
        totals=tuple(totals) if len(totals) <= MOST_TOTALS else (),
        shares=version.shares,
        too_many=len(totals) > MOST_TOTALS,
    )


def _totals(version: Version, tenders: Sequence[Tender]) -> list[Total]:
    """Return a total for each kind of payment that is paid by other components than the rest."""
    pays = frozenset(at for at, one in enumerate(version.components) if one.kind in PAYS_COLLECTIONS)
    named = [one.scope for one in version.components if one.kind in PAYS_COLLECTIONS]
    codes = [tender.code for tender in tenders] or [OTHER]
    alike: dict[tuple[frozenset[int], ...], list[str]] = {}
    routes: dict[tuple[frozenset[int], ...], list[Route]] = {}
    for profile, whom in _profiles(named):
        found = [compile_version(version, profile).route(code) for code in codes]
        key = tuple(route.indexes & pays for route in found)
        alike.setdefault(key, []).append(whom)
        routes.setdefault(key, found)
    totals = []
    for key, whose in alike.items():
        outlets = "" if len(alike) == 1 else listed(whose)
        for indexes in sorted(dict.fromkeys(key), key=key.count):
            same = [code for code, one in zip(codes, key, strict=True) if one == indexes]
            how = listed(tender_text(code, tenders) for code in same)
            if len(same) > MOST_NAMED:
                how = _("不限支付方式") if len(same) == len(codes) else _("其他支付方式")
            route = routes[key][key.index(indexes)]
            earned = tuple(_earned(route, amount) for amount in EXAMPLE_FEN)
            names = tuple(version.components[at].name for at in sorted(indexes))
            totals.append(Total(" · ".join(filter(None, (outlets, how))), names, earned, _shared(version, earned)))
    return totals


def _profiles(scopes: Iterable[Scope]) -> Iterable[tuple[Profile, str]]:
    """Return the outlets that scopes can tell apart, each with its words."""
    known = list(scopes)
    kinds = sorted({kind for one in known for kind in one.outlet_kinds})
    settings = sorted({setting for one in known for setting in one.settings})
    partners = sorted({code for one in known for code in one.partners})
    campaigns = sorted({code for one in known for code in one.campaigns})
    of_kind = [(kind, kind_text(kind)) for kind in kinds]
    if len(kinds) < len(OutletKind):
        of_kind.append(("", _("其他网点") if kinds else ""))
    in_setting = [(str(one), setting_text(one)) for one in Setting] if settings else [("", "")]
    of_partner = [(code, code) for code in partners] + [("", _("没有合作单位") if partners else "")]
    in_campaign = [({code}, code) for code in campaigns] + [(set(), _("不在活动中") if campaigns else "")]
    for kind, setting, partner, campaign in product(of_kind, in_setting, of_partner, in_campaign):
        profile = Profile(kind[0], setting[0], partner[0], frozenset(campaign[0]))
        yield profile, " · ".join(filter(None, (kind[1], setting[1], partner[1], campaign[1])))


def _earned(route: Route, amount: Fen) -> Fen:
    plain, _parts = route.earned(amount)
    joined = [(pay(amount), component.household_month_cap_fen) for _at, component, pay in route.joined]
    return plain + sum(fen if cap is None else min(fen, cap) for fen, cap in joined)


def _shared(version: Version, earned: Sequence[Fen]) -> tuple[tuple[Share, tuple[Fen, ...]], ...]:
    parts = [split(fen, version.shares) for fen in earned]
    return tuple((share, tuple(part[at][1] for part in parts)) for at, share in enumerate(version.shares))
