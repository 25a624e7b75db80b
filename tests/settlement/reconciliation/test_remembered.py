"""A day's tie and a file's sums are remembered, and never a page longer than they hold.

WL0001 took 5.38 of Gang and 3.00 of Mei on the 17th, which the night has made final; today is the 18th.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.clock import frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.day_actions import close_unattended
from agentnet.settlement.reconciliation import file_sums, tie
from agentnet.settlement.reconciliation.difference_actions import end
from agentnet.settlement.reconciliation.match_actions import NewMatch, confirm_by_statement, match_by_hand, undo_match
from agentnet.settlement.reconciliation.models import Difference, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.rules import State
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import item, record
from tests.settlement.corrections.given import collected, night
from tests.settlement.drawer import close, confirm, declare, new_close, new_remittance, reject
from tests.settlement.reconciliation.given import (
    bank_file,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)
from tests.settlement.reconciliation.test_remedies import YESTERDAYS, book
from tests.settlement.reconciliation.test_withdrawals import withdraw

DAY = world.TODAY - timedelta(days=1)
LATE = world.NOW - timedelta(days=1)
AT = "20261117093000"


class Pages:
    """The tie of the 17th and the newest file, as somebody of finance sees them who has seen both before."""

    def __init__(self, app, fang) -> None:
        self._app, self._fang, self.worked = app, fang, 0

    def counted(self, work: Callable[..., object]) -> Callable[..., object]:
        def working(*arguments: object) -> object:
            self.worked += 1
            return work(*arguments)

        return working

    def _main(self, path: str) -> str:
        answer = self._fang.get(path)
        assert answer.status_code == 200
        return answer.text[answer.text.index("<main") :]

    def seen(self) -> list[str]:
        with reading():
            last = db.session.scalar(select(ReconciliationFile.id).order_by(ReconciliationFile.id.desc()).limit(1))
        paths = [f"/reconciliation/tie?day={DAY}", f"/reconciliation/tie?day={DAY}&only=untied"]
        return [self._main(path) for path in [*paths, *([f"/reconciliation/files/{last}"] if last else [])]]

    def worked_out(self) -> list[str]:
        """Return the same pages as a process says that remembers nothing."""
        kept = self._app.extensions.pop("agentnet.memory", None)
        pages = self.seen()
        if kept is not None:
            self._app.extensions["agentnet.memory"] = kept
        return pages


@pytest.fixture
def pages(app, sign_in, monkeypatch) -> Pages:
    more_finance()
    with frozen_at(LATE):
        record(item(538), item(3_00, world.MEI))
    night()
    found = Pages(app, sign_in("fang"))
    for module, name in ((tie, "_judged"), (file_sums, "_added_up")):
        monkeypatch.setattr(module, name, found.counted(getattr(module, name)))
    return found


def last_match() -> int:
    with reading():
        return db.session.scalar(select(RowMatch.id).order_by(RowMatch.id.desc()).limit(1))


def difference(kind: str) -> int:
    with reading():
        return db.session.scalars(
            select(Difference.id).where(Difference.kind == kind, Difference.state == State.OPEN)
        ).first()


def last_file() -> int:
    with reading():
        return db.session.scalar(select(ReconciliationFile.id).order_by(ReconciliationFile.id.desc()).limit(1))


def take_yesterdays(*lines: str) -> int:
    return take_post(partner_file(*lines, day="20261117"), name=YESTERDAYS)


def theirs() -> int:
    """The Post tells 5.38 as we have it, 2.00 under a receipt of nobody's, and 9.99 that we do not have."""
    return take_yesterdays(
        payment_line(receipts()[0], 538, at=AT),
        payment_line("P-000001", 2_00, world.MEI, at=AT),
        payment_line("P-000002", 9_99, world.MEI, at=AT),
    )


def by_hand() -> None:
    new = NewMatch(new_id(), last_file(), 3, receipts()[1], None, "网点手写收据")
    with batch():
        match_by_hand(new, world.actor("fang"))


def undone() -> None:
    last = last_match()
    with batch():
        undo_match(last, new_id(), "认错了", world.actor("fang"))


def explained(kind: str) -> None:
    found = difference(kind)
    with batch():
        end(found, new_id(), State.EXPLAINED, "与邮政核对过", world.actor("fang"))


def late(amount_fen: int):
    """Post on the 17th at WL0002, which has no business day of it yet."""
    with frozen_at(LATE):
        record(item(amount_fen, outlet_code="WL0002"), by="alan")


def voided() -> None:
    with reading():
        last = db.session.scalars(select(Collection).order_by(Collection.id.desc()).limit(1)).one().id
    with frozen_at(LATE), batch():
        void_collection(last, new_id(), "收错了", world.actor("alan"))


def sql(statement: str) -> None:
    with batch():
        db.session.execute(text(statement))


Step = tuple[str, Callable[[], object], bool]


def deposits() -> list[Step]:
    one, other, third = (new_remittance(fen, slip_no=f"JK-{fen}", deposited_on=DAY) for fen in (5_00, 3_00, 10))
    return [
        ("a deposit of the day declared", lambda: declare(one), True),
        ("another", lambda: declare(other), True),
        ("one of today", lambda: declare(new_remittance(8, slip_no="JK-8")), False),
        ("confirmed short", lambda: confirm(one.id, 4_00, "少一元"), True),
        ("rejected", lambda: reject(other.id), True),
        ("a third", lambda: declare(third), True),
        ("its day corrected", lambda: sql("UPDATE remittances SET deposited_on = '2026-11-16' WHERE amount_fen = 10"), True),
        ("and back", lambda: sql("UPDATE remittances SET deposited_on = '2026-11-17' WHERE amount_fen = 10"), True),
        ("taken out", lambda: sql("DELETE FROM remittances WHERE amount_fen = 10"), True),
    ]  # fmt: skip


def closes() -> list[Step]:
    def with_a_terminals_total() -> None:
        close(new_close(business_on=DAY))
        sql(
            "INSERT INTO day_close_tenders (close_id, tender, collections_count, system_fen, batch_fen)"
            " SELECT id, 'UNIONPAY_CARD', 1, 100, 90 FROM day_closes"
        )

    return [
        ("counted", with_a_terminals_total, True),
        ("today counted", lambda: close(new_close(business_on=world.TODAY)), False),
    ]


def unattended() -> list[Step]:
    def nobody() -> None:
        with batch():
            close_unattended(SYSTEM, world.TODAY)

    return [("closed by the clock", nobody, True)]


def files() -> list[Step]:
    return [
        ("taken", theirs, True),
        ("matched by hand", by_hand, True),
        ("undone", undone, True),
        ("matched again", by_hand, True),
        ("a difference ended", lambda: explained("MISSING_AT_UTILITY"), True),
        ("withdrawn", lambda: withdraw(last_file()), True),
        ("taken again", theirs, True),
    ]


def bookings() -> list[Step]:
    def booked() -> None:
        say_yes(book(difference("AMOUNT_MISMATCH")))

    def more_of_mei() -> None:
        take_yesterdays(payment_line(receipts()[1], 4_00, world.MEI, at=AT))

    return [
        ("a row tells 1.00 more", more_of_mei, True),
        ("booked today", booked, True),
    ]


def statements() -> list[Step]:
    def statement_confirmed() -> None:
        file_id = last_file()
        with batch():
            confirm_by_statement(file_id, new_id(), 5_00, world.actor("fang"))

    return [
        ("declared", lambda: declare(new_remittance(5_00, slip_no="JK-0001", deposited_on=DAY)), True),
        ("the bank's statement", lambda: take_bank(bank_file((5_00, said("JK-0001")))), True),
        ("confirmed by it", statement_confirmed, True),
    ]


def postings() -> list[Step]:
    return [
        ("posted late", lambda: late(1_00), True),
        ("and another", lambda: late(50), True),
        ("which is voided", voided, True),
        ("the night", night, False),
        ("posted today", lambda: collected(60), False),
    ]


def the_register() -> list[Step]:
    return [
        ("a file", theirs, True),
        ("renamed", lambda: sql("UPDATE outlets SET name = 'x' WHERE id = 1"), True),
        ("of no partner", lambda: sql("UPDATE outlets SET partner_id = NULL WHERE id = 1"), True),
    ]


@pytest.mark.parametrize(
    "steps", [deposits, closes, unattended, files, bookings, statements, postings, the_register], ids=lambda of: of.__name__
)  # fmt: skip
def test_every_change_of_a_row_is_seen_on_the_next_page(pages, steps):
    before = pages.seen()
    for what, change, seen in steps():
        change()
        after = pages.seen()
        assert after == pages.worked_out(), what
        assert (after != before) is seen, what
        assert pages.seen() == after, what
        before = after


def test_what_did_not_change_is_not_worked_out_again(pages):
    theirs()
    close(new_close(business_on=DAY))
    pages.seen()
    worked = pages.worked
    pages.seen()
    declare(new_remittance(8, slip_no="JK-8"))  # banked today
    collected(60)
    close(new_close(business_on=world.TODAY))
    pages.seen()
    assert pages.worked == worked
    declare(new_remittance(9, slip_no="JK-9", deposited_on=DAY))
    pages.seen()
    assert pages.worked == worked + 2  # both ties, and not the file
    late(1_00)  # the day may take more: each page works it out
    pages.seen()
    pages.seen()
    assert pages.worked == worked + 6
    night()
    pages.seen()
    pages.seen()
    assert pages.worked == worked + 8


def test_what_is_undone_in_a_transaction_changes_nothing(pages):
    before = pages.seen()
    worked = pages.worked
    with pytest.raises(ZeroDivisionError), batch():
        db.session.execute(text("UPDATE outlets SET name = 'x' WHERE id = 1"))
        db.session.execute(
            text(
                "INSERT INTO collection_days (business_on, org_unit_id, setting, count, amount_fen, voided)"
                " VALUES ('2026-11-17', 3, 'URBAN', 1, 1, 0)"
            )
        )
        raise ZeroDivisionError
    assert (pages.seen(), pages.worked) == (before, worked)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_tie_worked_out_while_another_commits_is_not_kept_beyond_it(pages, monkeypatch):
    judged = tie._judged

    def overtaken(*arguments):
        found = judged(*arguments)
        with db.engine.begin() as other:
            other.execute(text("UPDATE outlets SET name = name || 'x' WHERE id = 1"))
            other.execute(text("UPDATE remittances SET amount_fen = amount_fen + 1"))
        return found

    declare(new_remittance(7, slip_no="JK-7", deposited_on=DAY))
    with monkeypatch.context() as patched:
        patched.setattr(tie, "_judged", overtaken)
        before = pages.seen()
    assert pages.seen() == pages.worked_out() != before
