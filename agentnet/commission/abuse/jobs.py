"""The clock's part: the running month and the one before are looked through once a day, and when somebody asks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from agentnet.commission.abuse.actions import finish_scan, portions, write_findings
from agentnet.commission.abuse.finding import patterns_of
from agentnet.commission.abuse.models import PatternScan
from agentnet.core.clock import Month, business_date, today
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob
from agentnet.infra.quiet_heap import quiet_heap
from agentnet.infra.transaction import batch, reading


def look_for_patterns() -> int:
    """Look through the months whose turn it is; return how many portions of outlets were looked at."""
    done = 0
    for month in months_due():
        with reading():
            several = portions(month)
        for ids in several:
            with quiet_heap(), reading():
                found = patterns_of(month, ids)
            with batch():
                write_findings(month, ids, found)
            done += 1
        with batch():
            finish_scan(month)
    return done


def months_due() -> list[Month]:
    """Return which months are to be looked through now."""
    with reading():
        scans = {scan.month: (scan.scanned_at, scan.asked_at) for scan in db.session.scalars(select(PatternScan))}
    usual = {str(Month.of(today())), str(Month.of(today()).previous())}
    due = []
    for month in sorted(usual | scans.keys()):
        scanned_at, asked_at = scans.get(month, (None, None))
        if asked_at is not None or (month in usual and (scanned_at is None or business_date(scanned_at) < today())):
            due.append(Month.parse(month))
    return due


LOOK_FOR_PATTERNS: Final = ClockJob("look for patterns", 300, look_for_patterns)
