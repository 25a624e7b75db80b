"""Who sees which documents: those of the own territory, and what is about oneself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update

from agentnet.documents.models import Run
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask, batch
from agentnet.outlets.models import Outlet
from agentnet.users.models import RoleGrant
from agentnet.users.permissions import Permission
from tests import world
from tests.documents.conftest import listed, number_of, runs
from tests.documents.invented import Facts

SignIn = Callable[[str], FlaskClient]


def test_everyone_sees_the_documents_of_their_territory_alone(drawn: Facts, sign_in: SignIn) -> None:
    subjects = {run.number: run.subject.removesuffix(":zh").partition(":")[2] for run in runs()}
    expected = {
        "alice": {"WL0001"},
        "alan": {"WL0002"},
        "dora": {"JX0001"},
        "bob": {"M001"},
        "ben": {"M002"},
        "jing": {"M101"},
        "carol": {"WL0001", "WL0002", "WL0004", "WL0005"},
        "charlie": {"JX0001"},
        "fang": {"WL0001", "WL0002", "WL0004", "WL0005", "JX0001"},
        "paul": {"WL0001", "WL0005"},
        "audrey": {"WL0001", "WL0002", "WL0004", "WL0005", "JX0001"},
        "adam": set(subjects.values()),
    }
    seen = {name: {subjects[number] for number in listed(sign_in(name))} for name in expected}
    assert seen == expected


@pytest.mark.parametrize(("more_role", "sees_jing"), [(None, False), ("SUPERVISOR", True)])
def test_a_manager_sees_the_stations_documents_and_only_the_own_of_the_managers(
    app: TransactionalFlask, drawn: Facts, sign_in: SignIn, more_role: str | None, sees_jing: bool
) -> None:
    kinds = app.extensions["agentnet.report_kinds"]
    for code, kind in kinds.items():
        kinds[code] = replace(kind, permission=Permission.COMPLIANCE_READ)
    with batch():
        db.session.execute(update(RoleGrant).where(RoleGrant.user_id == 3).values(org_unit_id=world.COMPANY.id))
        db.session.execute(update(Run).where(Run.kind == "INVENTED_MONTH").values(outlet_id=None, partner_id=None))
        if more_role:
            db.session.execute(
                insert(RoleGrant).values(
                    user_id=3, role=more_role, org_unit_id=world.JIAXING.id, starts_on=world.LONG_AGO
                )
            )
    bob = sign_in("bob")
    about = {run.subject.split(":")[1] for run in runs() if run.number in listed(bob)}
    assert about == {"M001", "WL0001", "WL0002", "WL0004", "WL0005", "JX0001"} | ({"M101"} if sees_jing else set())
    others = number_of("manager:M002:zh")
    assert {bob.get(f"/documents/{others}{page}").status_code for page in ("", "/preview.pdf", "/download")} == {404}


@pytest.mark.parametrize("page", ["", "/preview.pdf", "/download"])
def test_a_document_of_another_territory_is_missing(drawn: Facts, sign_in: SignIn, page: str) -> None:
    number = number_of("outlet:WL0001:zh")
    assert sign_in("carol").get(f"/documents/{number}{page}").status_code == 200
    for stranger in ("charlie", "alan", "bob"):
        assert sign_in(stranger).get(f"/documents/{number}{page}").status_code == 404


def test_a_document_stays_with_the_territory_it_was_frozen_in(drawn: Facts, sign_in: SignIn) -> None:
    with batch():
        db.session.execute(update(Outlet).where(Outlet.code == "WL0002").values(org_unit_id=world.NANHU_STATION.id))
    number = number_of("outlet:WL0002:zh")
    assert number in listed(sign_in("carol"))
    assert number not in listed(sign_in("charlie"))


def test_nobody_without_signing_in_sees_a_document(drawn: Facts, app: TransactionalFlask) -> None:
    answer = app.test_client().get(f"/documents/{number_of('outlet:WL0001:zh')}/download")
    assert answer.status_code == 303
