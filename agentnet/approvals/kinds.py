"""What a feature says about its own requests. Kinds reach this layer through the explicit list in ``create_app``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from flask import current_app

from agentnet.approvals.models import Approval
from agentnet.infra.actor import Actor
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class Change:
    """A figure or fact before and after, in the reader's language.

    Once the request was approved only ``after`` is shown: by how much it changed.
    """

    what: str
    before: str
    after: str


LONGEST_FIGURE = 24
"""Characters of what still stands in a column of figures; longer is a sentence, and is set as one."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page worth a look before deciding, for whoever holds its permission."""

    words: str
    url: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class Described:
    """What a request's page says, in the reader's language: facts, what changes, and where its subject is shown.

    ``links`` are offered while the request waits.
    """

    facts: Sequence[tuple[str, str]] = ()
    changes: Sequence[Change] = ()
    url: str | None = None
    links: Sequence[Link] = ()

    @property
    def in_sentences(self) -> bool:
        """Whether what changes is said in sentences and not in figures."""
        return any(len(text) > LONGEST_FIGURE for change in self.changes for text in (change.before, change.after))


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """A kind of request.

    ``decide`` is the permission whose holders in the request's territory may decide. ``carry_out(approval, by)`` runs
    in the transaction of the approval, once: it judges the rules anew and raises a refusal, which leaves the request
    pending; it must not ask for permissions of ``by``, who may be a delegate, and must read nothing but
    ``approval.content``. ``label`` is marked with ``translatable``. ``books`` says whether carrying it out posts to the
    books at once, which the page that approves warns of.
    """

    code: str
    label: str
    decide: Permission
    carry_out: Callable[[Approval, Actor], None]
    describe: Callable[[Approval], Described]
    books: bool = True


def kinds() -> Mapping[str, ApprovalKind]:
    """Return every kind by its code."""
    return cast(Mapping[str, ApprovalKind], current_app.extensions["agentnet.approval_kinds"])
