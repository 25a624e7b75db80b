"""Figures that are worked out from many rows and asked for often: remembered until one of the rows changes.

The database itself notices a change: a trigger on every table of a subject gives the subject's row in ``revisions`` a
new random mark in the transaction of the change, so both become visible together. Whoever asks reads the mark first;
what was worked out under the same mark, on the same day, still holds and is answered from this process's memory. On
PostgreSQL the trigger waits for the commit, so that writers meet at that one row last and cannot lock each other out.
Inside a writing transaction nothing is remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from flask import current_app
from sqlalchemy import BigInteger, Select, String, func, select
from sqlalchemy.orm import Mapped, SessionTransaction, mapped_column

from agentnet.core.clock import today
from agentnet.infra.db import Model, db, writing
from agentnet.infra.straight import Straight

T = TypeVar("T")

REGISTER = "register"
"""Outlets, their states, agreements and limits, managers, assignments, org units, and tenders."""

FIELD = "field"
"""The register, and what happens at the outlets: duties, visits, and the sums of final days."""

MONTHS = "months"
"""What is written down of outlets' months, what is adjusted in them, and which are closed."""

REMEMBERED = 1_024
"""How many answers a process keeps; the one asked for least lately goes first."""


class Revision(Model):
    """The mark of a subject's last change; written by triggers alone."""

    __tablename__ = "revisions"

    subject: Mapped[str] = mapped_column(String(24), primary_key=True)
    mark: Mapped[str] = mapped_column(String(36))
    transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    """On PostgreSQL the transaction that wrote the mark: one new mark is enough for all its rows."""


class Memory:
    """Answers by question; used by all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[str, Any]] = OrderedDict()

    def get(self, question: Hashable, mark: str) -> tuple[Any] | None:
        """Return the answer that was given under the mark, in a tuple; None if there is none."""
        with self._lock:
            found = self._answers.get(question)
            if found is None or found[0] != mark:
                return None
            self._answers.move_to_end(question)
            return (found[1],)

    def put(self, question: Hashable, mark: str, answer: Any) -> None:
        """Keep an answer in place of the one before."""
        with self._lock:
            self._answers[question] = (mark, answer)
            self._answers.move_to_end(question)
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)


_told = Revision.subject.concat(" ").concat(Revision.mark)
ALL_MARKS = select(func.coalesce(func.aggregate_strings(_told, "\n"), "")).scalar_subquery()
"""All marks in one text, for the statement that every page asks: most pages need one of them (``keep_marks``)."""
_MARKS = Straight(select(ALL_MARKS))
_marks: WeakKeyDictionary[SessionTransaction, dict[str, str]] = WeakKeyDictionary()
"""The marks as a transaction found them when it first asked: what it works out later is not older than they are."""


def mark_of(subject: str) -> str:
    """Return the subject's mark as the transaction first found it, empty if nothing of it ever changed."""
    transaction = db.session().get_transaction()
    if transaction is None or transaction not in _marks:
        ((told,),) = _MARKS.rows(db.session.connection(), {})
        return keep_marks(told).get(subject, "")
    return _marks[transaction].get(subject, "")


def keep_marks(told: str) -> Mapping[str, str]:
    """Keep all marks, as a statement told them, for the present transaction; return them by subject."""
    transaction = db.session().get_transaction()
    assert transaction is not None
    marks = _marks[transaction] = dict(line.split(" ", 1) for line in told.splitlines())
    return marks


def select_mark(subject: str) -> Select[str]:
    """Return the select of one row with what ``mark_of`` answers: for who asks for more at once, as of one instant."""
    return select(func.coalesce(func.max(Revision.mark), "").label("mark")).where(Revision.subject == subject)


def remembered(subject: str, question: Hashable, work: Callable[[], T]) -> T:
    """Return what ``work`` finds, from memory where no row of the subject has changed since it last found it.

    ``question`` must hold everything the answer depends on beside the subject's rows and the day. The answer is handed
    to many: it must not be changed.
    """
    if writing.get():
        return work()
    return remembered_under(mark_of(subject), (subject, question), work)


def remembered_under(mark: str, question: Hashable, work: Callable[[], T]) -> T:
    """Return what ``work`` finds, from memory where it last found it on the same day and under the same mark.

    The mark must change with all that the answer depends on beside the question, and be read before it (``mark_of``,
    ``infra.marks``). The answer must not be changed.
    """
    if writing.get():
        return work()
    memory = cast(Memory, current_app.extensions.setdefault("agentnet.memory", Memory()))
    asked = (today(), question)
    found = memory.get(asked, mark)
    if found is not None:
        return cast(T, found[0])
    answer = work()
    memory.put(asked, mark, answer)
    return answer
