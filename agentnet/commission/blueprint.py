"""The addresses of commission."""

from __future__ import annotations

from flask import Blueprint

from agentnet.commission import adjustment_views, plan_views, views
from agentnet.commission.abuse import views as abuse_views
from agentnet.commission.parallel import views as parallel_views
from agentnet.commission.whatif import ask_views
from agentnet.commission.whatif import views as whatif_views

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
add("/commission/what-if", "what_ifs", whatif_views.what_ifs)
add("/commission/what-if/new", "new_what_if", ask_views.new_what_if, methods=["GET", "POST"])
add("/commission/what-if/<uuid:what_if_id>", "what_if", whatif_views.what_if)
add("/commission/what-if/<uuid:what_if_id>/outlets.<kind>", "what_if_export", whatif_views.export)
add("/commission/what-if/<uuid:what_if_id>/outlets/<code>", "what_if_outlet", whatif_views.outlet)
add("/commission/patterns", "patterns", abuse_views.patterns)
add("/commission/patterns/look", "look_for_patterns", abuse_views.look, methods=["POST"])
add("/commission/patterns/findings.<kind>", "pattern_export", abuse_views.export)
add("/commission/patterns/<int:finding_id>", "pattern", abuse_views.pattern)
add("/commission/patterns/<int:finding_id>/mark", "mark_pattern", abuse_views.mark, methods=["POST"])
add("/commission/parallel", "old_sheets", parallel_views.sheets)
add("/commission/parallel/new", "new_old_sheet", parallel_views.new_sheet, methods=["GET", "POST"])
add("/commission/parallel/template.<kind>", "old_sheet_template", parallel_views.template)
add("/commission/parallel/<uuid:sheet_id>", "old_sheet", parallel_views.sheet)
add("/commission/parallel/<uuid:sheet_id>/lines.<kind>", "old_sheet_export", parallel_views.export)
add("/commission/parallel/<uuid:sheet_id>/accept", "accept_differences", parallel_views.accept_cause, methods=["POST"])
add("/commission/parallel/<uuid:sheet_id>/lines/<int:line_id>", "old_sheet_line", parallel_views.line)
add(
    "/commission/parallel/<uuid:sheet_id>/lines/<int:line_id>/accept",
    "accept_difference",
    parallel_views.accept_line,
    methods=["POST"],
)
