"""The addresses of mail."""

from __future__ import annotations

from flask import Blueprint

from agentnet.commission.mailing import views

blueprint = Blueprint("mailing", __name__, url_prefix="/payouts/mails")

add = blueprint.add_url_rule
add("", "mails", views.mails)
add("/month", "month", views.month, methods=["GET", "POST"])
add("/again", "all_again", views.all_again, methods=["POST"])
add("/addresses", "addresses", views.addresses)
add("/addresses/set", "address", views.address, methods=["GET", "POST"])
add("/addresses/remove", "remove_address", views.remove_address, methods=["POST"])
add("/<uuid:mail_id>", "mail", views.mail)
add("/<uuid:mail_id>/again", "again", views.again, methods=["POST"])
add("/<uuid:mail_id>/settle", "settle", views.settled, methods=["POST"])
add("/<uuid:mail_id>/returned", "returned", views.returned, methods=["POST"])
