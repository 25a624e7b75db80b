"""All or nothing, twice is once, errors by row and column: what every import promises."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.importing import ERRORS_KEPT, Importer, carry_out, parse
from agentnet.infra.sheets import csv_bytes, xlsx_bytes
from agentnet.infra.tables import look_at
from agentnet.infra.transaction import batch
from agentnet.outlets.models import Partner
from tests import world
from tests.commission.mailing.given import addressed
from tests.commission.payout.given import payee
from tests.imports.conftest import Bring, counts
from tests.outlets.campaigns.given import a_campaign
from tests.settlement.aged import outlet_days

HEAD = "编号,名称,类型,联系人\n"
GOOD = HEAD + "CHAIN,东海连锁,连锁商户,周经理\nPOST,东海邮政,邮政,\n"


def partners() -> int:
    return db.session.scalar(select(func.count()).select_from(Partner)) or 0


def lines(action: str) -> int:
    return db.session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == action)) or 0


def test_new_rows_come_in_and_known_rows_stay(bring: Bring) -> None:
    assert counts(bring("partners", GOOD)) == (1, 0, 1)
    assert partners() == 3


def test_the_same_file_twice_changes_nothing_and_leaves_no_line(bring: Bring) -> None:
    bring("partners", GOOD)
    before = db.session.scalar(select(func.count()).select_from(AuditLine))
    assert counts(bring("partners", GOOD)) == (0, 0, 2)
    assert db.session.scalar(select(func.count()).select_from(AuditLine)) == before


def test_a_change_raises_the_version_and_says_what_was(bring: Bring) -> None:
    assert counts(bring("partners", HEAD + "POST,东海邮政分公司,邮政,\n")) == (0, 1, 0)
    post = db.session.scalars(select(Partner).where(Partner.code == "POST")).one()
    assert (post.name, post.version) == ("东海邮政分公司", 2)
    line = db.session.scalars(select(AuditLine).where(AuditLine.action == "change_partner")).one()
    assert (line.before, line.after) == ({"name": "东海邮政"}, {"name": "东海邮政分公司"})


def test_an_import_leaves_one_line_with_counts_and_the_hash_of_the_file(bring: Bring) -> None:
    bring("partners", GOOD)
    line = db.session.scalars(select(AuditLine).where(AuditLine.action == "imported")).one()
    assert line.after is not None
    assert {name: line.after[name] for name in ("kind", "new", "changed", "unchanged")} == {
        "kind": "partners",
        "new": 1,
        "changed": 0,
        "unchanged": 1,
    }
    assert len(line.after["sha256"]) == 64


def test_an_empty_cell_leaves_what_is_there(bring: Bring) -> None:
    bring("partners", GOOD)
    assert counts(bring("partners", HEAD + "CHAIN,东海连锁,连锁商户,\n")) == (0, 0, 1)


def test_a_dry_run_counts_and_changes_nothing(bring: Bring) -> None:
    assert counts(bring("partners", GOOD, dry_run=True)) == (1, 0, 1)
    assert (partners(), lines("imported")) == (2, 0)


def test_one_wrong_row_keeps_all_rows_out(bring: Bring, wrong) -> None:
    plan = bring("partners", GOOD + "BAD,,邮局里,\n")
    assert wrong(plan) == [(4, "name", "cell_missing"), (4, "kind", "cell_choice")]
    assert partners() == 2


def test_errors_are_all_counted_and_the_first_hundred_kept(bring: Bring) -> None:
    plan = bring("partners", HEAD + "".join(f"P{n},,邮政,\n" for n in range(250)))
    assert (plan.errors.count, len(plan.errors.kept)) == (250, ERRORS_KEPT)


def test_a_key_given_twice_is_refused_at_its_second_row(bring: Bring, wrong) -> None:
    assert wrong(bring("partners", GOOD + "chain,另一家,银行,\n")) == [(4, "code", "key_twice")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file_empty"),
        ("\n\n", "file_empty"),
        (HEAD, "no_rows"),
        ("编号,名称,类型,颜色\nA,B,邮政,红\n", "columns_unknown"),
        ("编号,名称\nA,B\n", "columns_missing"),
        ("编号,code,名称,类型\nA,A,B,邮政\n", "column_twice"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_by_name(bring: Bring, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        bring("partners", text)
    assert refused.value.code == code
    assert partners() == 2


def test_unknown_columns_are_named(bring: Bring) -> None:
    with pytest.raises(Invalid, match="颜色、形状"):
        bring("partners", "编号,名称,类型,颜色,形状\nA,B,邮政,红,圆\n")


def test_more_cells_than_heads_are_an_error_not_a_loss(bring: Bring, wrong) -> None:
    assert wrong(bring("partners", HEAD + "A,名,字,邮政,多了\n"))[0] == (2, "", "row_wide")


def test_who_may_not_import_this_kind_is_refused(bring: Bring) -> None:
    with pytest.raises(Forbidden, match="import_for_administrators"):
        bring("partners", GOOD, by=world.actor("carol"))
    of_a_county = Actor(user_id=None, name="", grants=(Grant(Role.ADMINISTRATOR, org_path=world.WENLING.path),))
    with pytest.raises(Forbidden, match="import_for_administrators"):
        bring("partners", GOOD, by=of_a_county)
    assert partners() == 2


def test_a_file_that_broke_a_rule_meanwhile_writes_nothing(app: Flask, tmp_path) -> None:
    importer: Importer = app.extensions["agentnet.importers"]["households"]
    path = tmp_path / "households.csv"
    path.write_text(f"户号,户名,用电地址,村代码\n3310810000099,王五,1号,{world.VILLAGE}\n", encoding="utf-8")
    path.write_text(
        path.read_text("utf-8").replace("村代码", "village code").replace(world.VILLAGE, "331081001999"), "utf-8"
    )
    with pytest.raises(Conflict, match="import_stale"), batch():
        carry_out(importer, parse(importer, look_at(path)), world.actor("adam"), "households.csv")


def test_every_kind_has_a_template_that_it_reads_itself(app: Flask, tmp_path) -> None:
    for importer in app.extensions["agentnet.importers"].values():
        head = [column.words for column in importer.shown]
        row = [column.example for column in importer.shown]
        for number, data in enumerate((csv_bytes(head, [row]), xlsx_bytes("x", head, [row]))):
            path = tmp_path / f"{importer.kind}-{number}"
            path.write_bytes(data)
            parsed = parse(importer, look_at(path))
            assert (importer.kind, [error.refusal.code for error in parsed.errors.kept]) == (importer.kind, [])


def test_what_goes_out_comes_in_again_unchanged(app: Flask, bring: Bring, tmp_path) -> None:
    payee("WL0001")
    addressed()
    outlet_days()
    a_campaign("WL0001")
    for importer in app.extensions["agentnet.importers"].values():
        by = world.actor("adam" if Role.ADMINISTRATOR in importer.roles else "fang")
        head = [column.name for column in importer.shown]
        rows = list(importer.export(by))
        assert rows, importer.kind
        plan = bring(importer.kind, csv_bytes(head, rows), by=by)
        assert (importer.kind, counts(plan), plan.errors.kept) == (importer.kind, (0, 0, len(rows)), [])
