"""What the register's tests ask of the database: counts, history, the newest audit line."""

from datetime import date
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import func, select

from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.outlets.models import Assignment, Manager, Outlet


def count(model: type[Any]) -> int:
    """Return how many rows a table has."""
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def last_audit() -> tuple[str, str, str]:
    """Return action, subject and actor of the newest audit line."""
    with reading():
        line = db.session.scalars(select(AuditLine).order_by(AuditLine.id.desc()).limit(1)).one()
        return line.action, line.subject_id, line.actor_name


def history(outlet_code: str) -> list[tuple[str, str, date, date | None]]:
    """Return an outlet's assignments as (manager, slot, from, to), oldest first."""
    with reading():
        return [
            tuple(row)
            for row in db.session.execute(
                select(Manager.code, Assignment.slot, Assignment.starts_on, Assignment.ends_on)
                .join(Manager, Manager.id == Assignment.manager_id)
                .join(Outlet, Outlet.id == Assignment.outlet_id)
                .where(Outlet.code == outlet_code)
                .order_by(Assignment.starts_on, Assignment.slot.desc(), Assignment.id)
            )
        ]


def outlet(code: str) -> Outlet:
    """Return an outlet as it stands, detached."""
    with reading():
        found = db.session.scalars(select(Outlet).where(Outlet.code == code)).one()
        db.session.expunge(found)
        return found


def photo(kind: str = "JPEG") -> bytes:
    """Return a picture as somebody would send it."""
    written = BytesIO()
    Image.new("RGB", (900, 600), "gray").save(written, kind)
    return written.getvalue()
