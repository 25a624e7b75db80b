"""The commission statement: what one outlet is paid for one month, and from which collections.

First the amount due in figures and capitals, then the components, then every collection, then adjustments to earlier
months (negative where something is taken back). The figures come frozen from the month's close; the drawing refuses
them if the components and adjustments do not add up to the amount due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from agentnet.core.clock import Month
from agentnet.core.money import Fen, rmb_capitals
from reports.head import DocumentHead, require_agreement
from reports.kit import blocks
from reports.kit.fonts import own_words
from reports.kit.paper import Paper
from reports.kit.priming import Priming
from reports.kit.table import Column, Row, Table, Total
from reports.kit.wording import NOTHING, amount_text, count_text, month_text, short_instant
from reports.texts import STATEMENT, words

DRAWING_VERSION: Final = 2
"""Raise it when the same figures would print other bytes; a document keeps the file of the version that drew it."""
ALL: Final = "ALL"
"""The tender of what is earned once a month."""


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """One component of the plan under one tender (``ALL`` for a month's minimum or maximum); amounts in fen."""

    component: str
    tender: str
    count: int
    base_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class CollectionLine:
    """One collection; the household number comes masked."""

    collected_at: datetime
    receipt_no: str
    household_masked: str
    tender: str
    amount_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """A correction of an earlier month, entered after its close; negative when something is taken back."""

    entered_on: date
    belongs_to: Month
    receipt_no: str
    reason: str
    amount_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class WorkingLine:
    """How a component's figure came about, step by step, in words of the statement's language."""

    component: str
    steps: tuple[str, ...]
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class DisputeLine:
    """A disputed line of an earlier statement, and the answer: ``ACCEPTED`` or ``REFUSED``, with its reason."""

    raised_on: date
    belongs_to: Month
    line: str
    reason: str
    answer_state: str
    answer: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Collections that pay as they are settled and are not yet, at the month's end: how many, and how much of them."""

    count: int
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class CommissionStatement:
    """The frozen figures of one outlet's statement.

    ``outlet_kind``, ``setting`` and tenders are codes; ``earned_fen`` is the sum of the components, ``adjusted_fen`` of
    the adjustments, ``due_fen`` of both. ``empty_reason`` (``no_collections``, ``not_yet_active``, ``suspended``,
    ``closed``, ``nothing_settled``) explains a statement without collections.
    """

    head: DocumentHead
    period: Month
    outlet_code: str
    outlet_name: str
    outlet_kind: str
    setting: str
    partner: str
    agent: str
    plan_name: str
    plan_version: str
    agreement_no: str
    components: tuple[ComponentLine, ...]
    collections: tuple[CollectionLine, ...]
    adjustments: tuple[AdjustmentLine, ...]
    collected_fen: Fen
    earned_fen: Fen
    adjusted_fen: Fen
    due_fen: Fen
    empty_reason: str = "no_collections"
    provisional: bool = False
    """Drawn before the month was closed: says so in its title and at its end, where nobody signs."""
    workings: tuple[WorkingLine, ...] = ()
    """Of every component where the table of components alone does not say how its figure came about."""
    disputes: tuple[DisputeLine, ...] = ()
    """What was answered since the statement before."""
    unsettled: Unsettled | None = None
    """Where the plan pays as money arrives, what had not arrived by the month's end; ``collections`` then hold what
    became settled of each."""


_PRIMING = Priming(
    STATEMENT,
    regular="现金银联卡支付宝村邮站",
    bold=(
        "statement_title",
        "commission_due",
        "summary_heading",
        "detail_heading",
        "adjustment_heading",
        "component",
        "tender",
        "count",
        "base_amount",
        "commission",
        "line",
        "collected_at",
        "receipt_no",
        "household",
        "amount",
        "due_total",
    ),
    bold_extra="浙江省供电有限公司",
)


def draw(statement: CommissionStatement) -> bytes:
    """Return the statement as PDF; raises what ``compose`` raises."""
    return compose(statement).finish()


def compose(statement: CommissionStatement) -> Paper:
    """Return the statement's pages, laid out and still without their feet.

    Raises:
        FiguresDisagree: if a stated total is not the sum of its parts.
        MissingGlyph: if a name holds a character the font cannot print.
        UnknownWord: if a code has no word.
    """
    _require_agreement(statement)
    language = statement.head.language
    text = words(language)
    paper = Paper(
        statement.head,
        text["provisional_title" if statement.provisional else "statement_title"],
        text["statement_subject"] % {"code": statement.outlet_code, "name": statement.outlet_name},
        month_text(statement.period, language),
        _PRIMING.primers(language),
    )
    _draw_answer(paper, statement)
    _draw_facts(paper, statement)
    # The signatures stand on the sheet that carries the last total; nobody signs what may still change.
    tail = 0.0 if statement.provisional else blocks.ending_height(paper, text["statement_note"])
    sections = [_draw_components]
    sections += [_draw_workings] if statement.workings else []
    sections += [_draw_disputes] if statement.disputes else []
    sections += [_draw_collections] if statement.collections else []
    sections += [_draw_adjustments] if statement.adjustments else []
    for section in sections:
        section(paper, statement, tail if section is sections[-1] else 0.0)
    if statement.provisional:
        blocks.note(paper, text["provisional_note"])
    else:
        blocks.ending(paper, text["statement_note"])
    return paper


def _require_agreement(statement: CommissionStatement) -> None:
    components, adjustments = statement.components, statement.adjustments
    collected = sum(line.amount_fen for line in statement.collections)
    require_agreement("collected_fen", statement.collected_fen, collected)
    require_agreement("earned_fen", statement.earned_fen, sum(line.commission_fen for line in components))
    if statement.workings:
        require_agreement("earned_fen", statement.earned_fen, sum(one.commission_fen for one in statement.workings))
    require_agreement("adjusted_fen", statement.adjusted_fen, sum(line.commission_fen for line in adjustments))
    require_agreement("due_fen", statement.due_fen, statement.earned_fen + statement.adjusted_fen)


def _draw_answer(paper: Paper, statement: CommissionStatement) -> None:
    text = paper.words
    owed_back = statement.due_fen < 0
    blocks.answer_box(
        paper,
        text["commission_owed_back" if owed_back else "commission_due"],
        amount_text(statement.due_fen),
        text["yuan"],
        rmb_capitals(statement.due_fen),
        (
            (text["collections_count"], count_text(len(statement.collections))),
            (text["amount_collected"], amount_text(statement.collected_fen)),
            (text["earned"], amount_text(statement.earned_fen)),
            (text["adjusted"], amount_text(statement.adjusted_fen)),
        ),
        alarm=owed_back,
    )


def _draw_facts(paper: Paper, statement: CommissionStatement) -> None:
    text = paper.words
    plan = text["plan_version"] % {"name": statement.plan_name, "version": statement.plan_version}
    paper.y -= 6
    blocks.facts(
        paper,
        (
            (text["outlet_kind"], text[statement.outlet_kind]),
            (text["setting"], text[statement.setting]),
            (text["partner"], statement.partner),
            (text["agent"], statement.agent),
            (text["plan"], plan),
            (text["agreement"], statement.agreement_no),
            *_unsettled_fact(paper, statement),
        ),
    )


def _unsettled_fact(paper: Paper, statement: CommissionStatement) -> list[tuple[str, str]]:
    found = statement.unsettled
    if found is None:
        return []
    counted = {"count": count_text(found.count), "amount": amount_text(found.amount_fen)}
    return [(paper.words["unsettled"], paper.words["unsettled_sum"] % counted)]


def _draw_components(paper: Paper, statement: CommissionStatement, tail: float) -> None:
    text = paper.words
    columns = (
        Column(text["component"], 36),
        Column(text["tender"], 18),
        Column(text["count"], 10, "right"),
        Column(text["base_amount"], 18, "right"),
        Column(text["commission"], 18, "right"),
    )
    rows = [
        Row(
            (
                line.component,
                text[line.tender],
                # What is earned once a month is of no collection in particular.
                NOTHING if line.tender == ALL else count_text(line.count),
                NOTHING if line.tender == ALL else amount_text(line.base_fen),
                amount_text(line.commission_fen),
            )
        )
        for line in statement.components
    ]
    totals = (Total(text["total"], (amount_text(statement.earned_fen),)),) if rows else ()
    table = Table(paper, text["summary_heading"], columns)
    table.draw(rows, totals, tail, empty=text[f"empty_{statement.empty_reason}"])


def _draw_workings(paper: Paper, statement: CommissionStatement, tail: float) -> None:
    text = paper.words
    columns = (
        Column(text["component"], 26),
        Column(text["working_steps"], 54),
        Column(text["commission"], 20, "right"),
    )
    rows = []
    for one in statement.workings:
        first, *others = one.steps
        rows.append(Row((one.component, first, amount_text(one.commission_fen))))
        rows += [Row(("", step, ""), joins=True) for step in others]
    totals = (Total(text["total"], (amount_text(statement.earned_fen),)),)
    Table(paper, text["working_heading"], columns).draw(rows, totals, tail)


def _draw_disputes(paper: Paper, statement: CommissionStatement, tail: float) -> None:
    text, language = paper.words, statement.head.language
    columns = (
        Column(text["dispute_raised"], 13, unbroken=True),
        Column(text["belongs_to"], 13),
        Column(text["dispute_line"], 24),
        Column(text["dispute_reason"], 20),
        Column(text["dispute_answer"], 30),
    )
    rows = [
        Row(
            (
                line.raised_on.isoformat(),
                month_text(line.belongs_to, language),
                line.line,
                own_words(line.reason),
                text["colon"].join((text[f"dispute_{line.answer_state}"], own_words(line.answer))),
            )
        )
        for line in statement.disputes
    ]
    Table(paper, text["dispute_heading"], columns).draw(rows, (), tail)


def _draw_collections(paper: Paper, statement: CommissionStatement, tail: float) -> None:
    lines = statement.collections
    text = paper.words
    columns = (
        Column(text["line"], 9, "right"),
        Column(text["collected_at"], 24, unbroken=True),
        Column(text["receipt_no"], 46, unbroken=True),
        Column(text["household"], 31, unbroken=True),
        Column(text["tender"], 30),
        Column(text["amount"], 29, "right"),
        Column(text["commission"], 37, "right"),
    )
    rows = [
        Row(
            (
                str(number),
                short_instant(line.collected_at),
                line.receipt_no,
                line.household_masked,
                text[line.tender],
                amount_text(line.amount_fen),
                amount_text(line.commission_fen),
            )
        )
        for number, line in enumerate(lines, start=1)
    ]
    commission = sum(line.commission_fen for line in lines)
    totals = [Total(text["total"], (amount_text(statement.collected_fen), amount_text(commission)))]
    if not statement.adjustments:
        totals.append(_due(paper, statement))
    Table(paper, text["detail_heading"], columns).draw(rows, totals, tail)


def _draw_adjustments(paper: Paper, statement: CommissionStatement, tail: float) -> None:
    text, language = paper.words, statement.head.language
    columns = (
        Column(text["entered_on"], 13, unbroken=True),
        Column(text["belongs_to"], 13),
        Column(text["reference"], 27, unbroken=True),
        Column(text["reason"], 24),
        Column(text["amount"], 14, "right"),
        Column(text["commission"], 18, "right"),
    )
    totals: Sequence[Total] = (
        Total(text["total"], (amount_text(statement.adjusted_fen),)),
        _due(paper, statement),
    )
    rows = [
        Row(
            (
                line.entered_on.isoformat(),
                month_text(line.belongs_to, language),
                line.receipt_no,
                own_words(line.reason),
                amount_text(line.amount_fen),
                amount_text(line.commission_fen),
            )
        )
        for line in statement.adjustments
    ]
    Table(paper, text["adjustment_heading"], columns).draw(rows, totals, tail)


def _due(paper: Paper, statement: CommissionStatement) -> Total:
    label = "due_total_adjusted" if statement.adjustments else "due_total"
    return Total(
        paper.words[label],
        (amount_text(statement.due_fen),),
        "grand",
        capitals=rmb_capitals(statement.due_fen),
    )
