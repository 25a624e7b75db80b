"""Tables as Chinese banks export them become statement lines whose balances and totals are proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from agentnet.core.errors import Invalid
from agentnet.core.money import format_yuan
from agentnet.settlement.files.lines import FileRefused, Statement
from agentnet.settlement.files.mapping import Mapping, guess_mapping
from agentnet.settlement.files.table import read_table
from tests.infra.test_bank_exports import old_workbook

# 1,000.00 + 1,234.50 - 100.00 + 12.30 = 2,146.80; in 1,246.80, out 100.00
CSV = """某某银行账户明细,,,,,,,
账号：3305016100000000,,,,,,,
序号,交易日期,借方发生额(元),贷方发生额(元),余额,摘要,对方户名,流水号
1,2026-11-03,,"1,234.50","2,234.50",电费 3310810000017,甲村邮站,0001
2,2026/11/3,100.00,0.00,2134.50,手续费,,0002
3,20261104,-,12.3,"2,146.80",电费,乙便利店,0003
合计,,100.00,"1,246.80",,,,
打印时间：2026-11-05,,,,,,,
,,,,,,,
"""


def read(data: str | bytes, mapping: Mapping | None = None) -> Statement:
    data = data if isinstance(data, bytes) else data.encode()
    return read_table(data, mapping or guess_mapping(data))


def problems(data: str | bytes, mapping: Mapping | None = None) -> list[tuple[int, str, str]]:
    with pytest.raises(FileRefused) as refused:
        read(data, mapping)
    return [(each.row, each.column, each.code) for each in refused.value.problems]


def amounts(found: Statement) -> list[int]:
    return [line.amount_fen for line in found.lines]


def test_a_banks_table_becomes_a_statement() -> None:
    found = read(CSV)
    assert amounts(found) == [123450, -10000, 1230]
    assert (found.opening_fen, found.closing_fen) == (100000, 214680)
    assert (found.first_on, found.last_on) == (date(2026, 11, 3), date(2026, 11, 4))
    line = found.lines[0]
    assert (line.row, line.sequence, line.bank_reference, line.counterparty) == (4, 1, "0001", "甲村邮站")
    assert (line.text, line.gross_fen, line.fee_fen, line.balance_fen) == ("电费 3310810000017", 123450, 0, 223450)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_every_encoding_of_a_bank_gives_the_same_lines(encoding: str) -> None:
    assert amounts(read(CSV.encode(encoding))) == [123450, -10000, 1230]


def cells() -> list[list[Any]]:
    return [
        ["某某银行账户明细"],
        ["交易日期", "交易时间", "收入", "支出", "账户余额", "摘要"],
        [date(2026, 11, 3), time(8, 30), 1234.5, None, 2234.5, "电费"],
        [date(2026, 11, 3), time(9, 0), None, 100, 2134.5, "手续费"],
        [date(2026, 11, 4), time(0, 5), 0.1 + 0.2, None, 2134.8, "利息"],
        ["总计", None, 1234.8, 100, None, None],
        [],
    ]


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    book, saved = Workbook(), BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(saved)
    return saved.getvalue()


def page(rows: Sequence[Sequence[Any]]) -> bytes:
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if cell is None else cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<html><head><meta charset=gbk></head><body><table>{body}</table></body></html>".encode("gbk")


def test_workbooks_new_and_old_and_pages_give_the_same_lines() -> None:
    shown = [[round(cell, 2) if isinstance(cell, float) else cell for cell in row] for row in cells()]
    for data in (workbook(cells()), old_workbook(*cells()), page(shown)):
        found = read(data)
        assert amounts(found) == [123450, -10000, 30]
        # half past eight in Shanghai is half past midnight in UTC
        assert found.lines[0].booked_at == datetime(2026, 11, 3, 0, 30, tzinfo=UTC)
        assert (found.opening_fen, found.closing_fen) == (100000, 213480)


def test_a_path_reads_as_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "明细.xls").write_bytes(page(cells()[:4]))
    assert read_table(tmp_path / "明细.xls", guess_mapping(tmp_path / "明细.xls"), "3305") == read_table(
        page(cells()[:4]), guess_mapping(page(cells()[:4])), "3305"
    )


def test_newest_first_is_proven_the_other_way_round() -> None:
    head, rows = CSV.splitlines()[2], CSV.splitlines()[3:6]
    found = read("\n".join([head, *reversed(rows)]))
    assert amounts(found) == [1230, -10000, 123450]
    assert (found.opening_fen, found.closing_fen) == (100000, 214680)


def test_newest_first_is_found_within_a_single_day() -> None:
    # 10.00, then 5.00 came in, then 2.00 went out: 13.00
    found = read("日期,金额,余额\n2026-11-03,-2.00,13.00\n2026-11-03,5.00,15.00\n")
    assert (found.opening_fen, found.closing_fen) == (1000, 1300)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("2134.50", "2134.51", (5, "余额", "balance_does_not_foot")),
        ("2134.50", "", (5, "余额", "balance_missing")),
        ("100.00,0.00", "100.00,1.00", (5, "贷方发生额(元)", "amount_twice")),
        ("100.00,0.00", ",", (5, "贷方发生额(元)", "amount_missing")),
        ("12.3,", "12.345,", (6, "贷方发生额(元)", "amount_decimals")),
        ("12.3,", '"12,34.5",', (6, "贷方发生额(元)", "amount_shape")),
        ("12.3,", "12.3.0,", (6, "贷方发生额(元)", "amount_shape")),
        ("20261104", "20261131", (6, "交易日期", "cell_day")),
        ("20261104", "", (6, "交易日期", "cell_day")),
        ("20261104", "04/11/2026", (6, "交易日期", "cell_day")),
        ('"1,246.80"', '"1,246.81"', (7, "贷方发生额(元)", "total_does_not_foot")),
        ("合计,,100.00", "合计,,100.01", (7, "借方发生额(元)", "total_does_not_foot")),
    ],
)
def test_what_is_wrong_is_named_by_row_and_head(old: str, new: str, found: tuple[int, str, str]) -> None:
    assert found in problems(CSV.replace(old, new, 1))


def test_a_row_missing_from_the_middle_shows_in_the_balance_of_the_next() -> None:
    rows = CSV.splitlines()
    assert problems("\n".join(rows[:4] + rows[5:6])) == [(5, "余额", "balance_does_not_foot")]


@pytest.mark.parametrize(("text", "fen"), [("1,234.5", 123450), ("１２３．４５", 12345), ("¥12.30", 1230), ("+7", 700)])
def test_amounts_as_banks_write_them(text: str, fen: int) -> None:
    assert amounts(read(f'日期,金额\n2026-11-03,"{text}"\n')) == [fen]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-03 08:30:15", 15),
        ("2026/11/3 8:30", 0),
        ("2026.11.03", None),
        ("2026年11月03日 08:30:15", 15),
        ("20261103083015", 15),
        ("20261103 083015", 15),
        ("2026-11-03T08:30:15", 15),
        ("２０２６-１１-０３ ０８:３０:１５", 15),
    ],
)
def test_days_as_banks_write_them(text: str, at: int | None) -> None:
    line = read(f"交易时间,金额\n{text},1.00\n").lines[0]
    assert line.booked_on == date(2026, 11, 3)
    assert line.booked_at == (None if at is None else datetime(2026, 11, 3, 0, 30, at, tzinfo=UTC))


def test_one_signed_column_says_which_sign_is_in() -> None:
    text = "日期,金额\n2026-11-03,5.00\n2026-11-03,-2.00\n"
    assert amounts(read(text)) == [500, -200]
    assert amounts(read(text, Mapping(date="日期", amount="金额", positive_is_in=False))) == [-500, 200]


def test_a_direction_column_tells_in_from_out() -> None:
    text = "交易日期,借贷标志,交易金额\n2026-11-03,贷,5.00\n2026-11-03,借,2.00\n"
    assert amounts(read(text)) == [500, -200]
    assert problems(text.replace("借,2", "？,2")) == [(3, "借贷标志", "direction_unknown")]


def test_a_line_in_another_currency_is_refused() -> None:
    text = "日期,币种,金额\n2026-11-03,人民币,1.00\n2026-11-03,CNY,2.00\n"
    assert amounts(read(text)) == [100, 200]
    assert problems(text.replace("CNY", "USD")) == [(3, "币种", "currency_other")]


def test_a_debit_column_may_carry_a_minus_of_its_own() -> None:
    text = "日期,收入,支出\n2026-11-03,,-2.00\n"
    assert amounts(read(text, Mapping(date="日期", credit="收入", debit="支出", debit_is_negative=True))) == [-200]


def test_an_entry_in_red_takes_back_what_came_in() -> None:
    # a correction (红字): minus 5.00 in the credit column is 5.00 out
    assert amounts(read("日期,贷方发生额,借方发生额,余额\n2026-11-03,5.00,,5.00\n2026-11-03,-5.00,,0.00\n")) == [
        500,
        -500,
    ]


def test_numbers_kept_from_rounding_are_unwrapped() -> None:
    text = '日期,金额,流水号,户号\n2026-11-03,1.00,"=""0012345""","\t3310810000017"\n2026-11-03,1.00,\'007,结息\n'
    first, second = read(text).lines
    assert (first.bank_reference, first.household_no) == ("0012345", "3310810000017")
    assert (second.bank_reference, second.household_no) == ("007", "")


def test_two_identical_rows_stay_two_and_are_told_apart() -> None:
    found = read("日期,金额,摘要\n2026-11-03,1.00,电费\n2026-11-03,1.00,电费\n")
    assert [line.occurrence for line in found.lines] == [1, 2]


def test_subtotals_of_pages_are_held_against_their_page() -> None:
    # pages of 3.00 and 4.00, together 7.00
    pages = "日期,金额\n2026-11-03,1\n2026-11-03,2\n小计,3.00\n日期,金额\n2026-11-04,4\n本页小计,4.00\n合计,7.00\n"
    assert amounts(read(pages)) == [100, 200, 400]
    assert problems(pages.replace("4.00", "5.00")) == [(7, "金额", "total_does_not_foot")]


def test_a_total_in_the_middle_is_refused() -> None:
    assert problems("日期,金额\n2026-11-03,1\n合 计,1.00\n2026-11-03,2\n") == [(3, "", "total_row_inside")]


def test_a_note_in_the_middle_is_refused() -> None:
    assert problems("日期,金额\n2026-11-03,1\n以下为补打,\n2026-11-03,2\n") == [(3, "", "note_inside")]


def test_a_file_cut_short_is_refused_wherever_the_cut_can_be_seen() -> None:
    whole = "\n".join(CSV.splitlines()[2:6])
    last_row, last_cell = whole.rindex("\n") + 1, whole.rindex(",") + 1
    for length in range(last_row + 1, last_cell):
        assert problems(whole[:length]), whole[:length]
    for data in (workbook(cells()), old_workbook(*cells()), page(cells())):
        assert problems(data[: len(data) // 2], Mapping(date="交易日期", credit="收入", debit="支出"))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        ("日期,金额\n".encode(), "no_rows"),
        (b"\xff\x00\xff\xff\n", "encoding_unknown"),
        (b"PK\x03\x04 no archive", "workbook_broken"),
        (b"\xd0\xcf\x11\xe0 no workbook", "workbook_broken"),
        ("甲,乙\n1,2\n".encode(), "columns_missing"),
        ("日期,金额,金额\n2026-11-03,1,2\n".encode(), "column_twice"),
        ("日期,金额\n2026-11-03,1\n".encode("gbk")[:-4] + b"\xff\n", "encoding_unknown"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    assert [each[2] for each in problems(data, Mapping(date="日期", amount="金额"))] == [code]


def test_columns_may_be_told_by_number_and_the_head_by_its_row() -> None:
    text = "x,y\n日期,金额,金额\n2026-11-03,9.00,1.00\n"
    assert amounts(read(text, Mapping(date=1, amount=3, head_row=2))) == [100]
    assert amounts(read("2026-11-03,9.00,1.00\n", Mapping(date=1, amount=3))) == [100]
    assert guess_mapping("日期,金额,余额,余额\n".encode()).balance == 3


def test_a_mapping_survives_being_saved() -> None:
    found = guess_mapping(CSV.encode())
    assert Mapping(**asdict(found)) == found
    assert (found.date, found.credit, found.debit) == ("交易日期", "贷方发生额(元)", "借方发生额(元)")
    assert (found.balance, found.text, found.counterparty, found.reference) == ("余额", "摘要", "对方户名", "流水号")


def test_a_mapping_needs_one_way_to_tell_the_amount() -> None:
    for wrong in ({}, {"amount": "金额", "credit": "贷方"}, {"credit": "贷方", "direction": "借贷"}):
        with pytest.raises(Invalid, match="mapping_amount"):
            Mapping(date="日期", **wrong)  # type: ignore[arg-type]


def test_a_head_that_names_no_money_is_not_guessed() -> None:
    with pytest.raises(FileRefused, match="head_unknown"):
        guess_mapping("姓名,电话\n甲,1\n".encode())


def test_one_line_more_than_two_hundred_thousand_is_refused() -> None:
    row = "2026-11-03,1\n"
    assert problems("日期,金额\n" + row * 200_001) == [(0, "", "too_many_rows")]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(-(10**11), 10**11).filter(bool)), min_size=1, max_size=20),
    st.integers(-(10**11), 10**11),
    st.booleans(),
)
def test_what_a_bank_writes_is_what_is_read(moves: list[tuple[int, int]], opening: int, newest_first: bool) -> None:
    balance, rows = opening, []
    for days, fen in sorted(moves, key=lambda move: move[0]):
        balance += fen
        day = date(2026, 10, 1) + timedelta(days=days)
        halves = (format_yuan(fen), "") if fen > 0 else ("", format_yuan(-fen))
        rows.append(f'{day},"{halves[0]}","{halves[1]}","{format_yuan(balance)}"')
    if newest_first:
        rows.reverse()
    found = read("\n".join(["交易日期,收入,支出,余额", *rows]))
    assert sorted(amounts(found)) == sorted(fen for _days, fen in moves)
    if found.first_on != found.last_on:
        assert (found.opening_fen, found.closing_fen) == (opening, balance)
