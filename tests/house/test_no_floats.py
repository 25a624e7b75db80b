"""Money is whole fen and rates are whole ppm, so no float comes near them and no column can hold one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house import sources

NEAR_MONEY = ("agentnet/ledger", "agentnet/collecting", "agentnet/commission", "agentnet/settlement", "agentnet/debits")
INEXACT_COLUMNS = {"Float", "Double", "Numeric", "REAL", "DOUBLE_PRECISION", "DECIMAL", "DOUBLE"}
COORDINATES = ("latitude", "longitude")


def _files_near_money() -> list[Path]:
    folders = [folder for folder in NEAR_MONEY if (sources.CHECKOUT / folder).exists()]
    rules = [path for path in sources.files("agentnet") if path.name == "rules.py"]
    return sorted({sources.CHECKOUT / "agentnet/core/money.py", *rules, *sources.files(*folders)})


def _floats(path: Path) -> Iterator[ast.AST]:
    for node in ast.walk(sources.tree(path)):
        if (isinstance(node, ast.Constant) and isinstance(node.value, float)) or (
            isinstance(node, ast.Call) and sources.called_name(node) == "float"
        ):
            yield node


def _true_divisions(path: Path) -> Iterator[ast.AST]:
    """Yield `a / b` and `a /= b`, which make a float of two whole numbers; joining paths is not dividing."""
    for node in ast.walk(sources.tree(path)):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node


def test_no_float_is_written_or_made_near_money() -> None:
    assert [sources.place(path, node) for path in _files_near_money() for node in _floats(path)] == []


def test_no_rule_on_money_divides_into_a_float() -> None:
    money_and_rules = [path for path in _files_near_money() if path.name in ("money.py", "rules.py")]
    assert [sources.place(path, node) for path in money_and_rules for node in _true_divisions(path)] == []


def test_only_a_coordinate_is_stored_as_a_float() -> None:
    inexact = []
    for path in sources.files("agentnet", "migrations"):
        coordinates = {
            inner
            for node in ast.walk(sources.tree(path))
            if isinstance(node, ast.AnnAssign | ast.Call) and _names_a_coordinate(node)
            for inner in ast.walk(node)
        }
        for node in ast.walk(sources.tree(path)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in INEXACT_COLUMNS and node not in coordinates:
                inexact.append(sources.place(path, node))
    assert inexact == []


def _names_a_coordinate(node: ast.AnnAssign | ast.Call) -> bool:
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.target.id.endswith(COORDINATES)
    column = node.args[0] if sources.called_name(node) == "Column" and node.args else None
    return isinstance(column, ast.Constant) and str(column.value).endswith(COORDINATES)
