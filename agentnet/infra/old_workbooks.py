"""Old workbooks (.xls, BIFF): the rows of the first sheet as values.

xlrd reads them in pure Python, and a sheet holds at most 65,536 rows. calamine is many times faster, but makes room for
the rectangle between the outermost cells: one byte changed in a small file ends the whole process for lack of memory.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

import xlrd
from xlrd.compdoc import CompDocError
from xlrd.xldate import XLDateError, xldate_as_tuple

from agentnet.core.errors import Invalid
from agentnet.infra.workbook_guard import MOST_COLUMNS, row_too_wide, workbook_too_large

MOST_BYTES = 24 << 20
"""xlrd holds a whole workbook as values, in up to twelve times its size."""


def old_rows(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows of a workbook's first sheet, each with its number from 1, as text, numbers, days and times.

    Raises:
        Invalid: ``workbook_broken`` (also under a password), ``workbook_too_large``, ``row_too_wide``.
    """
    if len(content) > MOST_BYTES:
        raise workbook_too_large()
    try:
        # What it has to say of odd files is said to nobody.
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
        sheet = book.sheet_by_index(0)
    except (
        xlrd.XLRDError,
        CompDocError,
        struct.error,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        # xlrd answers damaged content with whatever its parser met, a directory in circles with a RecursionError
        raise broken() from error
    for at in range(sheet.nrows):
        if sheet.row_len(at) > MOST_COLUMNS and any(sheet.row_types(at, MOST_COLUMNS)):
            raise row_too_wide(at + 1)
        kinds, values = sheet.row_types(at, 0, MOST_COLUMNS), sheet.row_values(at, 0, MOST_COLUMNS)
        yield at + 1, [_value(kind, value, book.datemode) for kind, value in zip(kinds, values, strict=True)]


def broken() -> Invalid:
    """Return the refusal of an old workbook that cannot be read."""
    return Invalid("workbook_broken", "这个文件不是完好的 .xls，或加了密码，请重新保存后再导入", field="file")


def _value(kind: int, value: Any, datemode: int) -> Any:
    match kind:
        case xlrd.XL_CELL_EMPTY | xlrd.XL_CELL_BLANK:
            return None
        case xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        case xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(value, "#")
        case xlrd.XL_CELL_DATE:
            try:
                year, month, day, hour, minute, second = xldate_as_tuple(value, datemode)
                clock = time(hour, minute, second)
                return datetime(year, month, day, hour, minute, second) if year else clock  # noqa: DTZ001
            except (XLDateError, ValueError):
                return value
    return value
