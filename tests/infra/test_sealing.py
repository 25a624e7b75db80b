"""The audit trail is chained: each line once, in one chain, whoever seals and however late a line arrives."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select, text

from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditSeal, write_audit
from agentnet.infra.db import db
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch, reading


def write_lines(count: int) -> None:
    with batch():
        for number in range(count):
            write_audit(SYSTEM, "something_done", "test", number, after={"门牌": number})


def chain() -> list[AuditSeal]:
    with reading():
        return list(db.session.scalars(select(AuditSeal).order_by(AuditSeal.id)))


def is_one_chain(links: list[AuditSeal]) -> bool:
    previous = ["0" * 64, *(link.sha256 for link in links)]
    return [link.previous_sha256 for link in links] == previous[:-1]


def test_the_sealer_chains_each_line_once(app):
    write_lines(3)
    assert seal_settled() == 3
    assert seal_settled() == 0
    assert is_one_chain(chain())


def test_a_link_is_the_hash_of_the_one_before_and_the_line(app):
    """Worked out here from the columns, as an auditor with only the database would."""
    write_lines(2)
    seal_settled()
    first, second = chain()
    with reading():
        row = db.session.execute(text("SELECT * FROM audit_lines WHERE id = :id"), {"id": second.audit_line_id}).one()
    line = {
        name: getattr(row, name) for name in ("id", "user_id", "actor_name", "action", "subject_kind", "subject_id")
    }
    at = row.at if isinstance(row.at, str) else row.at.strftime("%Y-%m-%d %H:%M:%S.%f")
    instant = at.replace(" ", "T").removesuffix(".000000")
    content = line | {"previous": first.sha256, "at": f"{instant}+00:00", "before": None, "after": {"门牌": 1}}
    spelled = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert second.sha256 == hashlib.sha256(spelled.encode()).hexdigest()


def test_more_lines_than_one_transaction_takes_make_one_chain(app):
    write_lines(10)
    assert seal_settled(at_once=4) == 10
    assert len(chain()) == 10
    assert is_one_chain(chain())


def write_line_numbered(beyond: int) -> None:
    """Write a line with the number that a transaction drew earlier or later than others."""
    with batch() as session:
        session.connection().execute(
            text(
                "INSERT INTO audit_lines (id, at, actor_name, action, subject_kind, subject_id)"
                " SELECT id + :beyond, at, actor_name, action, subject_kind, subject_id FROM audit_lines"
                " WHERE id = (SELECT min(id) FROM audit_lines)"
            ),
            {"beyond": beyond},
        )


def test_a_line_whose_transaction_ended_late_is_chained_later(app):
    write_lines(1)
    write_line_numbered(900)
    assert seal_settled() == 2
    write_line_numbered(899)
    assert seal_settled() == 1
    first, second, third = chain()
    assert (second.audit_line_id, third.audit_line_id) == (first.audit_line_id + 900, first.audit_line_id + 899)
    assert is_one_chain(chain())


def test_sealers_that_meet_make_one_chain(app):
    write_lines(40)

    def seal(_number: int) -> int:
        with app.app_context():
            return seal_settled()

    with ThreadPoolExecutor(8) as pool:
        sealed = sum(pool.map(seal, range(8)))
    seal_settled()
    assert sealed <= 40
    assert len(chain()) == 40
    assert is_one_chain(chain())
