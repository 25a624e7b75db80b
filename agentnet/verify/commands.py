"""``agentnet verify``: run every check, name every difference, end with a status a script can trust."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import click
from flask import Flask
from sqlalchemy import Connection

from agentnet.infra.clikit import answer, progress
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.verify import (
    ageing,
    approvals,
    audit,
    books,
    campaigns,
    closing,
    collections,
    commission,
    commission_outside,
    commission_papers,
    commission_sums,
    commission_terms,
    corrections,
    day_sheets,
    disputes,
    documents,
    duties,
    holding,
    mails,
    money,
    pay_backs,
    payout_people,
    payout_tax,
    payouts,
    provisional,
    reconciliation,
    reconciliation_papers,
    register,
    remedies,
    settled,
    settlement,
    slips,
    station_papers,
    trial_papers,
    trials,
)
from agentnet.verify.findings import Check, Finding

MOST_FINDINGS = 100
"""How many findings of one check are listed; the rest is counted."""

CHECKS: Sequence[Check] = tuple(
    Check(run.__name__, (run.__doc__ or "").split("\n")[0], run)
    for run in (
        money.balances_equal_history,
        money.balances_never_passed_their_limits,
        money.guarded_accounts_have_a_balance,
        money.reversals_mirror_their_original,
        money.owners_exist,
        collections.collections_equal_their_transfer,
        collections.no_transfer_without_its_collection,
        collections.allocations_add_up,
        collections.allocations_pay_the_right_household,
        collections.bills_paid_off_are_paid,
        collections.voids_reverse_the_same_day,
        collections.receipts_have_no_gap,
        collections.final_days_are_added_up,
        collections.requests_stand_behind_collections,
        settlement.closed_days_say_what_was_taken,
        settlement.closed_days_are_locked,
        settlement.counts_are_booked,
        settlement.deposits_moved_what_they_say,
        slips.slips_count_once,
        closing.closed_months_were_settled_or_signed,
        closing.months_closed_in_order,
        disputes.disputes_are_about_their_lines,
        disputes.answers_are_printed,
        commission_papers.year_sheets_add_up,
        commission_papers.partner_summaries_add_up,
        approvals.requests_are_decided_by_another,
        approvals.what_was_asked_is_unchanged,
        approvals.delegates_had_their_days,
        corrections.corrections_were_approved,
        corrections.corrections_moved_what_they_say,
        corrections.corrections_never_take_more_than_stands,
        corrections.refunds_are_paid_once,
        corrections.reversals_name_what_failed,
        ageing.ages_are_recomputed,
        ageing.deposits_say_how_late_they_were,
        ageing.suspensions_follow_the_rule,
        holding.cash_never_passed_its_ceiling,
        holding.collections_were_within_limits,
        holding.days_have_taken_what_they_say,
        holding.raises_had_two_people,
        holding.top_ups_moved_what_they_say,
        holding.guarantees_moved_what_they_say,
        pay_backs.float_pay_backs_moved_what_they_say,
        pay_backs.pay_backs_had_two_people,
        pay_backs.closed_outlets_hold_nothing,
        reconciliation.files_say_what_their_rows_say,
        reconciliation.lines_stand_once,
        reconciliation.matches_join_both_sides_once,
        reconciliation.rows_are_matched_or_named,
        reconciliation.ended_differences_have_an_end,
        reconciliation.fees_are_what_the_bank_kept,
        reconciliation.fees_of_no_deposit_are_booked,
        remedies.withdrawn_files_count_for_nothing,
        remedies.remedies_ended_their_difference,
        remedies.rows_were_mended_once,
        remedies.write_offs_moved_what_they_say,
        books.monthly_sums_are_their_transfers,
        books.exports_are_the_months_book,
        commission_terms.versions_say_what_was_agreed,
        commission.lines_are_recomputed,
        commission_terms.months_were_ruled,
        commission_outside.months_looked_at_what_was_there,
        campaigns.campaigns_count_their_days,
        settled.settled_lines_follow_the_money,
        commission.closed_months_are_complete,
        commission.lines_have_their_like,
        commission.corrections_are_followed,
        commission_sums.accruals_add_up,
        commission_sums.adjustments_are_paid_once,
        payouts.payouts_add_up,
        payouts.payout_parts_are_shares,
        payouts.nothing_is_paid_twice,
        payouts.payouts_moved_what_they_say,
        payout_people.payouts_had_two_people,
        payouts.held_outlets_were_not_paid,
        payout_tax.tax_is_what_the_table_says,
        payout_people.payments_went_to_their_payees,
        payout_people.payments_went_to_entered_accounts,
        payout_people.payout_office_is_as_told,
        payout_people.payout_steps_follow,
        mails.mails_hold_finished_papers,
        mails.mails_go_to_whom_they_concern,
        mails.mails_waited_for_the_approval,
        trials.trials_say_what_was_paid,
        trials.old_sheets_are_beside_what_was_due,
        register.active_outlets_have_their_managers,
        register.assignments_never_overlap,
        register.states_follow_history,
        duties.weeks_are_iso_weeks,
        duties.duties_are_planned,
        duties.visits_serve_their_duty,
        duties.managers_visit_their_own,
        documents.figures_are_as_frozen,
        documents.files_are_as_drawn,
        documents.statements_say_what_was_accrued,
        documents.duty_reports_say_what_was_done,
        day_sheets.day_sheets_say_what_happened,
        station_papers.station_papers_say_what_happened,
        trial_papers.trial_papers_say_what_the_book_says,
        provisional.provisional_statements_are_recomputed,
        reconciliation_papers.reconciliation_papers_say_what_was_found,
        audit.chain_is_whole,
    )
)


def findings_of(check: Check, connection: Connection) -> tuple[list[Finding], int]:
    """Return the first findings of a check and how many there are."""
    found = check.run(connection)
    listed = list(islice(found, MOST_FINDINGS))
    return listed, len(listed) + sum(1 for _ in found)


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_obj
def verify_command(app: Flask, as_json: bool) -> None:
    """Prove balances, commission, visits, documents and the audit trail from the rows. / 独立核验账目与报表。

    Uses SQL and arithmetic of its own. Exit status 0: everything agrees; 1: the differences are listed.
    """
    results, lines, total = [], [], 0
    with app.app_context(), reading():
        connection = db.session.connection()
        for check in progress(CHECKS, "verify"):
            listed, count = findings_of(check, connection)
            total += count
            results.append(
                {
                    "check": check.name,
                    "proves": check.proves,
                    "count": count,
                    "findings": [{"check": one.check, "subject": one.subject, "says": one.says} for one in listed],
                }
            )
            lines.append(f"{'ok ' if count == 0 else 'NOT'} {check.name.replace('_', ' ')}")
            lines.extend(f"      {one.check}: {one.subject}: {one.says}" for one in listed)
            if count > len(listed):
                lines.append(f"      ... and {count - len(listed)} more")
        tail = audit.unsealed_tail(connection)
    lines.append(f"audit lines not sealed yet: {tail}")
    lines.append("everything agrees" if total == 0 else f"{total} differences")
    answer({"agrees": total == 0, "differences": total, "unsealed": tail, "checks": results}, lines, as_json)
    if total:
        raise SystemExit(1)
