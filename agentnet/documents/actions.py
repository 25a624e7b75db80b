"""Plan documents from today's facts, order them, make a new revision, try a failed one again.

Planning freezes: from then on a document needs no table but its own row. One call is one short piece of the caller's
transaction; whoever has many subjects hands them over in chunks.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, text, update

from agentnet.core.clock import now
from agentnet.core.errors import Conflict, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.documents.freezing import Frozen, freeze, head_for, same_figures
from agentnet.documents.kinds import NOT_FINAL, Period, ReportKind, Subject, report_kind
from agentnet.documents.models import Order, Run
from agentnet.documents.queries import at_or_below, company_in, unit_for, visible_runs
from agentnet.documents.rules import OrderState, RunState
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.users.permissions import Permission, may, org_paths, require

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Planned:
    """How many runs were planned, and how many subjects had theirs already."""

    new: int
    existing: int


@dataclass(frozen=True, slots=True)
class Draft:
    """Documents frozen ahead of the transaction that plans them: of whom, numbered after which serial, their rows."""

    codes: Sequence[str]
    last_serial: int
    rows: Sequence[dict[str, Any]]


def draft_documents(kind: ReportKind, period: Period, language: str, subjects: Sequence[Subject]) -> Draft:
    """Freeze documents with no lock held, of figures that cannot change any more: a month's that is being closed.

    ``plan_documents`` takes the draft as it is if nobody planned one of the kind and period in between, and else
    freezes anew.
    """
    fresh, last = _fresh(kind, period, language, subjects), _last_serial(kind, period)
    return Draft([one.code for one in fresh], last, _freeze_fresh(kind, fresh, period, language, last) if fresh else [])


def plan_documents(
    kind: ReportKind,
    org_unit: OrgUnit,
    period: Period,
    language: str,
    by: Actor,
    schedule_id: int | None = None,
    subjects: Sequence[Subject] | None = None,
    order_id: uuid.UUID | None = None,
    draft: Draft | None = None,
) -> Planned:
    """Freeze and plan one document for each subject that has none of this period yet; leave the others alone.

    ``subjects`` are at most a few hundred; everyone below the org unit unless given. Planners of one kind and period
    wait for each other, so that two at once make one document and serials have no holes.
    """
    due = kind.subjects(org_unit, period) if subjects is None else subjects
    wanted = list({subject.code: subject for subject in due}.values())
    _one_planner_of(kind, period)
    fresh = _fresh(kind, period, language, wanted)
    if fresh:
        last = _last_serial(kind, period)
        if draft is not None and (draft.codes, draft.last_serial) == ([one.code for one in fresh], last):
            rows = draft.rows
        else:
            rows = _freeze_fresh(kind, fresh, period, language, last)
        db.session.execute(insert(Run), [row | {"schedule_id": schedule_id, "order_id": order_id} for row in rows])
        after: dict[str, object] = {"period": period.starts_on.isoformat(), "language": language, "new": len(rows)}
        write_audit(by, "plan_documents", "report_kind", kind.code, after=after | {"first": rows[0]["number"]})
    return Planned(new=len(fresh), existing=len(wanted) - len(fresh))


def _fresh(kind: ReportKind, period: Period, language: str, subjects: Sequence[Subject]) -> list[Subject]:
    """Return those who have no document of the kind and period in the language yet."""
    codes = [f"{subject.code}:{language}" for subject in subjects]
    taken = set(db.session.scalars(select(Run.subject).where(*_of_period(kind, period)).where(Run.subject.in_(codes))))
    return [subject for subject in subjects if f"{subject.code}:{language}" not in taken]


def _last_serial(kind: ReportKind, period: Period) -> int:
    return db.session.scalar(select(func.max(Run.serial)).where(*_of_period(kind, period))) or 0


def _of_period(kind: ReportKind, period: Period) -> tuple[ColumnElement[bool], ...]:
    return (Run.kind == kind.code, Run.period_start == period.starts_on, Run.period_end == period.ends_on)


def _one_planner_of(kind: ReportKind, period: Period) -> None:
    """Make other planners of the kind and period wait for this transaction; SQLite has one writer anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        name = f"plan {kind.code} {period.starts_on} {period.ends_on}".encode()
        key = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _freeze_fresh(
    kind: ReportKind, subjects: Sequence[Subject], period: Period, language: str, last: int
) -> list[dict[str, Any]]:
    company, made_at = company_in(language), now()
    heads = {
        subject.code: head_for(
            kind,
            period,
            company,
            language,
            run_id=new_id(),
            serial=serial,
            revision=1,
            reason="",
            made_at=made_at,
        )
        for serial, subject in enumerate(subjects, last + 1)
    }
    serials = {subject.code: serial for serial, subject in enumerate(subjects, last + 1)}
    return [
        _run_row(kind, period, frozen, serials[frozen.subject.code]) for frozen in freeze(kind, subjects, period, heads)
    ]


def _run_row(kind: ReportKind, period: Period, frozen: Frozen, serial: int) -> dict[str, Any]:
    head, subject = frozen.head, frozen.subject
    return {
        "id": head.run_id,
        "kind": kind.code,
        "subject": f"{subject.code}:{head.language}",
        "title": subject.title[:200],
        "language": head.language,
        "period_start": period.starts_on,
        "period_end": period.ends_on,
        "revision": head.revision,
        "revision_reason": head.revision_reason,
        "serial": serial,
        "number": head.number,
        "check_code": head.check_code,
        "org_unit_id": subject.org_unit_id,
        "org_path": subject.org_path,
        "outlet_id": subject.outlet_id,
        "manager_id": subject.manager_id,
        "partner_id": subject.partner_id,
        "frozen": frozen.stored,
        "frozen_sha256": frozen.sha256,
        "drawing_version": kind.drawing_version,
        "state": RunState.PLANNED,
        "planned_at": head.made_at,
    }


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What a person wants printed now; ``id`` comes from the form, ``subject`` is a code people know (``WL0001``)."""

    id: uuid.UUID
    kind: str
    org_unit_code: str
    period: Period
    language: str
    subject: str | None = None


def place_order(new: NewOrder, by: Actor) -> uuid.UUID:
    """Order documents of a period that is final; the clock plans them within seconds. Sent twice is once.

    Raises:
        Forbidden, Missing: unless the org unit lies where the person may order and read this kind.
        Conflict: ``period_not_final``; ``id_reused``.
        Invalid: ``language_unknown``; ``subject_missing`` if nobody by that code is due a document.
    """
    kind = report_kind(new.kind)
    unit = unit_for(by, new.org_unit_code, Permission.DOCUMENT_RUN)
    unit_for(by, new.org_unit_code, kind.permission)
    content = {
        "kind": new.kind,
        "org_unit": unit.code,
        "starts_on": new.period.starts_on,
        "ends_on": new.period.ends_on,
        "language": new.language,
        "subject": new.subject,
    }
    if earlier_result(new.id, "document_order", content) is not None:
        return new.id
    if db.session.get(Order, new.id) is not None:  # a schedule's order, whose id stands in its address
        raise Conflict("id_reused", "这个提交编号已用于另一笔内容不同的操作，请刷新页面后重新填写")
    if new.language not in LANGUAGES:
        raise Invalid("language_unknown", "请选择中文或英文", field="language")
    if not kind.may_be_ordered(new.period):
        raise Conflict("period_not_final", kind.not_ready, field="period")
    subject = _subject_named(new.subject, kind, unit, new.period) if new.subject else None
    db.session.execute(
        insert(Order).values(
            id=new.id,
            kind=kind.code,
            language=new.language,
            subject=subject,
            org_unit_id=unit.id,
            org_path=unit.path,
            period_start=new.period.starts_on,
            period_end=new.period.ends_on,
            user_id=by.user_id,
            ordered_by=by.name,
            ordered_at=now(),
            state=OrderState.OPEN,
        )
    )
    remember(new.id, "document_order", by, content, new.id)
    write_audit(by, "order_documents", "order", new.id, after={k: str(v) for k, v in content.items()})
    return new.id


def _subject_named(text: str, kind: ReportKind, unit: OrgUnit, period: Period) -> str:
    """Return the code of the subject a person means by ``WL0001`` or ``outlet:WL0001``."""
    for subject in kind.subjects(unit, period):
        if text in (subject.code, subject.code.partition(":")[2]):
            return subject.code
    raise Invalid("subject_missing", "这个单位下没有这个对象的报表，请核对编号", field="subject")


def reopen_order(order: Order, by: Actor) -> None:
    """Let the clock look again at an order it could not carry out.

    Raises:
        Conflict: ``order_not_failed``.
    """
    if order.state != OrderState.FAILED:
        raise Conflict("order_not_failed", "这次出表没有失败，或已有人让它重试")
    before: dict[str, object] = {"failure": order.failure or ""}
    order.state, order.failure = OrderState.OPEN, None
    write_audit(by, "reopen_order", "order", order.id, before=before)


def revise(run: Run, reason: str, by: Actor) -> Run:
    """Plan the next revision of a document from today's facts; the earlier ones stay as they are.

    Raises:
        Forbidden, Missing: unless the person may order documents where it was stamped.
        Invalid: ``reason_missing``; ``figures_unchanged`` if it would say the same again.
        Conflict: ``revision_pending`` if a newer revision exists; ``period_not_final``.
    """
    _require_ordering(run, by)
    reason = reason.strip()
    if not reason:
        raise Invalid("reason_missing", "请写明为什么要出新的一版", field="reason")
    kind, period = report_kind(run.kind), Period(run.period_start, run.period_end)
    _one_planner_of(kind, period)
    newest = db.session.scalar(
        select(func.max(Run.revision)).where(*_of_period(kind, period), Run.subject == run.subject)
    )
    if newest != run.revision:
        raise Conflict("revision_pending", "这份文件已有更新的一版，请从最新一版修订")
    if not kind.ready(period):
        raise Conflict("period_not_final", NOT_FINAL)
    subject = _subject_of(run)
    head = head_for(
        kind,
        period,
        company_in(run.language),
        run.language,
        run_id=new_id(),
        serial=run.serial,
        revision=run.revision + 1,
        reason=reason[:200],
        made_at=now(),
    )
    frozen = next(freeze(kind, [subject], period, {subject.code: head}))
    if same_figures(run.frozen, frozen.stored):
        raise Invalid("figures_unchanged", "数字与上一版完全相同，不需要出新的一版")
    db.session.execute(insert(Run), [_run_row(kind, period, frozen, run.serial)])
    after: dict[str, object] = {"number": frozen.head.number, "reason": reason[:200]}
    write_audit(by, "revise_document", "run", run.id, before={"number": run.number}, after=after)
    return db.session.scalars(select(Run).where(Run.id == frozen.head.run_id)).one()


def _subject_of(run: Run) -> Subject:
    """Return whom a document is about, with the path stamped at first: a revision is seen by whoever saw the first."""
    return Subject(
        code=run.subject.removesuffix(f":{run.language}"),
        title=run.title,
        org_unit_id=run.org_unit_id,
        org_path=run.org_path,
        outlet_id=run.outlet_id,
        manager_id=run.manager_id,
        partner_id=run.partner_id,
    )


def may_order(run: Run, by: Actor) -> bool:
    """Return whether the person may revise this document or have it tried again."""
    if not may(by, Permission.DOCUMENT_RUN):
        return False
    return any(run.org_path.startswith(path) for path in org_paths(by, Permission.DOCUMENT_RUN))


def _require_ordering(run: Run, by: Actor) -> None:
    require(by, Permission.DOCUMENT_RUN)
    if not may_order(run, by):
        raise Missing("document_missing", "没有找到这份文件，或它不在您的管辖范围内")


def retry(run: Run, by: Actor) -> None:
    """Let a failed document be drawn again, with all its attempts before it.

    Raises:
        Forbidden, Missing: unless the person may order documents where it was stamped.
        Conflict: ``not_failed``.
    """
    _require_ordering(run, by)
    if _retry(Run.id == run.id) == 0:
        raise Conflict("not_failed", "这份文件没有失败，或已有人让它重试")
    write_audit(by, "retry_document", "run", run.id, before={"failure": run.failure or ""})


def retry_all(by: Actor) -> int:
    """Let every failed document of the actor's territory be drawn again; return how many.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(by, Permission.DOCUMENT_RUN)
    where = at_or_below(Run.org_path, org_paths(by, Permission.DOCUMENT_RUN))
    visible = select(Run.id).where(visible_runs(by), where, Run.state == RunState.FAILED)
    count = _retry(Run.id.in_(visible))
    if count:
        write_audit(by, "retry_documents", "run", "failed", after={"count": count})
    return count


def _retry(which: ColumnElement[bool]) -> int:
    result = db.session.execute(
        update(Run)
        .where(which, Run.state == RunState.FAILED)
        .values(state=RunState.PLANNED, attempts=0, failure=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(result, "rowcount", 0))
