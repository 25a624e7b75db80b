"""Addresses entered, corrected and taken away; a month sent by hand; a mail sent again or returned."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from agentnet.commission.mailing.actions import send_stuck_again
from agentnet.commission.mailing.address_imports import IMPORTER
from agentnet.commission.mailing.jobs import send_some
from agentnet.commission.mailing.models import MailAddress
from agentnet.commission.mailing.queries import failed_count, mail_for
from agentnet.commission.mailing.rules import LOOK_BACK, WAITS
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.importing import carry_out, check, parse
from agentnet.infra.tables import look_at
from agentnet.infra.transaction import batch, reading
from agentnet.users.models import RoleGrant
from tests import world
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT
from tests.commission.mailing.given import (
    WANG,
    ZHOU,
    addressed,
    again,
    approved_october,
    drawn_october,
    mail_to,
    mails,
    month_sent,
    posted,
    returned,
    settled,
    states,
)
from tests.commission.payout.given import approved, payee
from tests.machines.mail import PostOffice, send_through

NEW = "zhou.new@mail.example"


def counted(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def address_of(outlet_id: int = 1) -> tuple[str | None, str]:
    with reading():
        row = db.session.scalars(select(MailAddress).where(MailAddress.outlet_id == outlet_id)).one()
        return row.address, row.language


def audited(action: str) -> AuditLine:
    with reading():
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == action).order_by(AuditLine.id)).all()[-1]
        db.session.expunge(line)
        return line


def test_finance_enters_an_address_and_the_trail_keeps_it_masked(app: Flask) -> None:
    addressed(address=" zhou.ayi＠MAIL.example ")
    assert address_of() == ("zhou.ayi@mail.example", "zh")
    line = audited("mail_address_set")
    assert (line.subject_kind, line.subject_id, line.before) == ("outlet", "WL0001", None)
    assert line.after == {"mail_address": "z***@mail.example", "locale": "zh"}


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_of_the_company_touches_mail(office: PostOffice, who: str) -> None:
    approved_october()
    posted()
    sent, before = mail_to(ZHOU), states()
    for step in (
        lambda: addressed(SERVICE_POINT, by=who),
        lambda: month_sent(who),
        lambda: again(sent.id, who),
        lambda: returned(sent.id, by=who),
        lambda: settled(sent.id, who),
        lambda: _all_again(who),
    ):
        with pytest.raises(Forbidden):
            step()
    assert (states(), counted(MailAddress)) == (before, 2)


def _all_again(who: str = "fang", request_id=None) -> int:
    with batch():
        return send_stuck_again(request_id or new_id(), world.actor(who))


def test_finance_of_one_county_sees_its_mail_and_touches_none(office: PostOffice) -> None:
    approved_october()
    posted()
    with batch() as session:
        given = {"role": "FINANCE", "org_unit_id": world.WENLING.id, "starts_on": world.LONG_AGO}
        session.execute(insert(RoleGrant).values(user_id=world.actor("carol").user_id, **given))
    for step in (
        lambda: addressed(SERVICE_POINT, by="carol"),
        lambda: month_sent("carol"),
        lambda: again(mail_to(ZHOU).id, "carol"),
    ):
        with pytest.raises(Forbidden) as refused:
            step()
        assert refused.value.code == "company_only"
    with reading():
        assert mail_for(world.actor("carol"), mail_to(ZHOU).id)[0].address == ZHOU


def test_a_stranger_finds_no_mail_of_wenling(office: PostOffice) -> None:
    approved_october()
    posted()
    id_ = mail_to(ZHOU).id
    with pytest.raises(Missing), reading():
        mail_for(world.actor("charlie"), id_)


@pytest.mark.parametrize(
    "address",
    [
        "zhou", "zhou@", "@mail.example", "zhou@mail", "zhou@mail..example", "zhou@-mail.example", "周@mail.example",
        "zhou @mail.example", "a@b.example\nBcc: c@d.example", ".zhou@mail.example", "zhou@mail.example>", "x" * 65 + "@mail.example",
        "zhou@" + "m" * 250 + ".example", "zhou@mail.1",
    ],
)  # fmt: skip
def test_what_is_no_address_leaves_nothing(app: Flask, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        addressed(address=address)
    assert refused.value.code == "mail_shape"
    assert counted(MailAddress) == 0


@pytest.mark.parametrize(("outlet", "payee_code"), [("XX0001", ""), ("", "XX"), ("", ""), ("WL0001", "WL0001")])
def test_an_address_belongs_to_one_who_is_there(app: Flask, outlet: str, payee_code: str) -> None:
    with pytest.raises(Missing):
        addressed(outlet_code=outlet, payee_code=payee_code)
    assert counted(MailAddress) == 0


def test_an_address_sent_twice_is_entered_once_and_another_is_a_conflict(app: Flask) -> None:
    id_ = new_id()
    addressed(id=id_)
    addressed(id=id_)
    with pytest.raises(Conflict):
        addressed(id=id_, address=WANG)
    assert (counted(MailAddress), address_of()[0]) == (1, ZHOU)


def test_what_failed_at_the_old_address_goes_to_the_new_one(office: PostOffice) -> None:
    approved_october()
    office.refused[ZHOU] = "550 no such user"
    posted()
    addressed(address=NEW)
    assert mail_to(ZHOU).state == "CANCELLED"
    assert (mail_to(NEW).state, mail_to(NEW).round, mail_to(NEW).asked_by_id) == ("WAITING", 1, None)
    assert posted() == 1
    assert len(office.to(NEW)) == 1
    assert posted() == 0


def test_what_came_back_goes_to_the_new_address(office: PostOffice) -> None:
    approved_october()
    posted()
    returned(mail_to(ZHOU).id)
    assert (mail_to(ZHOU).state, mail_to(ZHOU).failure) == ("FAILED", "bounced 550 没有这个用户")
    addressed(address=NEW)
    posted()
    assert len(office.to(NEW)) == 1
    line = audited("mail_returned")
    assert (line.before, (line.after or {})["reason"]) == ({"state": "SENT"}, "550 没有这个用户")


def test_an_address_taken_away_gets_nothing_and_given_back_what_waited(office: PostOffice) -> None:
    approved_october()
    office.data_answer = "452 later"
    posted()
    office.data_answer = ""
    addressed(address="")
    with frozen_at(world.NOW + WAITS[0]):
        posted()
    assert (mail_to(ZHOU).state, office.to(ZHOU)) == ("CANCELLED", [])
    addressed()
    posted()
    assert (len(office.to(ZHOU)), mail_to(ZHOU).state) == (1, "SENT")


def test_an_address_given_back_after_long_gets_nothing_old(office: PostOffice) -> None:
    approved_october()
    office.data_answer = "452 later"
    posted()
    addressed(address="")
    office.data_answer = ""
    with frozen_at(world.NOW + LOOK_BACK + timedelta(days=1)):
        addressed()
        posted()
    assert office.to(ZHOU) == []


def test_a_month_is_sent_by_hand_without_an_approval_and_once(office: PostOffice) -> None:
    drawn_october()
    addressed()
    id_ = new_id()
    assert (month_sent(request_id=id_), month_sent(request_id=id_)) == (1, 1)
    posted()
    assert (len(office.to(ZHOU)), mail_to(ZHOU).asked_by_id) == (1, world_id("fang"))
    with pytest.raises(Invalid) as refused:
        month_sent()
    assert refused.value.code == "nothing_to_mail"
    approved()
    assert posted() == 0
    assert len(mails()) == 1


def world_id(who: str) -> int | None:
    with reading():
        return world.actor(who).user_id


def test_with_mail_off_nothing_is_promised(app: Flask, office: PostOffice) -> None:
    approved_october()
    posted()
    send_through(app, None)
    for step in (month_sent, lambda: again(mail_to(ZHOU).id), _all_again):
        with pytest.raises(Invalid) as refused:
            step()
        assert refused.value.code == "mail_off"
    assert [state for _address, state, _n in states()] == ["SENT", "SENT"]


def test_sent_again_it_is_another_round_and_twice_is_once(office: PostOffice) -> None:
    approved_october()
    posted()
    id_ = new_id()
    first = mail_to(ZHOU).id
    assert again(first, request_id=id_) == again(first, request_id=id_)
    with pytest.raises(Conflict) as refused:
        again(first)
    assert refused.value.code == "mail_under_way"
    posted()
    assert [(one.round, one.state) for one in mails() if one.address == ZHOU] == [(1, "SENT"), (2, "SENT")]
    assert len(office.to(ZHOU)) == 2


def test_a_failed_one_is_tried_anew_as_the_same_mail(office: PostOffice) -> None:
    approved_october()
    office.refused[ZHOU] = "550 mailbox full"
    posted()
    office.refused.clear()
    failed = mail_to(ZHOU).id
    assert again(failed) == failed
    posted()
    assert (mail_to(ZHOU).state, mail_to(ZHOU).round, len(office.to(ZHOU))) == ("SENT", 1, 1)


def test_a_mail_whose_address_was_taken_away_is_not_sent_again(office: PostOffice) -> None:
    approved_october()
    posted()
    addressed(address="")
    with pytest.raises(Conflict) as refused:
        again(mail_to(ZHOU).id)
    assert refused.value.code == "mail_address_gone"


@pytest.mark.parametrize(("reason", "refusal"), [(" ", Invalid), ("长" * 201, Invalid)])
def test_a_return_needs_a_reason(office: PostOffice, reason: str, refusal: type[Refusal]) -> None:
    approved_october()
    posted()
    with pytest.raises(refusal):
        returned(mail_to(ZHOU).id, reason)
    assert mail_to(ZHOU).state == "SENT"


def test_a_return_is_noted_once_and_only_of_what_was_sent(office: PostOffice) -> None:
    approved_october()
    posted()
    id_ = new_id()
    for _ in range(2):
        returned(mail_to(ZHOU).id, request_id=id_)
    with pytest.raises(Conflict) as refused:
        returned(mail_to(ZHOU).id)
    assert refused.value.code == "mail_not_sent"
    assert mail_to(ZHOU).sent_at is not None


def test_a_failure_is_settled_once_and_does_not_come_back_with_the_address(office: PostOffice) -> None:
    approved_october()
    office.hangs_up = True
    posted()
    office.hangs_up = False
    assert _waiting_at_home() == 1
    id_ = new_id()
    for _ in range(2):
        settled(mail_to(ZHOU).id, request_id=id_)
    assert mail_to(ZHOU).state == "CANCELLED"
    assert (mail_to(ZHOU).failure or "").startswith("settled uncertain ")
    assert _waiting_at_home() == 0
    with pytest.raises(Conflict) as refused:
        settled(mail_to(ZHOU).id)
    assert refused.value.code == "mail_not_failed"
    addressed(address="")
    addressed()
    with frozen_at(world.NOW + timedelta(days=1)):
        posted()
    assert len(office.to(ZHOU)) == 1


def _waiting_at_home() -> int:
    with reading():
        return failed_count()


def test_all_that_the_server_failed_goes_again_and_what_an_address_failed_does_not(
    app: Flask, office: PostOffice
) -> None:
    approved_october()
    office.refused[ZHOU] = "550 no such user"
    posted()
    payee(SERVICE_POINT, code="P-3", name="第三人")
    addressed(outlet_code="", payee_code="P-3", address="third@mail.example")
    office.sender_answer = "451 not now"
    at = world.NOW
    posted()
    for wait in WAITS:
        at += wait
        with frozen_at(at):
            send_some()
    assert mail_to("third@mail.example").state == "FAILED"
    office.sender_answer = ""
    id_ = new_id()
    assert (_all_again(request_id=id_), _all_again(request_id=id_)) == (1, 1)
    send_some()
    assert [(address, state) for address, state, _n in states()] == [
        (ZHOU, "FAILED"),
        (WANG, "SENT"),
        ("third@mail.example", "SENT"),
    ]


def brought(folder: Path, text: str, by: str = "fang") -> dict[str, int]:
    """Bring a file of addresses and return what it did."""
    path = folder / "addresses.csv"
    path.write_text(text)
    parsed = parse(IMPORTER, look_at(path))
    with batch():
        return carry_out(IMPORTER, parsed, world.actor(by), path.name).counts()


def test_rows_that_are_wrong_are_named_and_leave_nothing(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "addresses.csv"
    path.write_text(
        "网点编号,收款人编号,邮箱\nWL0001,WL0001,a@mail.example\nXX1,,a@mail.example\nWL0002,,z***@mail.example\n"
    )
    with reading():
        plan = check(IMPORTER, parse(IMPORTER, look_at(path)), world.actor("fang"))
    assert [(one.row, one.column, one.refusal.code) for one in plan.errors.sorted()] == [
        (2, "outlet", "mail_owners"),
        (3, "outlet", "mail_owner"),
        (4, "address", "mail_shape"),
    ]
    with pytest.raises(Forbidden):
        brought(tmp_path, "网点编号,邮箱\nWL0001,a@mail.example\n", by="carol")
    assert counted(MailAddress) == 0


def test_a_file_may_leave_away_the_columns_it_does_not_need(app: Flask, tmp_path: Path) -> None:
    assert brought(tmp_path, "网点编号,邮箱\nWL0001,a@mail.example\n")["new"] == 1
    path = tmp_path / "addresses.csv"
    path.write_text("网点编号,邮箱\nWL0001,a@mail.example\nWL0001,b@mail.example\n")
    found = parse(IMPORTER, look_at(path)).errors.sorted()
    assert [(one.row, one.column, one.refusal.code) for one in found] == [(3, "outlet", "key_twice")]


def test_addresses_come_from_a_file_and_an_export_brought_back_changes_nothing(app: Flask, tmp_path: Path) -> None:
    payee(POSTAL_STATION)
    text = "网点编号,收款人编号,邮箱,语言\nWL0001,,zhou@mail.example,\n,WL0001,aunt@mail.example,英文\n"
    assert brought(tmp_path, text) == {"new": 2, "changed": 0, "unchanged": 0}
    assert brought(tmp_path, text) == {"new": 0, "changed": 0, "unchanged": 2}
    with reading():
        out = [list(row) for row in IMPORTER.export(world.actor("fang"))]
    assert out == [["WL0001", None, "z***@mail.example", "中文"], [None, "WL0001", "a***@mail.example", "英文"]]
    back = "网点编号,收款人编号,邮箱,语言\n" + "\n".join(",".join(one or "" for one in row) for row in out) + "\n"
    assert brought(tmp_path, back) == {"new": 0, "changed": 0, "unchanged": 2}
    changed = text.replace("zhou@", "new@")
    assert brought(tmp_path, changed) == {"new": 0, "changed": 1, "unchanged": 1}
    assert address_of()[0] == "new@mail.example"
