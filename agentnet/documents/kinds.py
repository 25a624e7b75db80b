"""What a kind of report is: who it is about, how its figures are frozen, and how they are drawn.

Features above register their kinds in ``create_app``; documents itself knows none by name.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from flask import current_app

from agentnet.core.errors import Missing
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgUnit
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open: ``ends_on`` is the first day that no longer belongs."""

    starts_on: date
    ends_on: date


NOT_FINAL: Final = translatable("这一期的数字还没有定：月报要等月结，周报要等这一周过完")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom one document is about, and the org path that decides who may see it, stamped when frozen."""

    code: str
    """Unique within the kind, without the language: ``outlet:WL0001``, ``manager:M017``, ``org:WL``."""
    title: str
    org_unit_id: int
    org_path: str
    outlet_id: int | None = None
    manager_id: int | None = None
    partner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What documents gives to every drawing: identity, revision and the state of the data."""

    run_id: uuid.UUID
    number: str
    revision: int
    revision_reason: str
    made_at: datetime
    company: str
    language: str
    """``zh`` or ``en``."""
    check_code: str
    """Empty while freezing: documents seals the figures and fills both in."""
    verify_url: str


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A kind of report."""

    code: str
    name: str
    """Message id of its name."""
    cadence: str
    """DAILY, WEEKLY or MONTHLY."""
    permission: Permission
    """Whoever holds this in a document's territory may read it (besides the manager or outlet it is about)."""
    drawing_version: int
    subjects: Callable[[OrgUnit, Period], Sequence[Subject]]
    """Everyone below an org unit a document of this period is due for."""
    freeze: Callable[[Sequence[Subject], Period, Mapping[str, Head]], Iterator[tuple[Subject, Any]]]
    """Yield each subject with its frozen dataclass; heads are keyed by subject code. Set-based: no query a subject."""
    figures: type
    """The frozen dataclass, for reading stored figures back."""
    draw: Callable[[Any], bytes]
    ready: Callable[[Period], bool]
    """Whether the period's figures are final (a closed month, a week that is over)."""
    letters: str = ""
    """Letters of this kind in document numbers (``CS``); unique. The initials of the code unless given."""
    over: Callable[[Period], bool] | None = None
    """Whether a period's documents are past being ordered by a person; of most kinds they never are."""
    not_ready: str = NOT_FINAL
    """What is said of a period that a person may not order (a msgid)."""

    def may_be_ordered(self, period: Period) -> bool:
        """Return whether a person may order a period's documents now."""
        return self.ready(period) and not (self.over is not None and self.over(period))

    @property
    def number_letters(self) -> str:
        return self.letters or "".join(word[0] for word in self.code.split("_"))


class Drawing(Protocol):
    """A module of ``reports``: how it draws, and which version of its drawing this is."""

    @property
    def DRAWING_VERSION(self) -> int: ...  # noqa: N802  (a module's constant)

    def draw(self, figures: Any, /) -> bytes:
        """Return the document as PDF."""
        ...


def drawn_by(
    drawing: Drawing,
    figures: type,
    *,
    code: str,
    letters: str,
    name: str,
    cadence: str,
    permission: Permission,
    subjects: Callable[[OrgUnit, Period], Sequence[Subject]],
    freeze: Callable[[Sequence[Subject], Period, Mapping[str, Head]], Iterator[tuple[Subject, Any]]],
    ready: Callable[[Period], bool],
    over: Callable[[Period], bool] | None = None,
    not_ready: str = NOT_FINAL,
) -> ReportKind:
    """Return a kind that a module of ``reports`` draws from its figures."""
    return ReportKind(
        code=code,
        name=name,
        cadence=cadence,
        permission=permission,
        drawing_version=drawing.DRAWING_VERSION,
        subjects=subjects,
        freeze=freeze,
        figures=figures,
        draw=drawing.draw,
        ready=ready,
        letters=letters,
        over=over,
        not_ready=not_ready,
    )


def report_kinds() -> Mapping[str, ReportKind]:
    """Return every registered kind by its code."""
    kinds: Mapping[str, ReportKind] = current_app.extensions["agentnet.report_kinds"]
    return kinds


def report_kind(code: str) -> ReportKind:
    """Return one kind.

    Raises:
        Missing: ``report_kind_missing``.
    """
    found = report_kinds().get(code)
    if found is None:
        raise Missing("report_kind_missing", "没有这种报表")
    return found
