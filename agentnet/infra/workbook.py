"""A list as an XLSX workbook of one sheet, written as text: a library's cell objects cost ten times as much.

The parts and their names: ECMA-376, Office Open XML, SpreadsheetML. Texts stand in their cells (``inlineStr``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from io import BytesIO
from itertools import islice
from typing import Final
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # writes, reads nothing
from zipfile import ZIP_DEFLATED, ZipFile

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="#,##0.00"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
ROWS_AT_ONCE: Final = 500
_BOLD, _AMOUNT, _DAY = 1, 2, 3
_DAY_ZERO: Final = date(1899, 12, 30)
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML may hold."""


class Yuan(int):
    """An amount in fen that is written as yuan with two decimals."""


Cell = str | int | Yuan | date | None


def workbook_bytes(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a workbook with one sheet; codes stay text, amounts and days are numbers, the head stays in sight."""
    sheet_name = re.sub(r"[\\*?:/\[\]]", "-", title)[:31]
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as book:
        for name, part in _PARTS.items():
            book.writestr(name, _HEAD + part)
        sheets = f'<sheets><sheet name={quoteattr(sheet_name)} sheetId="1" r:id="rId1"/></sheets>'
        book.writestr("xl/workbook.xml", f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheets}</workbook>')
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            view = (
                '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
                ' state="frozen"/><selection pane="bottomLeft"/></sheetView></sheetViews>'
            )
            columns = [column_letters(number) for number in range(len(head))]
            heads = "".join(_text(f"{at}1", words, _BOLD) for at, words in zip(columns, head, strict=True))
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}">{view}<sheetData><row r="1">{heads}</row>'.encode())
            numbered = enumerate(rows, 2)
            while some := list(islice(numbered, ROWS_AT_ONCE)):
                sheet.write("".join([_row(number, columns, row) for number, row in some]).encode())
            sheet.write(b"</sheetData></worksheet>")
    return written.getvalue()


def column_letters(number: int) -> str:
    """Return what a spreadsheet calls a column, counted from 0.

    >>> column_letters(0), column_letters(25), column_letters(26), column_letters(702)
    ('A', 'Z', 'AA', 'AAA')
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _row(number: int, columns: Sequence[str], row: Sequence[Cell]) -> str:
    cells = "".join([_cell(f"{at}{number}", cell) for at, cell in zip(columns, row, strict=True)])
    return f'<row r="{number}">{cells}</row>'


def _cell(at: str, cell: Cell) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str):
        return _text(at, cell, 0)
    if isinstance(cell, Yuan):
        sign, fen = ("-", -cell) if cell < 0 else ("", cell)
        return f'<c r="{at}" s="{_AMOUNT}"><v>{sign}{fen // 100}.{fen % 100:02d}</v></c>'
    if isinstance(cell, date):
        return f'<c r="{at}" s="{_DAY}"><v>{(cell - _DAY_ZERO).days}</v></c>'
    return f'<c r="{at}"><v>{cell}</v></c>'


def _text(at: str, text: str, style: int) -> str:
    return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_escaped(text)}</t></is></c>'


@lru_cache(maxsize=1024)
def _escaped(text: str) -> str:
    """Return text as XML holds it; a list says the same few words in most of its rows."""
    return escape(_NO_TEXT.sub("", text), {"\r": "&#13;"})
