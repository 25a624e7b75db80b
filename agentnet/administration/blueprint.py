"""The addresses of the office's own pages."""

from __future__ import annotations

from flask import Blueprint

from agentnet.administration.views import audit, divisions, imports, people, units

blueprint = Blueprint("administration", __name__)

FORM = ["GET", "POST"]

blueprint.add_url_rule("/imports", "imports", imports.imports, methods=FORM)
blueprint.add_url_rule("/imports/<kind>/template.<ending>", "template", imports.template)
blueprint.add_url_rule("/imports/<kind>/<sha256>", "dry_run", imports.dry_run)
blueprint.add_url_rule("/imports/<kind>/<sha256>", "confirm", imports.confirm, methods=["POST"])
blueprint.add_url_rule("/exports/<kind>.<ending>", "export", imports.export)

blueprint.add_url_rule("/divisions", "divisions", divisions.divisions)
blueprint.add_url_rule("/divisions/<code>", "division", divisions.division)

blueprint.add_url_rule("/org-units", "units", units.units)
blueprint.add_url_rule("/org-units/new", "new_unit", units.new_unit, methods=FORM)
blueprint.add_url_rule("/org-units/<code>", "edit_unit", units.edit_unit, methods=FORM)
blueprint.add_url_rule("/org-units/<code>/move", "move_unit", units.move_unit, methods=FORM)

blueprint.add_url_rule("/people", "people", people.people)
blueprint.add_url_rule("/people/new", "new_person", people.new_person, methods=FORM)
blueprint.add_url_rule("/people/<int:user_id>", "person", people.person)
blueprint.add_url_rule("/people/<int:user_id>/password", "reset_password", people.reset, methods=["POST"])
blueprint.add_url_rule("/people/<int:user_id>/disable", "disable_person", people.disable, methods=["POST"])
blueprint.add_url_rule("/people/<int:user_id>/enable", "enable_person", people.enable, methods=["POST"])
blueprint.add_url_rule("/people/<int:user_id>/roles", "grant", people.grant, methods=FORM)
blueprint.add_url_rule("/people/<int:user_id>/roles/<int:grant_id>/end", "end_grant", people.end, methods=["POST"])

blueprint.add_url_rule("/audit", "audit", audit.audit)
