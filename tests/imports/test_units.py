"""The whole organisation in one file, in any order."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agentnet.core.errors import Forbidden
from agentnet.divisions.models import OrgUnit
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from tests import world
from tests.imports.conftest import Bring, counts

HEAD = "单位编号,单位名称,单位层级,上级单位编号\n"


def unit(code: str) -> OrgUnit:
    return db.session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()


def test_children_may_stand_before_their_parents(bring: Bring) -> None:
    rows = "JX-HN-1,盐官供电所,供电所,JX-HN\nJX-HN,海宁供电公司,县公司,JX\n"
    assert counts(bring("org-units", HEAD + rows)) == (2, 0, 0)
    assert unit("JX-HN-1").path == f"{unit('JX-HN').path}{unit('JX-HN-1').id}/"
    assert unit("JX-HN").path == f"{world.JIAXING.path}{unit('JX-HN').id}/"
    assert counts(bring("org-units", HEAD + rows)) == (0, 0, 2)


def test_a_move_takes_everything_below_along(bring: Bring) -> None:
    assert counts(bring("org-units", HEAD + "WL,温岭供电公司,县级供电公司,JX\n")) == (0, 1, 0)
    assert unit("WL").path == f"{world.JIAXING.path}{world.WENLING.id}/"
    assert unit("WL-TP").path == f"{world.JIAXING.path}{world.WENLING.id}/{world.TAIPING.id}/"
    lines = db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)).all()
    assert lines[-2:] == ["moved_org_unit", "imported"]


def test_parent_and_child_may_change_places(bring: Bring) -> None:
    rows = "WL,温岭供电公司,县级供电公司,WL-TP\nWL-TP,太平供电所,供电所,TZ\n"
    assert bring("org-units", HEAD + rows).errors.kept == []
    assert unit("WL").path == f"{world.TAIZHOU.path}{world.TAIPING.id}/{world.WENLING.id}/"
    assert unit("WL-ZG").path == f"{unit('WL').path}{world.ZEGUO.id}/"


def test_circles_second_companies_and_orphans_are_refused(bring: Bring, wrong) -> None:
    plan = bring("org-units", HEAD + "WL,温岭供电公司,县级供电公司,WL-TP\n")
    assert wrong(plan) == [(2, "parent", "unit_circle")]
    assert wrong(bring("org-units", HEAD + "DH2,第二公司,公司,\n")) == [(2, "parent", "one_company")]
    assert wrong(bring("org-units", HEAD + "X1,甲所,供电所,NOBODY\n")) == [(2, "parent", "parent_unit_missing")]
    assert wrong(bring("org-units", HEAD + "X1,甲所,供电所,\n"))[0] == (2, "kind", "company_on_top")
    assert unit("WL").path == world.WENLING.path


def test_a_supervisor_may_not_bring_units(bring: Bring) -> None:
    with pytest.raises(Forbidden, match="import_for_administrators"):
        bring("org-units", HEAD + "X1,甲所,供电所,WL\n", by=world.actor("carol"))
