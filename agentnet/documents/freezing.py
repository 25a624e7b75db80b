"""Freezing: figures become canonical JSON that a drawing can be made from at any time, sealed with a check code.

The hash that the check code covers leaves out the code itself and the address that holds it; everything else printed
is in it.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import current_app

from agentnet.documents.kinds import Head, Period, ReportKind, Subject
from agentnet.documents.rules import check_code, document_number, span_of
from reports.frozen import from_json, to_json


@dataclass(frozen=True, slots=True)
class Company:
    """What every document's head says of the company: its code and its name in the document's language."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """One document's sealed figures."""

    subject: Subject
    head: Head
    stored: bytes
    sha256: str


def head_for(
    kind: ReportKind,
    period: Period,
    company: Company,
    language: str,
    *,
    run_id: Any,
    serial: int,
    revision: int,
    reason: str,
    made_at: datetime,
) -> Head:
    """Return the head of a document that is about to be frozen, check code and address still empty."""
    span = span_of(period.starts_on, period.ends_on)
    return Head(
        run_id=run_id,
        number=document_number(company.code, kind.number_letters, span, serial, revision),
        revision=revision,
        revision_reason=reason,
        made_at=made_at,
        company=company.name,
        language=language,
        check_code="",
        verify_url="",
    )


def freeze(kind: ReportKind, subjects: Sequence[Subject], period: Period, heads: dict[str, Head]) -> Iterator[Frozen]:
    """Freeze and seal each subject's figures; ``heads`` by subject code.

    Raises:
        RuntimeError: if the kind froze other subjects than it was asked to.
    """
    wanted = {subject.code for subject in subjects}
    for subject, figures in kind.freeze(subjects, period, heads):
        if subject.code not in wanted:
            raise RuntimeError(f"{kind.code} froze {subject.code} twice or unasked")
        wanted.discard(subject.code)
        yield _sealed(subject, figures, heads[subject.code])
    if wanted:
        raise RuntimeError(f"{kind.code} froze nothing for {sorted(wanted)[:3]}")


def _sealed(subject: Subject, figures: Any, head: Head) -> Frozen:
    settings = current_app.extensions["agentnet"]
    bare = replace(figures, head=replace(figures.head, check_code="", verify_url=""))
    unsealed = to_json(bare)
    code = check_code(settings.secret_key, hashlib.sha256(unsealed).hexdigest())
    url = f"{settings.public_url}/d/{head.number}?c={code}"
    # Spelling a long statement is what freezing costs; only the head differs, so only the head is spelled again.
    sealed_head = replace(bare.head, check_code=code, verify_url=url)
    text = unsealed.replace(b'"head":' + to_json(bare.head), b'"head":' + to_json(sealed_head), 1)
    return Frozen(
        subject=subject,
        head=replace(head, check_code=code, verify_url=url),
        stored=zlib.compress(text),
        sha256=hashlib.sha256(text).hexdigest(),
    )


def read_figures(kind: ReportKind, stored: bytes) -> Any:
    """Return a document's figures as the dataclass its drawing takes.

    Raises:
        reports.frozen.FrozenShape: if they are not what the drawing expects.
    """
    return from_json(kind.figures, zlib.decompress(stored))


def same_figures(stored: bytes, other: bytes) -> bool:
    """Return whether two documents say the same, whatever their heads say of number, revision and time."""
    first, second = (json.loads(zlib.decompress(one)) for one in (stored, other))
    return {**first, "head": None} == {**second, "head": None}
