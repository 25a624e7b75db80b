"""The register's rules: kinds, states, tenders, and what an outlet may and may not do. Plain values in and out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from agentnet.core.errors import Invalid
from agentnet.core.money import Fen, format_yuan


class OutletKind(StrEnum):
    """Kinds of outlet (S17, S19, S26, S30)."""

    VILLAGE_POST = "VILLAGE_POST"
    NEWSSTAND = "NEWSSTAND"
    CONVENIENCE_STORE = "CONVENIENCE_STORE"
    SERVICE_POINT = "SERVICE_POINT"
    VILLAGE_CENTRE = "VILLAGE_CENTRE"
    BUSINESS_HALL = "BUSINESS_HALL"


class State(StrEnum):
    """Life cycle of an outlet."""

    APPLIED = "APPLIED"
    SITE_CHECK = "SITE_CHECK"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


NEXT_STATES: Mapping[State, frozenset[State]] = {
    State.APPLIED: frozenset({State.SITE_CHECK, State.CLOSED}),
    State.SITE_CHECK: frozenset({State.APPROVED, State.CLOSED}),
    State.APPROVED: frozenset({State.ACTIVE, State.CLOSED}),
    State.ACTIVE: frozenset({State.SUSPENDED, State.CLOSED}),
    State.SUSPENDED: frozenset({State.ACTIVE, State.CLOSED}),
    State.CLOSED: frozenset(),
}


class TenderCode(StrEnum):
    """Ways of paying at an outlet; the tender decides the debit account."""

    CASH = "CASH"
    UNIONPAY_CARD = "UNIONPAY_CARD"
    RECHARGE_CARD = "RECHARGE_CARD"
    CITIZEN_CARD = "CITIZEN_CARD"
    ALIPAY = "ALIPAY"
    BANK_DEBIT = "BANK_DEBIT"
    WECHAT_PAY = "WECHAT_PAY"
    UNIONPAY_QR = "UNIONPAY_QR"
    E_CNY = "E_CNY"
    KEEPER_QR = "KEEPER_QR"
    """The keeper's own QR code: money that goes to the keeper's account, where the agreement allows it at all."""


class Slot(StrEnum):
    """A manager's place at an outlet: the one who answers for it, and the deputy."""

    PRIMARY = "PRIMARY"
    DEPUTY = "DEPUTY"


class PartnerKind(StrEnum):
    """Kinds of collection partner (S12)."""

    POST = "POST"
    BANK = "BANK"
    CHAIN = "CHAIN"
    OTHER = "OTHER"


class TerminalKind(StrEnum):
    """Self-service terminals take cards or cash (S08)."""

    CARD = "CARD"
    CASH = "CASH"


class HoldingMode(StrEnum):
    """Postpaid: the outlet holds the utility's cash until it remits. Prepaid: it sells from its own float."""

    POSTPAID = "POSTPAID"
    PREPAID = "PREPAID"


CORRECTION_DAYS = 31
"""How far back a fact about an outlet that has opened may still be dated: long enough for last month's paper, too
short to touch a visit duty whose month has been reported."""


def earliest_change(today: date, opened_on: date | None, applied_on: date) -> date:
    """Return the earliest day a change may be dated: any since the application until the outlet has opened.

    >>> earliest_change(date(2026, 11, 18), None, date(2026, 1, 5))
    datetime.date(2026, 1, 5)
    >>> earliest_change(date(2026, 11, 18), date(2026, 2, 1), date(2026, 1, 5))
    datetime.date(2026, 10, 18)
    """
    return applied_on if opened_on is None else max(applied_on, today - timedelta(days=CORRECTION_DAYS))


def require_step(present: State, following: State) -> None:
    """Refuse a step the life cycle does not have.

    Raises:
        Invalid: ``step_not_allowed``.
    """
    if following not in NEXT_STATES[present]:
        raise Invalid("step_not_allowed", "网点当前的状态不能走这一步，请返回网点页查看可办的步骤", field="state")


def require_day_of_step(on: date, today: date, earliest: date) -> None:
    """Refuse a day in the future or before the earliest allowed.

    Raises:
        Invalid: ``in_future``, ``too_far_back``.
    """
    if on > today:
        raise Invalid("in_future", "日期不能晚于今天", field="on")
    if on < earliest:
        raise Invalid("too_far_back", "日期不能早于 %(day)s", field="on", day=earliest.isoformat())


@dataclass(frozen=True, slots=True)
class Readiness:
    """What an outlet needs before it may open, and which of it is there."""

    primary_manager: bool
    agreement: bool
    opening_hours: bool
    tenders: bool

    @property
    def ready(self) -> bool:
        return self.primary_manager and self.agreement and self.opening_hours and self.tenders


def require_ready(readiness: Readiness) -> None:
    """Refuse to open an outlet that lacks something (S36: a primary manager; agreement, hours and tenders).

    Raises:
        Invalid: ``no_primary_manager``, ``no_agreement``, ``no_opening_hours``, ``no_tenders``.
    """
    if not readiness.primary_manager:
        raise Invalid("no_primary_manager", "还没有主责经理，不能开业，请先指派")
    if not readiness.agreement:
        raise Invalid("no_agreement", "没有当日有效的代收协议，不能开业，请先登记协议")
    if not readiness.opening_hours:
        raise Invalid("no_opening_hours", "还没有营业时间，不能开业，请先填写")
    if not readiness.tenders:
        raise Invalid("no_tenders", "还没有支付方式，不能开业，请先选择")


def require_emptied(left: Mapping[str, Fen]) -> None:
    """Refuse to close an outlet that holds money, or whose money the utility holds, and say what comes first.

    ``left`` is what is left by account (fen), empty ones left out.

    Raises:
        Invalid: ``cash_left``, ``transit_left``, ``float_left``, ``deposit_left``.
    """
    amounts = {code: format_yuan(fen) for code, fen in left.items()}
    if "CASH_HELD" in amounts:
        raise Invalid(
            "cash_left",
            "网点还有 %(amount)s 元现金没有交：请网点日结、交款，财务确认到账后再关闭",
            amount=amounts["CASH_HELD"],
        )
    if "IN_TRANSIT" in amounts:
        raise Invalid(
            "transit_left",
            "网点有 %(amount)s 元交款还在途：请财务先确认到账或退回，再关闭",
            amount=amounts["IN_TRANSIT"],
        )
    if "FLOAT" in amounts:
        raise Invalid(
            "float_left",
            "网点的预存款还有 %(amount)s 元：请财务先在“保证金和预存款”页退还，再关闭",
            amount=amounts["FLOAT"],
        )
    if "DEPOSIT" in amounts:
        raise Invalid(
            "deposit_left",
            "网点的保证金还有 %(amount)s 元：请财务先在“保证金和预存款”页退还，再关闭",
            amount=amounts["DEPOSIT"],
        )


def require_tenders(chosen: Collection[str], enabled: Collection[str], *, staffed: bool) -> None:
    """Refuse tenders the company has not opened, and a staffed point that turns cash away.

    Source of the cash rule: 人民币现金收付及服务规定, in force since 2026-02-01.

    Raises:
        Invalid: ``tender_not_enabled``, ``cash_required``.
    """
    if not set(chosen) <= set(enabled):
        raise Invalid("tender_not_enabled", "其中有公司尚未开通的支付方式", field="tenders")
    if staffed and TenderCode.CASH not in chosen:
        raise Invalid(
            "cash_required", "有人值守的网点不得拒收现金（2026年2月1日起施行的现金收付规定）", field="tenders"
        )


def require_host(kind: OutletKind, host_kind: OutletKind) -> None:
    """Refuse any hosting but that of a postal station by a village service centre (S30).

    Raises:
        Invalid: ``host_kind``.
    """
    if kind is not OutletKind.VILLAGE_POST or host_kind is not OutletKind.VILLAGE_CENTRE:
        raise Invalid("host_kind", "只有村级便民服务中心可以托管村邮站", field="host")


_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|[48]00-?\d{3}-?\d{4}")


def clean_phone(text: str, field: str = "phone") -> str:
    """Return a mobile or landline number without spaces and hyphens.

    Raises:
        Invalid: ``phone_shape``.

    >>> clean_phone("138 0000 0000"), clean_phone("0576-86123456")
    ('13800000000', '057686123456')
    """
    packed = re.sub(r"[\s-]", "", text)
    if not _PHONE.fullmatch(packed):
        raise Invalid("phone_shape", "请输入 11 位手机号，或带区号的座机号", field=field)
    return packed


_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9_-]{0,30}[A-Z0-9])?")


def clean_code(text: str) -> str:
    """Return a public code in capitals; it becomes part of an address.

    Raises:
        Invalid: ``code_shape``.

    >>> clean_code(" wl0001 ")
    'WL0001'
    """
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise Invalid("code_shape", "编号只用字母、数字和短横线，最多 32 位", field="code")
    return code


_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def clean_uscc(text: str) -> str:
    """Return a unified social credit code whose check character is right (GB 32100-2015).

    Raises:
        Invalid: ``uscc_shape``, ``uscc_check``.

    >>> clean_uscc("91350100m000100y43"), clean_uscc("91512081MA62K0260E")
    ('91350100M000100Y43', '91512081MA62K0260E')
    """
    code = text.strip().upper()
    if len(code) != 18 or any(letter not in _USCC_LETTERS for letter in code):
        raise Invalid("uscc_shape", "统一社会信用代码是 18 位数字和大写字母（不含 I、O、S、V、Z）", field="uscc")
    total = sum(_USCC_LETTERS.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    if _USCC_LETTERS[-total % 31] != code[17]:
        raise Invalid("uscc_check", "统一社会信用代码的校验位不对，请对照营业执照", field="uscc")
    return code


@dataclass(frozen=True, slots=True)
class Served:
    """A place a manager holds: which outlet, in which slot, and who holds the other slot there."""

    outlet_code: str
    slot: Slot
    other_manager: str | None


def split_among(places: Sequence[Served], successors: Sequence[str], loads: Mapping[str, int]) -> dict[str, str | None]:
    """Return who follows at each outlet: the least loaded successor, in turn; None where nobody can.

    A primary place may go to the present deputy, who moves up. A deputy place may not go to the present primary:
    it is left empty if no other successor is named. Loads count outlets; ties go in the order given.

    >>> split_among(
    ...     [Served("A", Slot.PRIMARY, None), Served("B", Slot.PRIMARY, None), Served("C", Slot.DEPUTY, "M1")],
    ...     ["M1", "M2"],
    ...     {"M1": 3, "M2": 4},
    ... )
    {'A': 'M1', 'B': 'M1', 'C': 'M2'}
    """
    load = {successor: loads.get(successor, 0) for successor in successors}
    plan: dict[str, str | None] = {}
    for place in places:
        able = [one for one in load if place.slot is Slot.PRIMARY or one != place.other_manager]
        chosen = min(able, key=lambda one: load[one], default=None)
        plan[place.outlet_code] = chosen
        if chosen is not None and chosen != place.other_manager:
            load[chosen] += 1
    return plan


Span = tuple[int, int]
"""Opening and closing in minutes after midnight, the closing not included."""

DAY_MINUTES = 1440
ALWAYS: Span = (0, DAY_MINUTES)

_FULL_WIDTH = str.maketrans("０１２３４５６７８９：－—–～~，；、至到", "0123456789:-----,,,--")
_SPAN = re.compile(r"(\d{1,2}):?(\d{2})\s*-\s*(\d{1,2}):?(\d{2})")
_ALWAYS_WORDS = {"24小时", "24h", "全天", "24hours"}
_CLOSED_WORDS = {"", "休息", "closed", "-"}


def read_spans(text: str) -> tuple[Span, ...]:
    """Read one weekday's hours: ``08:00-12:00, 13:30-18:00``, ``24 小时``, or nothing when closed.

    Raises:
        Invalid: ``hours_shape``; ``hours_past_midnight``; ``hours_overlap``.

    >>> read_spans("8:00-12:00，13:30—18:00"), read_spans("24 小时"), read_spans("休息")
    (((480, 720), (810, 1080)), ((0, 1440),), ())
    """
    plain = re.sub(r"\s+", "", text).lower()
    if plain in _CLOSED_WORDS:
        return ()
    if plain in _ALWAYS_WORDS:
        return (ALWAYS,)
    spans = tuple(sorted(_read_span(part) for part in re.split(r"[,\s]+", _joined(text)) if part))
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise Invalid("hours_overlap", "同一天的两段营业时间有重叠")
    return spans


def _joined(text: str) -> str:
    return re.sub(r"\s*-\s*", "-", text.translate(_FULL_WIDTH).strip())


def _read_span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise Invalid("hours_shape", "请这样填写：08:00-12:00, 13:30-18:00；全天写 24小时；休息留空")
    opens_hour, opens_minute, closes_hour, closes_minute = map(int, match.groups())
    opens, closes = opens_hour * 60 + opens_minute, closes_hour * 60 + closes_minute
    if opens_minute > 59 or closes_minute > 59 or opens >= DAY_MINUTES or closes > DAY_MINUTES:
        raise Invalid("hours_shape", "请这样填写：08:00-12:00, 13:30-18:00；全天写 24小时；休息留空")
    if closes <= opens:
        raise Invalid("hours_past_midnight", "过了零点的营业时间请分两天写：当天到 24:00，次日从 00:00 起")
    return opens, closes


def write_spans(spans: Sequence[Span]) -> str:
    """Write one weekday's hours as a person would type them; empty when closed.

    >>> write_spans([(480, 720), (810, 1080)]), write_spans([(0, 1440)]), write_spans([])
    ('08:00-12:00, 13:30-18:00', '24小时', '')
    """
    if list(spans) == [ALWAYS]:
        return "24小时"
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def is_open(spans: Sequence[Span], minute: int) -> bool:
    """Return whether a minute of the day lies inside one of the spans; the closing minute does not.

    >>> is_open([(480, 720)], 480), is_open([(480, 720)], 720), is_open([(0, 1440)], 1439)
    (True, False, True)
    """
    return any(opens <= minute < closes for opens, closes in spans)


def same_every_day(week: Sequence[Sequence[Span]]) -> bool:
    """Return whether all seven days have the same hours."""
    return all(list(day) == list(week[0]) for day in week)
