"""Plan documents as people send them: read, and the version they mean."""

from __future__ import annotations

from dataclasses import replace

from werkzeug.datastructures import FileStorage

from agentnet.commission.engine.language import Plan, Version
from agentnet.commission.engine.reading import read_plan
from agentnet.commission.payout.account_rules import clean_share
from agentnet.core.errors import Invalid

MOST_BYTES = 1 << 20
"""Largest plan document that is read."""

AT_FILE = dict.fromkeys(
    ("plan_faults", "json_shape", "json_large", "mandates_later", "name_twice", "scope_unknown"),
    "file",
)
"""Where on a form the refusals of a plan document belong."""


def read_document(sent: FileStorage | None) -> Plan:
    """Read a plan document.

    Raises:
        Invalid: ``json_large``, ``json_shape``; ``PlanRefused`` with every fault.
    """
    content = sent.stream.read(MOST_BYTES + 1) if sent else b""
    if not content or len(content) > MOST_BYTES:
        raise Invalid("json_large", "请选择一个不超过 1 MB 的方案文件", field="file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("json_shape", "方案文件不是 UTF-8 编码，请另存为 UTF-8 后再选", field="file") from None
    document = read_plan(text)
    return replace(document, versions=tuple(_payable(version) for version in document.versions))


def _payable(version: Version) -> Version:
    """Say the shares as payees are named for them: a file's 代办人 is the keeper, no person of that name."""
    return replace(version, shares=tuple(replace(one, name=clean_share(one.name)) for one in version.shares))


def newest(document: Plan) -> Version:
    """Return the version of a document that starts last; of one day the later listed rules."""
    return max(enumerate(document.versions), key=lambda one: (one[1].starts_on, one[0]))[1]
