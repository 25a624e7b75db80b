"""The addresses of settlement: the keeper's drawer, closed days, remittances."""

from __future__ import annotations

from flask import Blueprint

from agentnet.settlement import drawer_views, list_views

blueprint = Blueprint("settlement", __name__)

blueprint.add_url_rule("/drawer", "drawer", drawer_views.drawer)
blueprint.add_url_rule("/drawer/close", "close", drawer_views.close, methods=["GET", "POST"])
blueprint.add_url_rule("/drawer/close/record", "close_record", drawer_views.close_record, methods=["POST"])
blueprint.add_url_rule("/drawer/remit", "declare", drawer_views.declare, methods=["GET", "POST"])
blueprint.add_url_rule("/drawer/remit/record", "declare_record", drawer_views.declare_record, methods=["POST"])

blueprint.add_url_rule("/days", "days", list_views.days)
blueprint.add_url_rule("/outlets/<code>/days/<day>", "day", list_views.day)
blueprint.add_url_rule("/remittances", "remittances", list_views.remittances)
blueprint.add_url_rule("/remittances/<id_>", "remittance", list_views.remittance)
blueprint.add_url_rule("/remittances/<id_>/photo", "slip_photo", list_views.slip_photo)
blueprint.add_url_rule("/remittances/<id_>/confirm", "confirm", list_views.confirm, methods=["POST"])
blueprint.add_url_rule("/remittances/<id_>/reject", "reject", list_views.reject, methods=["POST"])
