"""What a route is called with: one small history in Wenling, and the values that name its parts.

The routes come from the application itself; a test that walks them finds here what to put into their parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from agentnet.books.journal_actions import add_mapping
from agentnet.closing.actions import close_month
from agentnet.commission.abuse.models import PatternFinding
from agentnet.commission.mailing.models import Mail, MailAddress
from agentnet.commission.parallel.actions import NewSheet, bring_sheet
from agentnet.commission.parallel.models import OldSheetLine
from agentnet.commission.parallel.reading import read_sheet
from agentnet.commission.whatif.actions import NewWhatIf, ask_what_if
from agentnet.core.clock import IsoWeek, Month, frozen_at
from agentnet.core.ids import new_id
from agentnet.documents.models import Run, Schedule
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Account
from agentnet.settlement.corrections.rules import NewRefund
from agentnet.settlement.reconciliation.models import Difference
from agentnet.visits.actions import log_visit, plan_duties
from agentnet.visits.judging import FoundNeed
from agentnet.visits.models import Need
from tests import world
from tests.collecting.counter import item, record
from tests.commission.disputes.given import disputed, line_id
from tests.commission.facts import POSTAL_STATION
from tests.commission.facts import collected as collected_in_october
from tests.commission.payout.given import a_batch_drawn_up
from tests.holding.given import prepaid_for_a_moment
from tests.outlets.campaigns.given import a_campaign
from tests.settlement.corrections.given import ask_refund, collected, night, refunded
from tests.settlement.drawer import close, declare, new_remittance
from tests.settlement.reconciliation.given import bank_file, partner_file, payment_line, said, take_bank, take_post
from tests.visits.given import a_visit

NOTHING = "0" * 8


@dataclass(frozen=True)
class Sample:
    """How a route is called. ``placed``: what it names lies in Wenling, so that strangers must not find it."""

    values: dict[str, object]
    placed: bool = True


def samples(facts: dict[str, object]) -> dict[str, Sample]:
    """Return a sample for every route that takes parameters."""
    outlet = {"code": "WL0001"}
    receipt = {"receipt_no": facts["receipt_no"]}
    document = {"number": facts["number"]}
    visit = {"visit_id": facts["visit_id"]}
    remittance = {"id_": facts["remittance_id"]}
    need = {"need_id": facts["need_id"]}
    file = {"file_id": facts["file_id"]}
    row = file | {"line_no": 2}
    difference = {"difference_id": facts["difference_id"]}
    approval = {"id_": facts["approval_id"]}
    top_up = {"id_": facts["top_up_id"]}
    manager = {"code": "M001"}
    village = {"division_code": world.VILLAGE}
    schedule = {"schedule_id": facts["schedule_id"]}
    person = {"user_id": 1}
    what_if = {"what_if_id": facts["what_if_id"]}
    finding = {"finding_id": facts["finding_id"]}
    sheet = {"sheet_id": facts["sheet_id"]}
    found = {
        name: Sample(outlet)
        for name in (
            "commission.outlet",
            "disputes.new",
            "outlets.show",
            "outlets.new_agreement",
            "outlets.edit",
            "outlets.hours",
            "outlets.move",
            "outlets.offer",
            "outlets.new_terminal",
            "settlement.outlet_days",
            "settlement.change_outlet_days",
            "holding.deposit",
            "holding.receive",
            "holding.receive_record",
            "holding.outlet_limits",
            "holding.set_outlet_limits",
            "holding.set_outlet_limits_record",
            "visits.new",
        )
    }
    found |= {name: Sample(receipt) for name in ("collecting.receipt", "collecting.receipt_pdf", "collecting.void")}
    found |= {f"documents.{name}": Sample(document) for name in ("document", "download", "preview", "retry", "revise")}
    past = {"receipt_no": facts["past_receipt_no"]}
    found |= {f"corrections.{name}": Sample(past) for name in ("refund", "refund_record", "move", "move_record")}
    found |= {
        "corrections.reverse": Sample(receipt),
        "corrections.pay_cash": Sample({"id_": facts["refund_id"]}),
        "corrections.pay_bank": Sample({"id_": facts["bank_refund_id"]}),
    }
    found |= {f"approvals.{name}": Sample(approval) for name in ("approval", "approve", "reject", "withdraw")}
    found |= {f"settlement.{name}": Sample(remittance) for name in ("remittance", "slip_photo", "confirm", "reject")}
    found |= {f"holding.{name}": Sample(top_up) for name in ("top_up_page", "confirm", "reject")}
    found |= {
        f"holding.{name}": Sample({"kind": "VILLAGE_POST"}, placed=False)
        for name in ("kind_limits", "set_kind_limits", "set_kind_limits_record")
    }
    found |= {f"reconciliation.{name}": Sample(file) for name in ("file", "withdraw")}
    found |= {"reconciliation.confirm": Sample({"file_id": facts["bank_file_id"]})}
    found |= {f"reconciliation.{name}": Sample(row) for name in ("row", "match", "undo")}
    found |= {
        f"reconciliation.{name}": Sample(difference) for name in ("difference", "own", "end", "remedy", "remedy_record")
    }
    payout = {"id_": facts["payout_id"]}
    found |= {
        f"payout.{name}": Sample(payout) for name in ("batch", "check", "pay", "cancel", "confirm_all", "bank_file")
    }
    payment = {"id_": facts["payment_id"]}
    found |= {f"payout.{name}": Sample(payment) for name in ("confirm_payment", "return_payment")}
    found |= {"payout.lift": Sample({"id_": facts["hold_id"]})}
    mail = {"mail_id": facts["mail_id"]}
    found |= {f"mailing.{name}": Sample(mail) for name in ("mail", "again", "settle", "returned")}
    dispute = {"dispute_id": facts["dispute_id"]}
    found |= {f"disputes.{name}": Sample(dispute) for name in ("dispute", "withdraw", "own", "refuse")}
    found |= {name: Sample(visit) for name in ("visits.show", "visits.photo", "visits.strike")}
    found |= {name: Sample(need) for name in ("visits.need", "visits.close_need")}
    found |= {f"outlets.{name}": Sample(manager) for name in ("manager", "edit_manager", "leave", "manager_photo")}
    found |= {f"outlets.{name}": Sample(village) for name in ("dock", "undock")}
    found |= {f"documents.{name}": Sample(schedule) for name in ("change_schedule", "switch_schedule")}
    found |= {
        f"administration.{name}": Sample(person, placed=False)
        for name in ("person", "disable_person", "enable_person", "reset_password", "grant")
    }
    found |= {
        "outlets.agreement_document": Sample(outlet | {"number": "DH-0001"}),
        "outlets.end_agreement": Sample(outlet | {"number": "DH-0001"}),
        "outlets.assign": Sample(outlet | {"slot": "primary"}),
        "outlets.end_assignment": Sample(outlet | {"slot": "deputy"}),
        "outlets.step": Sample(outlet | {"state": "SUSPENDED"}),
        "outlets.remove_terminal": Sample(outlet | {"serial_no": "T-1"}),
        "outlets.edit_partner": Sample({"code": "POST"}, placed=False),
        **{
            f"outlets.{name}": Sample({"code": "ZNJF"}, placed=False)
            for name in ("campaign", "edit_campaign", "add_to_campaign")
        },
        "outlets.leave_campaign": Sample({"code": "ZNJF", "outlet_code": "WL0001"}),
        "outlets.switch_tender": Sample({"code": "E_CNY"}, placed=False),
        "outlets.export": Sample({"ending": "csv"}, placed=False),
        "approvals.end_delegate": Sample({"id_": facts["collection_id"]}),
        "administration.end_grant": Sample(person | {"grant_id": NOTHING}, placed=False),
        "administration.division": Sample({"code": world.VILLAGE}, placed=False),
        "administration.edit_unit": Sample({"code": "WL-TP"}, placed=False),
        "administration.move_unit": Sample({"code": "WL-TP"}, placed=False),
        "administration.export": Sample({"kind": "outlets", "ending": "csv"}, placed=False),
        "administration.template": Sample({"kind": "outlets", "ending": "csv"}, placed=False),
        "administration.dry_run": Sample({"kind": "outlets", "sha256": "0" * 64}, placed=False),
        "administration.confirm": Sample({"kind": "outlets", "sha256": "0" * 64}, placed=False),
        "holding.pay_back": Sample(outlet | {"what": "float"}),
        "holding.pay_back_record": Sample(outlet | {"what": "deposit"}),
        "reconciliation.outlet_tie": Sample(outlet | {"day": world.TODAY.isoformat()}),
        **{
            f"reconciliation.{name}": Sample({"sha256": "0" * 64}, placed=False)
            for name in ("check", "take", "new_mapping")
        },
        "books.line": Sample({"owner_kind": "outlet", "code": "cash_held"}, placed=False),
        "books.account": Sample({"account_id": facts["account_id"]}),
        "books.mapping": Sample({"name": "U8"}, placed=False),
        "books.account_target": Sample({"name": "U8"}, placed=False),
        "books.hand_over": Sample({"name": "U8", "month": "2026-10"}, placed=False),
        "books.journal_file": Sample({"name": "U8", "month": "2026-10"}, placed=False),
        "settlement.day": Sample(outlet | {"day": world.TODAY.isoformat()}),
        "settlement.account": Sample(outlet | {"name": "cash"}),
        "settlement.kind_days": Sample({"kind": "VILLAGE_POST"}, placed=False),
        "closing.month": Sample({"text": "2026-10"}, placed=False),
        "closing.confirm": Sample({"text": "2026-10"}, placed=False),
        "closing.close": Sample({"text": "2026-10"}, placed=False),
        "collecting.take": Sample({"household_no": world.GANG}, placed=False),
        "collecting.record": Sample({"household_no": world.GANG}, placed=False),
        # A keeper may ask after any id; another's is answered like one that never was.
        "collecting.status": Sample({"id_": facts["collection_id"]}, placed=False),
        "collecting.household": Sample({"household_no": world.GANG}),
        "collecting.reveal": Sample({"household_no": world.GANG}),
        "collecting.export": Sample({"kind": "csv"}, placed=False),
        "collecting.proof": Sample({"token": "x.y"}, placed=False),
        "commission.export": Sample({"kind": "csv"}, placed=False),
        "commission.old_sheet": Sample(sheet, placed=False),
        "commission.accept_differences": Sample(sheet, placed=False),
        "commission.old_sheet_template": Sample({"kind": "csv"}, placed=False),
        "commission.old_sheet_export": Sample(sheet | {"kind": "csv"}, placed=False),
        "commission.old_sheet_line": Sample(sheet | {"line_id": facts["old_line_id"]}),
        "commission.accept_difference": Sample(sheet | {"line_id": facts["old_line_id"]}),
        "commission.pattern": Sample(finding),
        "commission.mark_pattern": Sample(finding),
        "commission.pattern_export": Sample({"kind": "csv"}, placed=False),
        "commission.what_if": Sample(what_if, placed=False),
        "commission.what_if_export": Sample(what_if | {"kind": "csv"}, placed=False),
        "commission.what_if_outlet": Sample(what_if | outlet),
        "commission.line": Sample(outlet | receipt),
        "commission.plan": Sample({"code": "STANDARD"}, placed=False),
        "commission.new_version": Sample({"code": "STANDARD"}, placed=False),
        "commission.plan_file": Sample({"code": "STANDARD"}, placed=False),
        "commission.fill_from_file": Sample({"code": "STANDARD"}, placed=False),
        "documents.genuine": Sample(document, placed=False),
        "documents.progress": Sample({"order_id": facts["collection_id"]}),
        "documents.reopen_order": Sample({"order_id": facts["collection_id"]}),
        "users.end_session": Sample({"token_sha256": "0" * 64}, placed=False),
        "workdays.set_day": Sample({"day": "2026-11-20"}, placed=False),
        "workdays.reset_day": Sample({"day": "2026-11-20"}, placed=False),
    }
    return found


def _refunds_of_yesterday() -> tuple[str, NewRefund, NewRefund, NewRefund]:
    """Collect twice on the day before; return the receipt whose refund is asked for, that request, and two refunds."""
    with frozen_at(world.NOW - timedelta(days=1)):
        _, paid_back = collected(300, world.OLD)
        _, past = collected(700, world.OLD)
    night()
    in_cash, by_bank = refunded(paid_back, 100), refunded(paid_back, 200, pay_by="BANK")
    return past, ask_refund(past, 700, by="carol"), in_cash, by_bank


def _statement_mailed() -> UUID:
    """Say that WL0001's statement of October was sent, and return the mail's id."""
    id_ = new_id()
    with batch() as session:
        run_id = session.scalars(select(Run.id).where(Run.outlet_id == 1)).first()
        mail = Mail(
            id=id_,
            run_id=run_id,
            round=1,
            outlet_id=1,
            address="zhou@mail.example",
            language="zh",
            state="SENT",
            queued_at=world.NOW,
            asked_by_id=11,
            next_at=world.NOW,
            attempts=1,
            sent_at=world.NOW,
        )
        session.add_all(
            [mail, MailAddress(outlet_id=1, address="zhou@mail.example", language="zh", entered_at=world.NOW)]
        )
    return id_


def lay_down_facts() -> dict[str, object]:
    """Enter one collection, visit, need, document and schedule in Wenling; return what names them."""
    taken = item()
    (verdict,) = record(taken)
    assert verdict.receipt_no
    deposit = declare(new_remittance(1_00))
    file_id = take_post(partner_file(payment_line("P-000001", 9_99)))
    (bank_file_id,) = take_bank(bank_file((1_00, said("JK-0001"))))
    close()
    past, asked, in_cash, by_bank = _refunds_of_yesterday()
    a_campaign("WL0001")
    top_up = prepaid_for_a_moment()
    with batch():
        plan_duties(IsoWeek.of(world.TODAY), SYSTEM)
    with batch():
        log_visit(a_visit(needs=(FoundNeed("FAULT_REPAIR", "路灯不亮"),)), world.actor("bob"))
    put_right = collected_in_october(POSTAL_STATION, 100_00)
    close_month(Month(2026, 10), SYSTEM)
    payout = a_batch_drawn_up(POSTAL_STATION)
    line = line_id(put_right[0])
    dispute_id = disputed(line)
    with batch():
        add_mapping(new_id(), "U8", "U8", SYSTEM)
        tried = NewWhatIf(new_id(), "标准代办费", "VERSION", world.STANDARD, Month(2026, 10), Month(2026, 10))
        what_if_id = ask_what_if(tried, world.actor("fang")).id
        finding = PatternFinding(
            month="2026-11",
            outlet_id=1,
            org_unit_id=world.TAIPING.id,
            pattern="SPLIT",
            number=1,
            group_count=1,
            amount_fen=1_00,
            cost_fen=50,
            evidence=[[str(taken.id)]],
            found_at=world.NOW,
            state="OPEN",
        )
        db.session.add(finding)
        old = read_sheet("网点编号,月份,代办费\nWL0001,2026-10,5.00\n".encode())
        sheet_id = bring_sheet(NewSheet(new_id(), "old.csv", old, 0), world.actor("fang")).id
    mail_id = _statement_mailed()
    with batch() as session:
        schedule = Schedule(
            name="周报",
            kind="DUTY_MANAGER_WEEK",
            org_unit_id=world.WENLING.id,
            language="zh",
            cadence="WEEKLY",
            day=1,
            hour=6,
            minute=0,
            starts_on=world.TODAY,
            next_at=world.NOW,
        )
        session.add(schedule)
    with reading():
        need = db.session.scalars(select(Need)).one()
        return {
            "remittance_id": deposit.id,
            "file_id": file_id,
            "bank_file_id": bank_file_id,
            "difference_id": db.session.scalars(
                select(Difference.id).where(Difference.file_id == file_id, Difference.outlet_id == 1)
            ).one(),
            "approval_id": asked.id,
            "refund_id": in_cash.id,
            "bank_refund_id": by_bank.id,
            "past_receipt_no": past,
            "top_up_id": top_up.id,
            "receipt_no": verdict.receipt_no,
            "collection_id": taken.id,
            **payout,
            "account_id": db.session.scalars(select(Account.id).where(Account.code == "IN_TRANSIT")).one(),
            "visit_id": need.visit_id,
            "need_id": need.id,
            "number": db.session.scalars(select(Run.number).where(Run.outlet_id == 1)).first(),
            "dispute_id": dispute_id,
            "mail_id": mail_id,
            "line_id": line,
            "schedule_id": db.session.scalars(select(Schedule.id)).one(),
            "what_if_id": what_if_id,
            "sheet_id": sheet_id,
            "old_line_id": db.session.scalars(select(OldSheetLine.id).where(OldSheetLine.outlet_id == 1)).one(),
            "finding_id": db.session.scalars(select(PatternFinding.id)).one(),
        }
