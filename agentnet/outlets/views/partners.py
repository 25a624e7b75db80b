"""Collection partners: the list and the record."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.infra.importing import administers_company
from agentnet.infra.templating import tell
from agentnet.outlets.actions import PartnerFacts, change_partner, register_partner
from agentnet.outlets.display import choices
from agentnet.outlets.forms import PartnerForm
from agentnet.outlets.models import Partner
from agentnet.outlets.queries import partner_by_code
from agentnet.outlets.queries.lists import partner_list
from agentnet.outlets.rules import PartnerKind
from agentnet.outlets.views.common import Answer, attempt
from agentnet.outlets.words import PARTNER_KINDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may


@needs(Permission.OUTLET_READ)
def partners() -> Answer:
    """List the company's partners with how many outlets each has."""
    may_edit = may(viewer(), Permission.PARTNER_EDIT) and administers_company(viewer())
    return render_template("outlets/partners.html", rows=partner_list(), may_edit=may_edit)


@needs(Permission.PARTNER_EDIT)
def new_partner() -> Answer:
    """Enter a partner."""
    return _edited(None)


@needs(Permission.PARTNER_EDIT)
def edit_partner(code: str) -> Answer:
    """Change a partner's record."""
    return _edited(partner_by_code(code))


def _edited(partner: Partner | None) -> Answer:
    form = PartnerForm()
    form.kind.choices = choices(PARTNER_KINDS)
    if partner is not None:
        del form.code, form.id
    if request.method == "GET":
        for name in ("version", "name", "kind", "uscc", "contact") if partner else ():
            form[name].data = getattr(partner, name)
        return render_template("outlets/partner_edit.html", form=form, partner=partner)
    status = 422
    if form.validate_on_submit():
        facts = PartnerFacts(
            name=form.name.data or "",
            kind=PartnerKind(form.kind.data),
            uscc=form.uscc.data or None,
            contact=form.contact.data or None,
        )
        status = attempt(
            form,
            lambda: (
                change_partner(partner.code, facts, viewer(), form.version.data)
                if partner
                else register_partner(form.code.data or "", facts, viewer(), form.id.data)
            ),
        )
        if not status:
            tell(_("已保存%(name)s的资料", name=facts.name))
            return redirect(url_for("outlets.partners"), 303)
    return render_template("outlets/partner_edit.html", form=form, partner=partner), status
