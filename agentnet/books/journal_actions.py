"""Keeping mappings, and handing a closed month over to an accounting package."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select

from agentnet.books.journal import Journal, export_of, journal_of, layout_of, mapping_named, require_accountant
from agentnet.books.models import JournalAccount, JournalExport, JournalMapping
from agentnet.books.presets import PRESETS
from agentnet.books.voucher_rules import Layout, Ours, Theirs, file_of, require_layout
from agentnet.books.words import LINES
from agentnet.core.clock import Month, now
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CHART, CLOSED, CREDIT, DEBIT

LINES_NAMED = 12
"""How many accounts without one of theirs a refusal names."""


def add_mapping(request_id: UUID, name: str, package: str, by: Actor) -> JournalMapping:
    """Add a mapping that begins as a package's preset.

    Raises:
        Forbidden: ``not_permitted``, ``journal_company_only``.
        Invalid: ``mapping_name``, ``package_unknown``.
        Conflict: ``mapping_exists``, ``id_reused``.
    """
    require_accountant(by)
    name = name.strip()
    content = {"name": name, "package": package}
    if earlier_result(request_id, "journal_mapping", content) is not None:
        return mapping_named(name, by)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{1,39}", name):
        raise Invalid("mapping_name", "名称用 2 到 40 个字母、数字或连字符，例如 U8", field="name")
    preset = PRESETS.get(package)
    if preset is None:
        raise Invalid("package_unknown", "请选择财务软件", field="package")
    if db.session.scalar(select(JournalMapping.id).where(JournalMapping.name == name)) is not None:
        raise Conflict("mapping_exists", "已有同名的科目对照", field="name")
    mapping = JournalMapping(name=name, package=package, version=1)
    _lay_out(mapping, preset.layout)
    db.session.add(mapping)
    db.session.flush()
    db.session.execute(insert(JournalAccount), [_account_row(mapping.id, *account) for account in preset.accounts])
    remember(request_id, "journal_mapping", by, content, mapping.id)
    write_audit(by, "journal_mapping_added", "journal_mapping", name, after=content)
    return mapping


def _lay_out(mapping: JournalMapping, layout: Layout) -> None:
    mapping.encoding, mapping.date_format, mapping.heading = layout.encoding, layout.date_format, layout.heading
    mapping.columns = [list(column) for column in layout.columns]
    mapping.word, mapping.company_code, mapping.abstract = layout.word, layout.company_code, layout.abstract


def _account_row(mapping_id: int, ours: Ours, side: str, theirs: Theirs) -> dict[str, object]:
    return {
        "mapping_id": mapping_id,
        **ours._asdict(),
        "side": side,
        "account_code": theirs.code,
        "account_name": theirs.name,
    }


def _held(name: str, version: int, by: Actor) -> JournalMapping:
    """Return a mapping for a change of the version the person saw.

    Raises:
        Forbidden, Missing: as ``mapping_named``. Conflict: ``mapping_changed``.
    """
    mapping = mapping_named(name, by, for_change=True)
    if mapping.version != version:
        raise Conflict("mapping_changed", "别人刚改过这个科目对照，请刷新后再改")
    mapping.version += 1
    return mapping


def change_layout(name: str, version: int, layout: Layout, by: Actor) -> None:
    """Change how a mapping's file is written. Sent twice, the second finds the version gone.

    Raises:
        Forbidden: ``not_permitted``, ``journal_company_only``. Missing: ``mapping_missing``.
        Invalid: as ``require_layout``. Conflict: ``mapping_changed``.
    """
    require_accountant(by)
    require_layout(layout)
    mapping = _held(name, version, by)
    before = {"encoding": mapping.encoding, "date_format": mapping.date_format, "columns": mapping.columns}
    _lay_out(mapping, layout)
    after = {"encoding": mapping.encoding, "date_format": mapping.date_format, "columns": mapping.columns}
    write_audit(by, "journal_layout_changed", "journal_mapping", name, before, after)


def set_account(name: str, version: int, ours: Ours, side: str, theirs: Theirs | None, by: Actor) -> None:
    """Set their account for one of ours (None takes the line out).

    Raises:
        Forbidden: ``not_permitted``, ``journal_company_only``. Missing: ``mapping_missing``.
        Invalid: ``line_unknown``, ``side_unknown``, ``account_code_missing``. Conflict: ``mapping_changed``.
    """
    require_accountant(by)
    if (ours.owner_kind, ours.code) not in CHART or len(ours.detail) > 16:
        raise Invalid("line_unknown", "请选择本系统的科目", field="line")
    if side not in ("", DEBIT, CREDIT):
        raise Invalid("side_unknown", "请选择借方、贷方或不分", field="side")
    if theirs is not None and not re.fullmatch(r"[0-9A-Za-z.\-]{1,30}", theirs.code):
        raise Invalid("account_code_missing", "请填写对方科目编码：数字、字母、点或连字符", field="account_code")
    mapping = _held(name, version, by)
    mine = JournalAccount
    key = (
        mine.mapping_id == mapping.id,
        mine.owner_kind == ours.owner_kind,
        mine.code == ours.code,
        mine.detail == ours.detail,
        mine.side == side,
    )
    old = db.session.execute(select(mine.account_code, mine.account_name).where(*key)).one_or_none()
    db.session.execute(delete(mine).where(*key))
    if theirs is not None:
        db.session.execute(insert(mine), [_account_row(mapping.id, ours, side, theirs)])
    write_audit(
        by,
        "journal_account_set",
        "journal_mapping",
        name,
        None if old is None else {"account": old.account_code, "name": old.account_name},
        {
            "ours": "/".join(part for part in (*ours, side) if part),
            "account": theirs.code if theirs else None,
            "name": theirs.name if theirs else None,
        },
    )


@dataclass(frozen=True, slots=True)
class Exported:
    """A month's file and what it holds."""

    journal: Journal
    data: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the file."""
        return hashlib.sha256(self.data).hexdigest()


def made(mapping: JournalMapping, month: Month) -> Exported:
    """Return a closed month's file.

    Raises:
        Invalid: ``month_not_closed``, ``journal_empty``, ``journal_unmapped`` naming what has no account of theirs,
            ``letters_not_in_gbk``.
        Conflict: ``journal_disagrees``.
    """
    if month_state(month) != CLOSED:
        raise Invalid("month_not_closed", "%(month)s 还没有封账，封账后才能导出凭证", month=str(month))
    journal = journal_of(mapping, month)
    if journal.lacking:
        raise Invalid("journal_unmapped", "这些科目还没有对照，没有导出：%(lines)s", lines=_lacking(journal))
    if not journal.vouchers:
        raise Invalid("journal_empty", "%(month)s 没有分录，不用导出", month=str(month))
    return Exported(journal, file_of(layout_of(mapping), journal.vouchers))


def _lacking(journal: Journal) -> str:
    """Return the names of the accounts without one of theirs: words, tender or detail, and side."""
    sides = {DEBIT: "借", CREDIT: "贷"}
    return "、".join(
        f"{LINES[ours.owner_kind, ours.code]}{f'（{ours.detail}）' if ours.detail else ''}{sides[side]}方"
        for ours, side in journal.lacking[:LINES_NAMED]
    )


def export_journal(name: str, month: Month, by: Actor) -> Exported:
    """Hand a closed month over and record it; the same mapping and month again is the same file, recorded once.

    Raises:
        Forbidden: ``not_permitted``, ``journal_company_only``. Missing: ``mapping_missing``.
        Invalid: as ``made``. Conflict: ``journal_disagrees``, ``journal_changed`` if the file is not what it was.
    """
    mapping = mapping_named(name, by, for_change=True)
    found = made(mapping, month)
    before = export_of(mapping, month)
    if before is not None:
        require_same(before, found)
        return found
    journal = found.journal
    figures = {
        "vouchers": len(journal.vouchers),
        "lines": journal.lines,
        "debit_fen": journal.debit_fen,
        "credit_fen": journal.credit_fen,
        "sha256": found.sha256,
    }
    db.session.add(
        JournalExport(
            id=new_id(),
            mapping_id=mapping.id,
            mapping_version=mapping.version,
            month=str(month),
            exported_at=now(),
            user_id=by.user_id,
            **figures,
        )
    )
    write_audit(by, "journal_exported", "month", str(month), after={"mapping": name, **figures})
    return found


def require_same(before: JournalExport, found: Exported) -> None:
    """Refuse a file that is not byte for byte what was exported before.

    Raises:
        Conflict: ``journal_changed``.
    """
    if before.sha256 != found.sha256:
        raise Conflict("journal_changed", "这个月的凭证与上次导出的不一致，没有导出；请运行核验并联系管理员")
