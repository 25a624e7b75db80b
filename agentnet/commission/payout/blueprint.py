"""The addresses of payouts."""

from __future__ import annotations

from flask import Blueprint

from agentnet.commission.payout import office_views, views
from agentnet.commission.payout.account_rules import mask_account

blueprint = Blueprint("payout", __name__)
blueprint.add_app_template_filter(mask_account, "mask_account")

add = blueprint.add_url_rule
add("/payouts", "batches", views.batches)
add("/payouts/new", "new_batch", views.new_batch, methods=["GET", "POST"])
add("/payouts/payees", "payees", office_views.payees)
add("/payouts/payees/new", "new_payee", office_views.new_payee, methods=["GET", "POST"])
add("/payouts/holds", "holds", office_views.holds)
add("/payouts/holds", "hold", office_views.hold, methods=["POST"])
add("/payouts/holds/<id_>/lift", "lift", office_views.lift, methods=["GET", "POST"])
add("/payouts/settings", "settings", office_views.settings, methods=["GET", "POST"])
add("/payouts/settings/sheet", "layout", office_views.layout, methods=["GET", "POST"])
add("/payouts/payments/<id_>/confirm", "confirm_payment", views.confirm_payment, methods=["POST"])
add("/payouts/payments/<id_>/return", "return_payment", views.return_payment, methods=["GET", "POST"])
add("/payouts/<id_>", "batch", views.batch)
add("/payouts/<id_>/check", "check", views.check_batch, methods=["POST"])
add("/payouts/<id_>/pay", "pay", views.pay_batch, methods=["GET", "POST"])
add("/payouts/<id_>/cancel", "cancel", views.cancel_batch, methods=["GET", "POST"])
add("/payouts/<id_>/confirm", "confirm_all", views.confirm_all, methods=["POST"])
add("/payouts/<id_>/file", "bank_file", office_views.bank_file, methods=["POST"])
