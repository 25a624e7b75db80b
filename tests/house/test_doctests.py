"""Examples in docstrings are true: every module that has one is tried."""

import doctest
import importlib

import pytest

from tests.house.sources import CHECKOUT

MODULES = sorted(
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
    for package in ("agentnet", "reports")
    for path in (CHECKOUT / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_there_are_examples_to_try():
    assert {"agentnet.core.money", "agentnet.core.clock", "agentnet.users.rules"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_hold(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
