"""The letter around a paper: in the language of whoever gets it, without any figure; the figures are in the paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from flask_babel import gettext as _

from agentnet.commission.mailing.rules import PARTNER_SUMMARY
from agentnet.core.clock import Month
from agentnet.documents.heads import in_language
from agentnet.infra.dates import month_text
from agentnet.infra.mail import sender_header


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a letter says; ``title`` is whom the paper is about, ``proof`` where its genuineness is looked up."""

    mail_id: UUID
    address: str
    language: str
    company: str
    kind: str
    title: str
    month: Month
    number: str
    revision: int
    proof: str


def letter(one: Letter, pdf: bytes, sender: str, at: datetime) -> EmailMessage:
    """Return the mail with its paper attached. The same mail has the same Message-ID however often it is tried."""
    author = sender_header(sender)
    message = EmailMessage(policy=SMTP)
    with in_language(one.language):
        name = _paper(one)
        message["Subject"] = f"{name} {one.number}"
        message["From"] = author
        message["To"] = Address(addr_spec=one.address)
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{one.mail_id}@{author.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(_said(one, name)) + "\n", cte="base64")
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{name} {one.number}.pdf")
        message["Content-Language"] = "en" if one.language == "en" else "zh-CN"
    return message


def _paper(one: Letter) -> str:
    month = month_text(one.month)
    if one.kind == PARTNER_SUMMARY:
        return _("%(month)s代办费汇总表", month=month)
    return _("%(month)s代办费结算单", month=month)


def _said(one: Letter, name: str) -> list[str]:
    said = [
        _("%(title)s，您好：", title=one.title),
        _("附件是%(paper)s，编号 %(number)s。", paper=name, number=one.number),
    ]
    if one.revision > 1:
        said.append(_("这是第 %(revision)d 版，以前寄出的同一月份的文件以这一份为准。", revision=one.revision))
    said += [
        _("核对真伪：%(address)s", address=one.proof),
        _("哪一项有疑问，请在收到后十个工作日内登录系统对那一项提出异议，或联系管理您的供电所。"),
        _("这封邮件由系统自动寄出。如果不是寄给您的，请删除，并回信告诉我们。"),
        one.company,
    ]
    return said
