"""Imports go down: the contracts stand under [tool.importlinter] in pyproject.toml."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.house import sources


def test_every_import_contract_holds() -> None:
    # In a process of its own: it sets up logging anew, which would silence this process's loggers for the tests after it.
    program = Path(sys.executable).with_name("lint-imports")
    lint = subprocess.run([program, "--no-cache"], cwd=sources.CHECKOUT, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        sources.place(path, node)
        for path in sources.files("agentnet", "reports")
        for function in ast.walk(sources.tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == [], "an import inside a function hides a cycle: the code belongs higher"
