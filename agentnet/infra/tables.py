"""Files people bring, read as rows of text: CSV in UTF-8, UTF-16 or GB18030, and XLSX.

Nothing is guessed beyond the encoding and the separator. Refused by name: an empty file, a file in no known encoding,
a workbook that is none or that unpacks to something far larger than it is, a cell longer than any column here.
Rows are read one by one, so a file of 600,000 rows needs no more memory than one of six.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from agentnet.core.errors import Invalid

LONGEST_CELL = 10_000
MOST_COLUMNS = 200
_BLOCK = 1 << 20
_MOST_UNPACKED = 1 << 30
_MOST_TEXTS_UNPACKED = 1 << 27
"""The texts of a workbook are held in memory while its rows are read one by one."""
MOST_ROWS = 1 << 20
"""As many as a spreadsheet holds; a row numbered beyond it would be reached through as many blank ones."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file on disk that was looked at: its hash, its kind, and how to read it."""

    path: Path
    sha256: str
    encoding: str | None
    """None for a workbook."""

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield every row that is not blank with its number as a spreadsheet shows it (the first is 1).

        Raises:
            Invalid: ``cell_too_long``, ``workbook_broken``, ``workbook_too_large``.
        """
        found = _workbook_rows(self.path) if self.encoding is None else _csv_rows(self.path, self.encoding)
        for number, cells in found:
            if any(cells):
                yield number, cells


def look_at(path: Path) -> TableFile:
    """Hash a file and find out how it is to be read; its name plays no part.

    Raises:
        Invalid: ``file_empty``, ``encoding_unknown``, ``workbook_broken``, ``workbook_too_large``.
    """
    with path.open("rb") as file:
        head = file.read(4)
        if not head:
            raise Invalid("file_empty", "文件是空的", field="file")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        if head == b"PK\x03\x04":
            _check_workbook(path)
            return TableFile(path, sha256, None)
        if head == b"\xd0\xcf\x11\xe0":
            raise Invalid("workbook_old", "这是旧版 Excel（.xls）文件，请另存为 .xlsx 或 CSV 后再导入", field="file")
        return TableFile(path, sha256, _encoding_of(file, head))


def _encoding_of(file: BinaryIO, head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            candidates: tuple[str, ...] = (encoding,)
            break
    else:
        candidates = ("utf-8", "gb18030")
    for encoding in candidates:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Invalid("encoding_unknown", "无法识别文件的文字编码，请另存为 UTF-8 编码的 CSV 或 .xlsx", field="file")


def _csv_rows(path: Path, encoding: str) -> Iterator[tuple[int, Cells]]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open("rb") as raw:
        text = TextIOWrapper(raw, encoding=encoding, newline="")
        separator = _separator(text.readline(_BLOCK))
        text.seek(0)
        number = 0
        try:
            for cells in csv.reader(text, delimiter=separator):
                number += 1
                yield number, cells
        except csv.Error as error:
            raise _too_long(number + 1) from error


def _separator(head: str) -> str:
    """Return what parts the cells of the head: a comma unless there are more tabs or semicolons."""
    return max(",", "\t", ";", key=head.count)


def _too_long(number: int) -> Invalid:
    return Invalid(
        "cell_too_long",
        "第 %(row)d 行有一个单元格超过 %(count)d 个字，或引号没有成对，无法继续读取",
        field="file",
        row=number,
        count=LONGEST_CELL,
    )


def _check_workbook(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = {entry.filename: entry.file_size for entry in packed.infolist()}
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise _broken() from error
    if "xl/workbook.xml" not in sizes:
        raise _broken()
    if unpacked > _MOST_UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > _MOST_TEXTS_UNPACKED:
        raise _too_large()


def _too_large() -> Invalid:
    return Invalid("workbook_too_large", "这个 .xlsx 文件展开后过大，请拆成几个文件或改用 CSV", field="file")


def _broken() -> Invalid:
    return Invalid("workbook_broken", "这个文件不是完好的 .xlsx，请重新保存后再导入", field="file")


def _workbook_rows(path: Path) -> Iterator[tuple[int, Cells]]:
    """Yield the rows of a workbook's first sheet; formulas count as what they last showed."""
    try:
        # opened here, because openpyxl judges a path by its ending
        with path.open("rb") as packed, closing(load_workbook(packed, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write dimensions that are not true
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                if number > MOST_ROWS:
                    raise _too_large()
                cells = [_text(value) for value in values[:MOST_COLUMNS]]
                if any(len(cell) > LONGEST_CELL for cell in cells):
                    raise _too_long(number)
                yield number, cells
    except Invalid:
        raise
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        IndexError,
        SyntaxError,
        TypeError,
    ) as error:
        # openpyxl answers damaged content with whatever its parser met; an XML ParseError is a SyntaxError
        raise _broken() from error


def _text(value: Any) -> str:
    """Return a workbook's value as a person sees it: whole numbers without a point, days as ISO dates."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "1" if value else "0"
        case float():
            return format(value, ".15g") if not value.is_integer() else format(value, ".0f")
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        case date():
            return value.isoformat()
    return str(value)
