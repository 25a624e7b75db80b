"""Payees and their accounts, holds, settings, batches with their payments and parts, and the bank sheet's layouts.

What is dated is only added to. A batch's money is written once, when it is drawn up; later steps change its state
alone (the database refuses more). A part of a month's due stands in one live payment at most.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


def _unique_where(name: str, condition: str, *columns: str) -> Index:
    return Index(name, *columns, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


class Payee(Model):
    """Somebody who is paid; what one payee is paid in a calendar month is taxed together."""

    __tablename__ = "payees"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)


class PayeeAccount(Model):
    """A payee's name, type and bank account from a day on; of one day the last entered holds. Append-only."""

    __tablename__ = "payee_accounts"
    __table_args__ = (
        CheckConstraint("type IN ('INDIVIDUAL', 'SOLE_TRADER', 'COMPANY')", name="type"),
        CheckConstraint(
            "(number IS NULL) = (holder IS NULL) AND (number IS NULL) = (bank IS NULL)"
            " AND (number IS NULL) = (bank_no IS NULL)",
            name="whole",
        ),
        CheckConstraint("bank_no IS NULL OR LENGTH(bank_no) = 12", name="bank_no"),
        Index("ix_payee_accounts_payee", "payee_id", "starts_on"),
    )

    id: Mapped[Key]
    payee_id: Mapped[int] = mapped_column(BigId, ForeignKey("payees.id"))
    starts_on: Mapped[date]
    name: Mapped[str] = mapped_column(String(70))
    type: Mapped[str] = mapped_column(String(12))
    holder: Mapped[str | None] = mapped_column(String(70))
    number: Mapped[str | None] = mapped_column(String(32))
    bank: Mapped[str | None] = mapped_column(String(70))
    bank_no: Mapped[str | None] = mapped_column(String(12))
    entered_at: Mapped[datetime]
    user_id: Mapped[int | None]


class PayeeTerm(Model):
    """Who gets a share, at an outlet or at all outlets of a partner, from a day on; an outlet's own goes first."""

    __tablename__ = "payee_terms"
    __table_args__ = (
        CheckConstraint("(outlet_id IS NULL) <> (partner_id IS NULL)", name="one_owner"),
        Index("ix_payee_terms_outlet", "outlet_id", "share"),
        Index("ix_payee_terms_partner", "partner_id", "share"),
        Index("ix_payee_terms_payee", "payee_id"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"))
    partner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("partners.id"))
    share: Mapped[str] = mapped_column(String(80))
    payee_id: Mapped[int] = mapped_column(BigId, ForeignKey("payees.id"))
    starts_on: Mapped[date]
    entered_at: Mapped[datetime]
    user_id: Mapped[int | None]


class PayoutHold(Model):
    """An outlet that is not paid while it is looked into; lifted once."""

    __tablename__ = "payout_holds"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_reason IS NULL)", name="lifted"),
        _unique_where("uq_payout_holds_outlet", "lifted_at IS NULL", "outlet_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    placed_at: Mapped[datetime]
    placed_by_id: Mapped[int | None]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None]
    lifted_reason: Mapped[str | None] = mapped_column(String(200))


class PayoutSetting(Model):
    """The smallest payment, whether tax is withheld, and the account paid from, from a day on. Append-only."""

    __tablename__ = "payout_settings"
    __table_args__ = (CheckConstraint("minimum_fen >= 0", name="minimum"),)

    id: Mapped[Key]
    starts_on: Mapped[date]
    minimum_fen: Mapped[int]
    withholds: Mapped[bool]
    holder: Mapped[str] = mapped_column(String(70))
    number: Mapped[str] = mapped_column(String(32))
    bank: Mapped[str] = mapped_column(String(70))
    bank_no: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200))
    entered_at: Mapped[datetime]
    user_id: Mapped[int | None]


class PayoutLayout(Model):
    """The bank's own sheet: which columns under which headings, in which order."""

    __tablename__ = "payout_layouts"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    heading: Mapped[bool]
    columns: Mapped[list[Any]]
    """``[heading, source]`` in the order of the file."""
    version: Mapped[int]


class PayoutBatch(Model):
    """Everything open of the closed months up to ``month``, paid together; ``number`` counts the month's batches."""

    __tablename__ = "payout_batches"
    __table_args__ = (
        UniqueConstraint("month", "number", name="uq_payout_batches_number"),
        CheckConstraint("state IN ('DRAFT', 'CHECKED', 'APPROVED', 'PAID', 'CANCELLED')", name="state"),
        CheckConstraint("net_fen = gross_fen - tax_fen AND tax_fen >= 0 AND net_fen > 0", name="sums"),
        CheckConstraint("state NOT IN ('CHECKED', 'APPROVED', 'PAID') OR checked_at IS NOT NULL", name="checked"),
        CheckConstraint(
            "state NOT IN ('APPROVED', 'PAID') OR (approved_by_id IS NOT NULL"
            " AND (drawn_by_id IS NULL OR approved_by_id <> drawn_by_id)"
            " AND (checked_by_id IS NULL OR approved_by_id <> checked_by_id))",
            name="four_eyes",
        ),
        CheckConstraint("(state = 'PAID') = (paid_on IS NOT NULL)", name="paid"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    number: Mapped[int]
    pay_on: Mapped[date]
    """The day it is meant to be paid: payees, settings and tax are those of that day."""
    setting_id: Mapped[int] = mapped_column(BigId, ForeignKey("payout_settings.id"))
    """The settings it was drawn up by; they name the account it is paid from."""
    withholds: Mapped[bool]
    state: Mapped[str] = mapped_column(String(9))
    payments: Mapped[int]
    gross_fen: Mapped[int]
    tax_fen: Mapped[int]
    net_fen: Mapped[int]
    drawn_by_id: Mapped[int | None]
    drawn_at: Mapped[datetime]
    checked_by_id: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None]
    approved_at: Mapped[datetime | None]
    paid_by_id: Mapped[int | None]
    paid_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str | None] = mapped_column(String(200))


class PayoutPayment(Model):
    """One payment of a batch to one payee, with the account as it was when the batch was drawn up."""

    __tablename__ = "payout_payments"
    __table_args__ = (
        UniqueConstraint("batch_id", "payee_id", name="uq_payout_payments_payee"),
        UniqueConstraint("batch_id", "number", name="uq_payout_payments_number"),
        CheckConstraint("state IN ('PLANNED', 'SENT', 'CONFIRMED', 'RETURNED')", name="state"),
        CheckConstraint("net_fen = gross_fen - tax_fen AND tax_fen >= 0 AND net_fen > 0", name="sums"),
        CheckConstraint("(state = 'RETURNED') = (returned_reason IS NOT NULL)", name="returned"),
        Index("ix_payout_payments_payee", "payee_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payout_batches.id"))
    number: Mapped[int]
    payee_id: Mapped[int] = mapped_column(BigId, ForeignKey("payees.id"))
    name: Mapped[str] = mapped_column(String(70))
    type: Mapped[str] = mapped_column(String(12))
    holder: Mapped[str] = mapped_column(String(70))
    account_number: Mapped[str] = mapped_column(String(32))
    bank: Mapped[str] = mapped_column(String(70))
    bank_no: Mapped[str] = mapped_column(String(12))
    gross_fen: Mapped[int]
    tax_fen: Mapped[int]
    net_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(9))
    answered_on: Mapped[date | None]
    answered_by_id: Mapped[int | None]
    returned_reason: Mapped[str | None] = mapped_column(String(200))


class PayoutPart(Model):
    """A share of an outlet's closed month in a batch: in a payment, or held with the reason.

    ``released`` frees a part for a later batch: its batch was cancelled, or its payment came back.
    """

    __tablename__ = "payout_parts"
    __table_args__ = (
        CheckConstraint("(payment_id IS NULL) = (why IS NOT NULL)", name="paid_or_held"),
        CheckConstraint(
            "why IS NULL OR why IN ('ON_HOLD', 'CLAWBACK', 'NO_PARTNER', 'NO_PAYEE', 'NO_ACCOUNT', 'BELOW_MINIMUM',"
            " 'TAX_OVER')",
            name="why",
        ),
        CheckConstraint("amount_fen <> 0", name="amount"),
        UniqueConstraint("batch_id", "outlet_id", "month", "share", name="uq_payout_parts_batch"),
        # Nothing is paid twice: the last guard.
        _unique_where("uq_payout_parts_once", "payment_id IS NOT NULL AND NOT released", "month", "outlet_id", "share"),
        Index("ix_payout_parts_outlet", "outlet_id", "month"),
        Index("ix_payout_parts_payment", "payment_id"),
        Index(
            "ix_payout_parts_held",
            "batch_id",
            sqlite_where=text("payment_id IS NULL"),
            postgresql_where=text("payment_id IS NULL"),
        ),
    )

    id: Mapped[Key]
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payout_batches.id"))
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payout_payments.id"))
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    month: Mapped[str] = mapped_column(String(7))
    share: Mapped[str] = mapped_column(String(80))
    amount_fen: Mapped[int]
    why: Mapped[str | None] = mapped_column(String(13))
    why_text: Mapped[str] = mapped_column(String(200))
    """The reason of the hold, where it is one."""
    released: Mapped[bool]


class PayoutLeg(Model):
    """What a paid payment took from one outlet's payable: to the bank, and to the tax withheld. Append-only."""

    __tablename__ = "payout_legs"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 AND tax_fen >= 0 AND tax_fen <= amount_fen", name="sums"),
        CheckConstraint("(tax_fen = 0) = (tax_transfer_id IS NULL)", name="tax"),
        CheckConstraint("(tax_fen = amount_fen) = (transfer_id IS NULL)", name="net"),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payout_payments.id"), primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True, autoincrement=False)
    amount_fen: Mapped[int]
    tax_fen: Mapped[int]
    transfer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)
    tax_transfer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)
