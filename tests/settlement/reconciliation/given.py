"""Files of the Post and of a bank for the cast, written by hand, and short ways to take them in."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from agentnet.collecting.models import Collection
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.reconciliation.models import Difference, FileRow, RowMatch
from agentnet.settlement.reconciliation.sides import plan_for
from agentnet.settlement.reconciliation.taking import (
    ReadPartnerFile,
    ReadStatements,
    take_partner_file,
    take_statements,
)
from tests import world
from tests.settlement.camt import document, entry, statement, yuan

POST = 1
NAME = "POST_COLLECTION_20261118.csv"
TODAY = "2026-11-18"


def payment_line(receipt_no, amount_fen, household_no=world.GANG, at="20261118093000", paid="cash", order=""):
    """Return a row of the Post's file."""
    order = order or f"{at}123001{receipt_no[-6:].replace('-', '0')}"
    return f"{order},POSTPAY,{household_no},{yuan(amount_fen)},{paid},{at},{receipt_no}"


def partner_file(*lines, day="20261118", total_fen=None):
    """Return the Post's file of a day with a head that foots unless told otherwise."""
    total = sum(round(float(line.split(",")[3]) * 100) for line in lines) if total_fen is None else total_fen
    return "\n".join([f"{yuan(total)},{len(lines)},{day},{day}", *lines, ""]).encode()


def read_post(content, name=NAME):
    """Read and match a file of the Post, as is done before the transaction."""
    file = read_partner_file(content, name, "POST")
    with reading():
        return ReadPartnerFile(POST, name, file, plan_for(POST, file))


def take_post(content, by="fang", upload_id=None, name=NAME):
    """Take a file of the Post in as one of the cast; return its id."""
    new = read_post(content, name)
    with batch():
        return take_partner_file(upload_id or new_id(), new, world.actor(by))


def bank_file(*lines, opening=1_000_00, id="S-1", account="33050161", last=None):
    """Return a camt.053 statement of (fen, inside) entries on the 18th; it foots."""
    entries = [entry(fen, inside, day=TODAY) for fen, inside in lines]
    closing = opening + sum(fen for fen, _inside in lines) if last is None else last
    text = document(statement(entries, opening, closing, id=id, account=account))
    return text.encode()


def said(text="", reference=""):
    """Return the inside of an entry: the bank's reference and what the payer wrote."""
    ref = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return f"{ref}<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls>"


def take_bank(content, by="fang", upload_id=None, name="statement.xml"):
    """Take a bank's statement in as one of the cast; return the ids."""
    new = read_bank(content, name)
    with batch():
        return take_statements(upload_id or new_id(), new, world.actor(by))


def read_bank(content, name="statement.xml"):
    """Read a statement, as is done before the transaction."""
    statements = read_camt053(content)
    return ReadStatements(name, hashlib.sha256(content).hexdigest(), statements)


def receipts():
    """Return the receipts so far, the oldest first."""
    with reading():
        return list(db.session.scalars(select(Collection.receipt_no).order_by(Collection.id)))


def matches(file_id):
    """Return the live matches of a file: (line, step, receipt or slip's id)."""
    with reading():
        found = db.session.execute(
            select(RowMatch.line_no, RowMatch.step, Collection.receipt_no)
            .outerjoin(Collection, Collection.id == RowMatch.collection_id)
            .where(RowMatch.file_id == file_id, RowMatch.undone_at.is_(None))
            .order_by(RowMatch.line_no)
        )
        return [tuple(row) for row in found]


def differences(*states):
    """Return the differences: (kind, proposal, fen, line, state)."""
    with reading():
        found = db.session.execute(
            select(
                Difference.kind, Difference.proposal, Difference.amount_fen, Difference.line_no, Difference.state
            ).order_by(Difference.id)
        )
        return [tuple(row) for row in found if not states or row.state in states]


def rows(file_id):
    with reading():
        return list(db.session.scalars(select(FileRow).where(FileRow.file_id == file_id).order_by(FileRow.line_no)))
