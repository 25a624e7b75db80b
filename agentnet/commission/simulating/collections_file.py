"""A file of collections, read and packed: 34 bytes a row, whatever the number of columns.

All wrong rows are counted and the first fifty kept. Columns nobody knows are passed over and named in the answer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Final

from agentnet.commission.engine.inputs import Profile
from agentnet.commission.simulating import cells
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.money import Fen
from agentnet.infra.columns import plain_head
from agentnet.infra.tables import look_at

ERRORS_KEPT: Final = 50
ROW: Final = struct.Struct("<IIHqqII")
"""A row as it is kept: its number, day, tender, household, amount in fen, days settled and reversed (0: never)."""

Watch = Callable[[Iterable[tuple[int, Sequence[str]]]], Iterable[tuple[int, Sequence[str]]]]

_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "outlet_code": ("outlet", "网点编号", "网点编码", "网点代码", "网点"),
    "household_no": ("household", "户号", "客户编号", "用户编号"),
    "amount": ("amount_yuan", "金额", "收费金额", "缴费金额", "实收金额"),
    "tender": ("支付方式", "缴费方式", "付款方式"),
    "collected_at": ("收费时间", "缴费时间", "交易时间", "收费日期", "缴费日期"),
    "settled_at": ("结清时间", "到账时间", "结算时间", "到账日期"),
    "reversed_at": ("冲正时间", "撤销时间", "退费时间", "冲正日期"),
    "outlet_kind": ("网点类型", "kind"),
    "setting": ("城乡", "城乡类别"),
    "partner": ("合作单位", "代收单位", "partner_code"),
    "campaign": ("活动", "campaigns", "活动编号"),
}
NEEDED: Final = ("outlet_code", "household_no", "amount", "tender", "collected_at")
_MOST_KNOWN: Final = 200_000
_MOST_TENDERS: Final = 500
_OF_OUTLET: Final = ("outlet_kind", "setting", "partner", "campaign")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a cell."""

    row: int
    column: str
    refusal: Refusal


@dataclass(slots=True)
class OutletRows:
    """An outlet's rows by month of collection (year times twelve plus month), and what it was in that month."""

    months: dict[int, bytearray] = field(default_factory=dict)
    profiles: dict[int, Profile] = field(default_factory=dict)


@dataclass(slots=True)
class Collections:
    """A file's rows by outlet; tenders are numbered."""

    outlets: dict[str, OutletRows] = field(default_factory=dict)
    tenders: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    rows: int = 0
    error_count: int = 0
    errors: list[RowError] = field(default_factory=list)


def read_collections(path: Path, needs: Mapping[str, str], watch: Watch) -> Collections:
    """Read a file; ``needs`` are further columns that must be there, each with what for.

    Raises:
        Invalid: ``file_empty``, ``columns_missing``, ``column_needed``, ``column_twice``, ``no_rows``, and what
            ``infra.tables`` refuses.
    """
    rows = look_at(path).rows()
    _number, head = next(rows, (0, ()))
    if not head:
        raise Invalid("file_empty", "文件是空的", field="file")
    places, passed_over = _match(head, needs)
    if "settled_at" not in needs:
        places.pop("settled_at", None)  # nobody looks at it
    reading = _Reading(places, frozenset(needs), len(head))
    reading.take_all(watch(rows))
    found = reading.found
    found.columns, found.passed_over = tuple(places), passed_over
    if not found.rows and not found.error_count:
        raise Invalid("no_rows", "文件只有表头，没有数据行", field="file")
    return found


def _match(head: Sequence[str], needs: Mapping[str, str]) -> tuple[dict[str, int], tuple[str, ...]]:
    known = {plain_head(alias): name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}
    places: dict[str, int] = {}
    passed_over = []
    for at, text in enumerate(head):
        name = known.get(plain_head(text))
        if name is None:
            if text.strip():
                passed_over.append(text.strip())
        elif name in places:
            raise Invalid("column_twice", "这些列出现了不止一次：%(columns)s", field="file", columns=name)
        else:
            places[name] = at
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise Invalid("columns_missing", "缺少这些列：%(columns)s", field="file", columns="、".join(missing))
    for name, why in needs.items():
        if name not in places:
            raise Invalid(
                "column_needed",
                "方案用到 %(why)s，但文件没有 %(column)s 这一列；请补上再算",
                field="file",
                why=why,
                column=name,
            )
    return places, tuple(passed_over)


def month_number(day: date) -> int:
    """Return a month as one number: year times twelve plus month."""
    return day.year * 12 + day.month


class _Reading:
    """A file while its rows come in."""

    def __init__(self, places: Mapping[str, int], needed: frozenset[str], width: int) -> None:
        self.found = Collections()
        self.places = places
        self.needed = needed
        self.width = width
        self.days: dict[str, int] = {}
        self.times: set[str] = set()
        self.amounts: dict[str, Fen] = {}
        self.known: dict[str, tuple[object, dict[str, bytearray]]] = {}
        """By outlet what it said it is, and where its rows of a month go."""
        self.tenders: dict[str, int] = {}
        self.households: dict[str, int] = {}
        self.profiles: dict[tuple[str, ...], Profile] = {}
        self.of_outlet = tuple(name for name in _OF_OUTLET if name in places)
        of_outlet = [places[name] for name in self.of_outlet]
        self.told_of: Callable[[Sequence[str]], object] | None = itemgetter(*of_outlet) if of_outlet else None
        """What a row says its outlet is."""
        self.least_width = 1 + max(places[name] for name in NEEDED)

    def take_all(self, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Take every row in: by what is known already, or, where a cell is new or odd, step by step."""
        days, times, amounts, tenders, known = self.days, self.times, self.amounts, self.tenders, self.known
        outlet_at, household_at, amount_at, tender_at, collected_at = (self.places[name] for name in NEEDED)
        settled_at, reversed_at = (self.places.get(name) for name in ("settled_at", "reversed_at"))
        told_of, match, width, pack = self.told_of, cells.AMOUNT.fullmatch, self.width, ROW.pack
        rows_taken = 0
        for number, row in rows:
            try:
                text = row[collected_at]
                told, months = known[row[outlet_at]]
                kept = months[text[:7]]
                day, tender, household, yuan = (
                    days[text[:10]],
                    tenders[row[tender_at]],
                    row[household_at],
                    row[amount_at],
                )
                settled = undone = 0
                well = text[10:] in times or self._is_time(text[10:])
                if settled_at is not None and (text := row[settled_at]):
                    settled, well = days[text[:10]], well and (text[10:] in times or self._is_time(text[10:]))
                if reversed_at is not None and (text := row[reversed_at]):
                    undone, well = days[text[:10]], well and (text[10:] in times or self._is_time(text[10:]))
                fen = amounts.get(yuan)
                if fen is None and (found := match(yuan)) is not None:
                    fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
                    if len(amounts) < _MOST_KNOWN:
                        amounts[yuan] = fen
                if (
                    well
                    and fen
                    and household.isdigit()
                    and household.isascii()
                    and 3 < len(household) < 18
                    and len(row) == width
                    and (told_of is None or told_of(row) == told)
                    and (not settled or settled >= day)
                    and (not undone or undone >= day)
                ):
                    kept += pack(number, day, tender, int("1" + household), fen, settled, undone)
                    rows_taken += 1
                    continue
            except (KeyError, IndexError):
                pass
            self.take(number, row)
        self.found.rows += rows_taken

    def _is_time(self, text: str) -> bool:
        """Return whether a day may be followed by this; times of day are few and remembered."""
        if cells.NAIVE.fullmatch("2000-01-01" + text) is None:
            return False
        if len(self.times) < _MOST_KNOWN:
            self.times.add(text)
        return True

    def take(self, number: int, row: Sequence[str]) -> None:
        """Take a row in, or note every cell of it that is wrong."""
        if len(row) < self.least_width or (len(row) > self.width and any(row[self.width :])):
            self._note(number, "", Invalid("row_width", "这一行的单元格与表头对不上，请检查是否多了或少了逗号"))
            return
        before = self.found.error_count
        values = [
            self._read(number, row, "collected_at", self._day),
            self._read(number, row, "tender", self._tender),
            self._read(number, row, "household_no", self._household),
            self._read(number, row, "amount", _amount),
            self._read_day(number, row, "settled_at"),
            self._read_day(number, row, "reversed_at"),
        ]
        code = row[self.places["outlet_code"]]
        outlet = self.found.outlets.get(code)
        if outlet is None:
            outlet = self._new_outlet(number, code)
        for at, column in ((4, "settled_at"), (5, "reversed_at")):
            if values[at] and values[at] < values[0]:
                self._note(number, column, Invalid("day_before", "不能早于收费那一天"))
        if self.found.error_count > before or outlet is None:
            return
        self._keep(number, row, outlet, values)

    def _keep(self, number: int, row: Sequence[str], outlet: OutletRows, values: list[int]) -> None:
        month = month_number(date.fromordinal(values[0]))
        if self.of_outlet and not self._same_profile(number, row, outlet, month):
            return
        kept = outlet.months.setdefault(month, bytearray())
        kept += ROW.pack(number, *values)
        if len(row) == self.width:
            told = self.told_of(row) if self.told_of else None
            code = row[self.places["outlet_code"]]
            before = self.known.get(code)
            if before is None or before[0] != told:
                before = self.known[code] = (told, {})
            spelling = row[self.places["collected_at"]][:7]
            if spelling == f"{date.fromordinal(values[0]):%Y-%m}":  # an instant with a zone may lie in the next month
                before[1][spelling] = kept
        self.found.rows += 1

    def _read(self, number: int, row: Sequence[str], column: str, read: Callable[[str], int]) -> int:
        try:
            return read(row[self.places[column]])
        except Refusal as refusal:
            self._note(number, column, refusal)
            return 0

    def _read_day(self, number: int, row: Sequence[str], column: str) -> int:
        at = self.places.get(column)
        if at is None or at >= len(row) or not row[at].strip():
            return 0
        return self._read(number, row, column, self._day)

    def _new_outlet(self, number: int, text: str) -> OutletRows | None:
        try:
            code = cells.code(text)
        except Refusal as refusal:
            self._note(number, "outlet_code", refusal)
            return None
        return self.found.outlets.setdefault(code, OutletRows())

    def _day(self, text: str) -> int:
        match = cells.NAIVE.fullmatch(text)
        day = cells.day(match[1] if match else text)
        if match:  # days and times of day are few; instants with a zone are as many as rows
            self.days[match[1]] = day.toordinal()
        return day.toordinal()

    def _tender(self, text: str) -> int:
        found = self.tenders.get(text)
        if found is None:
            code = cells.tender(text)
            if code not in self.found.tenders:
                if len(self.found.tenders) >= _MOST_TENDERS:
                    raise Invalid("tenders_many", "支付方式超过 %(most)d 种，请检查是否用错了列", most=_MOST_TENDERS)
                self.found.tenders.append(code)
            found = self.tenders[text] = self.found.tenders.index(code)
        return found

    def _household(self, text: str) -> int:
        """Return a number for a household: its own digits behind a 1, or below zero one of ours."""
        if not (text.isdigit() and text.isascii() and 4 <= len(text) <= 17):
            text = cells.household(text)
            if not (text.isdigit() and len(text) <= 17):
                return self.households.setdefault(text, -1 - len(self.households))
        return int("1" + text)

    def _same_profile(self, number: int, row: Sequence[str], outlet: OutletRows, month: int) -> bool:
        """Keep what the outlet is in a month; note a row that says otherwise."""
        told = tuple([row[at] if (at := self.places[name]) < len(row) else "" for name in self.of_outlet])
        profile = self.profiles.get(told)
        if profile is None:
            profile = self._profile(number, dict(zip(self.of_outlet, told, strict=True)))
            if profile is None:
                return False
            self.profiles[told] = profile
        known = outlet.profiles.setdefault(month, profile)
        if known is not profile and known != profile:
            refusal = Invalid("profile_changes", "同一网点同一个月的类型、城乡、合作单位和活动要前后一致")
            self._note(number, "", refusal)
            return False
        return True

    def _profile(self, number: int, told: Mapping[str, str]) -> Profile | None:
        before = self.found.error_count
        kind = self._word(number, "outlet_kind", told, cells.outlet_kind)
        setting = self._word(number, "setting", told, cells.setting)
        partner = self._word(number, "partner", told, cells.code, optional=True)
        campaigns = cells.campaigns(told.get("campaign", ""))
        return Profile(kind, setting, partner, campaigns) if self.found.error_count == before else None

    def _word(
        self, number: int, column: str, told: Mapping[str, str], read: Callable[[str], str], optional: bool = False
    ) -> str:
        text = told.get(column, "").strip()
        if not text and (optional or column not in self.needed):
            return ""
        try:
            return read(text)
        except Refusal as refusal:
            if column in self.needed or optional:
                self._note(number, column, refusal)
            return ""  # a column the plan does not ask for may say what it likes

    def _note(self, number: int, column: str, refusal: Refusal) -> None:
        self.found.error_count += 1
        if len(self.found.errors) < ERRORS_KEPT:
            self.found.errors.append(RowError(number, column, refusal))


def _amount(text: str) -> Fen:
    match = cells.AMOUNT.fullmatch(text)
    if match is None:
        return cells.amount(text)
    fen = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    return fen or cells.amount(text)
