"""What finance types to agree a plan: a version's components, each with what its kind needs, and a file instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace as _replace
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FileField, Form, FormField, StringField

from agentnet.commission.component_words import BASIS_WORDS, SETTINGS, tender_text
from agentnet.commission.engine.language import (
    PAYS_COLLECTIONS,
    Band,
    Basis,
    Component,
    Kind,
    Measure,
    Mode,
    Scope,
    Step,
    Tier,
    Version,
)
from agentnet.commission.payout.words import share_text
from agentnet.commission.plan_row_forms import AMOUNT as _AMOUNT
from agentnet.commission.plan_row_forms import PartForm, PercentField, ShareForm
from agentnet.commission.rules import format_percent, parse_percent
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.money import Fen, format_yuan, parse_yuan
from agentnet.core.words import translatable
from agentnet.infra.forms import (
    ChecksField,
    ChoiceField,
    CountField,
    DayField,
    HouseForm,
    IdField,
    Needed,
    NoLongerThan,
    YuanField,
)
from agentnet.infra.i18n import refusal_text
from agentnet.outlets.models import Partner, Tender
from agentnet.outlets.words import OUTLET_KINDS

MOST_COMPONENTS = 60
MOST_PARTS = 30
MOST_SHARES = 6

KINDS: Mapping[str, str] = {
    Kind.PER_COLLECTION: translatable("每笔：固定金额加比例"),
    Kind.BANDED: translatable("每笔：按金额分档"),
    Kind.TIERED: translatable("全月：阶梯"),
    Kind.GROWTH: translatable("全月：比去年同月增长"),
    Kind.SUBSIDY: translatable("全月：固定补贴"),
}
MEASURES: Mapping[str, str] = {Measure.VOLUME: translatable("收费额"), Measure.COUNT: translatable("笔数")}
MODES: Mapping[str, str] = {
    Mode.MARGINAL: translatable("分段累进：每段按本段的标准"),
    Mode.WHOLE: translatable("全额：全部按达到的那一段"),
}
SCOPES = ("outlet_kinds", "tenders", "settings", "partners", "campaigns")


class ComponentForm(Form):
    """One component. Which boxes count depends on its kind; empty amounts are none."""

    kind = ChoiceField(_l("怎么计"), choices=[(code, _l(words)) for code, words in KINDS.items()])
    name = StringField(_l("名称"), [NoLongerThan(80)])
    outlet_kinds = ChecksField(_l("网点类型"), choices=[(str(code), _l(words)) for code, words in OUTLET_KINDS.items()])
    tenders = ChecksField(_l("支付方式"))
    settings = ChecksField(_l("城乡"), choices=[(str(code), _l(words)) for code, words in SETTINGS.items()])
    partners = ChecksField(_l("合作单位"))
    campaigns = ChecksField(_l("活动"))
    group = StringField(_l("择一组"), [NoLongerThan(32)])
    fixed = YuanField(_l("每笔"), [_AMOUNT])
    rate = PercentField(_l("比例（%）"))
    minimum = YuanField(_l("每笔最低"), [_AMOUNT])
    maximum = YuanField(_l("每笔最高"), [_AMOUNT])
    per_household = BooleanField(_l("同一户一个月合并为一笔计"))
    household_cap = YuanField(_l("同一户一个月最多"), [_AMOUNT])
    measure = ChoiceField(_l("按什么计"), choices=[(code, _l(words)) for code, words in MEASURES.items()])
    mode = ChoiceField(_l("怎么分段"), choices=[(code, _l(words)) for code, words in MODES.items()])
    parts = FieldList(FormField(PartForm), _l("第 %(number)d 段"), min_entries=0, max_entries=MOST_PARTS)
    amount = YuanField(_l("金额"), [_AMOUNT])
    open_days = CountField(_l("至少营业天数"))
    visits = CountField(_l("至少走访合格次数"))
    month_minimum = YuanField(_l("全月最低"), [_AMOUNT])
    month_maximum = YuanField(_l("全月最高"), [_AMOUNT])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check shapes, those of the parts' edges by what the kind measures."""
        valid = super().validate(extra_validators)
        read = self._edge()
        for row in self.parts:
            part = cast(Any, row.form)
            if part.is_empty:
                continue
            try:
                read(part.start.data or "")
            except Refusal as refusal:
                part.start.errors = [*part.start.errors, refusal_text(refusal)]
                valid = False
            except ValueError:
                part.start.errors = [*part.start.errors, _("请输入整数笔数，例如 100")]
                valid = False
        return valid

    @property
    def chosen_kind(self) -> Kind:
        """The kind as chosen; the first one until one is."""
        return Kind(self.kind.data) if self.kind.data in set(Kind) else Kind.PER_COLLECTION

    @property
    def part_unit(self) -> str:
        """What the edges of its parts are measured in."""
        if self.chosen_kind is Kind.GROWTH:
            return "%"
        return _("笔") if self._edge() is int else _("元")

    @property
    def scope(self) -> Scope:
        """Whom the component is for, as far as chosen from what was offered."""
        fields = [cast(Any, self)[name] for name in SCOPES]
        offered = [{choice.value for choice in field.choices} for field in fields]
        return Scope(*(frozenset(field.data or ()) & known for field, known in zip(fields, offered, strict=True)))

    def _measure(self) -> Measure:
        return Measure(self.measure.data) if self.measure.data in set(Measure) else Measure.VOLUME

    def _edge(self) -> Callable[[str], int]:
        if self.chosen_kind is Kind.GROWTH:
            return _growth_edge
        return int if self.chosen_kind is Kind.TIERED and self._measure() is Measure.COUNT else parse_yuan

    def component(self) -> Component:
        """Return the row as the plan language has it; what its kind does not know is left out."""
        typed, kind = cast(Any, self), self.chosen_kind
        pays = kind in PAYS_COLLECTIONS
        flat, parts = kind is Kind.PER_COLLECTION, self._parts()
        subsidy = kind is Kind.SUBSIDY
        return Component(
            kind=kind,
            name=typed.name.data or "",
            scope=self.scope,
            group=typed.group.data or None,
            fee_fen=typed.fixed.data or 0 if flat else 0,
            rate_ppm=typed.rate.data or 0 if flat else 0,
            minimum_fen=typed.minimum.data if pays else None,
            maximum_fen=typed.maximum.data if pays else None,
            per_household=bool(typed.per_household.data) if pays else False,
            household_month_cap_fen=typed.household_cap.data if pays else None,
            bands=tuple(Band(at, to, fee, rate) for at, to, fee, rate in parts) if kind is Kind.BANDED else (),
            measure=self._measure() if kind in (Kind.TIERED, Kind.GROWTH) else Measure.VOLUME,
            mode=Mode(typed.mode.data or Mode.MARGINAL) if kind in (Kind.TIERED, Kind.GROWTH) else Mode.MARGINAL,
            tiers=tuple(Tier(at, to, rate, fee) for at, to, fee, rate in parts) if kind is Kind.TIERED else (),
            steps=tuple(Step(at, to, rate, fee) for at, to, fee, rate in parts) if kind is Kind.GROWTH else (),
            amount_fen=typed.amount.data or 0 if subsidy or kind is Kind.MANDATE_BONUS else 0,
            minimum_open_days=typed.open_days.data or 0 if subsidy else 0,
            minimum_visits=typed.visits.data or 0 if subsidy else 0,
            month_minimum_fen=typed.month_minimum.data,
            month_maximum_fen=typed.month_maximum.data,
        )

    def _parts(self) -> list[tuple[int, int | None, Fen, int]]:
        """Return from, to, fee and rate of the parts that were filled in: each ends where the next begins."""
        read = self._edge()
        rows = [cast(Any, row.form) for row in self.parts if not cast(Any, row.form).is_empty]
        edges = [read(row.start.data or "0") for row in rows]
        ends: list[int | None] = [*edges[1:], None]
        return [
            (edge, end, row.fixed.data or 0, row.rate.data or 0)
            for edge, end, row in zip(edges, ends[: len(edges)], rows, strict=True)
        ]


def _growth_edge(text: str) -> int:
    """Read a share of last year in per cent, up to a thousand times as much."""
    whole = text.strip().replace("％", "%").removesuffix("%").strip()
    if whole.isascii() and whole.isdigit() and len(whole) <= 6:
        return int(whole) * 10_000
    return parse_percent(whole)


class VersionForm(HouseForm):
    """A new version of a plan."""

    id = IdField()
    starts_on = DayField(_l("从哪天起"), [Needed()])
    basis = ChoiceField(
        _l("按什么计酬"),
        choices=[(code.value, _l(words)) for code, words in BASIS_WORDS.items()],
        default=Basis.ENTERED.value,
    )
    components = FieldList(
        FormField(ComponentForm), _l("计酬项目 %(number)d"), min_entries=1, max_entries=MOST_COMPONENTS
    )
    shares = FieldList(FormField(ShareForm), _l("第 %(number)d 份分成"), min_entries=0, max_entries=MOST_SHARES)
    note = StringField(_l("依据"), [Needed(), NoLongerThan(200)])

    def offer(
        self, tenders: Iterable[Tender], partners: Iterable[Partner], campaigns: Sequence[tuple[str, str]]
    ) -> None:
        """Fill the lists of every row."""
        known = list(tenders)
        codes = [(tender.code, tender_text(tender.code, known)) for tender in known]
        names = [(partner.code, partner.name) for partner in partners]
        for row in self.components:
            row.form.tenders.offer(codes)
            row.form.partners.offer(names)
            row.form.campaigns.offer(campaigns)

    def show(self, version: Version) -> None:
        """Begin with the components and shares of a version.

        Raises:
            Invalid: ``form_short`` if it holds more than the form can show.
        """
        parts = max((len(one.bands) + len(one.tiers) + len(one.steps) for one in version.components), default=0)
        if len(version.components) > MOST_COMPONENTS or parts > MOST_PARTS or len(version.shares) > MOST_SHARES:
            raise Invalid(
                "form_short",
                "这个方案太长，表单放不下：最多 %(components)s 个项目，每个项目 %(parts)s 段，%(shares)s 份分成",
                field="file",
                components=MOST_COMPONENTS,
                parts=MOST_PARTS,
                shares=MOST_SHARES,
            )
        for rows, known in ((self.components, map(_shown, version.components)), (self.shares, version.shares)):
            while rows.entries:
                rows.pop_entry()
            for one in known:
                rows.append_entry(one if isinstance(one, dict) else {"name": share_text(one.name), "percent": one.ppm})
        if not self.components.entries:
            self.components.append_entry({})
        self.basis.data = version.basis.value

    def begin_parts(self) -> None:
        """Give components that go by parts a first one to fill in, from where it must begin."""
        for row in self.components:
            if row.form.chosen_kind in (Kind.BANDED, Kind.TIERED, Kind.GROWTH) and not row.form.parts.entries:
                row.form.parts.append_entry({"start": "100" if row.form.chosen_kind is Kind.GROWTH else "0"})

    def change_rows(self, pressed: Mapping[str, str]) -> bool:
        """Add or take away the row a button asks for; the others keep what was typed. False if none was pressed."""
        if "add" in pressed and len(self.components.entries) < MOST_COMPONENTS:
            self.components.append_entry({})
        elif "remove" in pressed:
            _take_away(self.components, pressed["remove"], least=1)
        elif "add_part" in pressed:
            row = _at(self.components, pressed["add_part"])
            if row is not None and len(row.form.parts.entries) < MOST_PARTS:
                row.form.parts.append_entry({})
        elif "remove_part" in pressed:
            component, _dot, part = pressed["remove_part"].partition(".")
            row = _at(self.components, component)
            if row is not None:
                _take_away(row.form.parts, part, least=0)
        elif "add_share" in pressed and len(self.shares.entries) < MOST_SHARES:
            self.shares.append_entry({})
        elif "remove_share" in pressed:
            _take_away(self.shares, pressed["remove_share"], least=0)
        else:
            return bool({"add", "add_share", "kinds"} & pressed.keys())
        return True

    def leave_note_open(self) -> None:
        """Let a version be worked out before it is said what it rests on."""
        self.note.validators = [one for one in self.note.validators if not isinstance(one, Needed)]

    def version(self) -> Version:
        """Return what was typed, once it is valid."""
        typed = cast(Any, self)
        return Version(
            starts_on=typed.starts_on.data,
            components=tuple(_named(row.form.component(), at) for at, row in enumerate(self.components, 1)),
            shares=tuple(row.form.share() for row in self.shares if not row.form.is_empty),
            basis=Basis(typed.basis.data) if typed.basis.data in set(Basis) else Basis.ENTERED,
            note=typed.note.data or "",
        )


def _named(component: Component, number: int) -> Component:
    """Give a component whose name was left empty one that says what it is and where it stands."""
    if component.name:
        return component
    return _replace(component, name=f"{_(KINDS[component.kind])} {number}")


def _at(rows: Any, position: str) -> Any:
    at = int(position) if position.isascii() and position.isdigit() else -1
    return rows.entries[at] if 0 <= at < len(rows.entries) else None


def _take_away(rows: Any, position: str, least: int) -> None:
    row = _at(rows, position)
    if row is not None and len(rows.entries) > least:
        rows.entries.remove(row)


def _shown(component: Component) -> dict[str, Any]:
    by_count = component.kind is Kind.TIERED and component.measure is Measure.COUNT
    parts: Sequence[tuple[str, Fen, int]] = [
        *((format_yuan(one.from_fen).replace(",", ""), one.fee_fen, one.rate_ppm) for one in component.bands),
        *(
            (str(one.from_) if by_count else format_yuan(one.from_).replace(",", ""), one.fee_fen, one.rate_ppm)
            for one in component.tiers
        ),
        *((format_percent(one.from_ppm), one.fee_fen, one.rate_ppm) for one in component.steps),
    ]
    return {
        "kind": component.kind.value,
        "name": component.name,
        "outlet_kinds": sorted(component.scope.outlet_kinds),
        "tenders": sorted(component.scope.tenders),
        "settings": sorted(component.scope.settings),
        "partners": sorted(component.scope.partners),
        "campaigns": sorted(component.scope.campaigns),
        "group": component.group or "",
        "fixed": component.fee_fen or None,
        "rate": component.rate_ppm or None,
        "minimum": component.minimum_fen,
        "maximum": component.maximum_fen,
        "per_household": component.per_household,
        "household_cap": component.household_month_cap_fen,
        "measure": component.measure.value,
        "mode": component.mode.value,
        "parts": [{"start": start, "fixed": fee or None, "rate": rate or None} for start, fee, rate in parts],
        "amount": component.amount_fen or None,
        "open_days": component.minimum_open_days or None,
        "visits": component.minimum_visits or None,
        "month_minimum": component.month_minimum_fen,
        "month_maximum": component.month_maximum_fen,
    }


class PlanForm(VersionForm):
    """A new plan with its first version."""

    code = StringField(_l("方案编号"), [Needed(), NoLongerThan(32)])
    name = StringField(_l("方案名称"), [Needed(), NoLongerThan(120)])


class PlanFileForm(HouseForm):
    """A plan document: its newest version fills the form, where it is looked at before it is asked for."""

    file = FileField(_l("方案文件（JSON）"))
