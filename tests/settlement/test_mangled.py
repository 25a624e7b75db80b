"""A file that was damaged on its way, or by intent, is read or refused: never a crash, never half."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.files.lines import FileRefused
from agentnet.settlement.files.mapping import Mapping, guess_mapping
from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.files.table import read_table
from tests.infra.test_bank_exports import old_workbook
from tests.settlement.test_camt053 import VERSION_2
from tests.settlement.test_partner import GOOD, NAME
from tests.settlement.test_table import CSV, cells, page, workbook

MAPPING = Mapping(date="交易日期", time="交易时间", credit="收入", debit="支出", balance="账户余额")


def by_mapping(data: bytes) -> object:
    return read_table(data, MAPPING)


FILES: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "xls": (old_workbook(*cells()), by_mapping),
    "xlsx": (workbook(cells()), by_mapping),
    "html": (page(cells()[:4]), by_mapping),
    "csv": (CSV.encode(), lambda data: read_table(data, guess_mapping(data))),
    "camt": (VERSION_2.encode(), read_camt053),
    "partner": (GOOD.encode(), lambda data: read_partner_file(data, NAME)),
}
PLACE = st.integers(0, 2**20)
EDITS = st.lists(st.tuples(PLACE, st.binary(max_size=4), st.integers(0, 40)), min_size=1, max_size=4)


def mangled(data: bytes, edits: list[tuple[int, bytes, int]]) -> bytes:
    for place, put, taken in edits:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + taken :]
    return data


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_a_mangled_file_is_read_or_refused(kind: str, edits: list[tuple[int, bytes, int]]) -> None:
    data, read = FILES[kind]
    try:
        read(mangled(data, edits))
    except FileRefused as refused:
        assert refused.problems  # noqa: PT017 - most mangled files are refused, some are as good as before


@pytest.mark.parametrize("kind", FILES)
def test_no_single_changed_byte_is_a_crash(kind: str) -> None:
    data, read = FILES[kind]
    step = max(1, len(data) // 400)
    for at in range(0, len(data), step):
        try:
            read(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        except FileRefused:
            continue


def test_an_old_workbook_whose_directory_leads_in_circles_is_refused() -> None:
    data = old_workbook(["a"])
    entry = data.index("Root Entry".encode("utf-16-le"))
    for place in (68, 72, 76):  # left, right and child of the directory's first entry point at itself
        broken = data[: entry + place] + b"\0\0\0\0" + data[entry + place + 4 :]
        with pytest.raises(FileRefused):
            by_mapping(broken)
