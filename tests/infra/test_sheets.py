"""A list as a file says what the page says, and runs nothing."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook

from agentnet.infra.sheets import Yuan, csv_bytes, xlsx_bytes

HEAD = ["编号", "金额", "日期"]


def test_a_csv_opens_in_a_spreadsheet_as_chinese() -> None:
    data = csv_bytes(HEAD, [["WL0001", Yuan(-20350), date(2026, 11, 18)], ["WL0002", None, None]])
    assert data.decode("utf-8-sig").splitlines() == ["编号,金额,日期", "WL0001,-203.50,2026-11-18", "WL0002,,"]
    assert data.startswith(b"\xef\xbb\xbf")


def test_a_workbook_keeps_codes_as_text_and_amounts_as_numbers() -> None:
    sheet = load_workbook(BytesIO(xlsx_bytes("网点", HEAD, [["0012", Yuan(5), date(2026, 11, 18)]]))).active
    code, amount, day = sheet[2]
    assert (code.value, code.data_type) == ("0012", "s")
    assert (amount.value, amount.number_format) == (0.05, "#,##0.00")
    assert day.value.date() == date(2026, 11, 18)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(A1)"]
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert csv_bytes(["a"], [[text]]).decode("utf-8-sig").split("\n", 1)[1].lstrip('"').startswith("'")
    cell = load_workbook(BytesIO(xlsx_bytes("a", ["a"], [[text]]))).active["A2"]
    assert (cell.data_type, cell.value[0]) == ("s", "'")


def test_a_name_no_sheet_may_have_still_makes_a_workbook() -> None:
    assert load_workbook(BytesIO(xlsx_bytes("2026-10-WL/TP[*]", ["a"], []))).sheetnames == ["2026-10-WL-TP---"]


def test_a_workbook_keeps_every_character_a_spreadsheet_can_and_its_head_in_sight() -> None:
    texts = ["<&>\"'", "两行\n字", " 空格 ", "a\x00\x0bb", "🏪", ""]
    rows = [[text, -5 if text else None, Yuan(-20350)] for text in texts]
    book = load_workbook(BytesIO(xlsx_bytes("网点 & 站", ["名", "数", "元"], iter(rows * 300))))
    sheet = book.active
    assert (book.sheetnames, sheet.freeze_panes, sheet["A1"].font.b, sheet["A2"].font.b) == (
        ["网点 & 站"],
        "A2",
        True,
        False,
    )
    assert [cell.value for cell in sheet["A"][1:7]] == ["<&>\"'", "两行\n字", " 空格 ", "ab", "🏪", None]
    assert (sheet["B2"].value, sheet["B7"].value, sheet["C2"].value) == (-5, None, -203.5)
    assert (sheet.max_row, sheet["A1801"].value, sheet["C1801"].value) == (1801, None, -203.5)


def test_a_workbook_of_many_columns_names_them_as_a_spreadsheet_does() -> None:
    sheet = load_workbook(BytesIO(xlsx_bytes("a", [str(number) for number in range(30)], [list(range(30))]))).active
    assert (sheet["AD1"].value, sheet["AD2"].value) == ("29", 29)
