"""The pages about visits, side by side on top of each; every reader sees those they may open."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from agentnet.core.words import translatable
from agentnet.users.guard import viewer
from agentnet.users.permissions import Permission, may

TABS: Sequence[tuple[str, str, Permission, str]] = (
    ("duties", "visits.duties", Permission.VISIT_LOG, translatable("本周走访")),
    ("compliance", "visits.compliance", Permission.COMPLIANCE_READ, translatable("走访完成率")),
    ("log", "visits.log", Permission.VISIT_READ, translatable("走访记录")),
    ("needs", "visits.needs", Permission.VISIT_READ, translatable("村民需求")),
    ("workdays", "workdays.year", Permission.COMPLIANCE_READ, translatable("工作日历")),
)


def give_tabs(blueprint: Blueprint) -> None:
    """Let every template ask for the tabs with ``visit_tabs()``."""

    @blueprint.app_context_processor
    def tabs() -> dict[str, object]:
        return {"visit_tabs": visit_tabs}


def visit_tabs() -> list[tuple[str, str, str]]:
    """Return name, endpoint and words, as written, of the pages the viewer may open."""
    actor = viewer()
    return [(name, endpoint, words) for name, endpoint, permission, words in TABS if may(actor, permission)]
