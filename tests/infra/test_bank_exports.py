"""Old workbooks and HTML tables under the name .xls, as banks hand them out, become the same rows as any table."""

from __future__ import annotations

import struct
from datetime import date, datetime, time
from io import BytesIO

import pytest
import xlwt

from agentnet.core.errors import Invalid
from agentnet.infra import html_tables, old_workbooks
from agentnet.infra.tables import LONGEST_CELL, MOST_COLUMNS, look_at


def rows_of(data: bytes) -> list[tuple[int, list[str]]]:
    return [(number, list(cells)) for number, cells in look_at(data, bank_exports=True).rows()]


def old_workbook(*rows: list[object]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("明细")
    day, clock = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.easyxf(num_format_str="hh:mm:ss")
    both = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            style = {datetime: both, date: day, time: clock}.get(type(value))
            if value is not None:
                sheet.write(at, column, value, *([style] if style else []))
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


def test_an_old_workbook_reads_as_a_person_sees_it() -> None:
    data = old_workbook(
        ["日期", "金额", "时刻", "流水号"],
        [date(2026, 11, 3), 1234.5, time(8, 30, 15), "0012"],
        [],
        [datetime.combine(date(2026, 11, 3), time(8, 30)), 0.1 + 0.2, None, 7],
    )
    assert rows_of(data) == [
        (1, ["日期", "金额", "时刻", "流水号"]),
        (2, ["2026-11-03", "1234.5", "08:30:15", "0012"]),
        (4, ["2026-11-03 08:30:00", "0.3", "", "7"]),
    ]


def test_an_import_still_asks_for_a_new_workbook() -> None:
    with pytest.raises(Invalid, match="workbook_old"):
        look_at(old_workbook(["a"]))


def rows_or_refusal(data: bytes) -> object:
    try:
        return rows_of(data)
    except Invalid as refused:
        return refused.code


def test_an_old_workbook_cut_short_is_read_whole_or_not_at_all() -> None:
    whole = old_workbook(["日期", "金额"], [date(2026, 11, 3), 1.5])
    outcomes = [rows_or_refusal(whole[:length]) for length in range(5, len(whole), 97)]
    assert [each for each in outcomes if each not in ("workbook_broken", rows_of(whole))] == []
    assert outcomes.count("workbook_broken") > len(outcomes) * 3 // 4


def test_a_cell_set_far_away_by_one_changed_byte_fills_no_memory() -> None:
    data = bytearray(old_workbook([1.5], [None, 2.5]))
    at = data.index(struct.pack("<HHHH", 0x027E, 10, 1, 1))  # the RK record of the cell in row 1, column 1
    data[at + 4 : at + 8] = struct.pack("<HH", 65535, 65535)
    with pytest.raises(Invalid, match="workbook_broken"):
        rows_of(bytes(data))


def test_an_old_workbook_beyond_what_memory_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_workbooks, "MOST_BYTES", 1000)
    with pytest.raises(Invalid, match="workbook_too_large"):
        rows_of(old_workbook(["a"]))


PAGE = """<html><head><title>明细</title><style>td {color: red}</style></head><body>
<table border=1><tr><th>日期</th><th>金额（元）</th><th>摘要</th></tr>
<tr><td>2026-11-03<td>1,234.50</td><td>电费<br>甲&amp;乙&nbsp;</td></tr>
<tr><td colspan=2>合计</td><td>x</td></tr></table><script>var a = "<tr><td>no</td></tr>";</script></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_page_under_the_name_of_a_workbook_is_a_table(encoding: str) -> None:
    assert rows_of(PAGE.encode(encoding)) == [
        (1, ["日期", "金额（元）", "摘要"]),
        (2, ["2026-11-03", "1,234.50", "电费 甲&乙"]),
        (3, ["合计", "", "x"]),
    ]


def test_a_page_is_html_only_where_banks_exports_are_asked_for() -> None:
    assert look_at(PAGE.encode()).form == "csv"


@pytest.mark.parametrize("length", [len(PAGE) - 110, len(PAGE) - 150, 210])
def test_a_page_cut_inside_its_table_is_refused(length: int) -> None:
    with pytest.raises(Invalid, match="page_broken"):
        rows_of(PAGE[:length].encode())


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("<table><tr><td>" + "长" * (LONGEST_CELL + 1) + "</td></tr></table>", "page_broken"),
        ("<table><tr>" + "<td>x</td>" * (MOST_COLUMNS + 1) + "</tr></table>", "row_too_wide"),
        ("<table><tr><td " + "a" * (1 << 19), "page_broken"),
        ("<table><tr><td>1</td></tr>" + "<!--" + "-" * (1 << 19), "page_broken"),
    ],
)
def test_no_page_fills_the_memory(page: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        rows_of(page.encode())


def test_a_csv_file_may_begin_with_a_bracket() -> None:
    assert not html_tables.looks_like_html("<编号>,<名称>\n1,2\n")
    assert rows_of("<编号>,<名称>\n1,2\n".encode())[0] == (1, ["<编号>", "<名称>"])


def test_bytes_read_as_the_file_they_came_from() -> None:
    assert rows_of("编号,名称\n1,垟\n".encode("gb18030")) == [(1, ["编号", "名称"]), (2, ["1", "垟"])]
