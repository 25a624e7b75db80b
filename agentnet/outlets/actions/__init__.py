"""What can be done to the register: verbs that write an audit line and never commit."""

from agentnet.outlets.actions.agreement import NewAgreement, end_agreement, sign_agreement
from agentnet.outlets.actions.assignment import assign_manager, end_assignment, hand_over
from agentnet.outlets.actions.leaving import HandOver, hand_over_all
from agentnet.outlets.actions.lifecycle import advance_outlet
from agentnet.outlets.actions.manager import ManagerFacts, change_manager, register_manager, set_manager_photo
from agentnet.outlets.actions.offer import (
    install_terminal,
    open_tender,
    remove_terminal,
    set_opening_hours,
    set_services,
    set_tenders,
)
from agentnet.outlets.actions.outlet import NewOutlet, OutletFacts, change_outlet, move_outlet, register_outlet
from agentnet.outlets.actions.partner import PartnerFacts, change_partner, register_partner
from agentnet.outlets.actions.village import dock_village, undock_village

__all__ = [
    "HandOver",
    "ManagerFacts",
    "NewAgreement",
    "NewOutlet",
    "OutletFacts",
    "PartnerFacts",
    "advance_outlet",
    "assign_manager",
    "change_manager",
    "change_outlet",
    "change_partner",
    "dock_village",
    "end_agreement",
    "end_assignment",
    "hand_over",
    "hand_over_all",
    "install_terminal",
    "move_outlet",
    "open_tender",
    "register_manager",
    "register_outlet",
    "register_partner",
    "remove_terminal",
    "set_manager_photo",
    "set_opening_hours",
    "set_services",
    "set_tenders",
    "sign_agreement",
    "undock_village",
]
