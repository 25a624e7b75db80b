"""Imports: a file of rows becomes rows of the database, all or nothing, and the same file twice changes nothing.

Three steps. ``parse`` reads the file with the importer's declared columns and needs no database. ``check`` plans the
merge in a reading transaction: what is new, changed, unchanged, and which rows break a rule. ``carry_out`` plans again
inside the writing transaction (somebody may have changed something meanwhile) and writes set by set, with one audit
line that carries the counts and the file's hash. Errors are collected by row and column; the first hundred are kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Table

from agentnet.core.errors import Conflict, Forbidden, Invalid, Refusal
from agentnet.infra.actor import Actor, Role
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import lock_tables
from agentnet.infra.columns import Column, clean_cell, plain_head
from agentnet.infra.sheets import Cell
from agentnet.infra.tables import TableFile

T = TypeVar("T")
Watch = Callable[[Iterable[T], int | None], Iterable[T]]

ERRORS_KEPT = 100
CHUNK = 4_000
"""Rows looked up or written by one statement."""


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong in one cell, or in one row when ``column`` is empty."""

    row: int
    column: str
    refusal: Refusal


@dataclass(slots=True)
class Errors:
    """Errors of a file: all counted, the first kept."""

    count: int = 0
    kept: list[CellError] = field(default_factory=list)

    def add(self, row: int, column: str, refusal: Refusal) -> None:
        """Note an error at a row and, where it has one, a column's name."""
        self.count += 1
        if len(self.kept) < ERRORS_KEPT:
            self.kept.append(CellError(row, column, refusal))

    def sorted(self) -> list[CellError]:
        """Return the kept errors from the top of the file down."""
        return sorted(self.kept, key=lambda error: error.row)


@dataclass(slots=True)
class Parsed:
    """A file's rows as values: ``rows[i]`` holds the values of ``names`` in order and stood in line ``lines[i]``."""

    sha256: str
    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    lines: array[int]
    errors: Errors

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each row's line number and its values by column name; a column not in the file is absent."""
        for line, row in zip(self.lines, self.rows, strict=True):
            yield line, dict(zip(self.names, row, strict=True))

    def has(self, name: str) -> bool:
        """Return whether the file carries the column."""
        return name in self.names


@dataclass(slots=True)
class Plan:
    """What an import would do. ``work`` belongs to the importer that made it."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: Errors = field(default_factory=Errors)
    work: Any = None

    def counts(self) -> dict[str, int]:
        """Return the counts as audit and scripts show them."""
        return {"new": self.new, "changed": self.changed, "unchanged": self.unchanged}


@dataclass(frozen=True, slots=True)
class Importer:
    """A kind of file that can come in and go out.

    ``plan`` reads the database and never writes; ``write`` carries a plan without errors out; ``export`` yields rows
    in the order of the exportable columns, for the actor's territory. ``whole_company`` kinds are brought by an
    administrator of the whole company alone; the others obey the territory in ``plan``.
    """

    kind: str
    words: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    plan: Callable[[Parsed, Actor], Plan]
    write: Callable[[Plan, Actor], None]
    export: Callable[[Actor], Iterable[Sequence[Cell]]]
    tables: tuple[Table, ...]
    """What it writes to; other writers wait while it does."""
    whole_company: bool = False
    roles: frozenset[Role] = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
    """Whom its page offers it to; the importer's own rules say more."""

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns of templates and exports."""
        return tuple(column for column in self.columns if not column.ignored)


def as_is(items: Iterable[T], _total: int | None) -> Iterable[T]:
    """Watch nothing: what ``parse`` does when nobody looks on."""
    return items


def parse(importer: Importer, file: TableFile, watch: Watch[Any] = as_is) -> Parsed:
    """Read a file with the importer's columns; wrong cells and keys given twice are noted, not raised.

    Raises:
        Invalid: ``file_empty``, ``no_rows``, ``columns_unknown``, ``columns_missing``, ``column_twice``, and what
            ``infra.tables`` refuses.
    """
    rows = file.rows()
    _line, head = next(rows, (0, ()))
    if not head:
        raise Invalid("file_empty", "文件是空的", field="file")
    places = _match_head(importer, head)
    errors = Errors()
    parsed = Parsed(file.sha256, tuple(column.name for _, column in places), [], array("l"), errors)
    above: tuple[Any, ...] = (None,) * len(places)
    for line, cells in watch(rows, None):
        above = _sharing(above, _read_row(places, line, cells, len(head), errors))
        parsed.rows.append(above)
        parsed.lines.append(line)
    if not parsed.rows:
        raise Invalid("no_rows", "文件只有表头，没有数据行", field="file")
    _note_twins(importer, parsed)
    return parsed


def _match_head(importer: Importer, head: Sequence[str]) -> list[tuple[int, Column]]:
    """Return which cell feeds which column."""
    known = {name: column for column in importer.columns for name in column.heads}
    unknown = [text.strip() for text in head if text.strip() and plain_head(text) not in known]
    if unknown:
        raise Invalid("columns_unknown", "不认识这些列：%(columns)s", field="file", columns="、".join(unknown)[:300])
    places = [(place, known[plain_head(text)]) for place, text in enumerate(head) if text.strip()]
    names = [column.name for _, column in places]
    twice = {column.words for _, column in places if names.count(column.name) > 1}
    if twice:
        raise Invalid(
            "column_twice", "这些列出现了不止一次：%(columns)s", field="file", columns="、".join(sorted(twice))
        )
    missing = [column.words for column in importer.columns if column.needed and column.name not in names]
    if missing:
        raise Invalid("columns_missing", "缺少这些列：%(columns)s", field="file", columns="、".join(missing))
    return [(place, column) for place, column in places if not column.ignored]


def _read_row(
    places: list[tuple[int, Column]], line: int, cells: Sequence[str], width: int, errors: Errors
) -> tuple[Any, ...]:
    if len(cells) > width and any(cells[width:]):
        errors.add(line, "", Invalid("row_wide", "这一行的单元格比表头多，请检查是否多了逗号"))
    values = []
    for place, column in places:
        value = None
        try:
            text = clean_cell(cells[place]) if place < len(cells) else ""
            if text:
                value = column.read(text)
            elif column.needed:
                raise Invalid("cell_missing", "不能为空")
        except Refusal as refusal:
            errors.add(line, column.name, refusal)
        values.append(value)
    return tuple(values)


def _sharing(above: tuple[Any, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row whose texts are those above it where they are equal: a town is named once, not by each village."""
    return tuple([old if type(old) is str and old == new else new for old, new in zip(above, row, strict=True)])


def _note_twins(importer: Importer, parsed: Parsed) -> None:
    """Refuse a key that the file gives twice: the second row would silently win. A file may leave away parts of it."""
    names = [name for name in importer.key if name in parsed.names]
    if not names:
        return
    places = [parsed.names.index(name) if name in names else None for name in importer.key]
    first = places[0] if len(places) == 1 else None
    seen: set[Any] = set()
    for at, row in enumerate(parsed.rows):
        # A key column the file does not have is empty in every row.
        key = row[first] if first is not None else tuple(None if place is None else row[place] for place in places)
        if key in seen and key is not None:
            parsed.errors.add(parsed.lines[at], names[-1], Invalid("key_twice", "文件中前面已有相同的一行"))
        seen.add(key)


def check(importer: Importer, parsed: Parsed, by: Actor) -> Plan:
    """Return what the import would do; with errors in the cells the rules are not asked. Reads only.

    Raises:
        Forbidden: ``not_permitted``.
    """
    may_import(importer, by)
    if parsed.errors.count:
        return Plan(errors=parsed.errors)
    return importer.plan(parsed, by)


def carry_out(importer: Importer, parsed: Parsed, by: Actor, file_name: str) -> Plan:
    """Import the rows in the open writing transaction and write one audit line; nothing at all if nothing changes.

    Raises:
        Forbidden: ``not_permitted``. Conflict: ``import_stale`` if a row breaks a rule by now.
    """
    lock_tables(*importer.tables)
    plan = check(importer, parsed, by)
    if plan.errors.count:
        raise Conflict("import_stale", "数据有 %(count)d 处错误，没有导入任何一行", count=plan.errors.count)
    if plan.new or plan.changed:
        importer.write(plan, by)
        after = {"kind": importer.kind, "file": file_name[:120], "sha256": parsed.sha256, **plan.counts()}
        write_audit(by, "imported", "import", parsed.sha256[:16], after=after)
    return plan


def may_import(importer: Importer, by: Actor) -> None:
    """Refuse an actor who may not bring this kind at all.

    Raises:
        Forbidden: ``import_for_administrators``.
    """
    if importer.whole_company and not administers_company(by):
        raise Forbidden("import_for_administrators", "这类数据只能由全公司的系统管理员导入")


def administers_company(by: Actor) -> bool:
    """Return whether the actor administers the whole company (the root's path is ``/1/``; the system's is ``/``)."""
    return any(grant.role is Role.ADMINISTRATOR and _is_company(grant.org_path) for grant in by.grants)


def require_company_export(by: Actor) -> None:
    """Refuse an actor who works for part of the company only: the table covers every household.

    Raises:
        Forbidden: ``not_permitted``.
    """
    whole = {Role.ADMINISTRATOR, Role.FINANCE, Role.AUDITOR}
    if not any(grant.role in whole and _is_company(grant.org_path) for grant in by.grants):
        raise Forbidden("not_permitted", "您的岗位没有此项权限，如需办理请联系主管")


def _is_company(path: str | None) -> bool:
    return path is not None and path.count("/") <= 2


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield a sequence in pieces that one statement can take."""
    return (items[start : start + size] for start in range(0, len(items), size))


def example_rows(importer: Importer) -> tuple[list[str], list[list[str]]]:
    """Return head and one example row of the file people fill in."""
    return [column.words for column in importer.shown], [[column.example for column in importer.shown]]


def export_rows(importer: Importer, by: Actor, reveal: bool = False) -> Iterator[list[Cell]]:
    """Yield the rows of the actor's territory; personal data is masked unless revealed."""
    masks = [None if reveal else column.mask for column in importer.shown]
    for row in importer.export(by):
        yield [
            mask(cell) if mask is not None and isinstance(cell, str) else cell
            for mask, cell in zip(masks, row, strict=True)
        ]


def importers_by_kind(importers: Iterable[Importer]) -> Mapping[str, Importer]:
    """Return the importers by kind.

    Raises:
        ValueError: if a kind stands twice, or two columns of one kind share a head.
    """
    found: dict[str, Importer] = {}
    for importer in importers:
        heads = list(chain.from_iterable(column.heads for column in importer.columns))
        if importer.kind in found or len(heads) != len(set(heads)):
            raise ValueError(f"importer {importer.kind} is ambiguous")
        found[importer.kind] = importer
    return found
