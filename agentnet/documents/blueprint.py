"""The addresses of documents and schedules."""

from __future__ import annotations

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from agentnet.documents import order_views, schedule_views, views
from agentnet.documents.display import init_words

blueprint = Blueprint("documents", __name__)

add = blueprint.add_url_rule
add("/documents", "documents", views.documents)
add("/documents/archive.zip", "archive", views.archive)
add("/documents/new", "order", order_views.order, methods=["GET", "POST"])
add("/documents/orders/<uuid:order_id>", "progress", order_views.progress)
add("/documents/orders/<uuid:order_id>/retry", "reopen_order", order_views.reopen_order, methods=["POST"])
add("/documents/retry", "retry_all", views.retry_all, methods=["POST"])
add("/documents/schedules", "schedules", schedule_views.list_schedules)
add("/documents/schedules/new", "add_schedule", schedule_views.add_schedule, methods=["GET", "POST"])
add(
    "/documents/schedules/<int:schedule_id>", "change_schedule", schedule_views.change_schedule, methods=["GET", "POST"]
)
add(
    "/documents/schedules/<int:schedule_id>/switch",
    "switch_schedule",
    schedule_views.switch_schedule,
    methods=["POST"],
)
add("/documents/<number>", "document", views.document)
add("/documents/<number>/preview.pdf", "preview", views.preview)
add("/documents/<number>/download", "download", views.download)
add("/documents/<number>/retry", "retry", views.retry, methods=["POST"])
add("/documents/<number>/revise", "revise", views.revise, methods=["GET", "POST"])
add("/d/<number>", "genuine", views.genuine)


@blueprint.record_once
def words(state: BlueprintSetupState) -> None:
    """Give the application's templates the words of documents."""
    init_words(state.app)
