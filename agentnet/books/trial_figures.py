"""The figures of the printed trial balance: a unit's closed month, named in the document's language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from flask_babel import gettext as _

from agentnet.books.queries import sums_by_unit
from agentnet.books.rules import Moved, TrialLine, on_side, trial_balance_of
from agentnet.books.words import LINES, SIDES
from agentnet.core.clock import Month
from agentnet.divisions.models import OrgUnit
from agentnet.documents.heads import Units, document_head, in_language, unit_subjects
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.dates import month_text
from agentnet.ledger.rules import DEBIT, OUTLET
from reports.head import Level
from reports.trial_balance import TrialPaper, TrialRow


def trial_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return a unit and those below it whose accounts held or moved something by the end of the month."""
    units = Units().by_id
    found = sums_by_unit(Month.of(period.starts_on))
    paths = [units[unit_id].path for unit_id in found if unit_id in units]
    if 0 in found:  # households' and partners' accounts are the company's
        paths += [unit.path for unit in units.values() if unit.parent_id is None]
    return unit_subjects(org_unit, paths)


def freeze_trials(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, TrialPaper]]:
    """Yield each unit's month; the book is read once for all units together."""
    month, units = Month.of(period.starts_on), Units()
    by_unit = sums_by_unit(month)
    for subject in subjects:
        unit = units.by_id[subject.org_unit_id]
        whole = unit.parent_id is None
        sums: dict[tuple[str, str, str], Moved] = defaultdict(Moved)
        for unit_id, found in by_unit.items():
            if whole or (unit_id in units.by_id and units.by_id[unit_id].path.startswith(unit.path)):
                for key, moved in found.items():
                    sums[key] += moved
        balance = trial_balance_of(sums, whole)
        head = heads[subject.code]
        with in_language(head.language):
            printed = document_head(head, units, unit.id, _("%(month)s已封账", month=month_text(month)))
            rows = tuple(_row(line) for line in balance.lines)
        yield (
            subject,
            TrialPaper(
                head=printed,
                period=month,
                level=cast(Level, unit.kind),
                org_code=unit.code,
                rows=rows,
                outside_opening_fen=balance.outside.opening_fen,
                outside_debit_fen=balance.outside.debit_fen,
                outside_credit_fen=balance.outside.credit_fen,
                debit_fen=balance.total.debit_fen,
            ),
        )


def _row(line: TrialLine) -> TrialRow:
    outlet = line.owner_kind == OUTLET
    return TrialRow(
        owner_kind=line.owner_kind,
        name=_(LINES[line.owner_kind, line.code]),
        side=_(SIDES[line.normal_side]),
        debit_normal=line.normal_side == DEBIT,
        opening_fen=line.opening_fen,
        debit_fen=line.whole.debit_fen,
        credit_fen=line.whole.credit_fen,
        closing_fen=line.closing_fen,
        urban_fen=on_side(line.urban.closing_fen, line.normal_side) if outlet else None,
        rural_fen=on_side(line.rural.closing_fen, line.normal_side) if outlet else None,
    )
