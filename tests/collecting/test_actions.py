"""Recording and voiding: works, who may not, what leaves nothing, what is sent twice."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from agentnet.collecting.actions import record_collections, void_collection
from agentnet.collecting.models import Allocation, Collection, Void
from agentnet.core.clock import frozen_at, now
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.idempotency import Request
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Account, AccountingMonth, BusinessDay, Transfer
from agentnet.ledger.queries import wrong_balances
from agentnet.ledger.rules import AccountKey
from agentnet.outlets.models import Agreement, Outlet, Tender
from tests import world
from tests.collecting.counter import CASH_HELD, RECEIVED, balance_of, count, item, record, refusal_of

TOMORROW = world.NOW + timedelta(days=1)


def parts_of(collection_id):
    with reading():
        return [
            (part.bill_id, part.principal_fen, part.late_charge_fen)
            for part in db.session.scalars(
                select(Allocation).where(Allocation.collection_id == collection_id).order_by(Allocation.id)
            )
        ]


def nothing_was_written():
    return [count(model) for model in (Collection, Allocation, Transfer, Request, AuditLine, BusinessDay)] == [0] * 6


def test_a_collection_is_one_row_one_transfer_and_one_audit_line(app):
    one = item(538, cash_received_fen=1000)
    (verdict,) = record(one)
    assert (verdict.status, verdict.receipt_no) == ("created", "WL0001-261118-0001")
    assert (balance_of(CASH_HELD), balance_of(RECEIVED)) == (538, 538)
    assert [count(model) for model in (Collection, Transfer, Request, AuditLine)] == [1, 1, 1, 1]
    with reading():
        row = db.session.get(Collection, one.id)
        assert (row.business_on, row.user_id, row.org_unit_id, row.setting) == (world.TODAY, 1, 4, "RURAL")
    assert parts_of(one.id) == [(3, 538, 0)]


def test_the_oldest_bill_is_paid_first_and_the_rest_is_advance(app):
    part, rest = item(15000, world.MEI), item(20000, world.MEI)
    record(part)
    assert parts_of(part.id) == [(1, 10000, 200), (2, 4800, 0)]
    record(rest)
    assert parts_of(rest.id) == [(2, 15550, 0), (None, 4450, 0)]


def test_a_household_without_bills_pays_in_advance(app):
    one = item(5000, world.OLD)
    record(one)
    assert parts_of(one.id) == [(None, 5000, 0)]


def test_a_card_needs_its_reference_and_leaves_the_drawer_alone(app):
    assert refusal_of(item(tender="UNIONPAY_CARD")) == "reference_missing"
    assert refusal_of(item(tender="UNIONPAY_CARD", reference="P0001")) == "created"
    assert balance_of(CASH_HELD) == 0
    assert balance_of(AccountKey("OUTLET", 1, "NONCASH_CLEARING", "UNIONPAY_CARD")) == 538


def test_where_the_outlet_prepaid_cash_takes_from_its_float(app):
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(holding_mode="PREPAID"))
    assert refusal_of(item()) == "float_empty"
    assert nothing_was_written()


def test_receipts_number_on_within_a_day_and_begin_again_the_next(app):
    record(item(100), item(200))
    (verdict,) = record(item(300))
    assert verdict.receipt_no == "WL0001-261118-0003"
    with frozen_at(TOMORROW):
        (verdict,) = record(item(300))
    assert verdict.receipt_no == "WL0001-261119-0001"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outlet_code": "NOWHERE"}, "outlet_missing"),
        ({"household_no": "9999999999"}, "household_missing"),
        ({"amount_fen": 0}, "amount_not_positive"),
        ({"amount_fen": -5}, "amount_not_positive"),
        ({"amount_fen": 200_001}, "over_single_limit"),
        ({"tender": "ALIPAY", "reference": "x"}, "tender_not_accepted"),
        ({"tender": "GOLD"}, "tender_not_accepted"),
        ({"tender": "UNIONPAY_CARD", "reference": " "}, "reference_missing"),
        ({"tender": "UNIONPAY_CARD", "reference": "x" * 41}, "reference_too_long"),
        ({"cash_received_fen": 537}, "cash_short"),
        ({"tender": "UNIONPAY_CARD", "reference": "x", "cash_received_fen": 538}, "cash_without_cash"),
        ({"due_seen_fen": 500}, "due_changed"),
        ({"collected_at": world.NOW + timedelta(minutes=11)}, "collected_in_future"),
    ],
)
def test_a_broken_rule_is_named_and_leaves_nothing(app, changes, code):
    assert refusal_of(item(**changes)) == code
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("model", "values", "code"),
    [
        (Outlet, {"state": "SUSPENDED"}, "outlet_not_active"),
        (Agreement, {"ends_on": world.TODAY}, "no_agreement"),
        (Agreement, {"starts_on": world.TODAY + timedelta(days=1)}, "no_agreement"),
        (Tender, {"enabled": False}, "tender_not_accepted"),
    ],
)
def test_an_outlet_that_may_not_collect_is_refused_by_name(app, model, values, code):
    with batch() as session:
        session.execute(update(model).values(**values))
    assert refusal_of(item()) == code
    assert nothing_was_written()


def test_once_the_day_is_closed_money_belongs_to_the_next(app):
    with batch() as session:
        session.execute(
            insert(BusinessDay).values(outlet_id=1, business_on=world.TODAY, receipt_serial=5, closed_at=world.NOW)
        )
    (verdict,) = record(item())
    assert verdict.receipt_no == "WL0001-261119-0001"


def test_a_closed_month_is_refused(app):
    with batch() as session:
        session.execute(insert(AccountingMonth).values(month="2026-11", state="CLOSING"))
    assert refusal_of(item()) == "month_closed"
    assert count(Collection) == 0


def test_another_outlet_is_missing_to_an_agent(app):
    assert refusal_of(item(outlet_code="WL0002")) == "outlet_missing"
    assert nothing_was_written()


@pytest.mark.parametrize("username", ["bob", "carol", "fang", "paul", "audrey", "adam"])
def test_only_agents_collect(app, username):
    with pytest.raises(Forbidden):
        record(item(), by=username)
    assert nothing_was_written()


def test_the_system_records_for_the_keeper(app):
    one = item(outlet_code="JX0001", user_id=8)
    record(one, by=SYSTEM)
    with reading():
        assert db.session.get(Collection, one.id).user_id == 8


def test_a_person_cannot_record_in_anothers_name(app):
    one = item(user_id=8)
    record(one)
    with reading():
        assert db.session.get(Collection, one.id).user_id == 1


def test_the_ceiling_of_the_agreement_holds_to_the_fen(app):
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ceiling_fen=1000))
    assert refusal_of(item(538)) == "created"
    assert refusal_of(item(463)) == "over_ceiling"
    assert refusal_of(item(462)) == "created"
    assert balance_of(CASH_HELD) == 1000


def test_of_a_batch_exactly_those_that_fit_win_and_number_without_gaps(app):
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ceiling_fen=1000))
    verdicts = record(item(600), item(500, world.MEI), item(400), item(300, tender="UNIONPAY_CARD", reference="x"))
    assert [verdict.status for verdict in verdicts] == ["created", "refused", "created", "created"]
    assert [verdict.receipt_no for verdict in verdicts if verdict.receipt_no] == [
        f"WL0001-261118-000{serial}" for serial in (1, 2, 3)
    ]
    assert balance_of(CASH_HELD) == 1000


def test_a_batch_of_several_outlets_numbers_each_by_itself(app):
    with batch():
        verdicts = record_collections([item(600), item(400, outlet_code="WL0002"), item(500, world.MEI)], SYSTEM)
    assert [verdict.receipt_no for verdict in verdicts] == [
        "WL0001-261118-0001",
        "WL0002-261118-0001",
        "WL0001-261118-0002",
    ]


def test_a_refused_item_leaves_its_bill_to_the_next_of_the_batch(app):
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ceiling_fen=5000))
    refused, paid = item(10200, world.MEI), item(5000, world.MEI)
    record(refused, paid)
    assert parts_of(paid.id) == [(1, 4800, 200)]


def test_sent_twice_is_once(app):
    one = item()
    first, second = record(one)[0], record(one._replace(collected_at=now() + timedelta(seconds=9)))[0]
    assert (first.status, second.status, second.receipt_no) == ("created", "exists", first.receipt_no)
    assert (count(Collection), balance_of(CASH_HELD)) == (1, 538)


def test_sent_again_after_the_day_and_month_closed_is_still_the_same_answer(app):
    one = item()
    record(one)
    with batch() as session:
        session.execute(update(BusinessDay).values(closed_at=world.NOW))
        session.execute(insert(AccountingMonth).values(month="2026-11", state="CLOSED"))
    assert refusal_of(one) == "exists"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 539},
        {"household_no": world.MEI},
        {"tender": "UNIONPAY_CARD", "reference": "x"},
        {"cash_received_fen": 600},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(app, changes):
    one = item()
    record(one)
    (verdict,) = record(one._replace(**changes))
    assert (verdict.status, verdict.refusal.code) == ("conflict", "id_reused")
    assert count(Collection) == 1


def test_the_same_id_at_another_outlet_is_a_conflict(app):
    one = item()
    record(one)
    assert refusal_of(one._replace(outlet_code="WL0002"), by="alan") == "id_reused"


def test_the_same_id_twice_in_a_batch_is_once(app):
    one = item()
    verdicts = record(one, one, one._replace(amount_fen=7))
    assert [verdict.status for verdict in verdicts] == ["created", "exists", "conflict"]
    assert count(Collection) == 1


def test_a_refusal_is_judged_anew_when_sent_corrected(app):
    one = item(200_001, world.MEI)
    assert refusal_of(one) == "over_single_limit"
    assert refusal_of(one._replace(amount_fen=200_000)) == "created"


def test_a_look_alike_is_asked_about_and_kept_when_confirmed(app):
    record(item())
    assert refusal_of(item()) == "look_alike"
    assert refusal_of(item(lookalike_confirmed=True)) == "created"
    assert count(Collection) == 2


def test_a_look_alike_within_one_batch_is_asked_about_too(app):
    verdicts = record(item(), item())
    assert [verdict.status for verdict in verdicts] == ["created", "conflict"]


def test_eleven_minutes_later_or_elsewhere_or_after_a_void_it_is_no_look_alike(app):
    one = item()
    record(one)
    assert refusal_of(item(outlet_code="WL0002"), by="alan") == "created"
    with frozen_at(world.NOW + timedelta(minutes=11)):
        assert refusal_of(item()) == "created"
    other = item(999)
    record(other)
    with batch():
        void_collection(other.id, new_id(), "金额输错", world.actor("alice"))
    assert refusal_of(item(999)) == "created"


def test_the_confirmed_due_is_checked_against_what_is_owed_now(app):
    assert refusal_of(item(538, due_seen_fen=538)) == "created"
    assert refusal_of(item(538, due_seen_fen=538, lookalike_confirmed=True)) == "due_changed"


def test_any_household_pays_at_any_outlet(app):
    assert refusal_of(item(outlet_code="JX0001", household_no=world.MEI), by="dora") == "created"


def test_an_unexpected_error_lets_the_items_be_tried_one_by_one(app, caplog):
    good, bad = item(100), item(200, world.MEI)
    with batch() as session:
        # Another request used the id for a transfer of its own: the database refuses this item alone.
        session.execute(
            insert(Transfer).values(
                id=bad.id,
                kind="TEST",
                debit_account_id=_account(session, 1),
                credit_account_id=_account(session, 2),
                amount_fen=1,
                business_on=world.TODAY,
                posted_at=world.NOW,
                subject_kind="TEST",
                subject_id="1",
            )
        )
    verdicts = record(good, bad, item(300))
    assert [verdict.status for verdict in verdicts] == ["created", "refused", "created"]
    assert verdicts[1].refusal.code == "not_recorded"
    assert count(Collection) == 2


def _account(session, number):
    row = {"owner_kind": "ORG_UNIT", "owner_id": number, "code": "BANK", "normal_side": "DEBIT", "guarded": False}
    return session.execute(insert(Account).values(row).returning(Account.id)).scalar_one()


def test_an_empty_batch_is_an_empty_answer(app):
    with batch():
        assert record_collections([], world.actor("alice")) == []


def void(collection_id, void_id=None, reason="金额输错", by="alice"):
    with batch():
        void_collection(collection_id, void_id or new_id(), reason, world.actor(by))


def test_a_void_reverses_the_money_and_the_bill_is_due_again(app):
    one = item()
    record(one)
    void(one.id)
    assert (balance_of(CASH_HELD), balance_of(RECEIVED), count(Void), count(Transfer)) == (0, 0, 1, 2)
    again = item(538, due_seen_fen=538)
    record(again)
    assert parts_of(again.id) == [(3, 538, 0)]
    with reading():
        assert wrong_balances() == []


def test_a_void_sent_twice_is_once_and_another_is_a_conflict(app):
    one, void_id = item(), new_id()
    record(one)
    void(one.id, void_id)
    void(one.id, void_id)
    with pytest.raises(Conflict, match="id_reused"):
        void(one.id, void_id, "另一个原因")
    with pytest.raises(Conflict, match="already_voided"):
        void(one.id)
    assert count(Void) == 1


def test_the_next_day_is_too_late_for_a_void(app):
    one = item()
    record(one)
    with frozen_at(TOMORROW), pytest.raises(Invalid, match="void_too_late"):
        void(one.id)
    assert count(Void) == 0


@pytest.mark.parametrize("lock", ["closed_at", "remitted_at", "allocated_at"])
def test_a_day_that_is_closed_is_too_late_for_a_void(app, lock):
    one = item()
    record(one)
    with batch() as session:
        session.execute(update(BusinessDay).values({lock: world.NOW}))
    with pytest.raises(Invalid, match="void_too_late"):
        void(one.id)


def test_a_void_needs_a_reason(app):
    one = item()
    record(one)
    with pytest.raises(Invalid, match="void_reason_missing"):
        void(one.id, reason="  ")
    assert count(Void) == 0


def test_a_void_elsewhere_is_missing_and_by_other_roles_forbidden(app):
    one = item()
    record(one)
    with pytest.raises(Missing):
        void(one.id, by="alan")
    with pytest.raises(Forbidden):
        void(one.id, by="carol")
    assert count(Void) == 0
