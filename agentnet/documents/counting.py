"""How many documents a list finds, without counting thousands of them for each page."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import Select, func, select

from agentnet.documents.kinds import report_kinds
from agentnet.documents.models import Run
from agentnet.documents.queries import RunFilter, conditions_of, is_everywhere, office_paths, sees_everything
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.statements import built_once
from agentnet.users.permissions import Permission, grants_for, may


@built_once
def _counted_runs(viewer: Actor, wanted: RunFilter, most: int, _kinds: tuple[str, ...]) -> Select[int]:
    conditions = conditions_of(viewer, wanted)
    if sees_everything(viewer):
        conditions[0] = Run.kind.in_(list(report_kinds()))  # nothing is sorted here: the index of kinds may count
    found = select(Run.id).where(*conditions).limit(most).subquery()
    return select(func.count()).select_from(found)


@built_once
def _counted_everywhere(viewer: Actor, language: str, most: int, _kinds: tuple[str, ...]) -> tuple[Any, Select[int]]:
    """Return what is sure to be seen, the kinds whose every document the viewer sees, and the count of it."""
    seen = may(viewer, Permission.DOCUMENT_READ)
    kinds = tuple(
        kind.code
        for kind in report_kinds().values()
        if seen and is_everywhere(office_paths(grants_for(viewer, kind.permission)))
    )
    found = select(Run.id).where(Run.kind.in_(kinds), *([Run.language == language] if language else ()))
    return (kinds, language, most), select(func.count()).select_from(found.limit(most).subquery())


def count_runs(viewer: Actor, wanted: RunFilter, most: int) -> int:
    """Return how many documents a filter finds, counting no further than ``most``.

    No document is ever taken away: where there were once as many that are sure to be seen, nobody counts them again.
    """
    kinds = tuple(report_kinds())
    enough: set[Any] = current_app.extensions.setdefault("agentnet.enough_documents", set())
    sure, everywhere = _counted_everywhere(viewer, wanted.language, most, kinds)
    narrowed = wanted != RunFilter(language=wanted.language)
    if not narrowed and sure in enough:
        return most
    [count] = rows_of(_counted_runs(viewer, wanted, most, kinds))
    if not narrowed and count >= most and rows_of(everywhere) == [most]:
        enough.add(sure)
    return int(count)
