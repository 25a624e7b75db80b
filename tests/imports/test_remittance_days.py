"""Remittance days from files obey what their page obeys; the same file twice changes nothing."""

from __future__ import annotations

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from agentnet.core.clock import frozen_at
from agentnet.core.errors import Forbidden
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.importing import example_rows, export_rows
from agentnet.infra.transaction import reading
from agentnet.settlement.ageing.models import RemittanceDays
from tests import world
from tests.collecting.counter import count
from tests.imports.conftest import Bring, counts
from tests.settlement.aged import age, at, enforced, night, outlet_days, state, taken

HEAD = "网点编号,什么时候可以交款,每周哪几天,开始日期,事由\n"
BOTH = HEAD + "WL0001,每周固定几天,周二、周四,2026-11-16,邮路调整\nwl0002,每个工作日,,2026-11-16,新开银行网点\n"


def entered():
    with reading():
        rows = db.session.scalars(select(RemittanceDays).order_by(RemittanceDays.outlet_id, RemittanceDays.id))
        return [(row.outlet_id, row.rhythm, row.weekdays, row.starts_on.isoformat(), row.user_id) for row in rows]


def test_a_supervisor_brings_the_days_of_many_outlets(bring: Bring):
    assert counts(bring("remittance-days", BOTH, by=world.actor("carol"))) == (2, 0, 0)
    assert entered() == [(1, "WEEKDAYS", "24", "2026-11-16", 6), (2, "WORKDAYS", "", "2026-11-16", 6)]
    with reading():
        lines = db.session.scalars(select(AuditLine).where(AuditLine.action == "remittance_days_set")).all()
        assert [(line.subject_id, line.after["weekdays"]) for line in lines] == [("WL0001", "24"), ("WL0002", "")]


def test_the_same_file_twice_changes_nothing_and_another_adds_only_what_differs(bring: Bring):
    bring("remittance-days", BOTH)
    assert counts(bring("remittance-days", BOTH)) == (0, 0, 2)
    assert count(RemittanceDays) == 2
    other = BOTH.replace("周二、周四", "3").replace("新开银行网点", "新开银行")
    assert counts(bring("remittance-days", other)) == (0, 1, 1)
    assert entered()[:2] == [(1, "WEEKDAYS", "24", "2026-11-16", None), (1, "WEEKDAYS", "3", "2026-11-16", None)]


def test_a_dry_run_enters_nothing(bring: Bring):
    assert counts(bring("remittance-days", BOTH, dry_run=True)) == (2, 0, 0)
    assert count(RemittanceDays) == 0


def test_two_spans_of_one_outlet_are_taken_in_their_order_whatever_the_files(bring: Bring):
    spans = HEAD + "WL0001,工作日,,2026-12-01,冬季\nWL0001,不固定,,2026-11-18,修路\n"
    assert counts(bring("remittance-days", spans)) == (2, 0, 0)
    assert [row[1] for row in entered()] == ["NONE", "WORKDAYS"]
    assert counts(bring("remittance-days", spans)) == (0, 0, 2)


def test_back_to_the_kinds_days_where_nothing_was_set_changes_nothing(bring: Bring):
    as_kind = HEAD + "WL0001,照同类,,2026-11-18,取消单设\n"
    assert counts(bring("remittance-days", as_kind)) == (0, 0, 1)
    outlet_days()
    assert counts(bring("remittance-days", as_kind)) == (0, 1, 0)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("XX0001,工作日,,2026-11-18,邮路调整", ("outlet", "outlet_missing")),
        ("JX0001,工作日,,2026-11-18,邮路调整", ("outlet", "outlet_missing")),
        ("WL0001,有空就来,,2026-11-18,邮路调整", ("rhythm", "cell_choice")),
        ("WL0001,每周固定几天,,2026-11-18,邮路调整", ("weekdays", "weekdays_missing")),
        ("WL0001,工作日,周一,2026-11-18,邮路调整", ("weekdays", "weekdays_missing")),
        ("WL0001,每周固定几天,周八,2026-11-18,邮路调整", ("weekdays", "cell_weekdays")),
        ("WL0001,每周固定几天,周一周一,2026-11-18,邮路调整", ("weekdays", "cell_weekdays")),
        ("WL0001,工作日,,2026-09-18,邮路调整", ("starts_on", "too_far_back")),
        ("WL0001,工作日,,2029-11-18,邮路调整", ("starts_on", "too_far_ahead")),
        ("WL0001,工作日,,2026-11-18,", ("reason", "cell_missing")),
    ],
)
def test_one_wrong_row_keeps_all_rows_out(bring: Bring, wrong, row, error):
    found = bring("remittance-days", BOTH + row + "\n", by=world.actor("carol"))
    assert wrong(found) == [(4, *error)]
    assert count(RemittanceDays) == 0


@pytest.mark.parametrize("by", ["alice", "bob", "fang", "audrey", "paul"])
def test_who_may_not_say_days_brings_none(bring: Bring, by):
    with pytest.raises(Forbidden):
        bring("remittance-days", BOTH, by=world.actor(by))
    assert count(RemittanceDays) == 0


def test_it_counts_cash_anew_lifts_at_once_and_suspends_nobody(bring: Bring):
    """The post missed Mon 9, Wed 11 and Fri 13; by Thursdays alone only the 12th was missed, by no days none."""
    enforced(2)
    taken(9, 100_00)
    night(14)
    assert state()[0] == "SUSPENDED"
    with at(14):
        bring("remittance-days", HEAD + "WL0001,不固定,,2026-11-02,修路\n")
    assert state()[:2] == ("ACTIVE", "REMITTANCE_ARRIVED")
    with at(15):
        bring("remittance-days", HEAD + "WL0001,工作日,,2026-11-02,新开银行\n")
    assert age()[2] == 4
    assert state()[0] == "ACTIVE"


def test_a_workbook_is_read_and_what_is_exported_comes_back_unchanged(bring: Bring, app, tmp_path):
    book = Workbook()
    for line in BOTH.splitlines():
        book.active.append(line.split(","))
    path = tmp_path / "days.xlsx"
    book.save(path)
    assert counts(bring("remittance-days", path)) == (2, 0, 0)
    importer = app.extensions["agentnet.importers"]["remittance-days"]
    with reading():
        rows = [[str(cell) for cell in row] for row in export_rows(importer, world.actor("carol"))]
        assert list(export_rows(importer, world.actor("charlie"))) == []
    assert [row[0] for row in rows] == ["WL0001", "WL0002"]
    head, _example = example_rows(importer)
    sheet = "\n".join(",".join(row) for row in [head, *rows]) + "\n"
    assert counts(bring("remittance-days", sheet)) == (0, 0, 2)


def test_the_example_of_the_template_can_be_brought(bring: Bring, app):
    head, example = example_rows(app.extensions["agentnet.importers"]["remittance-days"])
    with frozen_at(world.NOW):
        assert counts(bring("remittance-days", "\n".join(",".join(row) for row in [head, *example]) + "\n")) == (
            1,
            0,
            0,
        )
