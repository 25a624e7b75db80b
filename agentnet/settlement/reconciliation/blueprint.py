"""The addresses of reconciliation: files, their rows, differences, column mappings, the day's three-way tie."""

from __future__ import annotations

from flask import Blueprint

from agentnet.settlement.reconciliation import (
    difference_views,
    file_views,
    mapping_views,
    remedy_views,
    row_views,
    tie_views,
    withdraw_views,
)

blueprint = Blueprint("reconciliation", __name__, url_prefix="/reconciliation")

FORM = ["GET", "POST"]

blueprint.add_url_rule("/files", "files", file_views.files)
blueprint.add_url_rule("/files/new", "upload", file_views.upload, methods=FORM)
blueprint.add_url_rule("/check/<sha256>", "check", file_views.check)
blueprint.add_url_rule("/take/<sha256>", "take", file_views.take, methods=["POST"])
blueprint.add_url_rule("/files/<int:file_id>", "file", file_views.file)
blueprint.add_url_rule("/files/<int:file_id>/confirm", "confirm", file_views.confirm, methods=FORM)
blueprint.add_url_rule("/files/<int:file_id>/withdraw", "withdraw", withdraw_views.withdraw, methods=FORM)
blueprint.add_url_rule("/files/<int:file_id>/rows/<int:line_no>", "row", row_views.row)
blueprint.add_url_rule("/files/<int:file_id>/rows/<int:line_no>/match", "match", row_views.match, methods=["POST"])
blueprint.add_url_rule("/files/<int:file_id>/rows/<int:line_no>/undo", "undo", row_views.undo, methods=["POST"])

blueprint.add_url_rule("/differences", "differences", difference_views.differences)
blueprint.add_url_rule("/differences/<int:difference_id>", "difference", difference_views.difference)
blueprint.add_url_rule("/differences/<int:difference_id>/own", "own", difference_views.take, methods=["POST"])
blueprint.add_url_rule("/differences/<int:difference_id>/end", "end", difference_views.finish, methods=["POST"])

blueprint.add_url_rule("/differences/<int:difference_id>/remedy", "remedy", remedy_views.remedy, methods=FORM)
blueprint.add_url_rule(
    "/differences/<int:difference_id>/remedy/record", "remedy_record", remedy_views.record, methods=["POST"]
)

blueprint.add_url_rule("/mappings", "mappings", mapping_views.mappings)
blueprint.add_url_rule("/mappings/new/<sha256>", "new_mapping", mapping_views.new_mapping, methods=FORM)

blueprint.add_url_rule("/tie", "tie", tie_views.tie)
blueprint.add_url_rule("/tie/<code>/<day>", "outlet_tie", tie_views.outlet_tie)
