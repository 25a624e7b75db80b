"""How connections to PostgreSQL are lent: known to be alive, and refusing every change outside a writer's transaction.

A page asks its questions one by one, each of which sees what is committed by then (READ COMMITTED); a transaction
around them adds nothing but three more answers to wait for: whether the connection is alive, BEGIN and COMMIT. So a
page has none. That it changes nothing is the server's business all the same: outside a transaction, and in one that
says nothing else, a session only reads.
"""

from __future__ import annotations

import os
import select
from time import monotonic
from typing import Any

from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session

UNASKED_SECONDS = 5.0
"""A connection that was used so lately is not asked whether it is alive; the system knows whether it was closed."""

PREPARED = 500
"""How many statements a connection keeps prepared: all that pages and counters ask often, some 10 MB of the server's
memory. The driver's own 100 are forgotten and prepared anew where people go from page to page."""


def answers_here(url: str) -> bool:
    """Tell whether the server of this address runs on this machine: reached by a socket's folder, or by itself."""
    place = make_url(url)
    hosts = place.query.get("host") or place.host or os.environ.get("PGHOST", "/")
    return isinstance(hosts, str) and (hosts.startswith("/") or hosts in ("localhost", "127.0.0.1", "::1"))


def prepare_postgres(engine: Engine) -> None:
    """Attach what makes a connection read-only outside a writer's transaction, and known to be alive when lent."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute("SET default_transaction_read_only = on")
        connection.autocommit = False
        connection.read_only = False  # BEGIN READ WRITE
        connection.prepared_max = PREPARED

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, record: Any, _proxy: Any) -> None:
        used, record.info["used"] = record.info.get("used"), monotonic()
        if used is None:
            return
        unused = record.info["used"] - used
        if _was_closed(connection) or (unused > UNASKED_SECONDS and not _answers(engine, connection)):
            raise InvalidatePoolError
        write_again(connection)  # whoever was lent it before may have ended without its door


def _was_closed(connection: Any) -> bool:
    """Tell whether the server hung up, as when it is started anew: there is then something to read, the end."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(connection))
    except Exception:  # whatever it is, another connection is made
        return False


def read_without_transaction(session: Session) -> None:
    """Let what is asked next stand for itself, until ``write_again``."""
    driver_of(session).autocommit = True


def read_in_transaction(session: Session) -> None:
    """Put what is asked next into one transaction that only reads, until ``write_again``: a cursor lives no longer."""
    driver = driver_of(session)
    driver.autocommit = False
    driver.read_only = True


def write_again(driver: Any) -> None:
    """Make a connection that was read with what it was: one whose next transaction writes."""
    if driver.autocommit:
        driver.autocommit = False
    if driver.read_only:
        driver.read_only = False


def driver_of(session: Session) -> Any:
    """Return the driver's own connection."""
    return session.connection().connection.dbapi_connection
