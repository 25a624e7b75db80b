"""What a unit's day or month comes to beside the files of partners and banks: taken in, tied, open, ended.

Every row of a file stands in one of four places, and the four add up to the file; what does not is never printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentnet.core.money import Fen, rmb_capitals
from reports.head import require_agreement
from reports.kit import blocks
from reports.kit.fonts import own_words
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, amount_text, count_text, day_text, period_text
from reports.reconciled import EndedDifference, FileShare, MissingFile, OpenDifference, Reconciliation, UntiedOutlet
from reports.texts import words
from reports.texts_books import RECONCILIATION

DRAWING_VERSION: Final = 2

LATE_DAYS: Final = 7
"""A difference open for longer is late."""

LEGS: Final = ("FILE", "COUNT", "CARDS", "BANK")

BANK: Final = "BANK"


_PRIMING = Priming(
    RECONCILIATION,
    regular="中国邮政储蓄银行便利店村站报刊亭",
    bold=(
        "reconciliation_title_day", "reconciliation_title_month", "reconciliation_open", "reconciliation_files_heading", "reconciliation_tie_heading",
        "reconciliation_missing_heading", "reconciliation_untied_heading", "reconciliation_kinds_heading",
        "reconciliation_open_heading", "reconciliation_ended_heading", "reconciliation_kind", "reconciliation_where",
        "reconciliation_amount", "reconciliation_business_on", "reconciliation_owner",
    ),
)  # fmt: skip


def draw(report: Reconciliation) -> bytes:
    """Return the report as PDF.

    Raises:
        FiguresDisagree: if a file's rows are not in its four places, or a total is not the sum of its rows.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a kind, an end or a figure of the tie has no word.
    """
    _require_sums(report)
    language = report.head.language
    text = words(language)
    paper = Paper(
        report.head,
        text[
            "reconciliation_title_day"
            if (report.ends_on - report.starts_on).days == 1
            else "reconciliation_title_month"
        ],
        report.head.org_name,
        period_text(report.starts_on, report.ends_on, language),
        _PRIMING.primers(language),
        aside=f"{text['level_' + report.level.lower()]} {report.org_code}",
    )
    late = [one for one in report.open if one.age_days > LATE_DAYS]
    blocks.answer_box(
        paper,
        text["reconciliation_open"],
        amount_text(report.open_fen),
        f"{text['yuan']}  {text['reconciliation_open_count'] % {'count': count_text(len(report.open))}}",
        rmb_capitals(report.open_fen),
        (
            (text["reconciliation_collected"], amount_text(report.taken_fen)),
            (text["reconciliation_matched"], amount_text(sum(one.matched_fen for one in report.files))),
            (text["reconciliation_ended"], amount_text(report.ended_fen)),
            (text["reconciliation_late"], amount_text(sum(one.amount_fen for one in late))),
        ),
        alarm=bool(late),
    )
    _draw_files(paper, report)
    _draw_missing(paper, report.missing)
    _draw_tie(paper, report)
    _draw_open(paper, report.open)
    _draw_ended(paper, report.ended)
    blocks.ending(paper, text["reconciliation_note"])
    return paper.finish()


def _require_sums(report: Reconciliation) -> None:
    for one in report.files:
        placed = one.matched + one.settled + one.open + one.apart
        require_agreement(f"{one.name} rows", one.rows, placed)
        placed = one.matched_fen + one.settled_fen + one.open_fen + one.apart_fen
        require_agreement(f"{one.name} amount", one.amount_fen, placed)
    require_agreement("open_fen", report.open_fen, sum(one.amount_fen for one in report.open))
    require_agreement("ended_fen", report.ended_fen, sum(one.amount_fen for one in report.ended))
    for leg, beyond in _beyond(report.untied).items():
        (whole,) = [one.theirs_fen - one.ours_fen for one in report.tie if one.leg == leg] or [0]
        require_agreement(f"{leg} difference", whole, beyond)


def _beyond(untied: Sequence[UntiedOutlet]) -> dict[str, Fen]:
    """Return by figure what the outlets that do not tie differ by: no other outlet differs."""
    return {
        "FILE": sum(one.file_fen or 0 for one in untied),
        "COUNT": sum(one.count_fen or 0 for one in untied),
        "CARDS": sum(one.cards_fen or 0 for one in untied),
        "BANK": sum(one.bank_fen or 0 for one in untied),
    }


def _draw_files(paper: Paper, report: Reconciliation) -> None:
    text = paper.words
    columns = (
        Column(text["reconciliation_file"], 26),
        Column(text["reconciliation_day"], 12, unbroken=True),
        Column(text["reconciliation_total"], 13, "right"),
        Column(text["reconciliation_matched"], 13, "right"),
        Column(text["reconciliation_settled"], 12, "right"),
        Column(text["reconciliation_waiting"], 12, "right"),
        Column(text["reconciliation_apart"], 12, "right"),
    )
    rows = [
        Row(
            (
                text["reconciliation_account"] % {"account": one.name} if one.source == BANK else one.name,
                _days(one),
                *map(amount_text, _amounts(one)),
            ),
            text["reconciliation_rows"]
            % {
                "rows": count_text(one.rows),
                "matched": count_text(one.matched),
                "settled": count_text(one.settled),
                "open": count_text(one.open),
                "apart": count_text(one.apart),
            },
        )
        for one in report.files
    ]
    sums = [sum(column) for column in zip(*map(_amounts, report.files), strict=True)]
    totals = [Total(text["total"], tuple(map(amount_text, sums)))] if len(rows) > 1 else []
    table = Table(paper, text["reconciliation_files_heading"], columns)
    table.draw(rows, totals, empty=text["reconciliation_no_files"])


def _days(one: FileShare) -> str:
    return f"{one.first_on:%m-%d}" if one.first_on == one.last_on else f"{one.first_on:%m-%d}~{one.last_on:%m-%d}"


def _amounts(one: FileShare) -> tuple[Fen, ...]:
    return one.amount_fen, one.matched_fen, one.settled_fen, one.open_fen, one.apart_fen


def _draw_missing(paper: Paper, missing: Sequence[MissingFile]) -> None:
    if not missing:
        return
    text = paper.words
    columns = (
        Column(text["reconciliation_partner"], 50),
        Column(text["reconciliation_first"], 20, unbroken=True),
        Column(text["reconciliation_days"], 12, "right"),
        Column(text["reconciliation_untold"], 18, "right"),
    )
    rows = [
        Row(
            (
                one.partner,
                day_text(one.first_on, paper.head.language),
                count_text(one.days),
                amount_text(one.taken_fen),
            )
        )
        for one in missing
    ]
    Table(paper, text["reconciliation_missing_heading"], columns).draw(rows)


def _draw_tie(paper: Paper, report: Reconciliation) -> None:
    text = paper.words
    columns = (
        Column(text["reconciliation_leg"], 28),
        Column(text["reconciliation_told"], 13, "right"),
        Column(text["reconciliation_ours"], 15, "right"),
        Column(text["reconciliation_theirs"], 15, "right"),
        Column(text["reconciliation_difference"], 13, "right"),
        Column(text["reconciliation_untied"], 9, "right"),
        Column(text["reconciliation_waits"], 9, "right"),
    )
    rows = [
        Row(
            (
                text[f"reconciliation_leg_{one.leg}"],
                count_text(one.told),
                amount_text(one.ours_fen),
                amount_text(one.theirs_fen),
                amount_text(one.theirs_fen - one.ours_fen),
                count_text(one.untied),
                count_text(one.waiting),
            )
        )
        for one in report.tie
    ]
    Table(paper, text["reconciliation_tie_heading"], columns).draw(rows, empty=text["reconciliation_no_tie"])
    if report.tie:
        told = any(one.told for one in report.tie)
        _draw_untied(paper, report.untied, text["reconciliation_all_tie" if told else "reconciliation_none_told"])


def _draw_untied(paper: Paper, untied: Sequence[UntiedOutlet], empty: str) -> None:
    text = paper.words
    columns = (
        Column(text["outlet_code"], 9, unbroken=True),
        Column(text["outlet_name"], 32),
        Column(text["reconciliation_untied_days"], 7, "right"),
        *(Column(text[f"reconciliation_short_{leg}"], 13, "right") for leg in LEGS),
    )
    rows = [
        Row(
            (
                one.outlet_code,
                one.outlet_name,
                count_text(one.days),
                *map(amount_text, (one.file_fen, one.count_fen, one.cards_fen, one.bank_fen)),
            )
        )
        for one in untied
    ]
    totals = [Total(text["total"], tuple(map(amount_text, _beyond(untied).values())))] if rows else []
    table = Table(paper, text["reconciliation_untied_heading"], columns)
    table.draw(rows, totals, empty=empty)


def _draw_open(paper: Paper, differences: Sequence[OpenDifference]) -> None:
    text = paper.words
    if differences:
        _draw_kinds(paper, differences)
    columns = (
        Column(text["reconciliation_no"], 6, unbroken=True),
        Column(text["reconciliation_business_on"], 11, unbroken=True),
        Column(text["reconciliation_kind"], 24),
        Column(text["reconciliation_where"], 28),
        Column(text["reconciliation_owner"], 11),
        Column(text["reconciliation_age"], 6, "right"),
        Column(text["reconciliation_amount"], 14, "right"),
    )
    rows = [
        Row(
            (
                str(one.number),
                one.business_on.isoformat(),
                text[f"reconciliation_kind_{one.kind}"],
                _where(one),
                one.owner or text["reconciliation_nobody"],
                count_text(one.age_days),
                amount_text(one.amount_fen),
            )
        )
        for one in differences
    ]
    total = Total(text["total"], (amount_text(sum(one.amount_fen for one in differences)),), "grand")
    table = Table(paper, text["reconciliation_open_heading"], columns)
    table.draw(rows, [total] if rows else [], empty=text["reconciliation_none_open"])


def _draw_kinds(paper: Paper, differences: Sequence[OpenDifference]) -> None:
    text = paper.words
    columns = (
        Column(text["reconciliation_kind"], 40),
        Column(text["reconciliation_number"], 15, "right"),
        Column(text["reconciliation_late"], 20, "right"),
        Column(text["reconciliation_amount"], 25, "right"),
    )
    rows = []
    for kind in sorted({one.kind for one in differences}):
        here = [one for one in differences if one.kind == kind]
        late = sum(one.age_days > LATE_DAYS for one in here)
        amount = amount_text(sum(one.amount_fen for one in here))
        rows.append(Row((text[f"reconciliation_kind_{kind}"], count_text(len(here)), count_text(late), amount)))
    Table(paper, text["reconciliation_kinds_heading"], columns).draw(rows)


def _where(one: OpenDifference | EndedDifference) -> str:
    return f"{one.outlet_code} {one.outlet_name}".strip() or NOTHING


def _draw_ended(paper: Paper, differences: Sequence[EndedDifference]) -> None:
    text = paper.words
    columns = (
        Column(text["reconciliation_no"], 6, unbroken=True),
        Column(text["reconciliation_business_on"], 11, unbroken=True),
        Column(text["reconciliation_kind"], 19),
        Column(text["reconciliation_where"], 25),
        Column(text["reconciliation_end"], 10),
        Column(text["reconciliation_ended_on"], 8, unbroken=True),
        Column(text["reconciliation_by"], 9),
        Column(text["reconciliation_amount"], 12, "right"),
    )
    rows = [
        Row(
            (
                str(one.number),
                one.business_on.isoformat(),
                text[f"reconciliation_kind_{one.kind}"],
                _where(one),
                text[f"reconciliation_state_{one.state}"],
                f"{one.ended_on:%m-%d}",
                one.ended_by or text["reconciliation_system"],
                amount_text(one.amount_fen),
            ),
            own_words(one.reason),
        )
        for one in differences
    ]
    total = Total(text["total"], (amount_text(sum(one.amount_fen for one in differences)),))
    tail = blocks.ending_height(paper, text["reconciliation_note"])
    table = Table(paper, text["reconciliation_ended_heading"], columns)
    table.draw(rows, [total] if rows else [], tail, text["reconciliation_none_ended"])
