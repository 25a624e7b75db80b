"""Files people bring, read as rows of text: CSV in UTF-8, UTF-16 or GB18030, and XLSX.

Where the caller asks for what banks export, old .xls workbooks and HTML tables under that name are read as well.
Nothing is guessed beyond the encoding and the separator. Refused by name: an empty file, a file in no known encoding,
a workbook that is none or that unpacks to something far larger than it is, a cell longer or a row wider than any here.
Rows are read one by one, so a file of 600,000 rows needs no more memory than one of six.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BufferedReader, BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Literal, TextIO

from agentnet.core.errors import Invalid
from agentnet.infra.html_tables import html_rows, looks_like_html
from agentnet.infra.old_workbooks import MOST_BYTES as MOST_OLD_BYTES
from agentnet.infra.old_workbooks import old_rows
from agentnet.infra.workbook_guard import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TEXTS_UNPACKED,
    open_workbook,
    row_too_wide,
    workbook_too_large,
)

LONGEST_CELL = 10_000
_BLOCK = 1 << 20
_MOST_UNPACKED = 1 << 30
_PAGE_HEAD = 1 << 14
_MOST_LINE = 1 << 20
"""Characters of one row of a CSV file, however many lines its quoted cells take."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

Cells = Sequence[str]
Source = Path | bytes
"""A file on disk, or one small enough to be at hand already."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that was looked at: its hash, its kind, and how to read it."""

    source: Source
    sha256: str
    encoding: str | None
    """None for a workbook."""
    form: Literal["csv", "xlsx", "xls", "html"] = "csv"

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield every row that is not blank with its number as a spreadsheet shows it (the first is 1).

        Raises:
            Invalid: ``cell_too_long``, ``row_too_wide``, ``workbook_broken``, ``workbook_too_large``, ``page_broken``.
        """
        for number, cells in self._all_rows():
            if len(cells) > MOST_COLUMNS:
                if any(cells[MOST_COLUMNS:]):
                    raise row_too_wide(number)
                cells = cells[:MOST_COLUMNS]  # blank cells that were only painted
            if any(cells):
                yield number, cells

    def _all_rows(self) -> Iterator[tuple[int, Cells]]:
        match self.form:
            case "xlsx":
                return _workbook_rows(self.source)
            case "xls":
                return _old_workbook_rows(self.source)
            case "html":
                return _page_rows(self.source, self.encoding or "utf-8")
        return _csv_rows(self.source, self.encoding or "utf-8")


def _open(source: Source) -> BytesIO | BufferedReader:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def look_at(source: Source, bank_exports: bool = False) -> TableFile:
    """Hash a file and find out how it is to be read; its name plays no part.

    ``bank_exports`` takes in old .xls workbooks and HTML tables too, as banks hand them out.

    Raises:
        Invalid: ``file_empty``, ``encoding_unknown``, ``workbook_broken``, ``workbook_too_large``, ``workbook_old``
            unless ``bank_exports``.
    """
    with _open(source) as file:
        head = file.read(4)
        if not head:
            raise Invalid("file_empty", "文件是空的", field="file")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        if head == b"PK\x03\x04":
            _check_workbook(source)
            return TableFile(source, sha256, None, "xlsx")
        if head == b"\xd0\xcf\x11\xe0":
            if bank_exports:
                return TableFile(source, sha256, None, "xls")
            raise Invalid("workbook_old", "这是旧版 Excel（.xls）文件，请另存为 .xlsx 或 CSV 后再导入", field="file")
        encoding = _encoding_of(file, head)
        if bank_exports:
            file.seek(0)
            if looks_like_html(file.read(_PAGE_HEAD).decode(encoding, errors="ignore")):
                return TableFile(source, sha256, encoding, "html")
        return TableFile(source, sha256, encoding)


def _encoding_of(file: BytesIO | BufferedReader, head: bytes) -> str:
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


def _csv_rows(source: Source, encoding: str) -> Iterator[tuple[int, Cells]]:
    csv.field_size_limit(LONGEST_CELL)
    with _open(source) as raw:
        text = TextIOWrapper(raw, encoding=encoding, newline="")
        separator = _separator(text.readline(_BLOCK))
        text.seek(0)
        lines = _Lines(text)
        try:
            for cells in csv.reader(lines, delimiter=separator):
                lines.row += 1
                lines.taken = 0
                yield lines.row - 1, cells
        except csv.Error as error:
            raise _too_long(lines.row) from error


@dataclass(slots=True)
class _Lines:
    """The lines of a CSV file, as long as those of one row are not too long: the reader holds them all."""

    text: TextIO
    row: int = 1
    taken: int = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(_MOST_LINE + 1):
            self.taken += len(line)
            if self.taken > _MOST_LINE:
                raise row_too_wide(self.row)
            yield line


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


def _check_workbook(source: Source) -> None:
    try:
        with _open(source) as file, zipfile.ZipFile(file) as packed:
            sizes = {entry.filename: entry.file_size for entry in packed.infolist()}
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        # a damaged archive may ask for a version of ZIP that does not exist, or name its parts in no encoding
        raise _broken() from error
    if "xl/workbook.xml" not in sizes:
        raise _broken()
    if unpacked > _MOST_UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > MOST_TEXTS_UNPACKED:
        raise workbook_too_large()


def _broken() -> Invalid:
    return Invalid("workbook_broken", "这个文件不是完好的 .xlsx，请重新保存后再导入", field="file")


def _workbook_rows(source: Source) -> Iterator[tuple[int, Cells]]:
    """Yield the rows of a workbook's first sheet; formulas count as what they last showed."""
    try:
        with _open(source) as packed, closing(open_workbook(packed)) as book:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write dimensions that are not true
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                if number > MOST_ROWS:
                    raise workbook_too_large()
                if len(values) > MOST_COLUMNS and any(value is not None for value in values[MOST_COLUMNS:]):
                    raise row_too_wide(number)
                cells = [_text(value) for value in values[:MOST_COLUMNS]]
                if any(len(cell) > LONGEST_CELL for cell in cells):
                    raise _too_long(number)
                yield number, cells
    except Invalid:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        ValueError,
        IndexError,
        SyntaxError,
        TypeError,
        AttributeError,
        RuntimeError,
    ) as error:
        # openpyxl answers damaged content with whatever its parser met; an XML ParseError is a SyntaxError, and an
        # archive under a password or in an unknown compression is a RuntimeError
        raise _broken() from error


def _old_workbook_rows(source: Source) -> Iterator[tuple[int, Cells]]:
    with _open(source) as file:
        content = file.read(MOST_OLD_BYTES + 1)
    for number, values in old_rows(content):
        cells = [_text(value) for value in values]
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise _too_long(number)
        yield number, cells


def _page_rows(source: Source, encoding: str) -> Iterator[tuple[int, Cells]]:
    with _open(source) as raw:
        yield from html_rows(TextIOWrapper(raw, encoding=encoding, newline=""), LONGEST_CELL)


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
