"""The pages a walk opens: who opens each, and the facts it needs beyond the ordinary ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO

from flask import Flask
from sqlalchemy import Table, select

from agentnet.collecting.models import Household
from agentnet.collecting.proof import proof_token
from agentnet.core.clock import IsoWeek
from agentnet.core.ids import new_id
from agentnet.core.masks import mask_address, mask_name
from agentnet.documents.actions import NewOrder, place_order
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions.offer import install_terminal
from agentnet.outlets.rules import TerminalKind
from agentnet.settlement.day_actions import close_unattended
from agentnet.users.permissions import Permission
from tests import world
from tests.collecting.counter import item, record
from tests.conftest import SignIn
from tests.house.samples import samples
from tests.settlement.aged import at, night, nov, outlet_days
from tests.settlement.reconciliation.given import NAME as POST_FILE
from tests.settlement.reconciliation.given import partner_file, payment_line

NOT_PAGES = frozenset(
    {
        "administration.export",
        "administration.template",
        "books.journal_file",
        "collecting.export",
        "collecting.receipt_pdf",
        "collecting.status",
        "commission.export",
        "commission.old_sheet_export",
        "commission.old_sheet_template",
        "commission.plan_file",
        "commission.pattern_export",
        "commission.what_if_export",
        "documents.archive",
        "documents.download",
        "documents.preview",
        "outlets.agreement_document",
        "outlets.export",
        "outlets.manager_photo",
        "settlement.slip_photo",
        "static",
        "visits.photo",
    }
)
"""Files and answers to scripts."""

READER = {
    Permission.PUBLIC: "",
    Permission.COLLECTION_RECORD: "alice",
    Permission.COLLECTION_VOID: "alice",
    Permission.DAY_CLOSE: "alice",
    Permission.APPROVAL_DECIDE: "fang",
    Permission.COLLECTION_REVERSE: "fang",
    Permission.CORRECTION_REQUEST: "alice",
    Permission.REFUND_PAY_CASH: "alice",
    Permission.REFUND_PAY_BANK: "fang",
    Permission.ADJUSTMENT_REQUEST: "fang",
    Permission.REMITTANCE_DECLARE: "alice",
    Permission.TOP_UP_DECLARE: "alice",
    Permission.DEPOSIT_EDIT: "fang",
    Permission.LIMIT_EDIT: "fang",
    Permission.VISIT_LOG: "bob",
    Permission.RECONCILIATION_READ: "fang",
    Permission.RECONCILE: "fang",
    Permission.PARTNER_FILE_SEND: "fang",
    Permission.COMMISSION_READ: "fang",
    Permission.COMMISSION_EDIT: "fang",
    Permission.PAYOUT_READ: "fang",
    Permission.PAYOUT_EDIT: "fang",
    Permission.COMMISSION_DISPUTE: "alice",
    Permission.MONTH_CLOSE: "fang",
    Permission.LEDGER_READ: "fang",
    Permission.JOURNAL_EXPORT: "fang",
    Permission.PARTNER_EDIT: "adam",
    Permission.CAMPAIGN_EDIT: "adam",
    Permission.ORG_EDIT: "adam",
    Permission.USER_EDIT: "adam",
    Permission.IMPORT: "adam",
    Permission.AUDIT_READ: "audrey",
}
"""Who opens the pages of a permission: whoever works with them most. Everything else is the supervisor's."""

READER_OF_PAGE = {"collecting.receipt": "alice"}

HOMES = ("alice", "bob", "carol", "fang", "paul", "audrey", "adam")
"""One of each role: the same address, seven pages."""


@dataclass(frozen=True)
class Opened:
    """One page and who opens it; ``who`` is empty for anyone in the street."""

    who: str
    path: str

    def __str__(self) -> str:
        return f"{self.who or 'anyone'} {self.path}"


def _more_facts(app: Flask, sign_in: SignIn, facts: dict[str, object]) -> dict[str, dict[str, object]]:
    """Enter what single pages need; return their values by endpoint."""
    order = NewOrder(new_id(), "DUTY_MANAGER_WEEK", "WL", IsoWeek(2026, 46), "zh")
    with batch():
        install_terminal("WL0001", TerminalKind.CARD, "T-1", world.TODAY, world.actor("carol"))
        place_order(order, world.actor("carol"))
    _let_cash_grow_old()
    adam = sign_in("adam")
    file = (BytesIO("编号,名称,类型\nCHAIN,东海连锁,连锁商户\n".encode()), "partners.csv")
    tried = adam.post("/imports", data={"kind": "partners", "file": file}).location.partition("?")[0]
    fang = sign_in("fang")
    table = (BytesIO("交易日期,收入金额,摘要\n2026-11-18,1.00,现金\n".encode()), "bank.csv")
    mapped = fang.post("/reconciliation/files/new", data={"kind": "TABLE", "file": table}).location.partition("?")[0]
    sent = (BytesIO(partner_file(payment_line("P-000002", 5_00))), POST_FILE)
    told = {"kind": "PARTNER", "partner": "POST", "file": sent}
    checked = fang.post("/reconciliation/files/new", data=told).location.partition("?")[0]
    receipt_no = str(facts["receipt_no"])
    return {
        "administration.dry_run": {"kind": "partners", "sha256": tried.rsplit("/", 1)[1]},
        "closing.confirm": {"text": "2026-09"},
        "collecting.proof": {"token": proof_token(app.config["SECRET_KEY"], facts["collection_id"], receipt_no)},
        "documents.progress": {"order_id": order.id},
        "reconciliation.check": {"sha256": checked.rsplit("/", 1)[1]},
        "reconciliation.new_mapping": {"sha256": mapped.rsplit("/", 1)[1]},
    }


def _let_cash_grow_old() -> None:
    """WL0002 took cash on Monday 9 November, closed the day and has not remitted it; it has remittance days of its own."""
    with at(9):
        record(item(outlet_code="WL0002"), by="alan")
        outlet_days("WL0002", starts_on=nov(9))
    with at(10):
        close_unattended(SYSTEM, nov(10))
    night(18)


def pages_to_walk(app: Flask, sign_in: SignIn, facts: dict[str, object]) -> list[Opened]:
    """Return every page of the application's own map, each once, and every role's home."""
    values = {name: sample.values for name, sample in samples(facts).items()} | _more_facts(app, sign_in, facts)
    found = [Opened(who, "/") for who in HOMES]
    with reading():
        check_code = db.session.scalar(select(Run.check_code).where(Run.number == facts["number"]))
    query = {
        "documents.genuine": f"?c={check_code}",
        "disputes.new": f"?month=2026-10&line={facts['line_id']}",
        "reconciliation.check": f"?kind=PARTNER&partner=POST&name={POST_FILE}",
    }
    build = app.url_map.bind("localhost").build
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NOT_PAGES or rule.endpoint == "dashboard.home" or "GET" not in (rule.methods or ()):
            continue
        permission = app.view_functions[rule.endpoint].permission
        who = READER_OF_PAGE.get(rule.endpoint) or READER.get(permission, "carol")
        found.append(Opened(who, build(rule.endpoint, values.get(rule.endpoint, {})) + query.get(rule.endpoint, "")))
    return sorted(found, key=lambda page: (page.who, page.path))


def written_in_chinese() -> list[str]:
    """Return what people have entered in Chinese, longest first; an English page may show it as it stands.

    Reference rows that carry an English name of their own are no excuse.
    """
    found: set[str] = set()
    with reading():
        for table in db.metadata.sorted_tables:
            columns = [column for column in table.columns if not _has_english(table, column.name)]
            for row in db.session.execute(select(*columns)):
                for value in row:
                    found |= set(_strings(value))
        for household in db.session.scalars(select(Household)):
            name = mask_name(household.name)
            found |= {name, name[-1], mask_address(household.address)}
    return sorted((text for text in found if has_han(text)), key=len, reverse=True)


def _has_english(table: Table, name: str) -> bool:
    return f"{name}_en" in table.columns


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        # A plan is one document.
        return [value, *_strings(json.loads(value))] if value.startswith('{"') else [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inside for text in _strings(each)]


def has_han(text: str) -> bool:
    """Return whether a text holds a Chinese character."""
    return any("\u3400" <= letter <= "\u9fff" or letter > "\U0001ffff" for letter in text)
