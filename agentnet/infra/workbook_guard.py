"""Opens a workbook so that no part of it can fill the memory.

openpyxl builds a tree of each row, and of everything that is no row, before it hands anything on; a row of a hundred
million empty cells packs into a few hundred kilobytes. So each part is looked at, block by block, on its way from the
archive to openpyxl, and refused when a row or the rest grows beyond what any spreadsheet program writes.
"""

from __future__ import annotations

from io import RawIOBase
from typing import IO, Any, BinaryIO
from xml.parsers import expat  # nosec B405 B406 - counts what it meets, builds nothing
from zipfile import ZipFile

from agentnet.core.errors import Invalid

MOST_COLUMNS = 200
MOST_ROWS = 1 << 20
"""As many as a spreadsheet holds; a row numbered beyond it would be reached through as many blank ones."""
MOST_TEXTS_UNPACKED = 1 << 27
"""The texts of a workbook are held in memory while its rows are read one by one."""
_MOST_BYTES = 1 << 24
"""Of one row, or of all that is outside rows: 16,384 cells of a thousand bytes."""
_MOST_ELEMENTS = 400_000
_MOST_TEXT_ELEMENTS = 4_000_000

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ROW = f"{_MAIN} row"
_TEXTS = f"{_MAIN} sst"


def load_reader() -> Any:
    """Return openpyxl's reader, which takes an eighth of a second to load: a server asks for it before it serves."""
    from openpyxl.reader.excel import ExcelReader

    return ExcelReader


def open_workbook(packed: BinaryIO) -> Any:
    """Return an openpyxl workbook that reads its rows one by one and shows what formulas last came to.

    Raises:
        Invalid: ``row_too_wide``, ``workbook_too_large``, here or while rows are read. What openpyxl and expat raise
            over damaged content.
    """
    reader = load_reader()(packed, read_only=True, data_only=True)
    reader.archive = _WatchedArchive(packed)
    reader.read()
    return reader.wb


def row_too_wide(number: int) -> Invalid:
    """Return the refusal of a row with more cells than any kind of import has columns."""
    return Invalid(
        "row_too_wide",
        "第 %(row)d 行太宽，最多 %(count)d 列，请删去多余的列再导入",
        field="file",
        row=number,
        count=MOST_COLUMNS,
    )


def workbook_too_large() -> Invalid:
    """Return the refusal of a workbook that unpacks to more than is held in memory."""
    return Invalid("workbook_too_large", "这个 .xlsx 文件展开后过大，请拆成几个文件或改用 CSV", field="file")


class _WatchedArchive(ZipFile):
    """An archive whose parts are counted while they are read."""

    def open(self, *given: Any, **named: Any) -> IO[bytes]:
        return _Watched(super().open(*given, **named))  # type: ignore[return-value]


class _Watched(RawIOBase):
    """One part: passes on what it reads, once it is counted."""

    def __init__(self, part: IO[bytes]) -> None:
        self._part = part
        self._count = _Count()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size >= 0:
            return self._counted(size)
        return b"".join(iter(lambda: self._counted(1 << 16), b""))

    def close(self) -> None:
        self._part.close()
        super().close()

    def _counted(self, size: int) -> bytes:
        block = self._part.read(size)
        self._count.take(block)
        return block


class _Count:
    """What has been met in a part: elements and bytes of the present row, and of all that is outside rows."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._rows = self._in_row = self._outside = 0
        self._inside = self._finished = False
        self._fed = self._row_began = self._bytes_in_rows = 0
        self._most_elements, self._most_bytes = _MOST_ELEMENTS, _MOST_BYTES

    def take(self, block: bytes) -> None:
        """Count a block.

        Raises:
            Invalid: ``row_too_wide``, ``workbook_too_large``. ValueError: it is no XML.
        """
        if self._finished:
            return
        self._fed += len(block)
        self._finished = not block
        try:
            self._parser.Parse(block, not block)
        except expat.ExpatError as error:
            raise ValueError("no XML") from error
        if self._inside and self._fed - self._row_began > _MOST_BYTES + len(block):
            raise row_too_wide(self._rows)
        outside = (self._row_began if self._inside else self._fed) - self._bytes_in_rows
        if outside > self._most_bytes + len(block):
            raise workbook_too_large()

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == _ROW:
            self._rows += 1
            if self._inside:
                raise ValueError("a row within a row")
            if self._rows > MOST_ROWS:
                raise workbook_too_large()
            self._inside, self._in_row, self._row_began = True, 0, self._parser.CurrentByteIndex
        elif self._inside:
            self._in_row += 1
            if self._in_row > _MOST_ELEMENTS:
                raise row_too_wide(self._rows)
        else:
            if not self._outside and name == _TEXTS:
                self._most_elements, self._most_bytes = _MOST_TEXT_ELEMENTS, MOST_TEXTS_UNPACKED
            self._outside += 1
            if self._outside > self._most_elements:
                raise workbook_too_large()

    def _end(self, name: str) -> None:
        if name == _ROW:
            self._inside = False
            self._bytes_in_rows += self._parser.CurrentByteIndex - self._row_began
