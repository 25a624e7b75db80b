"""Where on a version's form the faults of a plan belong: each beside the box that mends it, in the page's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, FieldList

from agentnet.commission.engine.faults import Fault, PlanRefused
from agentnet.commission.payout.words import share_text
from agentnet.commission.plan_forms import VersionForm
from agentnet.core.errors import Refusal
from agentnet.infra.forms import HouseForm, show_refusal
from agentnet.infra.i18n import refusal_text

MOST_SHOWN = 20
"""Faults of a file that are listed; a person mends the first ones and sends it again."""

_BOXES: Mapping[str, str] = {
    "name": "name",
    "group": "group",
    "fee": "fixed",
    "rate": "rate",
    "amount": "amount",
    "minimum": "minimum",
    "maximum": "maximum",
    "household_month_cap": "household_cap",
    "month_minimum": "month_minimum",
    "month_maximum": "month_maximum",
    "conditions.open_days": "open_days",
    "conditions.visits": "visits",
    "scope.tenders": "tenders",
    "scope.outlet_kinds": "outlet_kinds",
    "scope.settings": "settings",
    "scope.partners": "partners",
    "scope": "group",
}
"""The box for each place of a component in the plan language; like scopes in one group are mended by the group."""

_PART_BOXES: Mapping[str, str] = {"from": "start", "to": "start", "fee": "fixed", "rate": "rate"}
_SHOWN_INSTEAD: Mapping[str, str] = {"fee_by_volume": "rate", "rate_by_count": "fixed"}
"""What is measured decides which of the two boxes a part has; the fault is said at the one that is there."""

_IN_COMPONENT = re.compile(r"components\[(\d+)\]\.(.+)")
_IN_PART = re.compile(r"(?:bands|tiers|steps)(?:\[(\d+)\]\.(\w+))?")
_IN_SHARE = re.compile(r"shares\[(\d+)\]\.(\w+)")


def show_refused_version(form: VersionForm, refusal: Refusal) -> None:
    """Put a refusal on the form; of a plan's faults each where it can be mended."""
    if refusal.code == "name_twice":
        named = [row.form for row in form.components if row.form.name.data == refusal.params["name"]]
        if named:
            named[-1].name.errors = [*named[-1].name.errors, refusal_text(refusal)]
            return
    if not isinstance(refusal, PlanRefused):
        show_refusal(form, refusal)
        return
    for fault in refusal.faults:
        field = _field(form, fault)
        if field is None:
            form.form_errors.append(_text(fault, in_form=True))
        else:
            field.errors = [*field.errors, _text(fault, in_form=True)]


def show_refused_file(form: HouseForm, refusal: Refusal, fields: Mapping[str, str]) -> None:
    """Put a refusal of a plan file on the form that sent it; of its faults the first, each with its place."""
    if not isinstance(refusal, PlanRefused):
        show_refusal(form, refusal, fields)
        return
    texts = [f"{fault.path} {_text(fault)}" for fault in refusal.faults[:MOST_SHOWN]]
    if refusal.count > MOST_SHOWN:
        texts.append(_("还有 %(count)d 处", count=refusal.count - MOST_SHOWN))
    field = form[fields[refusal.code]]
    field.errors = [*field.errors, *texts]


def _text(fault: Fault, in_form: bool = False) -> str:
    if fault.code == "part_empty" and in_form:  # the form has no end: a part ends where the next begins
        return _("应大于上一段的 %(start)s", start=fault.params["start"])
    message = _(fault.message)
    named = {"name": share_text(str(fault.params["name"]))} if fault.code == "share_twice" else {}
    return message % {**fault.params, **named} if fault.params else message


def _field(form: VersionForm, fault: Fault) -> Field | None:
    component = _IN_COMPONENT.fullmatch(fault.path)
    if component:
        return _in_component(form.components.entries[int(component[1])].form, component[2], fault.code)
    share = _IN_SHARE.fullmatch(fault.path)
    if share:
        rows: list[Any] = [row.form for row in form.shares if not row.form.is_empty]
        return rows[int(share[1])][share[2]]
    if fault.path == "shares":
        return form.shares
    return form.note if fault.path == "note" else None


def _in_component(one: Any, path: str, code: str) -> Field | None:
    part = _IN_PART.fullmatch(path)
    if part is None:
        return one[_BOXES[path]] if path in _BOXES else one.kind
    if part[1] is None:
        parts: FieldList = one.parts
        return parts
    rows = [row.form for row in one.parts if not row.form.is_empty]
    at = int(part[1]) + (1 if part[2] == "to" else 0)  # a part ends where the next begins
    box = _SHOWN_INSTEAD.get(code) or _PART_BOXES[part[2]]
    return rows[min(at, len(rows) - 1)][box]
