"""The ``agentnet`` command: every subcommand in one explicit list, loaded when it is the one that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click

from agentnet import create_app
from agentnet.core.errors import Refusal
from agentnet.infra.config import WrongSetting
from agentnet.infra.quiet_heap import loading_for_good


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is written, and what its own first line says it does."""

    module: str
    variable: str
    says: str

    def command(self) -> click.Command:
        """Return the command; its module is loaded now."""
        with loading_for_good():
            command: click.Command = getattr(import_module(self.module), self.variable)
        return command


COMMANDS: Mapping[str, Place] = {
    "bench": Place(
        "agentnet.bench.commands", "bench_group", "Measure speed against a limit and a peer on this machine."
    ),
    "clock": Place(
        "agentnet.infra.process_commands",
        "clock_command",
        "Do what is due: close months, plan documents, seal the audit trail.",
    ),
    "close-month": Place(
        "agentnet.closing.commands",
        "close_month_command",
        "Close a month that is over: accrue commission, freeze every printed figure, plan the documents.",
    ),
    "commission": Place("agentnet.commission.commands", "commission_group", "Work with commission plans."),
    "db": Place("agentnet.infra.database_commands", "db_group", "Look after the database schema."),
    "demo": Place(
        "agentnet.demo.commands",
        "demo_command",
        "Load two invented networks of real villages, print their reports, serve them.",
    ),
    "doctor": Place(
        "agentnet.infra.doctor",
        "doctor_command",
        "Check settings, database, fonts, clock, disk, certificate and mail, and say what to do.",
    ),
    "export": Place(
        "agentnet.administration.commands",
        "export_command",
        "Export a table with the columns its import knows, or a month's journal.",
    ),
    "import": Place("agentnet.administration.commands", "import_command", "Import a CSV or XLSX file."),
    "rebuild-sums": Place(
        "agentnet.ledger.commands",
        "rebuild_sums_command",
        "Add up the book's months anew, where verify finds wrong sums.",
    ),
    "report": Place("agentnet.documents.commands", "report_group", "Make documents."),
    "serve": Place(
        "agentnet.infra.process_commands",
        "serve_command",
        "Serve pages, run the clock and draw documents in one command; Ctrl-C stops all.",
    ),
    "user": Place("agentnet.users.commands", "user_group", "Accounts of people who sign in."),
    "verify": Place(
        "agentnet.verify.commands",
        "verify_command",
        "Prove balances, commission, visits, documents and the audit trail from the rows.",
    ),
    "web": Place("agentnet.infra.process_commands", "web_command", "Serve the pages."),
    "worker": Place("agentnet.infra.process_commands", "worker_command", "Draw planned documents."),
}

NEED_NO_APPLICATION = {"commission"}
"""These work on files alone, in any folder: no settings are read, no home is made, no database is opened."""


class Commands(click.Group):
    """The commands of the list; a question what there is loads none of them."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return their names, as help shows them."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load and return a command, None if there is none of this name."""
        place = COMMANDS.get(name)
        return place.command() if place else None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line for each, by the words of the list."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, click.Command(name, help=COMMANDS[name].says).get_short_help_str(room))
                    for name in self.list_commands(context)
                ]
            )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="agentnet")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run an electricity utility's network of village agents. / 管理电力公司的乡村代收网点。"""
    if context.invoked_subcommand in NEED_NO_APPLICATION:
        return
    if context.invoked_subcommand and "--help" not in sys.argv and "-h" not in sys.argv:
        with loading_for_good():
            context.obj = create_app()


def main() -> None:
    """Run the command line; a refusal or a wrong setting is one clear line and status 2."""
    try:
        cli(standalone_mode=True)
    except (Refusal, WrongSetting) as error:
        click.echo(f"agentnet: {error.text() if isinstance(error, Refusal) else error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
