"""Whatever program wrote the file, the same rows come out; what cannot be read is refused by name."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.xml.constants import SHARED_STRINGS

from agentnet.core.errors import Invalid
from agentnet.infra import tables, workbook_guard
from agentnet.infra.tables import LONGEST_CELL, MOST_COLUMNS, look_at

TEXT = '编号,名称\r\nWL0001,垟岙㘰塆村\r\n\r\nWL0002,"含,逗号"\r\n'
ROWS = [(1, ["编号", "名称"]), (2, ["WL0001", "垟岙㘰塆村"]), (4, ["WL0002", "含,逗号"])]


def rows_of(tmp_path: Path, data: bytes) -> list[tuple[int, list[str]]]:
    path = tmp_path / "file"
    path.write_bytes(data)
    return [(number, list(cells)) for number, cells in look_at(path).rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_same_rows_come_out_of_every_encoding(tmp_path: Path, encoding: str) -> None:
    assert rows_of(tmp_path, TEXT.encode(encoding)) == ROWS


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_tabs_and_semicolons_part_cells_too(tmp_path: Path, separator: str) -> None:
    assert rows_of(tmp_path, f"编号{separator}名称\nA{separator}一,二\n".encode())[1] == (2, ["A", "一,二"])


def test_a_character_cut_by_a_block_is_still_read(tmp_path: Path) -> None:
    text = "名称\n" + "a" * ((1 << 20) - 9) + "\n" + "村" * 9 + "\n"
    with pytest.raises(Invalid, match="cell_too_long"):
        rows_of(tmp_path, text.encode())
    short = "名称\n" + ("村" * 100 + "\n") * 8000
    assert len(rows_of(tmp_path, short.encode())) == 8001
    assert len(rows_of(tmp_path, short.encode("gb18030"))) == 8001


def test_a_workbook_reads_as_a_person_sees_it(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["户号", "金额", "日期", "时间", "是否"])
    sheet.append([3310810000017, 203.5, date(2026, 11, 3), datetime.combine(date(2026, 11, 3), time(8, 30)), True])
    sheet.append([])
    sheet.append(["0012", 0.1 + 0.2, None, 1234567.0, None])
    path = tmp_path / "book.xlsx"
    book.save(path)
    found = [(number, list(cells)) for number, cells in look_at(path).rows()]
    assert found[1] == (2, ["3310810000017", "203.5", "2026-11-03", "2026-11-03 08:30:00", "1"])
    assert found[2] == (4, ["0012", "0.3", "", "1234567"])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        ("名称\n".encode("utf-16")[:-1], "encoding_unknown"),
        (b"\xff\x00\xff\xff\n", "encoding_unknown"),
        (b"PK\x03\x04 no archive", "workbook_broken"),
        (b"\xd0\xcf\x11\xe0old excel", "workbook_old"),
        (("a,b\n1," + "长" * (LONGEST_CELL + 1)).encode(), "cell_too_long"),
        (('a,b\n1,"' + "never closed\n" * 2000).encode(), "cell_too_long"),
        (b"a,b\n1" + b"," * MOST_COLUMNS + b"2\n", "row_too_wide"),
        (b"a,b\n" + b"," * 2_000_000, "row_too_wide"),
        (b"a,b\n" + b'"\n",' * 500_000, "row_too_wide"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        rows_of(tmp_path, data)
    assert refused.value.code == code


@pytest.mark.parametrize("damaged", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_damaged_workbook_is_refused_and_never_a_crash(tmp_path: Path, damaged: str) -> None:
    whole, broken = tmp_path / "whole.xlsx", tmp_path / "broken.xlsx"
    book = Workbook()
    book.active.append(["编号"])
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<broken" if name == damaged else source.read(name))
    with pytest.raises(Invalid, match="workbook_broken"):
        rows_of(tmp_path, broken.read_bytes())


def test_a_workbook_that_unpacks_to_something_huge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MOST_UNPACKED", 100_000)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 1_000_000)
    with pytest.raises(Invalid, match="workbook_too_large"):
        look_at(bomb)


def test_a_workbook_with_more_words_than_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_TEXTS_UNPACKED", 1_000)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"<workbook/>")
        packed.writestr("xl/sharedStrings.xml", b"0" * 10_000)
    with pytest.raises(Invalid, match="workbook_too_large"):
        look_at(bomb)


def test_a_row_numbered_beyond_any_spreadsheet_is_refused(tmp_path: Path) -> None:
    whole, far = tmp_path / "whole.xlsx", tmp_path / "far.xlsx"
    book = Workbook()
    book.active.append(["编号"])
    book.active.append(["WL0001"])
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(far, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(
                name, content.replace(b'r="2"', b'r="999999999999"').replace(b'r="A2"', b'r="A999999999999"')
            )
    with pytest.raises(Invalid, match="workbook_too_large"):
        rows_of(tmp_path, far.read_bytes())


def sheet_of(tmp_path: Path, inside: str, before: str = "", part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """Return a workbook whose sheet (or other part) was written by hand; it says nothing of its own dimensions."""
    whole, made = tmp_path / "whole.xlsx", tmp_path / "made.xlsx"
    book = Workbook()
    book.active.append(["编号"])
    book.save(whole)
    root = "sst" if "sharedStrings" in part else "worksheet"
    content = f'<{root} xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{before}{inside}</{root}>'
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != part:
                texts = f'<Override PartName="/{part}" ContentType="{SHARED_STRINGS}"/></Types>'.encode()
                target.writestr(name, source.read(name).replace(b"</Types>", texts if root == "sst" else b"</Types>"))
        target.writestr(part, content)
    return made.read_bytes()


def row(*columns: str) -> str:
    cells = "".join(f'<c r="{column}1" t="inlineStr"><is><t>x</t></is></c>' for column in columns)
    return f"<sheetData><row>{cells}</row></sheetData>"


def test_a_workbook_of_two_hundred_columns_is_read_and_one_of_more_is_refused(tmp_path: Path) -> None:
    assert len(rows_of(tmp_path, sheet_of(tmp_path, row("A", "GR")))[0][1]) == MOST_COLUMNS
    with pytest.raises(Invalid, match="row_too_wide"):
        rows_of(tmp_path, sheet_of(tmp_path, row("A", "GS")))


@pytest.mark.parametrize("data", [b"a" + b"," * 300 + b"\n1\n", None])
def test_blank_cells_far_to_the_right_do_no_harm(tmp_path: Path, data: bytes | None) -> None:
    painted = '<sheetData><row><c r="A1"><v>1</v></c><c r="XFD1"/></row></sheetData>'
    found = rows_of(tmp_path, data or sheet_of(tmp_path, painted))
    assert found[0][0] == 1
    assert "".join(found[0][1]) in ("a", "1")


MANY = 3000
NESTED = "<row>" + "<c/>" * 900


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (f"<sheetData><row>{'<c/>' * MANY}</row></sheetData>", "row_too_wide"),
        (f"<sheetData><row>{'<c/>' * 900}</row>" * 9 + "</sheetData>" * 9, ""),
        (f"<sheetData><row><c><is>{'<r/>' * MANY}</is></c></row></sheetData>", "row_too_wide"),
        (f"<sheetData><row><c><v>{'9' * 200_000}</v></c></row></sheetData>", "row_too_wide"),
        (f"<sheetData>{NESTED * 9}{'</row>' * 9}</sheetData>", "workbook_broken"),
        (f"<sheetData/><mergeCells>{'<mergeCell/>' * MANY}</mergeCells>", "workbook_too_large"),
        (f"<sheetData>{'<row/>' * MANY}</sheetData>", "workbook_too_large"),
        (f"<sheetData>{('<row/>' + ' ' * 900) * 200}</sheetData>", "workbook_too_large"),
        (f'<sheetData xmlns:z="z">{"<z:row/>" * MANY}</sheetData>', "workbook_too_large"),
    ],
)
@pytest.mark.parametrize("before", ["", '<dimension ref="A1:B2"/>'])
def test_no_row_and_nothing_beside_the_rows_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str, code: str, before: str
) -> None:
    for name, most in {"_MOST_ELEMENTS": 1000, "_MOST_BYTES": 100_000, "MOST_ROWS": 2000}.items():
        monkeypatch.setattr(workbook_guard, name, most)
    if not code:
        inside = inside.replace("<sheetData>", "").replace("</sheetData>", "")
        assert rows_of(tmp_path, sheet_of(tmp_path, f"<sheetData>{inside}</sheetData>", before)) == []
        return
    with pytest.raises(Invalid, match=code):
        rows_of(tmp_path, sheet_of(tmp_path, inside, before))


def test_a_workbook_may_not_have_more_texts_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_guard, "_MOST_TEXT_ELEMENTS", 100)
    with pytest.raises(Invalid, match="workbook_too_large"):
        rows_of(tmp_path, sheet_of(tmp_path, "<si/>" * 200, part="xl/sharedStrings.xml"))


def test_a_workbook_under_a_password_or_with_spoilt_content_is_refused_by_name(tmp_path: Path) -> None:
    data = sheet_of(tmp_path, row("A"))
    locked, spoilt = bytearray(data), bytearray(data)
    for entry in range(len(data)):
        if data.startswith(b"PK\x01\x02", entry):
            locked[entry + 8] |= 1
    with zipfile.ZipFile(tmp_path / "made.xlsx") as packed:
        start = packed.getinfo("xl/worksheets/sheet1.xml").header_offset + 60
    spoilt[start : start + 20] = b"\xff" * 20
    for broken in (locked, spoilt):
        with pytest.raises(Invalid, match="workbook_broken"):
            rows_of(tmp_path, bytes(broken))
