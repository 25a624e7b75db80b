"""Which finished papers have an address and are not in the outbox for it.

An outlet's statement goes to the outlet and to who gets its keeper's share: both may read it anyway. A partner's
summary goes to who is paid for the partner as a whole. Whoever gets another share gets neither, for both papers hold
what others get. Of a paper the newest revision goes out, in the language of the address if it is made in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, cast, exists, func, null, or_, select, union_all
from sqlalchemy.orm import aliased

from agentnet.commission.mailing.models import Mail, MailAddress
from agentnet.commission.mailing.rules import LOOK_BACK, PARTNER_SUMMARY, STATEMENT
from agentnet.commission.payout.models import PayeeTerm, PayoutBatch
from agentnet.commission.payout.rules import KEEPER, PARTNER, BatchState
from agentnet.core.clock import Month, now, today
from agentnet.documents.models import Run
from agentnet.documents.rules import RunState
from agentnet.infra.db import db


@dataclass(frozen=True, slots=True)
class ToMail:
    """A finished paper and an address it is not in the outbox for."""

    run_id: UUID
    address: str
    language: str
    outlet_id: int | None
    payee_id: int | None


def months_approved() -> list[Month]:
    """Return the months whose payment a second person approved lately."""
    rows = db.session.scalars(
        select(PayoutBatch.month)
        .where(
            PayoutBatch.state.in_((BatchState.APPROVED, BatchState.PAID)),
            PayoutBatch.approved_at > now() - LOOK_BACK,
        )
        .distinct()
    )
    return [Month.parse(month) for month in rows]


def papers_to_mail(months: Collection[Month], most: int) -> Sequence[ToMail]:
    """Return up to ``most`` papers of the months that are to be put in the outbox; the outlet's own address first."""
    if not months:
        return []
    due = _due(months).subquery("due")
    known = exists().where(Mail.run_id == due.c.run_id, Mail.address == due.c.address)
    statement = select(due).where(~known).order_by(due.c.run_id, due.c.payee_id.is_not(None)).limit(most)
    found = [ToMail(*row) for row in db.session.execute(statement)]
    return list({(one.run_id, one.address): one for one in reversed(found)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class MonthToMail:
    """A month's statements that are finished, of how many outlets somebody has an address, and what is still to go."""

    statements: int
    reached: int
    waiting: int


def month_to_mail(month: Month) -> MonthToMail:
    """Return what sending a month would do."""
    due = _due([month]).subquery("due")
    known = exists().where(Mail.run_id == due.c.run_id, Mail.address == due.c.address)
    waiting = select(due.c.run_id, due.c.address).where(~known).distinct().subquery()
    of_outlets = (Run.kind == STATEMENT, Run.period_start == month.starts_on, Run.state == RunState.DONE)
    statements = select(func.count(Run.outlet_id.distinct())).where(*of_outlets)
    reached = statements.where(Run.id.in_(select(due.c.run_id)))
    return MonthToMail(
        db.session.scalar(statements) or 0,
        db.session.scalar(reached) or 0,
        db.session.scalar(select(func.count()).select_from(waiting)) or 0,
    )


def _due(months: Collection[Month]) -> Any:
    """Return the select of every finished paper of the months with every address it goes to."""
    columns = (Run.id.label("run_id"), MailAddress.address, MailAddress.language)
    nobody = cast(null(), BigInteger)
    own = (
        select(*columns, MailAddress.outlet_id, nobody.label("payee_id"))
        .join(MailAddress, MailAddress.outlet_id == Run.outlet_id)
        .where(*_papers(STATEMENT, months))
    )
    of_payees = select(*columns, nobody, MailAddress.payee_id)
    keepers = (
        of_payees.join(PayeeTerm, PayeeTerm.outlet_id == Run.outlet_id)
        .join(MailAddress, MailAddress.payee_id == PayeeTerm.payee_id)
        .where(*_papers(STATEMENT, months), *_holds(PayeeTerm.outlet_id, (KEEPER,), today()))
    )
    partners = (
        of_payees.join(PayeeTerm, PayeeTerm.partner_id == Run.partner_id)
        .join(MailAddress, MailAddress.payee_id == PayeeTerm.payee_id)
        .where(*_papers(PARTNER_SUMMARY, months), *_holds(PayeeTerm.partner_id, (KEEPER, PARTNER), today()))
    )
    return union_all(own, keepers, partners)


def _papers(kind: str, months: Collection[Month]) -> list[ColumnElement[bool]]:
    newer, other = aliased(Run), aliased(Run)
    revised = exists().where(
        newer.kind == Run.kind,
        newer.subject == Run.subject,
        newer.period_start == Run.period_start,
        newer.period_end == Run.period_end,
        newer.revision > Run.revision,
    )
    without_language = func.substr(Run.subject, 1, func.length(Run.subject) - func.length(Run.language))
    in_its_language = exists().where(
        other.kind == Run.kind,
        other.subject == without_language.concat(MailAddress.language),
        other.period_start == Run.period_start,
        other.period_end == Run.period_end,
    )
    return [
        Run.kind == kind,
        Run.period_start.in_([month.starts_on for month in months]),
        Run.state == RunState.DONE,
        MailAddress.address.is_not(None),
        ~revised,
        or_(Run.language == MailAddress.language, ~in_its_language),
    ]


def _holds(owner: Any, shares: Collection[str], day: date) -> list[ColumnElement[bool]]:
    """Return the conditions that a term is the last one of its owner and share by a day."""
    later = aliased(PayeeTerm)
    replaced = exists().where(
        getattr(later, owner.key) == owner,
        later.share == PayeeTerm.share,
        later.starts_on <= day,
        or_(
            later.starts_on > PayeeTerm.starts_on,
            and_(later.starts_on == PayeeTerm.starts_on, later.id > PayeeTerm.id),
        ),
    )
    return [PayeeTerm.share.in_(list(shares)), PayeeTerm.starts_on <= day, ~replaced]
