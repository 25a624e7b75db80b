"""What corrections tell approvals: who decides each, how its page describes it, what carries it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from agentnet.approvals.kinds import ApprovalKind, Change, Described
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState
from agentnet.collecting.lookups import bills_due
from agentnet.collecting.models import Household
from agentnet.collecting.queries import tender_name
from agentnet.collecting.rules import allocate
from agentnet.core.clock import Month
from agentnet.core.masks import mask_address, mask_household_no, mask_name
from agentnet.core.money import Fen
from agentnet.infra.dates import day_text, month_text
from agentnet.infra.db import db
from agentnet.infra.i18n import in_english, money_text
from agentnet.ledger.queries import balance
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.outlets.models import Outlet
from agentnet.settlement.corrections.actions import CARRIED_OUT
from agentnet.settlement.corrections.queries import Corrected, changes_of, corrected_shown, months_of
from agentnet.settlement.corrections.rules import ADJUSTMENT, REFUND, WRONG_HOUSEHOLD, Held, given, take_back
from agentnet.settlement.corrections.words import ADJUSTMENT_WORDS, KINDS, PAY_BY
from agentnet.settlement.rules import COUNTERFEIT
from agentnet.users.permissions import Permission


def _household_text(household_id: int) -> str:
    household = db.session.get_one(Household, household_id)
    masked = (mask_household_no(household.household_no), mask_name(household.name), mask_address(household.address))
    return " · ".join(masked)


def _what(part: Held) -> str:
    if part.bill_month is None:
        return _("预存电费")
    return _("%(month)s电费", month=month_text(Month.parse(part.bill_month)))


def _collected(found: Corrected) -> list[tuple[str, str]]:
    collection = found.collection
    return [
        (_("收费网点"), f"{found.outlet.name} {found.outlet.code}"),
        (_("营业日"), day_text(collection.business_on)),
        (_("实收"), money_text(collection.amount_fen)),
        (_("支付方式"), tender_name(collection.tender, in_english())),
    ]


def _changes(approval: Approval, planned: Iterable[tuple[str, Fen, Fen]]) -> Sequence[Change]:
    """Return what would change, or, once it was carried out, what did."""
    if approval.state == ApprovalState.APPROVED:
        done = changes_of(approval.id)
        return [
            Change(
                f"{mask_household_no(db.session.get_one(Household, household_id).household_no)} {_what(part)}",
                "",
                ("+" if part.total_fen > 0 else "") + money_text(part.total_fen),
            )
            for household_id, part in done
        ]
    return [Change(what, money_text(before), money_text(after)) for what, before, after in planned]


def describe_refund(approval: Approval) -> Described:
    """Say whose money is given back, how, and what is due again."""
    content = approval.content
    found = corrected_shown(UUID(content["collection_id"]))
    way = PAY_BY[content["pay_by"]]
    facts = [
        (_("退给"), _household_text(content["household_id"])),
        (_("退费方式"), _(way)),
        *_collected(found),
    ]
    planned: list[tuple[str, Fen, Fen]] = []
    if found.standing is not None and not found.voided:
        taken = {part.bill_id: part.total_fen for part in take_back(content["amount_fen"], found.standing)}
        planned = [
            (_("已缴：%(what)s", what=_what(held)), held.total_fen, held.total_fen - taken.get(held.bill_id, 0))
            for held in found.standing.held
        ]
    return Described(facts, _changes(approval, planned), _receipt_url(approval))


def describe_move(approval: Approval) -> Described:
    """Say from which household to which, and what each has paid before and after."""
    content = approval.content
    found = corrected_shown(UUID(content["collection_id"]))
    to_id = content["to_household_id"]
    facts = [
        (_("原来记给"), _household_text(content["household_id"])),
        (_("应该缴给"), _household_text(to_id)),
        *_collected(found),
    ]
    planned: list[tuple[str, Fen, Fen]] = []
    if found.standing is not None and not found.voided:
        due = bills_due(db.session.connection(), [to_id]).get(to_id, [])
        paid = given(allocate(content["amount_fen"], due), months_of(bill.bill_id for bill in due))
        planned = [(_("原来那户已缴：%(what)s", what=_what(held)), held.total_fen, 0) for held in found.standing.held]
        planned += [(_("应该那户已缴：%(what)s", what=_what(held)), 0, held.total_fen) for held in paid]
    return Described(facts, _changes(approval, planned), _receipt_url(approval))


def _receipt_url(approval: Approval) -> str:
    return url_for("collecting.receipt", receipt_no=approval.subject_label)


def describe_adjustment(approval: Approval) -> Described:
    """Say which adjustment it is and what the outlet is short or over."""
    content = approval.content
    outlet = db.session.get_one(Outlet, content["outlet_id"])
    words = ADJUSTMENT_WORDS[content["adjustment"]]
    facts = [(_("调整"), _(words)), (_("网点"), f"{outlet.name} {outlet.code}")]
    if approval.state == ApprovalState.PENDING:
        short = balance(AccountKey(OUTLET, outlet.id, "OVER_SHORT"))
        suspected = balance(AccountKey(OUTLET, outlet.id, "OVER_SHORT", COUNTERFEIT))
        if short:
            facts.append((_("网点现在长短款"), money_text(-short)))
        if suspected:
            facts.append((_("网点现在的疑似假币"), money_text(suspected)))
    if approval.subject_kind == "DIFFERENCE":
        return Described(facts, (), url_for("reconciliation.difference", difference_id=int(approval.subject_id)))
    return Described(facts, (), url_for("outlets.show", code=outlet.code))


APPROVAL_KINDS: Sequence[ApprovalKind] = (
    ApprovalKind(REFUND, KINDS[REFUND], Permission.CORRECTION_APPROVE, CARRIED_OUT[REFUND], describe_refund),
    ApprovalKind(
        WRONG_HOUSEHOLD,
        KINDS[WRONG_HOUSEHOLD],
        Permission.HOUSEHOLD_CORRECT,
        CARRIED_OUT[WRONG_HOUSEHOLD],
        describe_move,
    ),
    ApprovalKind(
        ADJUSTMENT, KINDS[ADJUSTMENT], Permission.CORRECTION_APPROVE, CARRIED_OUT[ADJUSTMENT], describe_adjustment
    ),
)
