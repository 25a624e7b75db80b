"""Mail addresses from files: what the page enters for one outlet or payee, for many.

An export masks the addresses; a masked one is none, so that an export brought back changes no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, select

from agentnet.commission.mailing.actions import address_row, change_address, entered
from agentnet.commission.mailing.models import Mail, MailAddress
from agentnet.commission.mailing.rules import clean_address, mask_mail
from agentnet.commission.mailing.words import LANGUAGES
from agentnet.commission.payout.models import Payee
from agentnet.commission.payout.queries import require_office
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor, Role
from agentnet.infra.audit import write_audit_rows
from agentnet.infra.columns import Column, code, one_of
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan
from agentnet.infra.sheets import Cell
from agentnet.outlets.models import Outlet
from agentnet.outlets.rules import clean_code

_addresses, _mails = (cast(Table, model.__table__) for model in (MailAddress, Mail))


def _address(text: str) -> str | None:
    return None if "*" in text else clean_address(text)


COLUMNS: Final = (
    Column("outlet", translatable("网点编号"), clean_code, ("outlet code",), needed=False, example="WL0001"),
    Column("payee", translatable("收款人编号"), code(32), ("payee code",), needed=False),
    Column("address", translatable("邮箱"), _address, ("mail", "email", "e-mail"), example="zhou@example.com"),
    Column("language", translatable("语言"), one_of(LANGUAGES), needed=False, example="中文"),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """An address to be entered; ``present`` is the row it changes, None for a new one."""

    outlet_id: int | None
    payee_id: int | None
    code: str
    address: str
    language: str
    present: MailAddress | None


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Judge every row by the rules of the page and by what is entered already; reads only."""
    require_office(by)
    outlets = dict(db.session.execute(select(Outlet.code, Outlet.id)).all())
    payees = dict(db.session.execute(select(Payee.code, Payee.id)).all())
    known = {(row.outlet_id, row.payee_id): row for row in db.session.scalars(select(MailAddress))}
    found = Plan(work=[], errors=parsed.errors)
    for line, values in parsed.records():
        try:
            outlet_id, payee_id, owner_code = _owner(values, outlets, payees)
        except Refusal as refusal:
            found.errors.add(line, "outlet", refusal)
            continue
        present = known.get((outlet_id, payee_id))
        before = present.address if present is not None else None
        spoken = present.language if present is not None else "zh"
        address, language = values.get("address") or before, values.get("language") or spoken
        if address is None:
            shape = Invalid("mail_shape", "邮箱地址写成 name@example.com 的样子，只用英文字母、数字和符号")
            found.errors.add(line, "address", shape)
        elif (address, language) == (before, spoken):
            found.unchanged += 1
        else:
            found.work.append(_Row(outlet_id, payee_id, owner_code, address, language, present))
            found.new += before is None
            found.changed += before is not None
    return found


def _owner(
    values: Mapping[str, Any], outlets: Mapping[str, int], payees: Mapping[str, int]
) -> tuple[int | None, int | None, str]:
    outlet, payee = values.get("outlet") or "", values.get("payee") or ""
    if bool(outlet) == bool(payee):
        raise Invalid("mail_owners", "网点编号和收款人编号请填一个，只填一个")
    if (outlet or payee) not in (outlets if outlet else payees):
        raise Invalid("mail_owner", "没有找到这个网点或收款人，请核对编号")
    return outlets.get(outlet), payees.get(payee), outlet or payee


def write(found: Plan, by: Actor) -> None:
    """Enter and correct addresses, with a line for each."""
    work: Sequence[_Row] = found.work
    fresh = [row for row in work if row.present is None]
    db.session.add_all(address_row(row.outlet_id, row.payee_id, row.address, row.language, by) for row in fresh)
    db.session.flush()
    write_audit_rows([entered(by, row.outlet_id, row.code, row.address, row.language) for row in fresh])
    for row in work:
        if row.present is not None:
            change_address(row.present, row.code, row.address, row.language, by)


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield who is written to; the addresses are masked."""
    require_office(by)
    rows = db.session.execute(
        select(Outlet.code.label("outlet"), Payee.code.label("payee"), MailAddress.address, MailAddress.language)
        .outerjoin(Outlet, Outlet.id == MailAddress.outlet_id)
        .outerjoin(Payee, Payee.id == MailAddress.payee_id)
        .where(MailAddress.address.is_not(None))
        .order_by(MailAddress.id)
    )
    for outlet, payee, address, language in rows:
        yield outlet, payee, mask_mail(address or ""), LANGUAGES[language]


IMPORTER: Final = Importer(
    kind="mail-addresses",
    words=translatable("寄结算单的邮箱"),
    columns=COLUMNS,
    key=("outlet", "payee"),
    plan=plan,
    write=write,
    export=export,
    tables=(_addresses, _mails),
    roles=frozenset({Role.FINANCE}),
)
