"""``agentnet user``: the first accounts of an installation."""

from __future__ import annotations

import click
from flask import Flask

from agentnet.core.errors import Missing
from agentnet.divisions.queries import org_unit_by_code
from agentnet.infra.actor import SYSTEM, Role
from agentnet.infra.clikit import answer
from agentnet.infra.transaction import batch
from agentnet.users.actions import Place, add_user, grant_role
from agentnet.users.passwords import generated_password, hash_password

_COMPANY_ROLES = [role.value for role in Role if role not in (Role.AGENT, Role.PARTNER)]


@click.group("user")
def user_group() -> None:
    """Accounts of people who sign in. / 登录账号。"""


@user_group.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=click.Choice(_COMPANY_ROLES, case_sensitive=False), required=True)
@click.option("--org-unit", required=True, help="Code of the org unit the role holds over, with all below it.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_obj
def add_command(app: Flask, username: str, name: str, role: str, org_unit: str, as_json: bool) -> None:
    """Add a person and print a generated password, to be changed at the first sign-in.

    Agents and partner staff get their accounts from an administrator, on the page of people.
    """
    password = generated_password()
    hashed = hash_password(password)
    with app.app_context(), batch():
        unit = org_unit_by_code(org_unit)
        if unit is None:
            raise Missing("org_unit_missing", "没有编码为 %(code)s 的组织单位", code=org_unit)
        user = add_user(username, name, hashed, SYSTEM)
        grant_role(user.id, Role(role.upper()), Place(org_unit_id=unit.id), SYSTEM)
        added = user.username
    answer(
        {"username": added, "password": password},
        [f"{added} can sign in with the password {password} and must change it."],
        as_json,
    )
