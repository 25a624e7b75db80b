"""The Post's files of the demo's last week, and a bank's statement: one of each kind of difference to work off.

The files are written as a partner would write them and taken in by the product's own way, a day after the day they are
of. One day's file is as the book has it.
"""

from __future__ import annotations

import hashlib
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
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet, Partner
from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.reconciliation.models import ReconciliationFile
from agentnet.settlement.reconciliation.sides import plan_for
from agentnet.settlement.reconciliation.taking import (
    ReadPartnerFile,
    ReadStatements,
    take_partner_file,
    take_statements,
)
from agentnet.settlement.remittance_actions import declare_remittance
from agentnet.settlement.rules import NewRemittance
from agentnet.users.models import User
from agentnet.users.queries import actor_for

DAYS: Final = 7
ACCOUNT: Final = "6228480330001234"
_PAID: Final = {"CASH": "cash", "UNIONPAY_CARD": "POS"}
_KEEPERS: Final = Actor(None, "demo", (Grant(Role.AGENT, org_path="/"),))


@dataclass(frozen=True, slots=True)
class _Told:
    receipt_no: str
    household_no: str
    amount_fen: Fen
    tender: str
    voided: bool


def reconcile_week(timeline: Timeline) -> None:
    """Take in the Post's files of the last week and a bank's statement of its last day; what is in already stays."""
    with reading():
        finance = actor_for(db.session.scalars(select(User).where(User.username == "finance")).one())
        partner_id = db.session.scalars(select(Partner.id).where(Partner.code == POST)).one()
        known = set(db.session.scalars(select(ReconciliationFile.first_on)))
        days = [timeline.last_on - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        taken = [_of_day(partner_id, day) for day in days]
    for place, day in enumerate(days):
        if day not in known and taken[place]:
            lines = _lines(place, taken[place], taken[place - 1] if place else [])
            _take(partner_id, day, lines, finance)
    with reading():
        banked = db.session.scalar(select(ReconciliationFile.id).where(ReconciliationFile.account == ACCOUNT))
    if banked is None:
        _bank(timeline.last_on, finance)


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
            return [*standing[:-1], *(one for one in ours if one.voided)] or standing
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


def _bank(day: date, finance: Actor) -> None:
    """Bank the cash of three outlets, and take in a statement that has one whole, one short and less a fee, one not."""
    with reading():
        codes = list(
            db.session.scalars(
                select(Outlet.code)
                .join(Collection, Collection.outlet_id == Outlet.id)
                .where(Collection.business_on == day, Collection.tender == "CASH")
                .group_by(Outlet.code)
                .order_by(Outlet.code)
                .limit(3)
            )
        )
    with frozen_at(min(shanghai_instant(day + timedelta(days=1), 9), now())):
        for number, code in enumerate(codes, 1):
            slip = f"JK-{day:%Y%m%d}-{number}"
            with batch():
                declare_remittance(NewRemittance(new_id(), code, slip, 50_00 * number, day), _KEEPERS)
        entries = [
            _entry(day, 50_00, 0, f"现金交款 JK-{day:%Y%m%d}-1"),
            _entry(day, 89_40, 60, f"现金交款 JK-{day:%Y%m%d}-2"),
            _entry(day, 66_66, 0, "转账"),
        ]
        opening, booked = 10_000_00, 50_00 + 89_40 + 66_66
        content = _statement(day, entries, opening, opening + booked).encode()
        read = ReadStatements("statement.xml", hashlib.sha256(content).hexdigest(), read_camt053(content))
        with batch():
            take_statements(new_id(), read, finance)


def _entry(day: date, net_fen: Fen, fee_fen: Fen, text: str) -> str:
    fee = f'<Chrgs><Rcrd><Amt Ccy="CNY">{_yuan(fee_fen)}</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
    return (
        f'<Ntry><Amt Ccy="CNY">{_yuan(net_fen)}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{fee if fee_fen else ''}"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def _statement(day: date, entries: Sequence[str], opening: Fen, closing: Fen) -> str:
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{_yuan(fen)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, fen in (("OPBD", opening), ("CLBD", closing))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M-{day:%Y%m%d}</MsgId></GrpHdr><Stmt><Id>S-{day:%Y%m%d}</Id>"
        f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{balances}{''.join(entries)}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def _yuan(fen: Fen) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
