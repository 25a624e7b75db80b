"""The addresses of the register."""

from __future__ import annotations

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from agentnet.outlets.campaigns import views as campaigns
from agentnet.outlets.display import init_words
from agentnet.outlets.views import (
    agreements,
    assignments,
    leaving,
    lists,
    managers,
    offer,
    outlet,
    partners,
    steps,
    villages,
)
from agentnet.outlets.views.common import EDIT

blueprint = Blueprint("outlets", __name__)

add = blueprint.add_url_rule
add("/outlets", "index", lists.index)
add("/outlets/list.<ending>", "export", lists.export)
add("/outlets/new", "new", outlet.new, methods=EDIT)
add("/outlets/<code>", "show", outlet.show)
add("/outlets/<code>/edit", "edit", outlet.edit, methods=EDIT)
add("/outlets/<code>/move", "move", outlet.move, methods=EDIT)
add("/outlets/<code>/step/<state>", "step", steps.step, methods=EDIT)
add("/outlets/<code>/hours", "hours", offer.hours, methods=EDIT)
add("/outlets/<code>/offer", "offer", offer.offer, methods=EDIT)
add("/outlets/<code>/terminals/new", "new_terminal", offer.new_terminal, methods=EDIT)
add("/outlets/<code>/terminals/<serial_no>/remove", "remove_terminal", offer.remove_terminal_page, methods=EDIT)
add("/outlets/<code>/agreements/new", "new_agreement", agreements.new, methods=EDIT)
add("/outlets/<code>/agreements/<number>/end", "end_agreement", agreements.end, methods=EDIT)
add("/outlets/<code>/agreements/<number>/document", "agreement_document", agreements.document)
add("/outlets/<code>/managers/<slot>", "assign", assignments.assign, methods=EDIT)
add("/outlets/<code>/managers/<slot>/end", "end_assignment", assignments.end, methods=EDIT)
add("/managers", "managers", managers.managers)
add("/managers/new", "new_manager", managers.new_manager, methods=EDIT)
add("/managers/<code>", "manager", managers.manager)
add("/managers/<code>/photo.jpg", "manager_photo", managers.photo)
add("/managers/<code>/edit", "edit_manager", managers.edit_manager, methods=EDIT)
add("/managers/<code>/leave", "leave", leaving.leave, methods=EDIT)
add("/partners", "partners", partners.partners)
add("/partners/new", "new_partner", partners.new_partner, methods=EDIT)
add("/partners/<code>/edit", "edit_partner", partners.edit_partner, methods=EDIT)
add("/campaigns", "campaigns", campaigns.campaigns)
add("/campaigns/new", "new_campaign", campaigns.new_campaign, methods=EDIT)
add("/campaigns/<code>", "campaign", campaigns.campaign)
add("/campaigns/<code>/edit", "edit_campaign", campaigns.edit_campaign, methods=EDIT)
add("/campaigns/<code>/outlets/add", "add_to_campaign", campaigns.add_to_campaign, methods=EDIT)
add("/campaigns/<code>/outlets/<outlet_code>/end", "leave_campaign", campaigns.leave_campaign, methods=EDIT)
add("/dockings", "dockings", villages.dockings)
add("/dockings/<division_code>/new", "dock", villages.dock, methods=EDIT)
add("/dockings/<division_code>/end", "undock", villages.undock, methods=EDIT)
add("/tenders", "tenders", offer.tenders)
add("/tenders/<code>", "switch_tender", offer.switch_tender, methods=["POST"])


@blueprint.record_once
def words(state: BlueprintSetupState) -> None:
    """Give the application's templates the words of the register."""
    init_words(state.app)
