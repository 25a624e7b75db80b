"""What every document says about itself, and the refusal of figures that contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reports.texts import Language

Level = Literal["COMPANY", "CITY", "COUNTY", "STATION"]
"""The level of the organisation unit that a territory's document is about."""


class FiguresDisagree(ValueError):
    """Two frozen figures of one document contradict each other; a wrong total must never be printed."""


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """The head and foot of a document: who, which, made when and from what, and how to verify it.

    ``data_state`` says in the document's language what the figures rest on ("2026年10月已封账"). ``revision`` counts
    from 1; ``revision_reason`` says what changed if it is above 1. ``check_code`` and ``verify_url`` are printed as
    given (``reports.frozen.check_code_of`` makes the first).
    """

    language: Language
    company: str
    org_name: str
    number: str
    made_at: datetime
    data_state: str
    check_code: str
    verify_url: str
    revision: int = 1
    revision_reason: str = ""


def require_agreement(what: str, stated: int, added: int) -> None:
    """Do nothing if a stated total is what its parts add up to.

    Raises:
        FiguresDisagree: naming the total and both figures.
    """
    if stated != added:
        raise FiguresDisagree(f"{what}: stated {stated}, its parts add up to {added}")
