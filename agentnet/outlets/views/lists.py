"""The list of outlets, as a page and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.infra.db import db
from agentnet.infra.pages import SortBy, page_of, typed_text
from agentnet.infra.sheets import KINDS, Cell, download
from agentnet.outlets.display import SETTINGS, choices, named
from agentnet.outlets.models import Manager, Outlet, Partner
from agentnet.outlets.queries import units_of
from agentnet.outlets.queries.lists import OUTLET_COLUMNS, OutletFilter, count_by_setting, outlet_list, shown_outlets
from agentnet.outlets.rules import OutletKind, State
from agentnet.outlets.views.common import Answer, choices_of, partner_choices
from agentnet.outlets.words import OUTLET_KINDS, STATES
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission


@needs(Permission.OUTLET_READ)
def index() -> Answer:
    """List the outlets of the territory."""
    units = units_of(viewer(), Permission.OUTLET_READ)
    chosen = _chosen(units)
    page = page_of(
        db.session(),
        shown_outlets(viewer(), chosen),
        request.args,
        columns=OUTLET_COLUMNS,
        default="code",
        key=SortBy(Outlet.id, int),
    )
    return render_template(
        "outlets/index.html",
        page=page,
        counts=count_by_setting(viewer(), chosen),
        chosen=chosen,
        narrowed=chosen != OutletFilter(),
        kinds=choices(OUTLET_KINDS, _("全部类型")),
        states=choices(STATES, _("全部状态")),
        settings=choices(SETTINGS, _("城区和农村")),
        units=choices_of(units, _("全部单位")),
        partners=partner_choices(_("全部合作单位")),
    )


@needs(Permission.EXPORT)
def export(ending: str) -> Response:
    """Hand the list, filtered as on the page, over as a file.

    Raises:
        Missing: ``ending_missing``.
    """
    if ending not in KINDS:
        raise Missing("ending_missing", "没有这种文件格式")
    head = [
        _("编号"), _("名称"), _("类型"), _("状态"), _("城乡"), _("管理单位"), _("行政区划代码"), _("地址"),
        _("联系电话"), _("合作单位"), _("合作单位的网点编号"), _("主责经理"), _("经理电话"), _("经度"), _("纬度"),
        _("位置来源"), _("申请日期"), _("开业日期"), _("关闭日期"),
    ]  # fmt: skip
    return download(ending, f"{_('网点')}-{today().isoformat()}", head, _rows())


def _rows() -> Iterator[list[Cell]]:
    chosen = _chosen(units_of(viewer(), Permission.OUTLET_READ))
    for outlet, unit, partner, manager in db.session.execute(outlet_list(viewer(), chosen).order_by(Outlet.code)):
        yield [*_identity(outlet), named(unit), *_place(outlet), *_people(outlet, partner, manager), *_position(outlet)]


def _identity(outlet: Outlet) -> list[Cell]:
    return [
        outlet.code,
        outlet.name,
        _(OUTLET_KINDS[OutletKind(outlet.kind)]),
        _(STATES[State(outlet.state)]),
        _(SETTINGS[outlet.setting]),
    ]


def _place(outlet: Outlet) -> list[Cell]:
    return [outlet.division_code, outlet.address, outlet.phone]


def _people(outlet: Outlet, partner: Partner | None, manager: Manager | None) -> list[Cell]:
    return [
        partner.name if partner else None,
        outlet.partner_outlet_no,
        manager.name if manager else None,
        manager.work_phone if manager else None,
    ]


def _position(outlet: Outlet) -> list[Cell]:
    located = outlet.longitude is not None and outlet.latitude is not None
    return [
        f"{outlet.longitude:.6f}" if located else None,
        f"{outlet.latitude:.6f}" if located else None,
        outlet.coordinate_source,
        outlet.applied_on,
        outlet.opened_on,
        outlet.closed_on,
    ]


def _chosen(units: Sequence[Any]) -> OutletFilter:
    """Return what the address narrows the list to; what it does not know counts as nothing."""
    arguments = request.args
    paths = {unit.code: unit.path for unit in units}
    lacks = arguments.get("lacks") or ("manager" if arguments.get("manager") == "none" else "")
    return OutletFilter(
        words=typed_text(arguments, "q", 60),
        state=_known(arguments.get("state"), STATES),
        kind=_known(arguments.get("kind"), OUTLET_KINDS),
        setting=_known(arguments.get("setting"), SETTINGS),
        unit_path=paths.get(arguments.get("unit", ""), ""),
        partner=typed_text(arguments, "partner", 32),
        open_now=arguments.get("open") == "now",
        lacks=_known(lacks, {"manager": "", "agreement": "", "position": ""}),
        cash_high=arguments.get("cash") == "high",
    )


def _known(value: str | None, words: object) -> str:
    return value if value and isinstance(words, dict) and value in words else ""
