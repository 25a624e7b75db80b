"""What documents needs of every kind of report the product registers."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentnet import create_app
from agentnet.application import REPORT_KINDS
from agentnet.documents.kinds import ReportKind
from agentnet.documents.rules import Cadence, document_number, span_of
from agentnet.infra.i18n import read_english
from tests.conftest import settings_for
from tests.documents.invented import A_DAY, OCTOBER, WEEK_46

every_kind = pytest.mark.parametrize("kind", REPORT_KINDS, ids=lambda kind: kind.code)


def test_there_are_kinds_and_no_two_share_a_code_or_the_letters_of_their_numbers(tmp_path: Path) -> None:
    assert len(create_app(settings_for(tmp_path)).extensions["agentnet.report_kinds"]) == len(REPORT_KINDS) > 0
    assert len({kind.number_letters for kind in REPORT_KINDS}) == len(REPORT_KINDS)


@every_kind
def test_a_kind_has_a_cadence_the_clock_knows_and_a_name_in_both_languages(kind: ReportKind) -> None:
    assert kind.cadence in set(Cadence)
    assert kind.name in read_english()


@every_kind
def test_a_number_of_the_kind_fits_its_column(kind: ReportKind) -> None:
    period = {Cadence.DAILY: A_DAY, Cadence.WEEKLY: WEEK_46, Cadence.MONTHLY: OCTOBER}[Cadence(kind.cadence)]
    span = span_of(period.starts_on, period.ends_on)
    assert len(document_number("COMPANY", kind.number_letters, span, 999_999, 99)) <= 40
    assert kind.drawing_version >= 1
