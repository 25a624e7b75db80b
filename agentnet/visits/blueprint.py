"""The addresses of duties, visits, needs and compliance."""

from __future__ import annotations

from flask import Blueprint

from agentnet.visits import compliance_views, need_views, views
from agentnet.visits.tabs import give_tabs

blueprint = Blueprint("visits", __name__)
give_tabs(blueprint)

blueprint.add_url_rule("/duties", "duties", views.duties)
blueprint.add_url_rule("/visits", "log", views.log)
blueprint.add_url_rule("/visits/new/<code>", "new", views.new, methods=["GET", "POST"])
blueprint.add_url_rule("/visits/<uuid:visit_id>", "show", views.show)
blueprint.add_url_rule("/visits/<uuid:visit_id>/photo", "photo", views.photo)
blueprint.add_url_rule("/visits/<uuid:visit_id>/strike", "strike", views.strike, methods=["POST"])
blueprint.add_url_rule("/compliance", "compliance", compliance_views.compliance)
blueprint.add_url_rule("/needs", "needs", need_views.listed)
blueprint.add_url_rule("/needs/<int:need_id>", "need", need_views.show)
blueprint.add_url_rule("/needs/<int:need_id>/close", "close_need", need_views.close, methods=["POST"])
