"""Pages of mail: the outbox, one mail with what can be done about it, a month to send, and the addresses."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from agentnet.commission.mailing import queries
from agentnet.commission.mailing.actions import (
    NewAddress,
    mark_returned,
    queue_month,
    send_again,
    send_stuck_again,
    set_address,
    settle,
)
from agentnet.commission.mailing.forms import AddressForm, MailStepForm, ReturnedForm
from agentnet.commission.mailing.models import Mail
from agentnet.commission.mailing.owing import month_to_mail
from agentnet.commission.mailing.rules import mask_mail
from agentnet.commission.mailing.words import LANGUAGES, MAIL_STATES, PAPERS, failure_text, remedy_text
from agentnet.commission.payout.queries import require_office
from agentnet.commission.queries import closed_months
from agentnet.core.clock import Month
from agentnet.core.errors import Refusal
from agentnet.documents.models import Run
from agentnet.infra.forms import HouseForm, show_refusal
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.views.common import attempt
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, covers_company

Answer = Response | str | tuple[str, int]
READ, EDIT = Permission.PAYOUT_READ, Permission.PAYOUT_EDIT


@needs(READ)
def mails() -> Answer:
    """List the outbox: where each paper went, and what became of it."""
    return _outbox(MailStepForm(formdata=None))


def _outbox(form: HouseForm) -> str:
    months = {str(one): one for one in closed_months()}
    state = request.args.get("state", "")
    wanted = queries.MailFilter(
        state=state if state in MAIL_STATES else "",
        month=months.get(request.args.get("month", "")),
        words=typed_text(request.args, "q"),
    )
    may_edit = covers_company(viewer(), EDIT)
    return render_template(
        "mailing/mails.html",
        page=queries.mails_page(viewer(), wanted, request.args),
        wanted=wanted,
        months=months,
        counts=queries.state_counts(viewer()),
        states=MAIL_STATES,
        papers=PAPERS,
        failure_text=failure_text,
        mask=mask_mail,
        off=queries.mail_server() is None,
        stuck=queries.stuck_count() if may_edit else 0,
        any_closed=bool(months),
        may_edit=may_edit,
        form=form,
    )


@needs(READ)
def mail(mail_id: UUID) -> Answer:
    """Show one mail, and what can be done about it."""
    return _mail_page(*queries.mail_for(viewer(), mail_id), MailStepForm(formdata=None), ReturnedForm(formdata=None))


def _mail_page(found: Mail, run: Run, form: HouseForm, returned_form: HouseForm) -> str:
    return render_template(
        "mailing/mail.html",
        found=found,
        run=run,
        month=Month.of(run.period_start),
        paper=PAPERS.get(run.kind, run.kind),
        state=MAIL_STATES[found.state],
        failure=failure_text(found.failure),
        remedy=remedy_text(found.failure),
        owner=queries.owner_codes(found),
        has_address=queries.has_address(found),
        mask=mask_mail,
        languages=LANGUAGES,
        off=queries.mail_server() is None,
        may_edit=covers_company(viewer(), EDIT),
        form=form,
        returned_form=returned_form,
    )


def _step(mail_id: UUID, work: Callable[[UUID], UUID], told: str) -> Answer:
    """Take a step from a mail's page and show the mail it leads to; what refuses it is said there."""
    found, run = queries.mail_for(viewer(), mail_id)
    require_office(viewer())
    form = MailStepForm()
    if not form.validate():
        return _mail_page(found, run, form, ReturnedForm(formdata=None)), 422
    try:
        there = work(UUID(str(form.id.data)))
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _mail_page(found, run, form, ReturnedForm(formdata=None)), refusal.status
    tell(told)
    return redirect(url_for(".mail", mail_id=there), 303)


@needs(EDIT)
def again(mail_id: UUID) -> Answer:
    """Send a mail again, to the address its owner has now."""
    return _step(mail_id, lambda sent: send_again(mail_id, sent, viewer()), _("已放进发件箱，很快寄出"))


@needs(EDIT)
def settled(mail_id: UUID) -> Answer:
    """Say that a mail that failed need not be sent any more."""

    def work(sent: UUID) -> UUID:
        settle(mail_id, sent, viewer())
        return mail_id

    return _step(mail_id, work, _("已了结，不再寄"))


@needs(EDIT)
def returned(mail_id: UUID) -> Answer:
    """Say that a mail came back."""
    found, run = queries.mail_for(viewer(), mail_id)
    require_office(viewer())
    form = ReturnedForm()
    status = 422
    if form.validate():
        status = attempt(
            form, lambda: mark_returned(mail_id, UUID(str(form.id.data)), form.reason.data or "", viewer())
        )
        if not status:
            tell(_("已登记退信，请更正邮箱"))
            return redirect(url_for(".mail", mail_id=mail_id), 303)
    return _mail_page(found, run, MailStepForm(formdata=None), form), status


@needs(EDIT)
def all_again() -> Answer:
    """Send again whatever failed because the server could not be worked with."""
    require_office(viewer())
    form = MailStepForm()
    if not form.validate():
        return _outbox(form), 422
    try:
        count = send_stuck_again(UUID(str(form.id.data)), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _outbox(form), refusal.status
    tell(ngettext("%(num)d 封邮件放回发件箱", "%(num)d 封邮件放回发件箱", count))
    return redirect(url_for(".mails"), 303)


@needs(EDIT)
def month() -> Answer:
    """Show what sending a closed month would do; posted, put it in the outbox."""
    require_office(viewer())
    months = {str(one): one for one in closed_months()}
    asked = months.get(request.values.get("month", "")) or next(iter(months.values()), None)
    form = MailStepForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate() and asked is not None:
            chosen, id_ = asked, UUID(str(form.id.data))
            status = attempt(form, lambda: queue_month(chosen, id_, viewer()))
            if not status:
                tell(_("已放进发件箱，很快寄出"))
                return redirect(url_for(".mails", month=chosen), 303)
    page = render_template(
        "mailing/month.html",
        months=months,
        asked=asked,
        facts=month_to_mail(asked) if asked is not None else None,
        without=queries.outlets_without_address(),
        off=queries.mail_server() is None,
        form=form,
    )
    return page if status == 200 else (page, status)


@needs(EDIT)
def addresses() -> str:
    """List who is written to, masked."""
    require_office(viewer())
    words = typed_text(request.args, "q")
    page = queries.addresses_page(request.args, words)
    return render_template(
        "mailing/addresses.html",
        page=page,
        words=words,
        names=queries.payee_names([row.MailAddress.payee_id for row in page.items if row.MailAddress.payee_id]),
        languages=LANGUAGES,
        mask=mask_mail,
        without=queries.outlets_without_address(),
    )


def _owner() -> tuple[str, str]:
    return typed_text(request.args, "outlet", 32).upper(), typed_text(request.args, "payee", 32)


@needs(EDIT)
def address() -> Answer:
    """Ask whose address it is, then for the address; posted, enter it."""
    require_office(viewer())
    outlet_code, payee_code = _owner()
    if request.method == "GET" and not outlet_code and not payee_code:
        return render_template("mailing/owner.html", refused="")
    try:
        owner = queries.owner_of(outlet_code, payee_code)
    except Refusal as refusal:
        return render_template("mailing/owner.html", refused=refusal, typed=outlet_code or payee_code), refusal.status
    form = AddressForm()
    status = 200
    if request.method == "GET":
        if owner.present is not None:
            form.language.data = owner.present.language
    else:
        status = 422
        if form.validate():
            status = attempt(form, lambda: set_address(form.new_address(outlet_code, payee_code), viewer()))
            if not status:
                tell(_("已登记邮箱"))
                return redirect(url_for(".addresses"), 303)
    page = render_template(
        "mailing/address.html", form=form, owner=owner, mask=mask_mail, outlet_code=outlet_code, payee_code=payee_code
    )
    return page if status == 200 else (page, status)


@needs(EDIT)
def remove_address() -> Answer:
    """Take an address away; what waits for it is not sent."""
    require_office(viewer())
    outlet_code, payee_code = _owner()
    owner = queries.owner_of(outlet_code, payee_code)
    form = MailStepForm()
    if not form.validate():
        return redirect(url_for(".address", outlet=outlet_code or None, payee=payee_code or None), 303)
    language = owner.present.language if owner.present is not None else "zh"
    set_address(NewAddress(UUID(str(form.id.data)), outlet_code, payee_code, "", language), viewer())
    tell(_("已删除邮箱，不再寄信"))
    return redirect(url_for(".addresses"), 303)
