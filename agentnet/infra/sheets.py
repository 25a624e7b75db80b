"""Lists as files: CSV that opens right in a spreadsheet, and XLSX. A cell is never taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from urllib.parse import quote

from flask import Response

from agentnet.core.money import Fen
from agentnet.infra.workbook import Cell, Yuan, workbook_bytes

__all__ = ["KINDS", "Cell", "Yuan", "csv_bytes", "download", "safe_text", "xlsx_bytes"]


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def safe_text(text: str) -> str:
    """Return text that no spreadsheet runs as a formula: before a leading = + - @, tab or return stands an apostrophe.

    Source: OWASP, CSV Injection; spreadsheets for East Asia take full-width signs as well.

    >>> safe_text("=1+1"), safe_text("村邮站")
    ("'=1+1", '村邮站')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return the list as CSV in UTF-8 with the mark that makes spreadsheets read Chinese."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow([safe_text(words) for words in head])
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def xlsx_bytes(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return the list as a workbook with one sheet; codes stay text, amounts are numbers."""
    safe = ([safe_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return workbook_bytes(title, [safe_text(words) for words in head], safe)


def download(kind: str, name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Return the list as a file to keep; ``kind`` is a key of ``KINDS``, ``name`` is without the ending."""
    data = csv_bytes(head, rows) if kind == "csv" else xlsx_bytes(name, head, rows)
    response = Response(data, content_type=KINDS[kind])
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}')}"
    return response


def _yuan(fen: Fen) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _csv_cell(cell: Cell) -> str | int:
    if isinstance(cell, Yuan):
        return f"{_yuan(cell):.2f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return safe_text(cell) if isinstance(cell, str) else "" if cell is None else cell
