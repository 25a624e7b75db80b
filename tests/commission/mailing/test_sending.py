"""Mail against a real server: each paper once to whom it concerns, tried again where that may help, never in doubt."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, update

from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.mailing import jobs
from agentnet.commission.mailing.jobs import queue_mails, send_some
from agentnet.commission.mailing.models import Mail
from agentnet.commission.mailing.rules import LEASE, LOOK_BACK, WAITS
from agentnet.commission.report_data import COMMISSION_PARTNER, COMMISSION_STATEMENT
from agentnet.core.clock import frozen_at, now
from agentnet.divisions.models import OrgUnit
from agentnet.documents.actions import plan_documents, revise
from agentnet.documents.kinds import Period
from agentnet.documents.models import Run
from agentnet.documents.worker import draw_some
from agentnet.infra import files
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet
from tests import world
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT
from tests.commission.mailing.given import (
    WANG,
    ZHOU,
    addressed,
    approved_october,
    drawn_october,
    mail_to,
    mails,
    number_of,
    posted,
    states,
)
from tests.commission.payout.given import OCTOBER, approved, checked, drawn, payee, ready, shares
from tests.machines.mail import PostOffice, post_office, send_through


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body()
    assert body is not None
    return str(body.get_content())


def made(kind, language="zh") -> None:
    """Have October's documents of a kind drawn."""
    with batch():
        unit = db.session.scalars(select(OrgUnit).where(OrgUnit.code == "DH")).one()
        plan_documents(kind, unit, Period(OCTOBER.starts_on, OCTOBER.ends_on), language, SYSTEM)
    while draw_some():
        continue


def audited(action: str) -> list[AuditLine]:
    with reading():
        found = list(db.session.scalars(select(AuditLine).where(AuditLine.action == action)))
        db.session.expunge_all()
    return found


def test_after_the_approval_each_statement_goes_to_its_address_once(office: PostOffice) -> None:
    approved_october()
    assert posted() == 2
    assert [recipient for recipient, _letter in office.letters] == [ZHOU, WANG]
    (letter,) = office.to(ZHOU)
    number = number_of(mail_to(ZHOU))
    assert letter["Subject"] == f"2026年10月代办费结算单 {number}"
    assert letter["To"] == ZHOU
    assert letter["From"].addresses[0].display_name == "东海电力公司"
    assert letter["Message-ID"] == f"<{mail_to(ZHOU).id}@donghai.example>"
    assert "WL0001" in text_of(letter)
    assert number in text_of(letter)
    (paper,) = letter.iter_attachments()
    assert paper.get_filename() == f"2026年10月代办费结算单 {number}.pdf"
    assert paper.get_content_type() == "application/pdf"
    with reading():
        sha256 = db.session.scalars(select(Run.file_sha256).where(Run.number == number)).one()
        assert paper.get_content() == files.read(str(sha256), ".pdf")
    assert states() == [(ZHOU, "SENT", 1), (WANG, "SENT", 1)]
    assert posted() == 0
    assert len(office.letters) == 2
    assert [line.after for line in audited("mail_sent")] == [
        {"mail_address": "z***@mail.example", "round": 1},
        {"mail_address": "w***@mail.example", "round": 1},
    ]


def test_the_letter_is_in_the_language_of_who_gets_it_and_says_no_figure(office: PostOffice) -> None:
    approved_october()
    posted()
    (letter,) = office.to(WANG)
    assert letter["Subject"].startswith("Commission statement of October 2026 DH-CS-202610-")
    assert letter["Content-Language"] == "en"
    assert "Donghai Power Company" in text_of(letter)
    assert not re.search(r"[\u4e00-\u9fff]", letter["Subject"])
    for _recipient, one in office.letters:
        said = text_of(one) + one["Subject"]
        assert not re.search(r"\d\.\d\d(?!\d)", said)
        assert "6228" not in said


def test_the_paper_is_in_the_language_of_who_gets_it_where_there_is_one(office: PostOffice) -> None:
    approved_october()
    made(COMMISSION_STATEMENT, "en")
    posted()
    with reading():
        languages = dict(db.session.execute(select(Mail.address, Run.language).join(Run, Run.id == Mail.run_id)).all())
    assert languages == {ZHOU: "zh", WANG: "en"}


def test_nothing_leaves_before_the_approval(office: PostOffice) -> None:
    drawn_october()
    addressed()
    batch_id = drawn()
    checked(batch_id)
    assert posted() == 0
    assert (mails(), office.letters) == ([], [])


def test_a_statement_that_is_not_drawn_waits_for_its_drawing(office: PostOffice) -> None:
    ready()
    addressed()
    approved()
    assert posted() == 0
    while draw_some():
        continue
    assert posted() == 1


def test_without_a_server_nothing_is_put_in_the_outbox(app: Flask, office: PostOffice) -> None:
    approved_october()
    send_through(app, None)
    assert (queue_mails(), send_some(), mails()) == (0, 0, [])
    send_through(app, office.server)
    assert posted() == 2


def test_who_gets_another_share_gets_no_statement_and_a_partner_gets_its_summary(office: PostOffice) -> None:
    shares(("KEEPER", 600_000), ("PARTNER", 300_000), ("王芳", 100_000))
    drawn_october()
    payee(POSTAL_STATION, code="P-WANG", share="王芳", name="王芳")
    payee(partner_code="POST", code="POST", share="PARTNER", name="东海邮政", type=PayeeType.COMPANY)
    payee(NEWSSTAND, code="BANK", share="PARTNER", name="东海农商银行", type=PayeeType.COMPANY)
    for code in ("P-WANG", "POST", "BANK", POSTAL_STATION):
        addressed(outlet_code="", payee_code=code, address=f"{code.lower()}@mail.example")
    approved()
    made(COMMISSION_PARTNER)
    posted()
    sent = sorted((recipient, letter["Subject"][:-17]) for recipient, letter in office.letters)
    assert [one[0] for one in sent] == ["post@mail.example", "wl0001@mail.example"]
    assert sent[0][1].startswith("2026年10月代办费汇总表")
    assert sent[1][1].startswith("2026年10月代办费结算单")


def test_a_later_payee_gets_it_and_the_one_before_does_not(office: PostOffice) -> None:
    drawn_october()
    payee(SERVICE_POINT, code="P-NEW", name="新人")
    addressed(outlet_code="", payee_code=SERVICE_POINT, address=WANG)
    addressed(outlet_code="", payee_code="P-NEW", address="new@mail.example")
    approved()
    posted()
    assert [recipient for recipient, _letter in office.letters] == ["new@mail.example"]


def test_one_address_for_outlet_and_payee_gets_one_letter(office: PostOffice) -> None:
    drawn_october()
    addressed()
    addressed(outlet_code="", payee_code=POSTAL_STATION, address=ZHOU)
    approved()
    posted()
    assert len(office.to(ZHOU)) == 1
    assert mail_to(ZHOU).outlet_id == 1


def test_an_address_entered_later_gets_what_was_approved_lately_and_nothing_older(office: PostOffice) -> None:
    drawn_october()
    approved()
    assert posted() == 0
    with frozen_at(world.NOW + LOOK_BACK - timedelta(days=1)):
        addressed()
        assert posted() == 1
    with frozen_at(world.NOW + LOOK_BACK + timedelta(days=1)):
        addressed(SERVICE_POINT, WANG)
        assert posted() == 0


def test_an_address_that_is_refused_fails_at_once_with_the_reason_and_without_the_address(office: PostOffice) -> None:
    approved_october()
    office.refused[ZHOU] = f"550 <{ZHOU}>: no such user"
    posted()
    assert states() == [(ZHOU, "FAILED", 1), (WANG, "SENT", 1)]
    assert mail_to(ZHOU).failure == "recipient_refused 550 <z***@mail.example>: no such user"
    (line,) = audited("mail_failed")
    assert ZHOU not in str(line.after)


def test_what_may_be_taken_later_is_tried_again_with_growing_waits_and_then_fails(office: PostOffice) -> None:
    approved_october()
    office.refused[ZHOU] = "451 greylisted, try again"
    posted()
    at = world.NOW
    for attempt, wait in enumerate(WAITS, 1):
        assert mail_to(ZHOU).state == "WAITING"
        assert mail_to(ZHOU).attempts == attempt
        with frozen_at(at + wait - timedelta(seconds=1)):
            send_some()
        assert mail_to(ZHOU).attempts == attempt
        at += wait
        with frozen_at(at):
            send_some()
    assert (mail_to(ZHOU).state, mail_to(ZHOU).attempts) == ("FAILED", 6)


def test_tried_again_it_arrives(office: PostOffice) -> None:
    approved_october()
    office.data_answer = "452 disk full"
    posted()
    assert [state for _address, state, _n in states()] == ["WAITING", "WAITING"]
    office.data_answer = ""
    with frozen_at(world.NOW + WAITS[0]):
        assert send_some() == 2
    assert states() == [(ZHOU, "SENT", 2), (WANG, "SENT", 2)]


@pytest.mark.parametrize("answer", ["550 not from you", "451 not now"])
def test_a_server_that_takes_nothing_from_us_lets_all_wait_and_is_asked_once(office: PostOffice, answer: str) -> None:
    approved_october()
    office.sender_answer = answer
    assert posted() == 0
    assert states() == [(ZHOU, "WAITING", 1), (WANG, "WAITING", 1)]
    assert {one.failure for one in mails()} == {f"server {answer}"}
    assert {one.next_at for one in mails()} == {now() + WAITS[0]}
    office.sender_answer = ""
    with frozen_at(world.NOW + WAITS[0]):
        assert send_some() == 2


def test_a_server_that_is_away_is_tried_some_ten_hours_and_then_a_person_decides(
    app: Flask, office: PostOffice
) -> None:
    approved_october()
    with post_office() as gone:
        away = gone.server
    send_through(app, away)
    posted()
    at = world.NOW
    for wait in WAITS:
        at += wait
        with frozen_at(at):
            assert send_some() == 0
    assert [(state, attempts) for _address, state, attempts in states()] == [("FAILED", 6), ("FAILED", 6)]
    assert (mail_to(ZHOU).failure or "").startswith("server ConnectionRefusedError")


def test_a_line_that_breaks_after_the_letter_leaves_it_in_doubt_and_never_sends_it_twice(office: PostOffice) -> None:
    approved_october()
    office.hangs_up = True
    posted()
    assert mail_to(ZHOU).state == "FAILED"
    assert (mail_to(ZHOU).failure or "").startswith("uncertain ")
    assert mail_to(WANG).state == "WAITING"  # found waiting when the line broke
    office.hangs_up = False
    with frozen_at(world.NOW + timedelta(days=1)):
        send_some()
        send_some()
    assert (len(office.to(ZHOU)), len(office.to(WANG))) == (1, 1)


def test_a_worker_that_dies_with_a_mail_in_hand_leaves_it_to_a_person(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_october()
    queue_mails()

    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "_sent", dies)
        with pytest.raises(KeyboardInterrupt):
            send_some()
    assert states() == [(ZHOU, "SENDING", 1), (WANG, "WAITING", 0)]
    with frozen_at(world.NOW + LEASE - timedelta(seconds=1)):
        send_some()
    assert states() == [(ZHOU, "SENDING", 1), (WANG, "SENT", 1)]
    with frozen_at(world.NOW + LEASE):
        send_some()
    assert (mail_to(ZHOU).state, mail_to(ZHOU).failure) == ("FAILED", "uncertain worker died")
    assert len(office.to(ZHOU)) == 1


def test_a_worker_that_wakes_up_late_changes_nothing(office: PostOffice) -> None:
    approved_october()
    queue_mails()

    def given_up() -> None:
        with batch():
            db.session.execute(
                update(Mail).where(Mail.address == ZHOU).values(state="FAILED", lease_until=None, failure="uncertain -")
            )

    taken = jobs._take()
    assert taken is not None
    given_up()
    jobs._sent(taken)
    assert mail_to(ZHOU).state == "FAILED"
    assert audited("mail_sent") == []


def test_workers_at_the_same_time_send_each_mail_once(app: Flask, office: PostOffice) -> None:
    drawn_october()
    given = {POSTAL_STATION: ZHOU, SERVICE_POINT: WANG, NEWSSTAND: "shen@mail.example"}
    for code, address in given.items():
        addressed(code, address)
        addressed(outlet_code="", payee_code=code, address=f"payee-{address}")
    approved()
    queue_mails()
    ready_, failures = threading.Barrier(3), []

    def work() -> None:
        try:
            with app.app_context(), frozen_at(world.NOW):
                ready_.wait()
                send_some()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert sorted(recipient for recipient, _letter in office.letters) == sorted(
        [*given.values(), *(f"payee-{address}" for address in given.values())]
    )
    assert {(state, attempts) for _address, state, attempts in states()} == {("SENT", 1)}


@pytest.mark.parametrize("local", ["o'neil", "a+b", "a|b", "a{b}", "!#$%&*/=?^_`~-", "a.b.c"])
def test_any_address_of_the_right_shape_stands_in_a_letter(office: PostOffice, local: str) -> None:
    drawn_october()
    addressed(address=f"{local}@mail.example")
    approved()
    posted()
    assert [recipient for recipient, _letter in office.letters] == [f"{local}@mail.example"]


def test_no_transaction_is_open_while_a_letter_is_handed_over(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_october()
    seen = []

    def look(line, taken) -> None:
        with batch():  # refused inside another transaction
            seen.append(taken.address)
        jobs._sent(taken)

    monkeypatch.setattr(jobs, "_hand_over", look)
    posted()
    assert seen == [ZHOU, WANG]


def test_a_file_that_is_gone_is_a_failure_that_says_so(office: PostOffice) -> None:
    approved_october()
    with reading():
        for sha256 in db.session.scalars(select(Run.file_sha256).where(Run.outlet_id == 1)):
            files.path(str(sha256), ".pdf").unlink()
    posted()
    assert states() == [(ZHOU, "FAILED", 1), (WANG, "SENT", 1)]
    assert (mail_to(ZHOU).failure or "").startswith("file_missing ")


def test_a_revision_goes_out_too_and_says_that_it_is_one(office: PostOffice) -> None:
    approved_october()
    posted()
    with batch():
        db.session.execute(update(Outlet).where(Outlet.id == 1).values(keeper_name="周新"))
        run = db.session.scalars(select(Run).where(Run.outlet_id == 1)).one()
        revise(run, "重算", world.actor("fang"))
    while draw_some():
        continue
    posted()
    assert [number_of(one)[-3:] for one in mails() if one.address == ZHOU][-1] == "-R2"
    assert "第 2 版" in text_of(office.to(ZHOU)[-1])
