"""Plan versions in the plan language, what an outlet earns by the month, and all that a closed month was worked from."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDED = ("plan_versions", "plan_components")
GROUP = "narrowest"
"""Until now, of a version's components the narrowest paid a collection: they are one group."""


def upgrade() -> None:
    for table in GUARDED:
        _let_change(table)
    op.add_column("plan_versions", sa.Column("content", sa.Text(), nullable=False, server_default=""))
    op.add_column("plan_versions", sa.Column("content_sha256", sa.String(length=64), nullable=False, server_default=""))
    _components_by_position()
    _write_contents()
    _forget_prices()
    with op.batch_alter_table("plan_versions", recreate=_anew()) as batch:
        batch.alter_column("content", server_default=None)
        batch.alter_column("content_sha256", server_default=None)
    for table in GUARDED:
        _refuse_changes(table)
    op.add_column("outlet_accruals", sa.Column("inputs", sa.JSON(), nullable=True))
    op.add_column("commission_lines", sa.Column("parts", sa.Text(), nullable=True))
    _monthly()


def _anew() -> Any:
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def _components_by_position() -> None:
    for column in (
        sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("kind", sa.String(length=16), nullable=False, server_default="PER_COLLECTION"),
        sa.Column("name", sa.String(length=80), nullable=False, server_default=""),
    ):
        op.add_column("plan_components", column)


def _write_contents() -> None:
    """Say in the plan language what the stored components say; names are made of what they cover and pay."""
    connection = op.get_bind()
    components: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.text("SELECT * FROM plan_components ORDER BY version_id, id")):
        components[row.version_id].append(row)
    for version in connection.execute(sa.text("SELECT id, starts_on, note FROM plan_versions")).all():
        said = [_said(row) for row in components[version.id]]
        content = {"starts_on": str(version.starts_on), "note": version.note, "components": said}
        text = json.dumps(
            {name: value for name, value in content.items() if value},
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        connection.execute(
            sa.text("UPDATE plan_versions SET content = :text, content_sha256 = :hash WHERE id = :id"),
            {"text": text, "hash": hashlib.sha256(text.encode()).hexdigest(), "id": version.id},
        )
        for position, (row, words) in enumerate(zip(components[version.id], said, strict=True)):
            connection.execute(
                sa.text("UPDATE plan_components SET position = :position, name = :name WHERE id = :id"),
                {"position": position, "name": words["name"], "id": row.id},
            )


def _said(row: Any) -> dict[str, Any]:
    price = f"{_yuan(row.fixed_fen)} + {_percent(row.rate_ppm)} %"
    scope = {
        name: [code] for name, code in (("outlet_kinds", row.outlet_kind), ("tenders", row.tender)) if code is not None
    }
    said = {
        "kind": "PER_COLLECTION",
        "name": " ".join(part for part in (row.outlet_kind, row.tender, price) if part),
        "group": GROUP,
        "scope": scope or None,
        "fee": _yuan(row.fixed_fen) if row.fixed_fen else None,
        "rate": _percent(row.rate_ppm) if row.rate_ppm else None,
        "minimum": None if row.minimum_fen is None else _yuan(row.minimum_fen),
        "maximum": None if row.maximum_fen is None else _yuan(row.maximum_fen),
    }
    return {name: value for name, value in said.items() if value is not None}


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000:04d}".rstrip("0").rstrip(".")


def _forget_prices() -> None:
    """Drop the columns that the version's content says now. Lines point to the table: only SQLite makes it anew."""
    for index in ("any", "kind", "tender"):
        op.drop_index(f"uq_plan_components_{index}", "plan_components")
    with op.batch_alter_table("plan_components", recreate=_anew()) as batch:
        batch.drop_constraint("uq_plan_components_kind_tender", type_="unique")
        batch.drop_constraint("fk_plan_components_tender", type_="foreignkey")
        batch.drop_constraint(op.f("ck_plan_components_rates"), type_="check")
        batch.drop_constraint(op.f("ck_plan_components_bounds"), type_="check")
        for column in ("outlet_kind", "tender", "fixed_fen", "rate_ppm", "minimum_fen", "maximum_fen"):
            batch.drop_column(column)
        for column in ("position", "kind", "name"):
            batch.alter_column(column, server_default=None)
        batch.create_unique_constraint("uq_plan_components_position", ["version_id", "position"])


def _monthly() -> None:
    op.create_table(
        "monthly_commissions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("outlet_id", KEY, nullable=False),
        sa.Column("component_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_monthly_commissions_days")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["plan_components.id"], name=op.f("fk_monthly_commissions_component_id")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_monthly_commissions_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_commissions")),
        sa.UniqueConstraint("month", "outlet_id", "component_id", "starts_on", name="uq_monthly_commissions_component"),
    )
    _refuse_changes("monthly_commissions")


def downgrade() -> None:
    """Go back to prices in columns.

    Raises:
        RuntimeError: if a version says what they cannot: such a month could never be read again.
    """
    connection = op.get_bind()
    contents = connection.execute(sa.text("SELECT id, content FROM plan_versions")).all()
    rows = [(version.id, at, one) for version in contents for at, one in enumerate(_components(version.content))]
    if any(set(one) - _KNOWN or len(one.get("scope", {}).get("tenders", [])) > 1 for _, _, one in rows):
        raise RuntimeError("a plan version uses the plan language; its figures could not be read after a downgrade")
    op.drop_table("monthly_commissions")
    op.drop_column("commission_lines", "parts")
    op.drop_column("outlet_accruals", "inputs")
    for table in GUARDED:
        _let_change(table)
    _remember_prices(rows)
    op.drop_column("plan_versions", "content_sha256")
    op.drop_column("plan_versions", "content")
    for table in GUARDED:
        _refuse_changes(table)


_KNOWN = {"kind", "name", "group", "scope", "fee", "rate", "minimum", "maximum"}


def _components(content: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(content).get("components", [])
    return found


def _remember_prices(rows: list[tuple[int, int, dict[str, Any]]]) -> None:
    for column in (
        sa.Column("outlet_kind", sa.String(length=20), nullable=True),
        sa.Column("tender", sa.String(length=16), nullable=True),
        sa.Column("fixed_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("rate_ppm", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=True),
        sa.Column("maximum_fen", sa.BigInteger(), nullable=True),
    ):
        op.add_column("plan_components", column)
    for version_id, position, one in rows:
        scope = one.get("scope", {})
        op.get_bind().execute(
            sa.text(
                "UPDATE plan_components SET outlet_kind = :kind, tender = :tender, fixed_fen = :fee, rate_ppm = :rate,"
                " minimum_fen = :minimum, maximum_fen = :maximum WHERE version_id = :version AND position = :position"
            ),
            {
                "kind": next(iter(scope.get("outlet_kinds", [])), None),
                "tender": next(iter(scope.get("tenders", [])), None),
                "fee": _parts(one.get("fee", "0"), 2),
                "rate": _parts(one.get("rate", "0"), 4),
                "minimum": _parts(one["minimum"], 2) if "minimum" in one else None,
                "maximum": _parts(one["maximum"], 2) if "maximum" in one else None,
                "version": version_id,
                "position": position,
            },
        )
    with op.batch_alter_table("plan_components", recreate=_anew()) as batch:
        batch.drop_constraint("uq_plan_components_position", type_="unique")
        for column in ("position", "kind", "name"):
            batch.drop_column(column)
        for column in ("fixed_fen", "rate_ppm"):
            batch.alter_column(column, server_default=None)
        batch.create_unique_constraint("uq_plan_components_kind_tender", ["version_id", "outlet_kind", "tender"])
        batch.create_foreign_key("fk_plan_components_tender", "tenders", ["tender"], ["code"])
        batch.create_check_constraint(
            op.f("ck_plan_components_rates"), "fixed_fen >= 0 AND rate_ppm >= 0 AND rate_ppm <= 1000000"
        )
        batch.create_check_constraint(
            op.f("ck_plan_components_bounds"),
            "minimum_fen IS NULL OR maximum_fen IS NULL OR minimum_fen <= maximum_fen",
        )
    for name, condition, columns in (
        ("any", "outlet_kind IS NULL AND tender IS NULL", ["version_id"]),
        ("kind", "outlet_kind IS NOT NULL AND tender IS NULL", ["version_id", "outlet_kind"]),
        ("tender", "outlet_kind IS NULL AND tender IS NOT NULL", ["version_id", "tender"]),
    ):
        where = sa.text(condition)
        op.create_index(
            f"uq_plan_components_{name}",
            "plan_components",
            columns,
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )


def _parts(text: str, decimals: int) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 10**decimals + int(rest.ljust(decimals, "0") or 0)


def _let_change(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{event}")
    else:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
