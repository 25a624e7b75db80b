"""The addresses of the books."""

from __future__ import annotations

from flask import Blueprint

from agentnet.books import journal_views, views

blueprint = Blueprint("books", __name__)

blueprint.add_url_rule("/ledger", "trial", views.trial)
blueprint.add_url_rule("/ledger/lines/<owner_kind>/<code>", "line", views.line)
blueprint.add_url_rule("/ledger/accounts/<int:account_id>", "account", views.account)

blueprint.add_url_rule("/ledger/journal", "journal", journal_views.journal, methods=["GET", "POST"])
blueprint.add_url_rule("/ledger/journal/<name>", "mapping", journal_views.mapping, methods=["GET", "POST"])
blueprint.add_url_rule(
    "/ledger/journal/<name>/accounts", "account_target", journal_views.account_target, methods=["POST"]
)
blueprint.add_url_rule("/ledger/journal/<name>/<month>", "hand_over", journal_views.hand_over, methods=["GET", "POST"])
blueprint.add_url_rule("/ledger/journal/<name>/<month>/file", "journal_file", journal_views.journal_file)
