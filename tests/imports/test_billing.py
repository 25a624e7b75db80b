"""Households and bills: figures are taken as they come, versions rise only when figures change."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from agentnet.collecting.models import Allocation, Bill, Household
from agentnet.core.errors import Forbidden
from agentnet.infra.db import db
from agentnet.infra.importing import export_rows
from agentnet.infra.transaction import batch
from tests import world
from tests.imports.conftest import Bring, counts

HOUSEHOLDS = "户号,户名,用电地址,村（社区）代码,客户类别\n"
BILLS = "户号,电费年月,电费本金（元）,违约金（元）,缴费截止日\n"
SAME = f"{world.MEI},2026-10,203.50,0,2026-11-25\n"


def bill(number: str, month: str) -> Bill:
    return db.session.scalars(
        select(Bill)
        .join(Household, Household.id == Bill.household_id)
        .where(Household.household_no == number, Bill.bill_month == month)
    ).one()


def test_households_come_in_and_change(bring: Bring) -> None:
    rows = (
        f"3310810000099,王五,小河头村9号,{world.VILLAGE},农村现金户\n"
        f"{world.GANG},林志刚,小河头村18号,{world.VILLAGE},\n"
    )
    assert counts(bring("households", HOUSEHOLDS + rows)) == (1, 1, 0)
    assert counts(bring("households", HOUSEHOLDS + rows)) == (0, 0, 2)
    assert (
        db.session.scalars(select(Household.segment).where(Household.household_no == "3310810000099")).one()
        == "CASH_RURAL"
    )


def test_numbers_of_the_wrong_length_and_unknown_villages_are_refused(bring: Bring, wrong) -> None:
    rows = "331081,王五,1号,331081001204,\n3310810000098,王六,1号,331081001999,\n"
    assert wrong(bring("households", HOUSEHOLDS + rows)) == [(2, "household_no", "cell_digits")]
    rows = "3310810000098,王六,1号,331081001999,\n3310810000097,王七,1号,331081001000,\n"
    assert wrong(bring("households", HOUSEHOLDS + rows)) == [
        (2, "division_code", "division_missing"),
        (3, "division_code", "division_missing"),
    ]


def test_a_bill_delivered_again_unchanged_keeps_its_version(bring: Bring) -> None:
    assert counts(bring("bills", BILLS + SAME)) == (0, 0, 1)
    assert bill(world.MEI, "2026-10").version == 1


def test_a_bill_that_was_paid_off_is_asked_for_again_once_billing_raises_it(bring: Bring) -> None:
    with batch() as session:
        session.execute(update(Bill).values(paid_off_on=date(2026, 11, 20)))
    rows = f"{world.MEI},2026-10,203.50,1.20,2026-11-25\n"
    assert counts(bring("bills", BILLS + rows)) == (0, 1, 0)
    assert bill(world.MEI, "2026-10").paid_off_on is None
    assert counts(bring("bills", BILLS + rows)) == (0, 0, 1)


def test_other_figures_raise_the_version_and_touch_no_allocation(bring: Bring) -> None:
    before = db.session.scalars(select(Allocation.id)).all()
    rows = f"{world.MEI},2026-10,203.50,1.20,2026-11-25\n{world.GANG},202611,5.38,0,2026/12/25\n"
    assert counts(bring("bills", BILLS + rows)) == (1, 1, 0)
    changed = bill(world.MEI, "2026-10")
    assert (changed.principal_fen, changed.late_charge_fen, changed.version) == (20350, 120, 2)
    assert (bill(world.GANG, "2026-11").principal_fen, bill(world.GANG, "2026-11").version) == (538, 1)
    assert db.session.scalars(select(Allocation.id)).all() == before


def test_a_bill_for_nobody_and_a_negative_one_are_refused(bring: Bring, wrong) -> None:
    assert wrong(bring("bills", BILLS + "3310810009999,2026-10,1,0,2026-11-25\n")) == [
        (2, "household_no", "household_unknown")
    ]
    assert wrong(bring("bills", BILLS + f"{world.MEI},2026-10,-1,0,2026-11-25\n")) == [
        (2, "principal_fen", "cell_negative")
    ]


@pytest.mark.parametrize("kind", ["households", "bills"])
def test_only_the_companys_administrator_brings_them(bring: Bring, kind: str) -> None:
    rows = HOUSEHOLDS + f"3310810000099,王五,1号,{world.VILLAGE},\n" if kind == "households" else BILLS + SAME
    for name in ("carol", "fang", "alice"):
        with pytest.raises(Forbidden, match="import_for_administrators"):
            bring(kind, rows, by=world.actor(name))


def test_an_export_masks_people_unless_it_is_told_why_not(app: Flask) -> None:
    importer = app.extensions["agentnet.importers"]["households"]
    masked = list(export_rows(importer, world.actor("fang")))
    assert masked[0][:3] == ["******7890", "**明", "杉青闸路**弄12号"]
    revealed = list(export_rows(importer, world.actor("fang"), reveal=True))
    assert revealed[0][:2] == [world.OLD, "沈阿明"]
    with pytest.raises(Forbidden):
        list(export_rows(importer, world.actor("carol")))
