"""Imports go down: the contracts stand under [tool.importlinter] in pyproject.toml."""

import ast

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.house import sources


def test_every_import_contract_holds() -> None:
    status = lint_imports(config_filename=str(sources.CHECKOUT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, "run `make lint` to see the broken chain"


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
