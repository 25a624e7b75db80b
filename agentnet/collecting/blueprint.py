"""The addresses of collecting: the counter, receipts, lists, households, and the public proof of a receipt."""

from __future__ import annotations

from flask import Blueprint

from agentnet.collecting import list_views, receipt_views, views
from agentnet.collecting.words import grouped_number
from agentnet.core.clock import Month

blueprint = Blueprint("collecting", __name__)
blueprint.add_app_template_filter(grouped_number, "grouped_number")
blueprint.add_app_template_filter(Month.parse, "as_month")

blueprint.add_url_rule("/collect", "start", views.start)
blueprint.add_url_rule("/collect/today", "today", list_views.today_list)
blueprint.add_url_rule("/collect/status/<id_>", "status", views.status)
blueprint.add_url_rule("/collect/<household_no>", "take", views.take, methods=["GET", "POST"])
blueprint.add_url_rule("/collect/<household_no>/record", "record", views.record, methods=["POST"])

blueprint.add_url_rule("/receipts/<receipt_no>", "receipt", receipt_views.receipt)
blueprint.add_url_rule("/receipts/<receipt_no>.pdf", "receipt_pdf", receipt_views.receipt_pdf)
blueprint.add_url_rule("/receipts/<receipt_no>/void", "void", receipt_views.void, methods=["GET", "POST"])
blueprint.add_url_rule("/r/<token>", "proof", receipt_views.proof)

blueprint.add_url_rule("/collections", "collections", list_views.collections)
blueprint.add_url_rule("/collections.<kind>", "export", list_views.export)
blueprint.add_url_rule("/households", "households", list_views.households)
blueprint.add_url_rule("/households/<household_no>", "household", list_views.household)
blueprint.add_url_rule("/households/<household_no>/reveal", "reveal", list_views.reveal, methods=["POST"])
