"""Words of the register: kinds, states, tenders and which change may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


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


class Slot(StrEnum):
    """A manager's place at an outlet: the one who answers for it, and the deputy."""

    PRIMARY = "PRIMARY"
    DEPUTY = "DEPUTY"
