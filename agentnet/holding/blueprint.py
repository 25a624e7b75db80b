"""The addresses of held money: float and top-ups, guarantee deposits, limits, who is near them."""

from __future__ import annotations

from flask import Blueprint

from agentnet.holding import deposit_views, limit_views, top_up_views

blueprint = Blueprint("holding", __name__)

_BOTH = ["GET", "POST"]

blueprint.add_url_rule("/float", "float", top_up_views.float_page)
blueprint.add_url_rule("/float/top-up", "top_up", top_up_views.top_up, methods=_BOTH)
blueprint.add_url_rule("/float/top-up/record", "top_up_record", top_up_views.top_up_record, methods=["POST"])
blueprint.add_url_rule("/top-ups", "top_ups", top_up_views.top_ups)
blueprint.add_url_rule("/top-ups/<id_>", "top_up_page", top_up_views.top_up_page)
blueprint.add_url_rule("/top-ups/<id_>/confirm", "confirm", top_up_views.confirm, methods=["POST"])
blueprint.add_url_rule("/top-ups/<id_>/reject", "reject", top_up_views.reject, methods=["POST"])

_DEPOSIT = "/outlets/<code>/deposit"
blueprint.add_url_rule(_DEPOSIT, "deposit", deposit_views.deposit)
blueprint.add_url_rule(f"{_DEPOSIT}/receive", "receive", deposit_views.receive, methods=_BOTH)
blueprint.add_url_rule(f"{_DEPOSIT}/receive/record", "receive_record", deposit_views.receive_record, methods=["POST"])
_PAY_BACK = "/outlets/<code>/pay-back/<what>"
blueprint.add_url_rule(_PAY_BACK, "pay_back", deposit_views.pay_back, methods=_BOTH)
blueprint.add_url_rule(f"{_PAY_BACK}/record", "pay_back_record", deposit_views.pay_back_record, methods=["POST"])

blueprint.add_url_rule("/near-limits", "near", limit_views.near)
blueprint.add_url_rule("/limits", "limits", limit_views.limits)
for _place, _name in (("/limits/<kind>", "kind"), ("/outlets/<code>/limits", "outlet")):
    blueprint.add_url_rule(_place, f"{_name}_limits", getattr(limit_views, f"{_name}_limits"))
    blueprint.add_url_rule(
        f"{_place}/set", f"set_{_name}_limits", getattr(limit_views, f"set_{_name}_limits"), methods=_BOTH
    )
    blueprint.add_url_rule(
        f"{_place}/set/record",
        f"set_{_name}_limits_record",
        getattr(limit_views, f"set_{_name}_limits_record"),
        methods=["POST"],
    )
