"""Campaigns for tests, straight through the actions."""

from datetime import date

from agentnet.infra.transaction import batch
from agentnet.outlets.campaigns.actions import CampaignFacts, add_outlets, end_participation, register_campaign
from agentnet.outlets.campaigns.queries import Chosen
from tests import world

NOVEMBER_1, DECEMBER_1 = date(2026, 11, 1), date(2026, 12, 1)


def a_campaign(*outlets, code="ZNJF", starts_on=NOVEMBER_1, ends_on=DECEMBER_1, joined_on=None, left_on=None):
    """Enter a campaign of November with some outlets, each found by its code; return its code."""
    with batch():
        adam = world.actor("adam")
        register_campaign(code, CampaignFacts("跨业联动，助农缴费", starts_on, ends_on, "邮政网点代农户缴费"), adam)
        for outlet in outlets:
            add_outlets(code, Chosen(words=outlet), 1, joined_on or starts_on, adam)
            if left_on:
                end_participation(code, outlet, left_on, adam)
    return code
