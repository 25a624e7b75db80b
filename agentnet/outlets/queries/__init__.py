"""What can be asked of the register. Queries never write."""

from agentnet.outlets.queries.dated import (
    ManagerAt,
    agreement_on,
    assignments_on,
    enabled_tenders,
    hours_of,
    managers_of,
    readiness_on,
    services_of,
    tenders_of,
)
from agentnet.outlets.queries.permitted import (
    held_on,
    in_post,
    manager_for,
    outlet_for,
    own_manager,
    partner_by_code,
    under,
    unit_for,
    units_of,
    visible_managers,
    visible_outlets,
)

__all__ = [
    "ManagerAt",
    "agreement_on",
    "assignments_on",
    "enabled_tenders",
    "held_on",
    "hours_of",
    "in_post",
    "manager_for",
    "managers_of",
    "outlet_for",
    "own_manager",
    "partner_by_code",
    "readiness_on",
    "services_of",
    "tenders_of",
    "under",
    "unit_for",
    "units_of",
    "visible_managers",
    "visible_outlets",
]
