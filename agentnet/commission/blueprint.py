"""The addresses of commission."""

from __future__ import annotations

from flask import Blueprint

from agentnet.commission import adjustment_views, plan_views, views

blueprint = Blueprint("commission", __name__)

add = blueprint.add_url_rule
add("/commission", "overview", views.overview)
add("/commission/outlets", "outlets", views.outlets)
add("/commission/outlets/<code>", "outlet", views.outlet)
add("/commission/outlets/<code>/lines/<receipt_no>", "line", views.line)
add("/commission/lines.<kind>", "export", views.export)
add("/commission/plans", "plans", plan_views.plans)
add("/commission/plans/new", "new_plan", plan_views.new_plan, methods=["GET", "POST"])
add("/commission/plans/<code>", "plan", plan_views.plan)
add("/commission/plans/<code>/versions/new", "new_version", plan_views.new_version, methods=["GET", "POST"])
add("/commission/plans/<code>/plan.json", "plan_file", plan_views.plan_file)
add("/commission/plans/<code>/versions/from-file", "fill_from_file", plan_views.fill_from_file, methods=["POST"])
add("/commission/adjustments", "adjustments", adjustment_views.adjustments)
add("/commission/adjustments/new", "new_adjustment", adjustment_views.new_adjustment, methods=["GET", "POST"])
