"""Double entry with one debit, one credit and one positive amount, so that a transfer cannot be unbalanced."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model

_IS_CASH = text("owner_kind = 'OUTLET' AND code = 'CASH_HELD'")


class Account(Model):
    """An account of the chart, owned by an outlet, household, partner or org unit.

    ``normal_side`` is DEBIT or CREDIT; ``guarded`` accounts carry a balance row with limits.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("owner_kind", "owner_id", "code", "detail", name="uq_accounts_owner_code"),
        # All accounts of a code, as all cash held by outlets.
        Index("ix_accounts_code", "code", "owner_kind"),
        # Whose balance is cash at an outlet, without a look at the account.
        Index("ix_accounts_cash", "id", sqlite_where=_IS_CASH, postgresql_where=_IS_CASH),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(24))
    detail: Mapped[str] = mapped_column(String(16), default="")
    """The tender, for accounts kept per tender; else empty."""
    owner_kind: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[int] = mapped_column(BigId)
    normal_side: Mapped[str] = mapped_column(String(6))
    guarded: Mapped[bool]


class Balance(Model):
    """The running balance of a guarded account, in its normal direction; the CHECK is the last guard."""

    __tablename__ = "balances"
    __table_args__ = (
        CheckConstraint("balance_fen >= minimum_fen", name="minimum"),
        CheckConstraint("balance_fen <= maximum_fen", name="maximum"),
    )

    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    balance_fen: Mapped[int]
    minimum_fen: Mapped[int]
    maximum_fen: Mapped[int]


class Transfer(Model):
    """Money moving from the credited to the debited account. Never updated, never deleted (the database refuses)."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        Index("ix_transfers_debit", "debit_account_id", "business_on"),
        Index("ix_transfers_credit", "credit_account_id", "business_on"),
        Index("ix_transfers_subject", "subject_id"),
        # What came since the monthly sums were last added to; it grows at its end only.
        Index("ix_transfers_posted", "posted_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    debit_account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"))
    credit_account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"))
    amount_fen: Mapped[int]
    business_on: Mapped[date]
    posted_at: Mapped[datetime]
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(40))
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)


class BusinessDay(Model):
    """An outlet's day: its receipt serial, what it took, and the locks that close and remittance set."""

    __tablename__ = "business_days"
    __table_args__ = (
        CheckConstraint("receipt_serial >= 0", name="serial"),
        CheckConstraint("taken_fen >= 0", name="taken"),
        CheckConstraint("taken_fen <= daily_limit_fen", name="daily_limit"),
        Index(
            "ix_business_days_unallocated",
            "business_on",
            sqlite_where=text("allocated_at IS NULL"),
            postgresql_where=text("allocated_at IS NULL"),
        ),
        Index(
            "ix_business_days_not_closed",
            "business_on",
            "outlet_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True, autoincrement=False)
    business_on: Mapped[date] = mapped_column(primary_key=True)
    receipt_serial: Mapped[int]
    closed_at: Mapped[datetime | None]
    remitted_at: Mapped[datetime | None]
    allocated_at: Mapped[datetime | None]
    """When the night moved what the day received to billing and to advances; from then on the day is final."""
    taken_fen: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """What the day took, voided collections left out: the running total the daily limit is held against."""
    daily_limit_fen: Mapped[int | None]
    """The daily limit as of the last collection; None without one."""


class AccountingMonth(Model):
    """OPEN, CLOSING or CLOSED for the company; a month without a row is open."""

    __tablename__ = "accounting_months"
    __table_args__ = (CheckConstraint("state IN ('OPEN', 'CLOSING', 'CLOSED')", name="state"),)

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    closing_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    user_id: Mapped[int | None]


class LedgerMonth(Model):
    """What an account was debited and credited in a month, of the transfers posted before ``LedgerRoll.rolled_until``.

    Added to by the clock (``ledger.rolling``), never by a posting: sum plus what came since is the account.
    """

    __tablename__ = "ledger_months"
    __table_args__ = (
        CheckConstraint("debit_fen >= 0 AND credit_fen >= 0", name="sums"),
        Index("ix_ledger_months_month", "month"),
    )

    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    debit_fen: Mapped[int]
    credit_fen: Mapped[int]


class LedgerRoll(Model):
    """One row: the instant up to which transfers are in the monthly sums, by when they were posted."""

    __tablename__ = "ledger_rolls"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    rolled_until: Mapped[datetime]
