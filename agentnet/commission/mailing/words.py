"""What people read of mail: where one stands, and why it was not taken."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from agentnet.commission.mailing.rules import PARTNER_SUMMARY, STATEMENT, Failure, MailState
from agentnet.core.words import translatable

MAIL_STATES: Mapping[str, tuple[str, str]] = {
    MailState.WAITING: (translatable("等着寄出"), "waiting"),
    MailState.SENDING: (translatable("正在寄"), "moving"),
    MailState.SENT: (translatable("已寄出"), "good"),
    MailState.FAILED: (translatable("没有寄到"), "careful"),
    MailState.CANCELLED: (translatable("不再寄"), "off"),
}
"""What a mail's state is called, and the tone it is shown in."""

FAILURES: Mapping[str, str] = {
    Failure.RECIPIENT: translatable("对方服务器不收这个地址：%(words)s"),
    Failure.MESSAGE: translatable("服务器不收这封邮件：%(words)s"),
    Failure.SERVER: translatable("发信服务器用不了：%(words)s"),
    Failure.UNCERTAIN: translatable("寄到一半中断，可能已经寄到；请先问收件人，再决定要不要再寄（%(words)s）"),
    Failure.BOUNCED: translatable("退信：%(words)s"),
    Failure.FILE: translatable("结算单文件读不出来：%(words)s"),
    Failure.SETTLED: translatable("已了结，不用再寄"),
}

REMEDIES: Mapping[str, str] = {
    Failure.RECIPIENT: translatable("向收件人问清邮箱，更正地址；更正后自动寄往新地址。"),
    Failure.MESSAGE: translatable("请管理员查看发信服务器的要求，再寄一次。"),
    Failure.SERVER: translatable("请管理员运行 agentnet doctor 检查发信服务器，再寄一次。"),
    Failure.UNCERTAIN: translatable("问过收件人没有收到，再寄一次。"),
    Failure.BOUNCED: translatable("向收件人问清邮箱，更正地址；更正后自动寄往新地址。"),
    Failure.FILE: translatable("请管理员从备份恢复文件，再寄一次。"),
}
"""What to do about each."""

LANGUAGES: Mapping[str, str] = {"zh": translatable("中文"), "en": translatable("英文")}

PAPERS: Mapping[str, str] = {
    STATEMENT: translatable("代办费结算单"),
    PARTNER_SUMMARY: translatable("合作单位代办费汇总表"),
}


def failure_text(note: str | None) -> str:
    """Return why a mail was not taken, in the reader's language; what the server said stays as it said it."""
    code, _space, words = (note or "").partition(" ")
    if code == Failure.SETTLED:
        return f"{_(FAILURES[code])} · {failure_text(words)}"
    return _(FAILURES[code], words=words or "-") if code in FAILURES else (note or "")


def remedy_text(note: str | None) -> str:
    """Return what to do about it."""
    code = (note or "").partition(" ")[0]
    return _(REMEDIES[code]) if code in REMEDIES else ""
