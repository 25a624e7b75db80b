"""A partner's daily file is taken in whole when it foots and agrees with its own name, and refused by row and column otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.core.money import format_yuan
from agentnet.settlement.files import partner
from agentnet.settlement.files.lines import PROBLEMS_KEPT, FileRefused, PartnerFile
from agentnet.settlement.files.partner import read_partner_file

NAME = "UT000011_COLLECTION_20261103.csv"
# 203.50 + 100.00 + 1,234.56 = 1,538.06
GOOD = """1538.06,3,20261103,20261103
20261103093045123001000001,POSTPAY,3310810000017,203.50,cash,20261103093045,261103123457
20261103101500000001000002,PREPAY,3306100000025,100,POS,20261103101500,261103123458
20261103235959999001000003,POSTPAY,0012345678,1234.56,bankteller,20261103235959,261103123459
"""


def read(text: str | bytes, name: str = NAME, **more: str) -> PartnerFile:
    return read_partner_file(text if isinstance(text, bytes) else text.encode(), name, **more)


def problems(text: str | bytes, name: str = NAME, **more: str) -> list[tuple[int, str, str]]:
    with pytest.raises(FileRefused) as refused:
        read(text, name, **more)
    return [(each.row, each.column, each.code) for each in refused.value.problems]


def test_the_published_layout_is_read() -> None:
    found = read(GOOD)
    assert (found.client_id, found.day_on, found.total_fen, len(found.rows)) == (
        "UT000011",
        date(2026, 11, 3),
        153806,
        3,
    )
    first, last = found.rows[0], found.rows[-1]
    assert (first.order_no, first.kind, first.household_no) == (
        "20261103093045123001000001",
        "POSTPAY",
        "3310810000017",
    )
    assert (first.amount_fen, first.paid_type, first.receipt_no) == (20350, "CASH", "261103123457")
    # Shanghai is eight hours ahead of UTC all year
    assert first.paid_at == datetime(2026, 11, 3, 1, 30, 45, tzinfo=UTC)
    assert last.household_no == "0012345678", "leading zeros stay"
    assert last.paid_on == date(2026, 11, 3), "a second before midnight is still that day"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_byte_order_mark_or_another_encoding_does_no_harm(encoding: str) -> None:
    assert read(GOOD.encode(encoding)).total_fen == 153806


def test_names_above_the_figures_are_passed_over() -> None:
    totals, *rows = GOOD.splitlines()
    named = "\n".join([",".join(partner.TOTALS), totals, ",".join(partner.COLUMNS), *rows])
    assert read("\ufeff" + named).rows[0].row == 4
    assert read(named).total_fen == 153806


def test_a_day_without_payments_is_a_file_of_zero() -> None:
    assert read("0.00,0,20261103,20261103\n").rows == ()


def test_a_path_reads_as_its_bytes(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(GOOD)
    assert read_partner_file(tmp_path / NAME, NAME) == read(GOOD)


def test_a_row_told_twice_stays_twice() -> None:
    row = GOOD.splitlines()[1]
    assert len(read(f"407.00,2,20261103,20261103\n{row}\n{row}\n").rows) == 2  # 2 x 203.50


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("1538.06,3", "1538.07,3", (1, "totalAmount", "amount_does_not_foot")),
        ("1538.06,3", "1538.06,4", (1, "totalRecord", "count_does_not_foot")),
        ("20261103,20261103\n", "20261103,20261104\n", (1, "transactionEndDate", "day_other")),
        ("1538.06", "1538.061", (1, "totalAmount", "amount_decimals")),
        ("203.50", "203.505", (2, "amountTendered", "amount_decimals")),
        ("203.50", "-203.50", (2, "amountTendered", "cell_negative")),
        ("203.50", "0.00", (2, "amountTendered", "amount_not_positive")),
        ("203.50", "2O3.50", (2, "amountTendered", "amount_shape")),
        ("203.50", '"20,3.50"', (2, "amountTendered", "amount_shape")),
        ("POSTPAY,3310", "LATER,3310", (2, "kind", "kind_unknown")),
        ("3310810000017", "331081000001", (2, "requestNO", "cell_digits")),
        ("cash", "barter", (2, "paidType", "paid_type_unknown")),
        ("20261103093045,2611", "20261103093060,2611", (2, "transactionDate", "cell_instant")),
        ("20261103093045,2611", "20261102235959,2611", (2, "transactionDate", "day_other")),
        ("261103123457", "", (2, "receiptNO", "cell_missing")),
        ("261103123457", "261103123457,extra", (2, "", "row_wide")),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(old: str, new: str, found: tuple[int, str, str]) -> None:
    assert found in problems(GOOD.replace(old, new, 1))


def test_thousands_separators_in_quotes_are_an_amount() -> None:
    # 1,234.5 is one thousand two hundred thirty-four yuan fifty: 203.50 + 100.00 + 1,234.50 = 1,538.00
    text = GOOD.replace("1234.56", '"1,234.5"').replace("1538.06", '"1,538.00"')
    assert read(text).rows[2].amount_fen == 123450


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UT000011_COLLECTION_20261104.csv", "day_other"),
        ("UT000011_COLLECTION_20261131.csv", "file_name"),
        ("UT000011_WITHHOLDING_20261103.csv", "file_name"),
        ("collection.csv", "file_name"),
        ("../UT000011_COLLECTION_20261103.csv", "file_name"),
    ],
)
def test_the_name_must_agree_with_the_content(name: str, code: str) -> None:
    assert code in {problem[2] for problem in problems(GOOD, name)}


def test_another_partners_file_is_refused() -> None:
    assert read(GOOD, client_id="UT000011").client_id == "UT000011"
    assert problems(GOOD, client_id="UT000012") == [(0, "", "client_other")]


def test_a_file_cut_short_is_refused_wherever_it_is_cut() -> None:
    whole = GOOD.rstrip("\n")
    last_cell = whole.rindex(",") + 1
    for length in range(1, last_cell + 1):  # a cut inside the very last number leaves a shorter number, no more
        assert problems(whole[:length]), length


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file_empty"), (b"\n\n", "totals_missing"), (b"\xff\x00\xff\xff\n", "encoding_unknown")],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    assert problems(data) == [(0, "", code)]


def test_fifty_problems_are_kept_and_all_are_counted() -> None:
    row = GOOD.splitlines()[1].replace("cash", "barter")
    with pytest.raises(FileRefused) as refused:
        read("0,60,20261103,20261103\n" + f"{row}\n" * 60)
    assert (len(refused.value.problems), refused.value.count, refused.value.code) == (PROBLEMS_KEPT, 60, "file_wrong")


def test_one_row_more_than_two_hundred_thousand_is_refused() -> None:
    row = "20261103093045123001000001,POSTPAY,3310810000017,0.01,cash,20261103093045,261103123457\n"
    assert problems("2000.01,200001,20261103,20261103\n" + row * 200_001) == [(0, "", "too_many_rows")]


@given(st.lists(st.integers(min_value=1, max_value=10**9), max_size=30))
def test_what_a_partner_writes_is_what_is_read(amounts: list[int]) -> None:
    total = format_yuan(sum(amounts)).replace(",", "")
    rows = [
        f'O{at},PREPAY,3310810000017,"{format_yuan(fen)}",POS,20261103120000,R{at}' for at, fen in enumerate(amounts)
    ]
    found = read("\n".join([f"{total},{len(amounts)},20261103,20261103", *rows]))
    assert [row.amount_fen for row in found.rows] == amounts


@given(
    cells=st.tuples(
        st.from_regex(r"[0-9A-Z][0-9A-Za-z._/ -]{0,41}", fullmatch=True),
        st.sampled_from(("POSTPAY", "prepay", "PREPAY", "OTHER")),
        st.from_regex(r"[0-9]{9,13}", fullmatch=True),
        st.from_regex(r"[0-9]{1,10}(\.[0-9]{1,3})?|1,234\.5|-1", fullmatch=True),
        st.sampled_from(("cash", "CASH", "Cash", "pos", "POS", "cheque", "bankteller", "card")),
        st.from_regex(r"20[0-3][0-9][01][0-9][0-3][0-9][0-2][0-9][0-6][0-9][0-6][0-9]", fullmatch=True),
        st.from_regex(r"[0-9A-Z][0-9A-Za-z._/-]{0,50}", fullmatch=True),
    )
)
def test_a_row_read_in_one_step_is_the_row_read_cell_by_cell(cells) -> None:
    quick = partner.ordinary(2, cells)
    problems = partner.Problems()
    values = partner._read(2, cells, partner.COLUMNS, partner._READERS, problems)
    if quick is not None:
        assert values is not None
        assert quick == partner._row(2, values)
