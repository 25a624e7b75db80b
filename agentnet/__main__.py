"""The ``agentnet`` command: every subcommand in one explicit list."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from agentnet import create_app
from agentnet.administration.commands import export_command, import_command
from agentnet.bench.commands import bench_group
from agentnet.closing.commands import close_month_command
from agentnet.commission.commands import commission_group
from agentnet.core.errors import Refusal
from agentnet.demo.commands import demo_command
from agentnet.documents.commands import report_group
from agentnet.infra.config import WrongSetting
from agentnet.infra.database_commands import db_group
from agentnet.infra.doctor import doctor_command
from agentnet.infra.process_commands import clock_command, serve_command, web_command, worker_command
from agentnet.ledger.commands import rebuild_sums_command
from agentnet.users.commands import user_group
from agentnet.verify.commands import verify_command

COMMANDS: Sequence[click.Command] = (
    db_group,
    close_month_command,
    serve_command,
    web_command,
    clock_command,
    worker_command,
    doctor_command,
    report_group,
    user_group,
    import_command,
    export_command,
    commission_group,
    verify_command,
    rebuild_sums_command,
    bench_group,
    demo_command,
)

NEED_NO_APPLICATION = {commission_group.name}
"""These work on files alone, in any folder: no settings are read, no home is made, no database is opened."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="agentnet")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run an electricity utility's network of village agents. / 管理电力公司的乡村代收网点。"""
    if context.invoked_subcommand in NEED_NO_APPLICATION:
        return
    if context.invoked_subcommand and "--help" not in sys.argv and "-h" not in sys.argv:
        context.obj = create_app()


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command line; a refusal or a wrong setting is one clear line and status 2."""
    try:
        cli(standalone_mode=True)
    except (Refusal, WrongSetting) as error:
        click.echo(f"agentnet: {error.text() if isinstance(error, Refusal) else error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
