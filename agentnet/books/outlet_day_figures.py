"""The figures of outlets' daily sheets: read once for all outlets of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import BigInteger, cast, func, select

from agentnet.books.cash_figures import cash_accounts, cash_before
from agentnet.books.words import KINDS, OTHER_KIND
from agentnet.collecting.models import Collection, Void
from agentnet.core.clock import shanghai_instant
from agentnet.divisions.models import OrgUnit
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.db import db
from agentnet.ledger.queries import transfers
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import under
from agentnet.settlement.models import DayClose, DayCloseTender, Remittance
from agentnet.settlement.rules import FACES_FEN
from agentnet.settlement.words import REMITTANCE_STATES
from agentnet.users.models import User
from reports.outlet_day import CashCount, CashRow, DepositRow, OutletDay, PiecesRow, TenderRow, VoidRow


def day_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the outlets that closed the day at a unit and below, where they belonged then."""
    rows = db.session.execute(
        select(Outlet.id, Outlet.code, Outlet.name, OrgUnit.id.label("unit_id"), OrgUnit.path)
        .join(DayClose, DayClose.outlet_id == Outlet.id)
        .join(OrgUnit, OrgUnit.id == DayClose.org_unit_id)
        .where(DayClose.business_on == period.starts_on, under((org_unit.path,)))
        .order_by(Outlet.code)
    )
    return [
        Subject(f"outlet:{row.code}", f"{row.code} {row.name}", row.unit_id, row.path, outlet_id=row.id) for row in rows
    ]


def freeze_days(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, OutletDay]]:
    """Yield each outlet's day."""
    facts, units = _Facts(period.starts_on, [subject.outlet_id or 0 for subject in subjects]), Units()
    for subject in subjects:
        head = heads[subject.code]
        with in_language(head.language):
            printed = document_head(head, units, subject.org_unit_id, _("当日已日结"))
            yield subject, facts.sheet(subject.outlet_id or 0, printed)


class _Facts:
    """Everything the sheets of a day need, by outlet."""

    def __init__(self, day: date, outlet_ids: Sequence[int]) -> None:
        self.day = day
        self.outlets = {one.id: one for one in db.session.scalars(select(Outlet).where(Outlet.id.in_(outlet_ids)))}
        closes = db.session.execute(
            select(DayClose, User.display_name)
            .outerjoin(User, User.id == DayClose.user_id)
            .where(DayClose.business_on == day, DayClose.outlet_id.in_(outlet_ids))
        )
        self.closes = {row.DayClose.outlet_id: row for row in closes}
        self.takings = _by_first(
            select(DayClose.outlet_id, DayCloseTender)
            .join(DayClose, DayClose.id == DayCloseTender.close_id)
            .where(DayClose.business_on == day, DayClose.outlet_id.in_(outlet_ids))
            .order_by(DayCloseTender.tender)
        )
        self.voids = _by_first(
            select(Collection.outlet_id, Void.voided_at, Collection.receipt_no, Collection.amount_fen, Void.reason)
            .join(Void, Void.collection_id == Collection.id)
            .where(Collection.business_on == day, Collection.outlet_id.in_(outlet_ids))
            .order_by(Void.voided_at, Collection.receipt_no)
        )
        self.deposits = _by_first(
            select(Remittance.outlet_id, Remittance)
            .where(
                Remittance.outlet_id.in_(outlet_ids),
                Remittance.declared_at >= shanghai_instant(day),
                Remittance.declared_at < shanghai_instant(day + timedelta(days=1)),
            )
            .order_by(Remittance.id)
        )
        accounts = cash_accounts(outlet_ids)
        self.opening = cash_before(accounts, day)
        self.cash = _cash_moved(accounts, day)

    def sheet(self, outlet_id: int, head: Any) -> OutletDay:
        """Return an outlet's sheet; words in the present language."""
        outlet, row = self.outlets[outlet_id], self.closes[outlet_id]
        takings = tuple(
            TenderRow(one.tender, one.collections_count, one.system_fen, one.batch_fen)
            for (one,) in self.takings[outlet_id]
        )
        opening = self.opening.get(outlet_id, 0)
        cash = tuple(CashRow(_(KINDS.get(kind, OTHER_KIND)), change) for kind, change in self.cash[outlet_id])
        return OutletDay(
            head=head,
            day=self.day,
            outlet_code=outlet.code,
            outlet_name=outlet.name,
            setting=outlet.setting,
            takings=takings,
            taken_fen=sum(one.amount_fen for one in takings),
            voids=tuple(VoidRow(*one) for one in self.voids[outlet_id]),
            count=_count_of(row.DayClose, row.display_name),
            opening_cash_fen=opening,
            cash=cash,
            closing_cash_fen=opening + sum(one.change_fen for one in cash),
            deposits=tuple(
                DepositRow(one.slip_no, one.amount_fen, one.confirmed_fen, _(REMITTANCE_STATES[one.state][0]))
                for (one,) in self.deposits[outlet_id]
            ),
        )


def _count_of(close: DayClose, keeper: str | None) -> CashCount | None:
    if close.cash_counted_fen is None:
        return None
    pieces = [PiecesRow(face, int(close.notes.get(str(face), 0))) for face in FACES_FEN]
    return CashCount(
        pieces=tuple(one for one in pieces if one.pieces),
        other_fen=int(close.notes.get("other", 0)),
        counterfeit_fen=close.counterfeit_fen,
        counted_fen=close.cash_counted_fen,
        system_fen=close.cash_system_fen,
        difference_fen=close.cash_difference_fen,
        explanation=close.explanation,
        counted_by=keeper or "",
    )


def _by_first(statement: Any) -> dict[int, list[tuple[Any, ...]]]:
    """Return rows by their first column, the outlet."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for outlet_id, *rest in db.session.execute(statement):
        found[outlet_id].append(tuple(rest))
    return found


def _cash_moved(accounts: Mapping[int, int], day: date) -> dict[int, list[tuple[str, int]]]:
    """Return what moved outlets' cash on a day by kind of transfer, in the order it began."""
    outlets = {account_id: outlet_id for outlet_id, account_id in accounts.items()}
    changes: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    began: dict[tuple[int, str], Any] = {}
    for mine, sign in ((transfers.c.debit_account_id, 1), (transfers.c.credit_account_id, -1)):
        rows = db.session.connection().execute(
            select(mine, transfers.c.kind, cast(func.sum(transfers.c.amount_fen), BigInteger), _FIRST)
            .where(mine.in_(list(outlets)), transfers.c.business_on == day)
            .group_by(mine, transfers.c.kind)
        )
        for account_id, kind, amount, first in rows:
            changes[account_id][kind] += sign * int(amount)
            key = account_id, kind
            began[key] = min(first, began.get(key, first))
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for account_id, by_kind in changes.items():
        ordered = sorted(by_kind, key=lambda kind: (began[account_id, kind], _usual_place(kind)))
        found[outlets[account_id]] = [(kind, by_kind[kind]) for kind in ordered]
    return found


_FIRST = func.min(transfers.c.posted_at)


def _usual_place(kind: str) -> tuple[int, str]:
    """Return where a kind stands among those that began at one instant."""
    usual = list(KINDS)
    return (usual.index(kind) if kind in usual else len(usual)), kind
