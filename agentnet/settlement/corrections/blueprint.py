"""The addresses of corrections: asked for from a receipt, paid out, listed."""

from __future__ import annotations

from flask import Blueprint

from agentnet.settlement.corrections import views

blueprint = Blueprint("corrections", __name__)

_BOTH = ["GET", "POST"]

blueprint.add_url_rule("/receipts/<receipt_no>/refund", "refund", views.refund, methods=_BOTH)
blueprint.add_url_rule("/receipts/<receipt_no>/refund/record", "refund_record", views.refund_record, methods=["POST"])
blueprint.add_url_rule("/receipts/<receipt_no>/household", "move", views.move, methods=_BOTH)
blueprint.add_url_rule("/receipts/<receipt_no>/household/record", "move_record", views.move_record, methods=["POST"])
blueprint.add_url_rule("/receipts/<receipt_no>/reverse", "reverse", views.reverse, methods=_BOTH)
blueprint.add_url_rule("/refunds/<id_>/pay-cash", "pay_cash", views.pay_cash, methods=_BOTH)
blueprint.add_url_rule("/refunds/<id_>/pay-bank", "pay_bank", views.pay_bank, methods=_BOTH)
blueprint.add_url_rule("/corrections", "corrections", views.corrections)
blueprint.add_url_rule("/corrections/adjust", "adjust", views.adjust, methods=_BOTH)
blueprint.add_url_rule("/corrections/adjust/record", "adjust_record", views.adjust_record, methods=["POST"])
