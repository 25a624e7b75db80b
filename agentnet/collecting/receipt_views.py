"""A recorded collection: its receipt, its slip as PDF, its void, and the public page that proves it."""

from __future__ import annotations

from uuid import UUID

from flask import Response as FlaskResponse
from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.approvals.queries import about
from agentnet.approvals.words import STATES
from agentnet.collecting import queries
from agentnet.collecting.actions import void_collection
from agentnet.collecting.forms import VoidForm
from agentnet.collecting.proof import proves, receipt_no_of
from agentnet.collecting.queries import Recorded
from agentnet.collecting.report_data import receipt_of
from agentnet.collecting.words import PAPERS
from agentnet.core.errors import Refusal
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english, money_text
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may
from reports.receipt import draw
from reports.texts import Language

Answer = Response | str | tuple[str, int]


def _offered(recorded: Recorded) -> dict[str, bool]:
    """Return what may be put right from this page: on the open day it is undone, after it corrected."""
    stands = recorded.void is None
    still_open = recorded.collection.business_on >= queries.open_day_of(recorded.outlet.id)

    def here(permission: Permission) -> bool:
        return may(viewer(), permission) and queries.may_there(viewer(), recorded.outlet, permission)

    left = recorded.refunded_fen < recorded.collection.amount_fen
    return {
        "may_void": stands and still_open and here(Permission.COLLECTION_VOID),
        "may_reverse": stands and still_open and here(Permission.COLLECTION_REVERSE),
        "may_correct": stands and not still_open and left and here(Permission.CORRECTION_REQUEST),
    }


@needs(Permission.COLLECTION_READ)
def receipt(receipt_no: str) -> Answer:
    """Show a recorded collection: what was paid, how to print it, and the next customer."""
    recorded = queries.collection_for(viewer(), receipt_no, Permission.COLLECTION_READ)
    return render_template(
        "collecting/receipt.html",
        recorded=recorded,
        tender_name=queries.tender_name(recorded.collection.tender, in_english()),
        papers=PAPERS,
        **_offered(recorded),
        requests=about(viewer(), "COLLECTION", str(recorded.collection.id)),
        request_states=STATES,
        may_pay={"CASH": may(viewer(), Permission.REFUND_PAY_CASH), "BANK": may(viewer(), Permission.REFUND_PAY_BANK)},
        may_collect=may(viewer(), Permission.COLLECTION_RECORD),
    )


@needs(Permission.COLLECTION_READ)
def receipt_pdf(receipt_no: str) -> Answer:
    """Send the slip, as often as it is asked for."""
    recorded = queries.collection_for(viewer(), receipt_no, Permission.COLLECTION_READ)
    asked = request.args.get("paper", "slip80")
    language: Language = "en" if in_english() else "zh"
    slip = receipt_of(recorded, current_app.extensions["agentnet"], language)
    pdf = draw(slip, asked if asked in PAPERS else "slip80")  # type: ignore[arg-type]
    answer = FlaskResponse(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{recorded.collection.receipt_no}.pdf"'
    return answer


@needs(Permission.COLLECTION_VOID)
def void(receipt_no: str) -> Answer:
    """Ask why, then cancel the collection with a reversing transfer."""
    recorded = queries.collection_for(viewer(), receipt_no, Permission.COLLECTION_VOID)
    form = VoidForm()
    if request.method == "POST" and form.validate():
        try:
            void_collection(recorded.collection.id, UUID(str(form.id.data)), str(form.reason.data), viewer())
        except Refusal as refusal:
            show_refusal(form, refusal)
            return render_template("collecting/void.html", form=form, recorded=recorded), refusal.status
        tell(_("已撤销 %(amount)s，请把钱退给客户", amount=money_text(recorded.collection.amount_fen)), careful=True)
        return redirect(url_for(".receipt", receipt_no=receipt_no), 303)
    page = render_template("collecting/void.html", form=form, recorded=recorded)
    return (page, 422) if request.method == "POST" else page


@needs(Permission.PUBLIC)
def proof(token: str) -> Answer:
    """Say to whoever scanned a receipt whether it stands; masked, and nothing for a number that was guessed."""
    recorded = queries.collection_by_receipt(receipt_no_of(token))
    key = current_app.extensions["agentnet"].secret_key
    if recorded is None or not proves(token, key, recorded.collection.id, recorded.collection.receipt_no):
        return render_template("collecting/proof.html", recorded=None), 404
    name = queries.tender_name(recorded.collection.tender, in_english())
    return render_template("collecting/proof.html", recorded=recorded, tender_name=name)
