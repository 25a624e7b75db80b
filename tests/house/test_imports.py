"""Imports go down: the contracts stand under [tool.importlinter] in pyproject.toml."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.house import sources

CREATE_APP = sources.CHECKOUT / "agentnet" / "__init__.py"
LOADED_WHERE_USED = {"openpyxl"}
"""Libraries that take long to load and that most processes never need; they know nothing of us."""


def test_every_import_contract_holds() -> None:
    # In a process of its own: it sets up logging anew, which would silence this process's loggers for the tests after it.
    program = Path(sys.executable).with_name("lint-imports")
    lint = subprocess.run([program, "--no-cache"], cwd=sources.CHECKOUT, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


def _loads_what_it_runs(path: Path) -> bool:
    # Both stand above all they call; ``--help`` and a drawing on its own need none of it.
    return path == CREATE_APP or path.name == "commands.py"


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        sources.place(path, node)
        for path in sources.files("agentnet", "reports")
        for function in ast.walk(sources.tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        if not _loads_what_it_runs(path) and not _imported(node) <= LOADED_WHERE_USED
    ]
    assert hidden == [], "an import inside a function hides a cycle: the code belongs higher"


def test_the_commands_which_may_are_imported_by_nothing_a_cycle_could_go_through() -> None:
    importing = [
        sources.place(path, node)
        for path in sources.files("agentnet", "reports")
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".commands")
    ]
    assert importing == []
