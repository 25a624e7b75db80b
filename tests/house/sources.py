"""The product's own source files as syntax trees, for tests that read code instead of running it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PRODUCT = ("agentnet", "reports", "migrations")


@functools.cache
def tree(path: Path) -> ast.Module:
    """Return the file's syntax tree; do not change it, it is shared."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def files(*folders: str) -> list[Path]:
    """Return the Python files below these folders of the checkout (the product's, if none is named).

    Raises:
        LookupError: nothing found, so a test over them would prove nothing.
    """
    found = sorted(path for folder in folders or PRODUCT for path in (CHECKOUT / folder).rglob("*.py"))
    if not found:
        raise LookupError(f"no Python files below {folders or PRODUCT}")
    return found


def place(path: Path, node: ast.AST) -> str:
    """Say where a node is, as `agentnet/core/money.py:12`."""
    return f"{path.relative_to(CHECKOUT)}:{getattr(node, 'lineno', 1)}"


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield every call in the file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def called_name(call: ast.Call) -> str:
    """Return the last name of what is called: `commit` for `db.session.commit()`, `float` for `float(x)`."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
