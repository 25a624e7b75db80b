"""People: who they are, what they may do and where; passwords that are shown once."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.administration.forms import GrantForm, PersonForm
from agentnet.administration.queries import people_list, person_for, place_for, roles_of
from agentnet.administration.words import ROLES
from agentnet.core.clock import today
from agentnet.core.errors import Invalid, Missing, Refusal
from agentnet.infra.actor import Role
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import SortBy, chosen, page_of, typed_text
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.templating import tell
from agentnet.users import actions
from agentnet.users.guard import needs, viewer
from agentnet.users.models import User
from agentnet.users.passwords import generated_password, hash_password
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]

SORTS = {"name": SortBy(User.display_name), "username": SortBy(User.username)}
STATES = {state: state for state in ("active", "disabled")}


def _fresh_password() -> tuple[str, str]:
    password = generated_password()
    return password, hash_password(password)


@needs(Permission.USER_EDIT)
def people() -> Answer:
    """List the people the viewer administers."""
    words = typed_text(request.args, "q", 60)
    state = chosen(request.args, "state", STATES, "")
    statement = people_list(viewer(), words, state)
    page = page_of(db.session(), statement, request.args, columns=SORTS, default="username", key=SortBy(User.id, int))
    roles = roles_of([user.id for user in page.items])
    return render_template(
        "administration/people.html", page=page, roles=roles, words=words, state=state, role_words=ROLES
    )


@needs(Permission.USER_EDIT)
@prepared_by(_fresh_password)
def new_person() -> Answer:
    """Add a person; the generated password is on the answer itself and nowhere else."""
    form = PersonForm()
    if request.method == "GET":
        return render_template("administration/new_person.html", form=form)
    if not form.validate():
        return render_template("administration/new_person.html", form=form), 422
    password, password_hash = prepared()
    try:
        user = actions.add_user(
            form.username.data, form.display_name.data, password_hash, viewer(), phone=form.phone.data
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return render_template("administration/new_person.html", form=form), refusal.status
    return render_template("administration/password_once.html", account=user, password=password, added=True)


@needs(Permission.USER_EDIT)
def person(user_id: int) -> Answer:
    """Show a person, what they may do, and what they might do again."""
    user = person_for(viewer(), user_id)
    return render_template(
        "administration/person.html",
        user=user,
        grants=roles_of([user.id], history=True)[user.id],
        role_words=ROLES,
        own=user.id == viewer().user_id,
    )


@needs(Permission.USER_EDIT)
@prepared_by(_fresh_password)
def reset(user_id: int) -> Answer:
    """Give a generated password, shown on the answer itself; every sign-in of the person ends."""
    user = person_for(viewer(), user_id)
    password, password_hash = prepared()
    actions.reset_password(user.id, password_hash, viewer())
    return render_template("administration/password_once.html", account=user, password=password, added=False)


@needs(Permission.USER_EDIT)
def disable(user_id: int) -> Answer:
    """Stop a person from signing in."""
    user = person_for(viewer(), user_id)
    actions.disable_user(user.id, viewer())
    tell(_("已停用 %(name)s 的账号，其登录已全部结束", name=user.display_name))
    return redirect(url_for("administration.person", user_id=user.id), 303)


@needs(Permission.USER_EDIT)
def enable(user_id: int) -> Answer:
    """Let a person sign in again."""
    user = person_for(viewer(), user_id)
    actions.enable_user(user.id, viewer())
    tell(_("已恢复 %(name)s 的账号", name=user.display_name))
    return redirect(url_for("administration.person", user_id=user.id), 303)


@needs(Permission.USER_EDIT)
def grant(user_id: int) -> Answer:
    """Give a person a role over a place of the viewer's territory."""
    who = viewer()
    user = person_for(who, user_id)
    form = GrantForm()
    status = 200
    if request.method == "GET":
        form.starts_on.data = today()
    elif form.validate():
        role = Role(form.role.data)
        try:
            place = place_for(who, role, form.place.data)
            actions.grant_role(user.id, role, place, who, form.starts_on.data)
        except Refusal as refusal:
            if not isinstance(refusal, Missing | Invalid) and refusal.status != 409:
                raise
            fields = dict.fromkeys(("unit_missing", "outlet_missing", "partner_missing"), "place")
            show_refusal(form, refusal, fields)
            status = refusal.status
        else:
            tell(_("已授予 %(name)s：%(role)s", name=user.display_name, role=_(ROLES[role])))
            return redirect(url_for("administration.person", user_id=user.id), 303)
    else:
        status = 422
    return render_template("administration/grant.html", form=form, user=user), status


@needs(Permission.USER_EDIT)
def end(user_id: int, grant_id: int) -> Answer:
    """End a role of a person today."""
    user = person_for(viewer(), user_id)
    if grant_id not in {held.id for held in roles_of([user.id])[user.id]}:
        raise Missing("grant_missing", "没有找到这项岗位授权")
    ended = actions.end_grant(grant_id, viewer())
    tell(_("已收回 %(name)s 的岗位：%(role)s", name=user.display_name, role=_(ROLES[Role(ended.role)])))
    return redirect(url_for("administration.person", user_id=user.id), 303)
