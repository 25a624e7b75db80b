"""The one commit.

Two doors lead to the database. ``request`` wraps a web request: success commits, an exception, a status of 400 or
more and every safe method roll back. ``batch`` wraps a job, a command or a test the same way. Nobody else commits.
What must survive a refusal (a failed sign-in, the time a session was last seen) is handed to ``afterwards`` and gets
a short transaction of its own once the first has ended, however it ended.

On SQLite a writing door waits for its turn (``infra.turns``) and opens ``BEGIN IMMEDIATE`` before anything is read. On
PostgreSQL the server itself refuses a change by a door that only reads (``infra.connections``).
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any

from flask import Flask, Request, Response, request, session
from flask.templating import Environment
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from agentnet.infra.config import Settings
from agentnet.infra.connections import (
    answers_here,
    driver_of,
    read_in_transaction,
    read_without_transaction,
    write_again,
)
from agentnet.infra.db import db, writing
from agentnet.infra.preparing import prepare_request
from agentnet.infra.template_words import WordedEnvironment
from agentnet.infra.turns import writers_turn

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

LONGEST_TURN_SECONDS = 0.05
"""How long a page waits for the one before it; behind a slower one it is made all the same."""

_page = threading.Lock()
_later: ContextVar[list[Callable[[], None]] | None] = ContextVar("later", default=None)


@contextmanager
def batch() -> Iterator[Session]:
    """Open a writing transaction; commit on success, roll back on any exception.

    Raises:
        RuntimeError: inside another writing transaction; work belongs to one.
    """
    with _door():
        yield db.session()
        db.session.commit()


@contextmanager
def reading() -> Iterator[Session]:
    """Open a transaction that only reads and is rolled back at the end."""
    with _door(read_in_transaction):
        yield db.session()


def afterwards(work: Callable[[], None]) -> None:
    """Do this in a transaction of its own after the present one has ended, whether it commits or not."""
    later = _later.get()
    if later is None:
        raise RuntimeError("afterwards() needs an open transaction")
    later.append(work)


class Arguments(ImmutableMultiDict[str, str]):
    """What an address or a form brings; what is not there is most of what is asked for, and costs no exception."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]
        """Return the first value of a name, converted by ``type`` if given; the default if there is none."""
        return super().get(key, default, type) if key in self else default


class HouseRequest(Request):
    """Flask's request, with arguments that are quick to say no."""

    parameter_storage_class = Arguments


class TransactionalFlask(Flask):
    """Flask with the request door around dispatch, error handlers included, and templates worded once a language."""

    request_class: type[Request] = HouseRequest
    jinja_environment: type[Environment] = WordedEnvironment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or hook as it is: none is a coroutine, and looking costs more than most hooks do."""
        return func

    def full_dispatch_request(self) -> Response:
        if request.endpoint == "static":
            return super().full_dispatch_request()
        write = request.method not in SAFE_METHODS
        if write:
            if request.endpoint in self.extensions.get("agentnet.large_bodies", ()) and "_user_id" in session:
                request.max_content_length = self.extensions["agentnet"].max_upload_bytes
            _receive_body()
            prepare_request(self.view_functions.get(request.endpoint or ""))
        turn = not write and pages_take_turns(self.extensions["agentnet"])
        with _turn() if turn else nullcontext(), _door(None if write else read_without_transaction):
            response = super().full_dispatch_request()
            if write and response.status_code < 400:
                db.session.commit()
        return response


@functools.cache
def pages_take_turns(settings: Settings) -> bool:
    """Tell whether the threads of a process take turns at whole pages.

    One interpreter runs one thread at a time anyway, and the driver lets go of it for every answer, on SQLite for every
    row: threads that made their pages at once changed places hundreds of times a page, which cost up to a fifth of it.
    Where PostgreSQL answers from elsewhere, or the machine has more processors than web processes, another thread can
    work while one waits.
    """
    if settings.is_sqlite:
        return True
    return settings.web_processes >= (os.cpu_count() or 1) and answers_here(settings.database_url)


@contextmanager
def _turn() -> Iterator[None]:
    mine = _page.acquire(timeout=LONGEST_TURN_SECONDS)
    try:
        yield
    finally:
        if mine:
            _page.release()


def _receive_body() -> None:
    """Read what is sent before the writer's turn begins: a phone on a bad line must not hold up every counter."""
    with suppress(HTTPException):  # too large or cut off; the view meets it again and the handlers answer
        request.get_data(cache=True, parse_form_data=True)


@contextmanager
def _door(read: Callable[[Session], None] | None = None) -> Iterator[None]:
    """Open a transaction that writes, or a session that reads in this way."""
    if writing.get():
        raise RuntimeError("a transaction is already open")
    later: list[Callable[[], None]] = []
    try:
        with _transaction(later, read):
            yield
    finally:
        for work in later:
            with batch():
                work()


@contextmanager
def _transaction(later: list[Callable[[], None]], read: Callable[[Session], None] | None) -> Iterator[None]:
    tokens = (writing.set(read is None), _later.set(later))
    try:
        with writers_turn(db.engine) if read is None else nullcontext():
            db.session.rollback()
            if read is not None and db.engine.dialect.name == "postgresql":
                read(db.session())
            try:
                yield
            finally:
                if read is not None and db.engine.dialect.name == "postgresql":
                    _let_go(db.session())
                db.session.rollback()
    finally:
        writing.reset(tokens[0])
        _later.reset(tokens[1])


def _let_go(reader: Session) -> None:
    """End reading on PostgreSQL, in the driver's way of keeping its prepared statements.

    It forgets them at every rollback, and each statement would be parsed and planned anew for each page. There is
    nothing to commit: the server refused every change.
    """
    if not reader.in_transaction():
        return
    try:
        driver = driver_of(reader)
        if driver.read_only:
            driver.commit()
        write_again(driver)
    except Exception:  # lost, or in the middle of an answer: nobody is lent it again
        with suppress(Exception):
            reader.connection().invalidate()
