"""What a person types to sign in or to change the own password."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, StringField

from agentnet.infra.forms import HouseForm, Needed, NoLongerThan


class SignInForm(HouseForm):
    """Name and password."""

    username = StringField(_("登录名"), [Needed(_("请输入登录名")), NoLongerThan(64)])
    password = PasswordField(_("密码"), [Needed(_("请输入密码"))])
    next = HiddenField()


class PasswordForm(HouseForm):
    """The present password and a new one, twice."""

    present = PasswordField(_("现在的密码"), [Needed(_("请输入现在的密码"))])
    password = PasswordField(_("新密码"), [Needed(_("请输入新密码"))])
    repeated = PasswordField(_("再输入一次新密码"), [Needed(_("请再输入一次新密码"))])
