"""Payees from files: what the page enters for one share, for many. Rows are only added; what holds already is left.

An export masks account numbers; a masked number is none, so that an export brought back changes no account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Table, insert, select

from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.payout.account_rules import (
    Account,
    PayeeSaid,
    clean_number,
    clean_share,
    mask_account,
    require_payee,
)
from agentnet.commission.payout.models import Payee, PayeeAccount, PayeeTerm
from agentnet.commission.payout.payee_actions import LONGEST_SHARE, NewPayee, account_of, account_row, told
from agentnet.commission.payout.queries import accounts_on, require_office
from agentnet.commission.payout.rules import LONGEST_NAME
from agentnet.commission.payout.words import TYPES
from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.ids import new_id
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor, Role
from agentnet.infra.audit import audit_row, write_audit_rows
from agentnet.infra.bulk import insert_rows
from agentnet.infra.columns import Column, code, day, one_of, words
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan
from agentnet.infra.sheets import Cell
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.rules import clean_code

_payees, _accounts, _terms = (cast(Table, model.__table__) for model in (Payee, PayeeAccount, PayeeTerm))


def _number(text: str) -> str | None:
    if "*" in text:
        return None
    number = clean_number(text)
    if not re.fullmatch(r"[0-9]{6,32}", number):
        raise Invalid("account_shape", "账号应为 6 到 32 位数字，请对照存折或开户证明")
    return number


COLUMNS: Final = (
    Column("outlet", translatable("网点编号"), clean_code, ("outlet code",), needed=False, example="WL0001"),
    Column("partner", translatable("合作单位编号"), clean_code, ("partner code",), needed=False),
    Column("share", translatable("分成"), words(LONGEST_SHARE), needed=False, example="代办人"),
    Column("payee", translatable("收款人编号"), code(32), ("payee code",), example="WL0001"),
    Column("name", translatable("收款人"), words(LONGEST_NAME), ("姓名",), example="周阿姨"),
    Column("type", translatable("收款人类型"), one_of(TYPES), example="个人"),
    Column("holder", translatable("收款户名"), words(LONGEST_NAME), needed=False, example="周阿姨"),
    Column("number", translatable("收款账号"), _number, ("account",), needed=False, example="6228480012345678"),
    Column("bank", translatable("开户行"), words(LONGEST_NAME), needed=False, example="农商行太平支行"),
    Column("bank_no", translatable("行号"), clean_number, needed=False, example="402795602394"),
    Column("starts_on", translatable("开始日期"), day, ("从哪天起", "from"), example="2026-11-03"),
)


_Holds = tuple[str, str, Account | None]
"""A payee's name, type and account."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row to be entered; ``account`` is what holds with it, ``anew`` whether that is to be written."""

    new: NewPayee
    outlet_id: int | None
    partner_id: int | None
    account: Account | None
    anew: bool


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Judge every row by the rules of the page and by what holds already; reads only."""
    require_office(by)
    outlets = dict(db.session.execute(select(Outlet.code, Outlet.id)).all())
    partners = dict(db.session.execute(select(Partner.code, Partner.id)).all())
    ids = dict(db.session.execute(select(Payee.code, Payee.id)).all())
    spelled = {code.lower(): code for code in ids}
    terms = _terms_known()
    held: dict[str, dict[date, _Holds]] = {}
    found = Plan(work=[], errors=parsed.errors)
    # By day: what a row enters holds for the payee's later rows, wherever in the file they stand.
    for line, values in sorted(parsed.records(), key=lambda record: record[1]["starts_on"]):
        values["payee"] = spelled.setdefault(values["payee"].lower(), values["payee"])
        try:
            row = _judged(values, outlets, partners)
        except Refusal as refusal:
            found.errors.add(line, {"code": "payee"}.get(refusal.field or "", refusal.field or ""), refusal)
            continue
        said, starts_on = row.new.said, row.new.starts_on
        known = _known(ids.get(said.code), starts_on, held.setdefault(said.code, {}))
        account = said.account or (known[2] if known else None)
        anew = known != (said.name, said.type.value, account)
        owner = (row.outlet_id, row.partner_id, row.new.share)
        before = [code for start, code in terms.get(owner, []) if start <= starts_on]
        if not anew and before and before[-1] == said.code:
            found.unchanged += 1
            continue
        held[said.code][starts_on] = (said.name, said.type.value, account)
        found.work.append(_Row(row.new, row.outlet_id, row.partner_id, account, anew))
        found.new += not before
        found.changed += bool(before)
    return found


def _terms_known() -> Mapping[tuple[int | None, int | None, str], list[tuple[date, str]]]:
    rows = db.session.execute(
        select(PayeeTerm.outlet_id, PayeeTerm.partner_id, PayeeTerm.share, PayeeTerm.starts_on, Payee.code)
        .join(Payee, Payee.id == PayeeTerm.payee_id)
        .order_by(PayeeTerm.starts_on, PayeeTerm.id)
    )
    found: dict[tuple[int | None, int | None, str], list[tuple[date, str]]] = {}
    for row in rows:
        found.setdefault((row.outlet_id, row.partner_id, row.share), []).append((row.starts_on, row.code))
    return found


def _known(payee_id: int | None, on: date, of_file: Mapping[date, _Holds]) -> _Holds | None:
    """Return what holds of a payee on a day, by the register and by the file's own rows, the later day's."""
    row = accounts_on(on, [payee_id]).get(payee_id) if payee_id is not None else None
    last = max((day for day in of_file if day <= on), default=None)
    if last is not None and (row is None or row.starts_on <= last):
        return of_file[last]
    return None if row is None else (row.name, row.type, account_of(row))


def _judged(values: Mapping[str, Any], outlets: Mapping[str, int], partners: Mapping[str, int]) -> _Row:
    outlet, partner = values.get("outlet") or "", values.get("partner") or ""
    if bool(outlet) == bool(partner):
        raise Invalid("payee_owner", "网点编号和合作单位编号请填一个，只填一个", field="outlet")
    if outlet and outlet not in outlets:
        raise Invalid("outlet_missing", "没有找到这个网点", field="outlet")
    if partner and partner not in partners:
        raise Invalid("partner_missing", "没有找到这个合作单位", field="partner")
    account = None
    if values.get("number"):
        account = Account(
            values.get("holder") or values["name"],
            values["number"],
            values.get("bank") or "",
            values.get("bank_no") or "",
        )
    said = PayeeSaid(values["payee"], values["name"], PayeeType(values["type"]), account)
    require_payee(said)
    new = NewPayee(new_id(), outlet, partner, clean_share(values.get("share") or ""), values["starts_on"], said)
    return _Row(new, outlets.get(outlet), partners.get(partner), account, anew=True)


def write(found: Plan, by: Actor) -> None:
    """Enter payees, accounts and who gets which share, with a line for each."""
    work: Sequence[_Row] = found.work
    known = set(db.session.scalars(select(Payee.code)))
    fresh = sorted({row.new.said.code for row in work} - known)
    if fresh:
        db.session.execute(insert(_payees), [{"code": one} for one in fresh])
    ids = dict(db.session.execute(select(Payee.code, Payee.id)).all())
    db.session.add_all(
        account_row(ids[row.new.said.code], row.new.starts_on, row.new.said, row.account, by)
        for row in work
        if row.anew
    )
    db.session.flush()
    at = now()
    insert_rows(
        _terms,
        [
            {
                "outlet_id": row.outlet_id,
                "partner_id": row.partner_id,
                "share": row.new.share,
                "payee_id": ids[row.new.said.code],
                "starts_on": row.new.starts_on,
                "entered_at": at,
                "user_id": by.user_id,
            }
            for row in work
        ],
    )
    write_audit_rows(
        [
            audit_row(by, "payee_set", "payee", row.new.said.code, None, told(row.new.said, row.account, row.new))
            for row in work
        ]
    )


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield who gets which share today; account numbers are masked."""
    require_office(by)
    rows = db.session.execute(
        select(PayeeTerm, Payee.code, Outlet.code.label("outlet"), Partner.code.label("partner"))
        .join(Payee, Payee.id == PayeeTerm.payee_id)
        .outerjoin(Outlet, Outlet.id == PayeeTerm.outlet_id)
        .outerjoin(Partner, Partner.id == PayeeTerm.partner_id)
        .where(PayeeTerm.starts_on <= today())
        .order_by(PayeeTerm.starts_on, PayeeTerm.id)
    )
    last = {(row.outlet, row.partner, row.PayeeTerm.share): row for row in rows}
    accounts = accounts_on(today())
    for (outlet, partner, share), row in sorted(last.items(), key=lambda item: tuple(one or "" for one in item[0])):
        account = accounts.get(row.PayeeTerm.payee_id)
        if account is not None:
            number = mask_account(account.number) if account.number else None
            yield (outlet, partner, share, row.code, account.name, TYPES[account.type], account.holder, number,
                   account.bank, account.bank_no, row.PayeeTerm.starts_on)  # fmt: skip


IMPORTER: Final = Importer(
    kind="payees",
    words=translatable("代办费收款人"),
    columns=COLUMNS,
    key=("outlet", "partner", "share"),
    plan=plan,
    write=write,
    export=export,
    tables=(_payees, _accounts, _terms),
    roles=frozenset({Role.FINANCE}),
)
