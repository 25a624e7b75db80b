"""Payees, holds, settings and layouts: who may, what is refused, twice is once, and what the trail keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agentnet.commission.payout.account_rules import Account
from agentnet.commission.payout.bank_sheet import USUAL, Layout, SheetColumn
from agentnet.commission.payout.models import PayeeAccount, PayeeTerm, PayoutHold, PayoutLayout, PayoutSetting
from agentnet.commission.payout.office_actions import save_layout
from agentnet.commission.payout.queries import accounts_on, terms_on
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import POSTAL_STATION
from tests.commission.payout.given import BANK_NO, NUMBER, OWN, account, lifted, on_hold, payee, settings
from tests.imports.conftest import Bring, bring, counts, wrong

__all__ = ["bring", "wrong"]

OTHER_THAN_FINANCE = ["carol", "alice", "audrey", "paul", "adam"]


def counted(model):
    with reading():
        return db.session.scalar(select(func.count()).select_from(model))


def present(day=world.TODAY):
    """Return who gets the keeper's share of WL0001 on a day, and the account."""
    with reading():
        payee_id = terms_on(day).payee_id(1, 1, "KEEPER")
        row = accounts_on(day).get(payee_id)
        return None if row is None else (row.name, row.number)


def test_a_payee_is_named_and_the_trail_keeps_the_number_masked(app):
    payee(POSTAL_STATION)
    assert present() == ("周阿姨", NUMBER)
    with reading():
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == "payee_set")).one()
        assert line.after["account"] == "************5678"
        assert NUMBER not in str(line.after)


def test_a_later_payee_holds_from_its_day_on(app):
    payee(POSTAL_STATION)
    tomorrow = world.TODAY + timedelta(days=1)
    payee(POSTAL_STATION, code="P-2", name="周小妹", account=account("6228480012340099", "周小妹"), starts_on=tomorrow)
    assert present() == ("周阿姨", NUMBER)
    assert present(tomorrow) == ("周小妹", "6228480012340099")


def test_without_a_number_the_payees_account_stays(app):
    payee(POSTAL_STATION)
    payee(POSTAL_STATION, name="周阿娣", account=None)
    assert present() == ("周阿娣", NUMBER)


@pytest.mark.parametrize("username", OTHER_THAN_FINANCE)
def test_only_finance_names_payees_places_holds_and_sets(app, username):
    with pytest.raises(Forbidden):
        payee(POSTAL_STATION, by=username)
    with pytest.raises(Forbidden):
        on_hold(by=username)
    with pytest.raises(Forbidden):
        settings(by=username)
    assert (counted(PayeeTerm), counted(PayoutHold), counted(PayoutSetting)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outlet": "WL9999"}, "outlet_missing"),
        ({"outlet": "", "partner_code": "NOBODY", "code": "X"}, "partner_missing"),
        ({"partner_code": "POST"}, "payee_owner"),
        ({"outlet": "", "code": "X"}, "payee_owner"),
        ({"code": "周"}, "payee_code"),
        ({"name": "=1+1"}, "words_formula"),
        ({"name": "周" * 71}, "words_long"),
        ({"share": ""}, "share_shape"),
        ({"account": account(number="12345")}, "account_shape"),
        ({"account": account(bank_no="313651027013")}, "bank_no_shape"),
        ({"account": account(bank_no="31365102701")}, "bank_no_shape"),
        ({"account": account(bank="")}, "words_missing"),
    ],
)
def test_a_payee_nobody_could_pay_is_refused_and_leaves_nothing(app, changes, code):
    with pytest.raises(Invalid, match=code):
        payee(**({"outlet": POSTAL_STATION} | changes))
    assert (counted(PayeeTerm), counted(PayeeAccount)) == (0, 0)


def test_a_payee_sent_twice_is_named_once(app):
    sent = new_id()
    payee(POSTAL_STATION, request_id=sent)
    payee(POSTAL_STATION, request_id=sent)
    assert counted(PayeeTerm) == 1
    with pytest.raises(Conflict, match="id_reused"):
        payee(POSTAL_STATION, name="别人", request_id=sent)


def test_a_hold_is_placed_once_and_lifted_once(app):
    id_, sent = new_id(), new_id()
    on_hold(id_=id_)
    on_hold(id_=id_)
    with pytest.raises(Conflict, match="hold_stands"):
        on_hold()
    lifted(id_, request_id=sent)
    lifted(id_, request_id=sent)
    with pytest.raises(Conflict, match="hold_lifted"):
        lifted(id_)
    on_hold()
    assert counted(PayoutHold) == 2


def test_a_hold_needs_an_outlet_and_a_reason(app):
    with pytest.raises(Missing, match="outlet_missing"):
        on_hold("WL9999")
    with pytest.raises(Invalid, match="reason_missing"):
        on_hold(reason=" ")
    with pytest.raises(Missing, match="hold_missing"):
        lifted(new_id())
    assert counted(PayoutHold) == 0


def test_settings_begin_today_or_later_with_an_account_that_can_be_paid_from(app):
    with pytest.raises(Invalid, match="setting_past"):
        settings(starts_on=world.TODAY - timedelta(days=1))
    with pytest.raises(Invalid, match="bank_no_shape"):
        settings(own=Account(OWN.holder, OWN.number, OWN.bank, "1"))
    sent = new_id()
    settings(request_id=sent)
    settings(request_id=sent)
    assert counted(PayoutSetting) == 1


def test_a_layout_is_saved_by_version(app):
    def save(version, layout=USUAL, name="农商行", by="fang"):
        with batch():
            save_layout(name, version, layout, world.actor(by))

    save(0)
    with pytest.raises(Conflict, match="layout_changed"):
        save(0)
    save(1, Layout(False, (*USUAL.columns, SheetColumn("备注", "empty"))))
    with pytest.raises(Invalid, match="layout_name"):
        save(0, name="../x")
    with pytest.raises(Forbidden):
        save(2, by="carol")
    with reading():
        (one,) = db.session.scalars(select(PayoutLayout)).all()
        assert (one.version, one.heading, one.columns[-1]) == (2, False, ["备注", "empty"])


HEAD = "网点编号,合作单位编号,分成,收款人编号,收款人,收款人类型,收款户名,收款账号,开户行,行号,开始日期\n"
BOTH = (
    HEAD + f"WL0001,,代办人,WL0001,周阿姨,个人,,6228 4800 1234 5678,农商行太平支行,{BANK_NO},2026-11-18\n"
    ",POST,合作单位,POST,东海邮政,公司,,,,,2026-11-18\n"
)


def test_finance_brings_the_payees_of_many_outlets(bring: Bring):
    assert counts(bring("payees", BOTH, by=world.actor("fang"))) == (2, 0, 0)
    assert present() == ("周阿姨", NUMBER)
    assert counts(bring("payees", BOTH, by=world.actor("fang"))) == (0, 0, 2)
    other = BOTH.replace("5678", "5670")
    assert counts(bring("payees", other, by=world.actor("fang"))) == (0, 1, 1)
    assert present() == ("周阿姨", "6228480012345670")


def test_who_may_not_name_payees_brings_none(bring: Bring):
    for username in OTHER_THAN_FINANCE:
        with pytest.raises(Forbidden):
            bring("payees", BOTH, by=world.actor(username))
    assert counted(PayeeTerm) == 0


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("XX0001,,,P1,周,个人,,,,,2026-11-18", ("outlet", "outlet_missing")),
        (",,,P1,周,个人,,,,,2026-11-18", ("outlet", "payee_owner")),
        ("WL0001,,,P1,周,个人,,123,,,2026-11-18", ("number", "account_shape")),
        ("WL0001,,,P1,周,个人,,6228480012345678,支行,123,2026-11-18", ("bank_no", "bank_no_shape")),
        ("WL0001,,,P1,周,神仙,,,,,2026-11-18", ("type", "cell_choice")),
    ],
)
def test_a_wrong_row_is_named_and_leaves_nothing(bring: Bring, wrong, row, error):
    assert wrong(bring("payees", HEAD + row + "\n", by=world.actor("fang"))) == [(2, *error)]
    assert counted(PayeeTerm) == 0
