"""One person is one payee: present codes and accounts in the form and in files, and two offices at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.payout.account_rules import PayeeSaid
from agentnet.commission.payout.models import Payee, PayeeAccount, PayeeTerm
from agentnet.commission.payout.payee_actions import NewPayee, set_payee
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.at_once import at_once
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT
from tests.commission.payout.given import BANK_NO, NUMBER, account, payee
from tests.commission.payout.test_office import HEAD, counted, present
from tests.imports.conftest import Bring, bring, counts

__all__ = ["bring"]
SignIn = Callable[[str], FlaskClient]


def value(page: str, name: str) -> str:
    return re.search(r'value="([^"]*)"', re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0])[1]


def test_the_form_begins_with_the_present_payees_code(sign_in: SignIn) -> None:
    payee(SERVICE_POINT, code=POSTAL_STATION)
    payee(partner_code="POST", code="P-9", share="PARTNER", name="东海邮政", type=PayeeType.COMPANY)
    fang = sign_in("fang")
    assert value(fang.get("/payouts/payees/new?outlet=WL0002&share=KEEPER").text, "code") == POSTAL_STATION
    assert value(fang.get("/payouts/payees/new?outlet=JX0001&share=KEEPER").text, "code") == NEWSSTAND
    for asked in ("outlet=WL0001&share=PARTNER", "partner=POST&share=PARTNER"):
        page = fang.get(f"/payouts/payees/new?{asked}").text
        assert (value(page, "code"), value(page, "name")) == ("P-9", "东海邮政")


def test_small_letters_make_no_second_payee(app) -> None:
    payee(POSTAL_STATION)
    payee(SERVICE_POINT, code="wl0001", account=None)
    assert counted(Payee) == 1


def test_another_payees_account_is_refused_until_it_is_confirmed(app) -> None:
    payee(POSTAL_STATION)
    with pytest.raises(Conflict, match="account_of_another"):
        payee(SERVICE_POINT, name="王大伯", account_shared=False)
    assert (counted(Payee), counted(PayeeTerm), counted(PayeeAccount)) == (1, 1, 1)
    payee(SERVICE_POINT, code=POSTAL_STATION, account_shared=False)
    payee(NEWSSTAND, name="王大伯", account_shared=True)
    assert counted(Payee) == 2


def test_an_account_a_payee_has_left_is_free_for_another(app) -> None:
    payee(POSTAL_STATION)
    tomorrow = world.TODAY + timedelta(days=1)
    payee(POSTAL_STATION, account=account("6228480012340099"), starts_on=tomorrow)
    payee(SERVICE_POINT, name="王大伯", starts_on=tomorrow, account_shared=False)
    assert counted(Payee) == 2


def test_half_an_account_is_said_at_its_field_and_nothing_is_entered(sign_in: SignIn) -> None:
    payee(POSTAL_STATION)
    fang = sign_in("fang")
    typed = {
        "outlet": "WL0001", "share": "代办人", "starts_on": "2026-11-18", "code": "WL0001", "name": "周阿姨",
        "type": "INDIVIDUAL", "holder": "周阿姨", "bank": "工行",
    }  # fmt: skip
    answer = fang.post("/payouts/payees/new", data=typed | {"id": new_id()})
    assert answer.status_code == 422
    assert "请把账号也填全" in answer.text
    assert counted(PayeeTerm) == 1
    shared = typed | {"outlet": "WL0002", "code": "X1", "number": NUMBER, "bank_no": BANK_NO}
    answer = fang.post("/payouts/payees/new", data=shared | {"id": new_id()})
    assert answer.status_code == 409
    assert "这个账号已是 周阿姨（收款人编号 WL0001）的" in answer.text
    answer = fang.post("/payouts/payees/new", data=shared | {"id": new_id(), "account_shared": "y"})
    assert answer.status_code == 303


def test_two_offices_naming_a_new_payee_at_once_do_not_mean_one_person(app) -> None:
    def naming(outlet: str) -> Callable[[], str]:
        def work() -> str:
            said = PayeeSaid("NEWONE", "李四", PayeeType.INDIVIDUAL, account())
            set_payee(NewPayee(new_id(), outlet, "", "KEEPER", world.TODAY, said), world.actor("fang"))
            return "named"

        return work

    answers = at_once(app, [naming("WL0004"), naming("WL0005")], batch)
    # On SQLite there is one writer at a time, and the second finds the payee the first has named.
    assert sorted(answers) in (["named", "named"], ["named", "payee_at_once"])
    assert counted(Payee) == 1


def test_a_later_row_without_a_number_keeps_the_account_an_earlier_one_enters(bring: Bring) -> None:
    with_number = f"WL0001,,代办人,NEW1,周阿姨,个人,,{NUMBER},农商行太平支行,{BANK_NO},2026-11-18\n"
    without = "WL0002,,代办人,new1,周阿姨,个人,,,,,2026-12-01\n"
    for rows in (with_number + without, without + with_number):
        assert counts(bring("payees", HEAD + rows, by=world.actor("fang")))[0] in (2, 0)
        assert present(date(2026, 12, 2)) == ("周阿姨", NUMBER)
    assert (counted(Payee), counted(PayeeAccount)) == (1, 1)


@pytest.mark.parametrize("gone", ["合作单位编号", "分成"])
def test_a_file_without_an_optional_column_is_taken(bring: Bring, gone: str) -> None:
    head = HEAD.strip().split(",")
    row = f"WL0001,,,WL0001,周阿姨,个人,,{NUMBER},农商行太平支行,{BANK_NO},2026-11-18".split(",")
    at = head.index(gone)
    text = ",".join(head[:at] + head[at + 1 :]) + "\n" + ",".join(row[:at] + row[at + 1 :]) + "\n"
    assert counts(bring("payees", text, by=world.actor("fang"))) == (1, 0, 0)
    assert present() == ("周阿姨", NUMBER)
    with reading():
        assert db.session.scalar(select(func.count()).select_from(PayeeTerm)) == 1
