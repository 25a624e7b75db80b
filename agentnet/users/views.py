"""Signing in and out, the own password, the own language, the own sign-ins."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from agentnet.core.errors import Invalid, Refusal
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import LANGUAGES, SESSION_KEY
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.templating import tell
from agentnet.infra.transaction import afterwards, reading
from agentnet.users import actions
from agentnet.users.forms import PasswordForm, SignInForm
from agentnet.users.guard import needs, viewer
from agentnet.users.passwords import hash_password, password_matches
from agentnet.users.permissions import Permission
from agentnet.users.queries import (
    actor_for,
    live_sessions,
    present_password_must_wait,
    sign_in_must_wait,
    signed_in_by_token,
    token_sha256,
    user_by_name,
)
from agentnet.users.rules import check_password, safe_next

Answer = Response | str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a sign-in came to, worked out before its transaction: whose password matched, or that it must wait."""

    user_id: int | None = None
    password_hash: str = ""
    must_wait: bool = False


def _try_password() -> _Tried:
    form = SignInForm()
    name, password = form.username.data or "", form.password.data or ""
    with reading():
        if sign_in_must_wait(name, request.remote_addr or ""):
            return _Tried(must_wait=True)
        user = user_by_name(name)
        found = _Tried(user.id, user.password_hash) if user is not None else None
    if not password_matches(found.password_hash if found else None, password) or found is None:
        return _Tried()
    return found


@needs(Permission.PUBLIC)
@prepared_by(_try_password, for_anybody=True)
def sign_in() -> Answer:
    """Show the sign-in page, or sign a person in with a fresh session."""
    form = SignInForm()
    if request.method == "GET":
        if viewer().user_id is not None:
            return redirect(safe_next(request.args.get("next")) or "/", 303)
        form.next.data = safe_next(request.args.get("next")) or ""
        return render_template("users/sign_in.html", form=form)
    if not form.validate():
        return render_template("users/sign_in.html", form=form), 422
    address, tried = request.remote_addr or "", prepared()
    if tried.must_wait:
        refusal = Invalid("sign_in_throttled", "登录失败次数过多，请 15 分钟后再试，或联系管理员重置密码")
        return _sign_in_refused(form, refusal, 429)
    user = user_by_name(form.username.data)
    if user is None or (user.id, user.password_hash) != (tried.user_id, tried.password_hash):
        name = form.username.data
        afterwards(lambda: actions.note_failed_sign_in(name, address))
        return _sign_in_refused(form, Invalid("sign_in_wrong", "登录名或密码不对，请检查后重新输入"), 422)
    locale = session.get(SESSION_KEY)
    session.clear()
    if user.locale is None and locale in LANGUAGES:
        actions.set_locale(locale, actor_for(user))
    token = actions.start_session(user, address, request.user_agent.string)
    login_user(signed_in_by_token(token))
    if user.must_change_password:
        return redirect(url_for("users.change_password"), 303)
    return redirect(safe_next(form.next.data) or "/", 303)


def _sign_in_refused(form: SignInForm, refusal: Refusal, status: int) -> Answer:
    show_refusal(form, refusal)
    return render_template("users/sign_in.html", form=form), status


@needs(Permission.SIGNED_IN)
def sign_out() -> Answer:
    """End this sign-in."""
    actions.end_session(token_sha256(current_user.get_id()), viewer())
    logout_user()
    session.clear()
    tell(_("您已退出登录"))
    return redirect(url_for("users.sign_in"), 303)


@needs(Permission.PUBLIC)
def set_language() -> Answer:
    """Keep the reader's choice of language and go back to the page."""
    chosen = request.form.get("locale", "")
    if chosen in LANGUAGES:
        session[SESSION_KEY] = chosen
        if viewer().user_id is not None:
            actions.set_locale(chosen, viewer())
    return redirect(safe_next(request.form.get("next")) or "/", 303)


def _new_password_hash() -> str:
    form = PasswordForm()
    present, new, token = form.present.data or "", form.password.data or "", session["_user_id"]
    with reading():
        if present_password_must_wait(token):
            raise Invalid("password_throttled", "现在的密码输错次数过多，请 15 分钟后再试", field="present")
        person = signed_in_by_token(token)
        user = user_by_name(person.username) if person else None
        username, stored = (user.username, user.password_hash) if user else ("", None)
    if not password_matches(stored, present):
        raise Invalid("password_wrong", "现在的密码不对", field="present")
    if new != form.repeated.data:
        raise Invalid("password_differs", "两次输入的新密码不一致", field="repeated")
    if new == present:
        raise Invalid("password_same", "新密码不能与现在的相同", field="password")
    check_password(new, username)
    return hash_password(new)


@needs(Permission.SIGNED_IN)
@prepared_by(_new_password_hash)
def change_password() -> Answer:
    """Change the own password; other sign-ins end.

    Whoever finds a counter unattended must not find out its keeper's password: after five wrong ones the form waits.
    The session goes on, and the password's owner can sign in elsewhere at any time.
    """
    form = PasswordForm()
    if request.method == "POST" and form.validate():
        try:
            actions.change_own_password(prepared(), current_user.get_id(), viewer())
        except Refusal as refusal:
            if refusal.code == "password_wrong":
                token, address = current_user.get_id(), request.remote_addr or ""
                afterwards(lambda: actions.note_wrong_present_password(token, address))
            show_refusal(form, refusal)
            status = 429 if refusal.code == "password_throttled" else refusal.status
            return render_template("users/password.html", form=form), status
        tell(_("密码已更换，其他设备上的登录已结束"))
        return redirect("/", 303)
    return render_template("users/password.html", form=form), 200 if request.method == "GET" else 422


@needs(Permission.SIGNED_IN)
def sessions() -> Answer:
    """Show where the person is signed in."""
    user_id = viewer().user_id
    assert user_id is not None
    return render_template(
        "users/sessions.html", sessions=live_sessions(user_id), present=token_sha256(current_user.get_id())
    )


@needs(Permission.SIGNED_IN)
def end_session(token_sha256: str) -> Answer:
    """End one of the own sign-ins elsewhere."""
    actions.end_session(token_sha256, viewer())
    tell(_("那台设备上的登录已结束"))
    return redirect(url_for("users.sessions"), 303)
