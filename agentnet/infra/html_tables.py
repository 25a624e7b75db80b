"""HTML tables, which many bank sites call .xls: the rows of all tables of a page as text, read as they come.

The page is never built as a tree. Scripts and styles are passed over; a cell over several columns fills the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TextIO

from agentnet.core.errors import Invalid
from agentnet.infra.workbook_guard import MOST_COLUMNS, row_too_wide

_BLOCK = 1 << 16
_MOST_TAG = 1 << 17
"""Characters that may wait for the end of a tag; beyond it every block would read them all again."""
_SILENT = frozenset(("script", "style", "title", "head"))


def looks_like_html(head: str) -> bool:
    """Return whether a file that begins so is a page with a table.

    >>> looks_like_html("<html><body><table><tr>"), looks_like_html("<a>,b")
    (True, False)
    """
    begin = head.lstrip("\ufeff \t\r\n").lower()
    return begin.startswith("<") and re.search(r"<(table|html|!doctype html)[\s>]", begin) is not None


def html_rows(text: TextIO, longest_cell: int) -> Iterator[tuple[int, list[str]]]:
    """Yield every row of every table with its number among them, from 1.

    Raises:
        Invalid: ``page_broken`` for tags without an end, a page cut inside a table, or a cell beyond ``longest_cell``
            characters; ``row_too_wide``.
    """
    reader = _Reader(longest_cell)
    number = 0
    while block := text.read(_BLOCK):
        reader.feed(block)
        if len(reader.rawdata) > _MOST_TAG:
            raise page_broken(number + 1)
        for cells in reader.taken():
            number += 1
            yield number, cells
    reader.close()
    for cells in reader.taken():
        number += 1
        yield number, cells
    if reader.tables or reader.rawdata:
        raise page_broken(number)


def page_broken(row: int) -> Invalid:
    """Return the refusal of a page that cannot be read beyond a row."""
    return Invalid("page_broken", "网页表格在第 %(row)d 行之后不完整，无法继续读取，请重新下载", field="file", row=row)


class _Reader(HTMLParser):
    """Gathers cells; ``tables`` counts those not closed yet."""

    def __init__(self, longest_cell: int) -> None:
        super().__init__(convert_charrefs=True)
        self.tables = 0
        self._rows: list[list[str]] = []
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._span = 1
        self._length = self._silent = self._count = 0
        self._longest = longest_cell

    def taken(self) -> list[list[str]]:
        """Return the rows finished since the last time."""
        rows, self._rows = self._rows, []
        self._count += len(rows)
        return rows

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_row()  # a table within a cell: what the page's frame holds is no row of its own
            self.tables += 1
        elif tag == "tr":
            self._end_row()
            self._row = []
        elif tag in ("td", "th"):
            self._end_cell()
            if self._row is None:
                self._row = []
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), MOST_COLUMNS) if re.fullmatch(r"[0-9]{1,4}", span) else 1
            self._cell, self._length = [], 0
        elif tag in _SILENT:
            self._silent += 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            self._end_row()
            self.tables = max(0, self.tables - 1)
        elif tag in _SILENT:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if self._cell is None or self._silent:
            return
        self._length += len(data)
        if self._length > self._longest:
            raise page_broken(self._count + len(self._rows) + 1)
        self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None:
            return
        self._row += [re.sub(r"\s+", " ", "".join(self._cell)).strip(), *([""] * (self._span - 1))]
        self._cell = None
        if len(self._row) > MOST_COLUMNS:
            raise row_too_wide(self._count + len(self._rows) + 1)

    def _end_row(self) -> None:
        self._end_cell()
        if self._row:
            self._rows.append(self._row)
        self._row = None
