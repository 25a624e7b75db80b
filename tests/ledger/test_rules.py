"""The chart is the house's, and rules of transfers hold for any of them."""

import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.ledger.rules import CHART, AccountKey, NewTransfer, chart_line, guarded_changes, reversal

ACCOUNTS = [AccountKey(owner_kind, 1, code) for owner_kind, code in CHART]
DAY = date(2026, 11, 18)

transfers = st.builds(
    lambda pair, amount: NewTransfer(uuid.uuid4(), "TEST", pair[0], pair[1], amount, DAY, "TEST", "1"),
    st.lists(st.sampled_from(ACCOUNTS), min_size=2, max_size=2, unique=True),
    st.integers(1, 10**9),
)


def test_the_chart_has_the_accounts_of_the_house():
    assert {(kind, code) for kind, code in CHART if kind == "OUTLET"} == {
        ("OUTLET", code)
        for code in (
            "CASH_HELD",
            "FLOAT",
            "DEPOSIT",
            "NONCASH_CLEARING",
            "RECEIVED",
            "IN_TRANSIT",
            "OVER_SHORT",
            "COMMISSION_PAYABLE",
        )
    }
    assert {key for key, line in CHART.items() if line.guarded} == {
        ("OUTLET", "CASH_HELD"),
        ("OUTLET", "DEPOSIT"),
        ("OUTLET", "FLOAT"),
        ("HOUSEHOLD", "ADVANCE"),
    }
    assert len(CHART) == 20


def test_an_unknown_account_is_a_bug():
    with pytest.raises(ValueError, match="no CASH_HELD for a HOUSEHOLD"):
        chart_line(AccountKey("HOUSEHOLD", 1, "CASH_HELD"))


@given(st.lists(transfers, max_size=8))
def test_a_reversal_undoes_every_guarded_change(batch):
    undone = [reversal(transfer, uuid.uuid4(), "VOID", DAY) for transfer in batch]
    assert all(change == 0 for change in guarded_changes([*batch, *undone]).values())


@given(st.lists(transfers, max_size=8))
def test_a_guarded_account_moves_by_its_normal_side(batch):
    expected = {}
    for transfer in batch:
        for key, is_debit in ((transfer.debit, True), (transfer.credit, False)):
            if key.code in {"CASH_HELD", "FLOAT", "DEPOSIT", "ADVANCE"}:
                up = is_debit == (key.code == "CASH_HELD")
                expected[key] = expected.get(key, 0) + (transfer.amount_fen if up else -transfer.amount_fen)
    assert guarded_changes(batch) == expected


def test_a_reversal_names_what_it_reverses():
    first = NewTransfer(uuid.uuid4(), "COLLECTION", ACCOUNTS[0], ACCOUNTS[4], 5, DAY, "COLLECTION", "x")
    second = reversal(first, uuid.uuid4(), "VOID", DAY)
    assert (second.debit, second.credit, second.amount_fen) == (first.credit, first.debit, 5)
    assert (second.reverses_id, second.subject_id) == (first.id, "x")
