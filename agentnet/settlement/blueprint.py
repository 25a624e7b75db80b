"""The addresses of settlement: the keeper's drawer, closed days, remittances, the age of cash."""

from __future__ import annotations

from flask import Blueprint

from agentnet.settlement import drawer_views, list_views
from agentnet.settlement.ageing import calendar_views
from agentnet.settlement.ageing import views as ageing_views

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

blueprint.add_url_rule("/ageing", "ageing", ageing_views.ageing)
blueprint.add_url_rule("/ageing/stations", "ageing_stations", ageing_views.stations)
blueprint.add_url_rule("/outlets/<code>/accounts/<name>", "account", ageing_views.account)
BOTH = ["GET", "POST"]

blueprint.add_url_rule("/remittance-days", "calendar", calendar_views.calendar)
blueprint.add_url_rule("/remittance-days/<kind>", "kind_days", calendar_views.kind_days, methods=BOTH)
blueprint.add_url_rule("/outlets/<code>/remittance-days", "outlet_days", calendar_views.outlet_days)
blueprint.add_url_rule(
    "/outlets/<code>/remittance-days/change", "change_outlet_days", calendar_views.change_outlet_days, methods=BOTH
)
