"""verify names each error planted into the outbox: its paper, who got it, and whether it had been approved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentnet.infra.db import db
from tests.commission.mailing.given import ZHOU, again, approved_october, mail_to, posted, returned
from tests.machines.mail import PostOffice, post_office, send_through
from tests.verify.test_planted import is_named, named_in

PLANTED = (
    ("mail_paper", "UPDATE runs SET kind = 'COMMISSION_YEAR' WHERE outlet_id = 1", ""),
    ("mail_paper", "UPDATE runs SET state = 'FAILED' WHERE outlet_id = 2", ""),
    ("mail_sent", "UPDATE mails SET attempts = 0 WHERE round = 1", ""),
    ("mail_sent", "UPDATE mails SET sent_at = '2026-10-01 00:00:00'", ""),
    ("mail_again", "UPDATE mails SET round = 3 WHERE round = 1", "mails.ck_mails_again"),
    ("mail_stranger", "UPDATE mails SET outlet_id = 2 WHERE outlet_id = 1", ""),
    ("mail_stranger", "DELETE FROM payee_terms WHERE outlet_id = 2", ""),
    ("mail_stranger", "UPDATE payee_terms SET share = '王芳' WHERE outlet_id = 2", ""),
    ("mail_early", "UPDATE mails SET queued_at = '2026-11-01 00:00:00'", ""),
    ("mail_early", "UPDATE payout_batches SET month = '2026-09'", ""),
)


@pytest.fixture
def sent(app) -> Iterator[PostOffice]:
    """October's statements sent to an outlet and a payee; one came back and was sent again."""
    with post_office() as office:
        send_through(app, office.server)
        approved_october()
        posted()
        returned(mail_to(ZHOU).id)
        again(mail_to(ZHOU).id)
        posted()
        yield office


def test_verify_agrees_with_what_was_mailed(sent: PostOffice) -> None:
    assert len(sent.letters) == 3
    with db.engine.connect() as connection:
        assert {name for name in named_in(connection) if name.startswith("mail")} == set()


@pytest.mark.parametrize(("name", "sql", "unguarded"), PLANTED)
def test_each_planted_error_is_named(sent: PostOffice, name: str, sql: str, unguarded: str) -> None:
    assert is_named(name, sql, unguarded=unguarded)
