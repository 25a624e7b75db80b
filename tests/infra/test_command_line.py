"""The list of commands is there at once; a command and what it runs are loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from agentnet.__main__ import COMMANDS, Place, cli

EVERY_COMMAND = pytest.mark.parametrize(("name", "place"), COMMANDS.items(), ids=COMMANDS.keys())


def loaded_by(program: str) -> set[str]:
    """Return the first names of all modules a Python program of its own has loaded when it ends."""
    told = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"],
        capture_output=True,
        check=True,
        text=True,
    )
    return set(told.stdout.splitlines()[-1].split())


@EVERY_COMMAND
def test_the_list_says_of_a_command_what_the_command_says_itself(name: str, place: Place) -> None:
    command = place.command()
    assert command.name == name
    assert command.get_short_help_str(1000) == place.says


def test_help_lists_every_command_with_its_words() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=200).output
    for name, place in COMMANDS.items():
        assert f"  {name} " in shown
        assert place.says[:30] in shown


def test_a_command_that_does_not_exist_is_refused_by_name() -> None:
    result = CliRunner().invoke(cli, ["clsoe-month"])
    assert result.exit_code == click.UsageError.exit_code
    assert "clsoe-month" in result.output


def test_help_of_all_loads_no_library_a_feature_needs() -> None:
    program = (
        "from click.testing import CliRunner; from agentnet.__main__ import cli; CliRunner().invoke(cli, ['--help'])"
    )
    assert loaded_by(program) & {"flask", "sqlalchemy", "reportlab"} == set()


def test_the_application_loads_what_reads_workbooks_and_migrates_only_where_it_is_used() -> None:
    assert loaded_by("import agentnet.application") & {"openpyxl", "alembic"} == set()


def test_a_drawing_can_be_imported_before_anything_else() -> None:
    assert "flask" not in loaded_by("import reports.commission_statement")
