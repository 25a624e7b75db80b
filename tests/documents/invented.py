"""An invented kind of report about the cast's outlets, and one about its managers, so that documents is tested alone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from agentnet.divisions.models import OrgUnit
from agentnet.documents.kinds import Head, Period, ReportKind, Subject
from agentnet.infra.db import db
from agentnet.outlets.models import Manager, Outlet
from agentnet.users.permissions import Permission
from reports.head import DocumentHead

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
A_DAY = Period(date(2026, 11, 18), date(2026, 11, 19))
WEEK_46 = Period(date(2026, 11, 9), date(2026, 11, 16))


@dataclass(frozen=True, slots=True)
class Note:
    """The figures of the invented report."""

    head: DocumentHead
    title: str
    amount_fen: int


@dataclass
class Facts:
    """What the invented report is about; a test changes them as a day's work would."""

    amounts: dict[str, int] = field(default_factory=dict)
    open_from: date = date(2026, 11, 1)
    """The first day whose figures are not final."""
    draws: int = 0
    broken: Exception | None = None

    def freeze(
        self, subjects: Sequence[Subject], _period: Period, heads: Mapping[str, Head]
    ) -> Iterator[tuple[Subject, Any]]:
        for subject in subjects:
            yield subject, Note(document_head(heads[subject.code]), subject.title, self.amounts.get(subject.code, 100))

    def draw(self, note: Note) -> bytes:
        self.draws += 1
        if self.broken is not None:
            raise self.broken
        paper = io.BytesIO()
        canvas = Canvas(paper, invariant=1)
        canvas.drawString(100, 700, f"{note.head.number} {note.head.check_code} {note.amount_fen}")
        canvas.save()
        return paper.getvalue()

    def ready(self, period: Period) -> bool:
        return period.ends_on <= self.open_from


def document_head(head: Head) -> DocumentHead:
    return DocumentHead(
        language="en" if head.language == "en" else "zh",
        company=head.company,
        org_name="",
        number=head.number,
        made_at=head.made_at,
        data_state="",
        check_code=head.check_code,
        verify_url=head.verify_url,
        revision=head.revision,
        revision_reason=head.revision_reason,
    )


def outlet_subjects(unit: OrgUnit, _period: Period) -> list[Subject]:
    rows = db.session.execute(
        select(Outlet, OrgUnit)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .where(OrgUnit.path.startswith(unit.path), Outlet.state == "ACTIVE")
        .order_by(Outlet.code)
    ).all()
    return [
        Subject(
            code=f"outlet:{outlet.code}",
            title=outlet.name,
            org_unit_id=place.id,
            org_path=place.path,
            outlet_id=outlet.id,
            partner_id=outlet.partner_id,
        )
        for outlet, place in rows
    ]


def manager_subjects(unit: OrgUnit, _period: Period) -> list[Subject]:
    rows = db.session.execute(
        select(Manager, OrgUnit)
        .join(OrgUnit, OrgUnit.id == Manager.org_unit_id)
        .where(OrgUnit.path.startswith(unit.path))
        .order_by(Manager.code)
    ).all()
    return [
        Subject(f"manager:{manager.code}", manager.name, place.id, place.path, manager_id=manager.id)
        for manager, place in rows
    ]


def monthly(facts: Facts) -> ReportKind:
    return ReportKind(
        code="INVENTED_MONTH",
        name="代办费结算单",
        cadence="MONTHLY",
        permission=Permission.COMMISSION_READ,
        drawing_version=1,
        subjects=outlet_subjects,
        freeze=facts.freeze,
        figures=Note,
        draw=facts.draw,
        ready=facts.ready,
        letters="IM",
    )


def weekly(facts: Facts) -> ReportKind:
    return ReportKind(
        code="INVENTED_WEEK",
        name="走访周报",
        cadence="WEEKLY",
        permission=Permission.USER_EDIT,
        drawing_version=1,
        subjects=manager_subjects,
        freeze=facts.freeze,
        figures=Note,
        draw=facts.draw,
        ready=facts.ready,
        letters="IW",
    )
