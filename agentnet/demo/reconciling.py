"""The Post's files of the demo's last week: one of each kind of difference to work off.

The files are written as a partner would write them and taken in by the product's own way, a day after the day they are
of. One day's file is as the book has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from agentnet.collecting.models import Collection, Household, Void
from agentnet.core.clock import frozen_at, now, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.demo.network import POST
from agentnet.demo.timeline import Timeline
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet, Partner
from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.reconciliation.difference_actions import end, take_on
from agentnet.settlement.reconciliation.models import Difference, DifferenceStep, ReconciliationFile
from agentnet.settlement.reconciliation.rules import State, Verb
from agentnet.settlement.reconciliation.sides import plan_for
from agentnet.settlement.reconciliation.taking import (
    ReadPartnerFile,
    take_partner_file,
)
from agentnet.settlement.reconciliation.write_offs import ask_write_off
from agentnet.users.models import User
from agentnet.users.queries import actor_for

DAYS: Final = 7
_PAID: Final = {"CASH": "cash", "UNIONPAY_CARD": "POS"}


@dataclass(frozen=True, slots=True)
class _Told:
    receipt_no: str
    household_no: str
    amount_fen: Fen
    tender: str
    voided: bool


def reconcile_week(timeline: Timeline) -> None:
    """Take in the Post's files of the last week and look at what differs; what is in already stays."""
    with reading():
        finance = actor_for(db.session.scalars(select(User).where(User.username == "finance")).one())
        partner_id = db.session.scalars(select(Partner.id).where(Partner.code == POST)).one()
        of_partner = select(ReconciliationFile.first_on).where(
            ReconciliationFile.partner_id == partner_id, ReconciliationFile.withdrawn_at.is_(None)
        )
        known = set(db.session.scalars(of_partner))
        days = [timeline.last_on - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        taken = [_of_day(partner_id, day) for day in days]
    for place, day in enumerate(days):
        if day not in known and taken[place]:
            lines = _lines(place, taken[place], taken[place - 1] if place else [])
            kept = [one for one in taken[place] if one.voided]  # the partner takes back nothing that we void
            _take(partner_id, day, [*lines, *kept], finance)
    with reading():
        looked_at = _owned() is not None
    if not looked_at:
        with batch():
            _look_at_differences(finance)


def _of_day(partner_id: int, day: date) -> list[_Told]:
    rows = db.session.execute(
        select(
            Collection.receipt_no,
            Household.household_no,
            Collection.amount_fen,
            Collection.tender,
            Void.id.is_not(None),
        )
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(Household, Household.id == Collection.household_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(Outlet.partner_id == partner_id, Collection.business_on == day)
        .order_by(Collection.receipt_no)
    )
    return [_Told(*row) for row in rows]


def _lines(place: int, ours: Sequence[_Told], before: Sequence[_Told]) -> list[_Told]:
    """Return what the partner tells of a day: what we have, with the week's difference of that place worked in."""
    standing = [one for one in ours if not one.voided]
    if not standing:
        return list(standing)
    first, rest = standing[0], standing[1:]
    match place:
        case 0:
            return [_Told(first.receipt_no, first.household_no, first.amount_fen + 1_00, first.tender, False), *rest]
        case 1:
            return rest or standing
        case 2:
            return [*standing, _Told("P-800001", first.household_no, 88_80, "CASH", False)]
        case 3:
            return [*standing, first]
        case 4:
            return standing[:-1] or standing
        case 5:
            missed = [one for one in before if not one.voided][-1:]
            return [*standing, *missed]
    return standing


def _take(partner_id: int, day: date, lines: Sequence[_Told], finance: Actor) -> None:
    name = f"{POST}_COLLECTION_{day:%Y%m%d}.csv"
    total = sum(one.amount_fen for one in lines)
    text = [f"{_yuan(total)},{len(lines)},{day:%Y%m%d},{day:%Y%m%d}"]
    for number, one in enumerate(lines):
        at = f"{day:%Y%m%d}{8 + number // 1200:02d}{number // 20 % 60:02d}{number % 20:02d}"
        paid = _PAID.get(one.tender, "bankteller")
        order = f"{at}123001{number:06d}"
        text.append(f"{order},POSTPAY,{one.household_no},{_yuan(one.amount_fen)},{paid},{at},{one.receipt_no}")
    content = ("\n".join(text) + "\n").encode()
    with reading():
        file = read_partner_file(content, name, POST)
        new = ReadPartnerFile(partner_id, name, file, plan_for(partner_id, file))
    with frozen_at(min(shanghai_instant(day + timedelta(days=1), 8), now())), batch():
        take_partner_file(new_id(), new, finance)


def _owned() -> int | None:
    """Return a difference that somebody took on; the week's look was then had before."""
    return db.session.scalar(select(DifferenceStep.difference_id).where(DifferenceStep.verb == Verb.OWNED).limit(1))


def _look_at_differences(finance: Actor) -> None:
    """Explain one difference, take one on, and ask a second person to write one off; the others wait."""
    found = db.session.scalars(select(Difference).where(Difference.state == State.OPEN).order_by(Difference.id)).all()
    for one, verb in zip(found, ("explain", "own", "write off"), strict=False):
        if verb == "explain":
            end(one.id, new_id(), State.EXPLAINED, "已与网点电话核对，次日到账", finance)
        elif verb == "own":
            take_on(one.id, new_id(), finance)
        else:
            ask_write_off(one.id, new_id(), "金额小，查无来源，建议核销", finance)


def _yuan(fen: Fen) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
