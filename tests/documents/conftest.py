"""Documents are tested with invented kinds of report; the real ones have tests of their own."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agentnet.divisions.models import OrgUnit
from agentnet.documents import worker
from agentnet.documents.actions import plan_documents
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask, batch, reading
from tests.documents import invented
from tests.documents.invented import WEEK_46, Facts


@pytest.fixture
def facts(app: TransactionalFlask) -> Facts:
    """The facts behind the invented kinds, which are the only ones while the test runs."""
    facts = Facts()
    kinds = (invented.monthly(facts), invented.weekly(facts))
    app.extensions["agentnet.report_kinds"] = {kind.code: kind for kind in kinds}
    return facts


def unit(code: str = "DH") -> OrgUnit:
    return db.session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()


def runs() -> list[Run]:
    with reading():
        found = list(db.session.scalars(select(Run).order_by(Run.number)))
        for run in found:
            assert run.frozen
        db.session.expunge_all()
    return found


def plan(facts: Facts, code: str = "DH", period: invented.Period = invented.OCTOBER, language: str = "zh") -> None:
    with batch():
        plan_documents(invented.monthly(facts), unit(code), period, language, SYSTEM)


@pytest.fixture
def drawn(facts: Facts) -> Facts:
    """Every outlet has its document of October, and every manager the one of week 46."""
    plan(facts)
    facts_of_week = invented.weekly(facts)
    with batch():
        plan_documents(facts_of_week, unit(), WEEK_46, "zh", SYSTEM)
    worker.draw_some(100)
    return facts


def number_of(subject: str) -> str:
    return next(run.number for run in runs() if run.subject == subject)


def listed(client: FlaskClient, query: str = "") -> set[str]:
    page = client.get(f"/documents{query}").get_data(as_text=True)
    return set(re.findall(r'href="/documents/(DH-[^"/]+)"', page))
