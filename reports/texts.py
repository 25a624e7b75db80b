"""Every word the documents print, Chinese and English side by side, keyed by what it says.

Both languages are written, not translated word by word. ``%(name)s`` marks what is filled in. One group per document;
``COMMON`` is on every page, ``CODES`` are the business's own codes (outlet kinds, tenders, states). A code without a
word is an ``UnknownWord``: a raw code never reaches paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from reports.texts_books import OUTLET_DAY, RECONCILIATION, REMITTANCES, TRIAL

Language = Literal["zh", "en"]
Texts = Mapping[str, tuple[str, str]]

COMMON: Texts = {
    "number": ("编号", "No."),
    "page_of": ("第 %(page)s 页 共 %(pages)s 页", "Page %(page)s of %(pages)s"),
    "made_at": ("制成时间 %(made_at)s", "Made %(made_at)s"),
    "data_state": ("数据状态 %(state)s", "Data: %(state)s"),
    "check_code": ("校验码 %(code)s", "Check code %(code)s"),
    "scan_to_verify": ("扫码核验真伪", "Scan to verify"),
    "revision": ("第%(revision)s版", "Edition %(revision)s"),
    "revision_reason": ("本版更正：%(reason)s", "What changed: %(reason)s"),
    "prepared_by": ("制表", "Prepared by"),
    "reviewed_by": ("复核", "Reviewed by"),
    "approved_by": ("负责人", "Approved by"),
    "signed_on": ("日期", "Date"),
    "seal_here": ("（盖章）", "(seal)"),
    "continued": ("%(heading)s（续）", "%(heading)s (continued)"),
    "in_capitals": ("大写", "In capitals"),
    "total": ("合计", "Total"),
    "urban": ("城区", "Urban"),
    "rural": ("农村", "Rural"),
    "urban_and_rural": ("城乡合计", "Urban and rural"),
    "colon": ("：", ": "),
    "list_comma": ("、", ", "),
    "semicolon": ("；", "; "),
}

STATEMENT: Texts = {
    "statement_title": ("代办费结算单", "Commission Statement"),
    "statement_subject": ("%(code)s %(name)s", "%(code)s %(name)s"),
    "commission_due": ("本月应付代办费", "Commission due this month"),
    "commission_owed_back": ("本月应扣回代办费", "Commission to be recovered"),
    "collections_count": ("代收笔数", "Collections"),
    "amount_collected": ("代收金额", "Amount collected"),
    "earned": ("本月代办费", "Earned this month"),
    "adjusted": ("以前月份调整", "Adjustments"),
    "yuan": ("元", "CNY"),
    "outlet": ("网点", "Outlet"),
    "outlet_kind": ("类型", "Kind"),
    "setting": ("城乡", "Setting"),
    "partner": ("合作单位", "Partner"),
    "agent": ("代办员", "Agent"),
    "plan": ("代办费方案", "Commission plan"),
    "plan_version": ("%(name)s（%(version)s）", "%(name)s (%(version)s)"),
    "agreement": ("协议编号", "Agreement no."),
    "unsettled": ("尚未结清", "Not settled yet"),
    "unsettled_sum": ("%(count)s 笔，%(amount)s 元", "%(count)s collections, CNY %(amount)s"),
    "summary_heading": ("代办费汇总", "Commission by component"),
    "working_heading": ("计算过程", "How it was worked out"),
    "working_steps": ("依据和算式", "Inputs and formula"),
    "detail_heading": ("代收明细", "Collections"),
    "adjustment_heading": ("以前月份调整", "Adjustments to earlier months"),
    "component": ("计酬项目", "Component"),
    "tender": ("支付方式", "Tender"),
    "count": ("笔数", "Count"),
    "base_amount": ("计酬金额（元）", "Base (CNY)"),
    "commission": ("代办费（元）", "Commission (CNY)"),
    "line": ("序号", "No."),
    "collected_at": ("时间", "Time"),
    "receipt_no": ("凭证号", "Receipt no."),
    "household": ("户号", "Household"),
    "amount": ("金额（元）", "Amount (CNY)"),
    "belongs_to": ("所属月份", "Month"),
    "entered_on": ("入账日期", "Entered"),
    "reference": ("原凭证号", "Receipt no."),
    "reason": ("调整原因", "Reason"),
    "due_total": ("应付代办费", "Commission due"),
    "due_total_adjusted": ("应付代办费（本月＋调整）", "Commission due (this month and adjustments)"),
    "statement_note": (
        "代办费按封账时的方案版本计算，逐笔舍入到分；封账后的撤销与退费在次月以负数列示。"
        "户号已脱敏。如有异议，请于收到后十个工作日内向所属供电所提出。",
        "Commission follows the plan version in force at month close, rounded to the fen line by line. Voids and "
        "refunds after the close appear as negative lines in the next month. Household numbers are masked. Please "
        "raise any question with your supply station within ten working days.",
    ),
}

PROVISIONAL: Texts = {
    "provisional_title": ("代办费结算单（暂结）", "Commission Statement (provisional)"),
    "provisional_note": (
        "这是暂结单，不作付款依据：本月尚未封账，解款确认、更正和调整还会改变金额。封账后另发正式结算单，以正式结算单为准。"
        "户号已脱敏。金额有疑问，请在封账前向所属供电所提出。",
        "This is a provisional statement and no basis for payment: the month is not closed, and remittances, "
        "corrections and adjustments may still change it. The final statement follows the month's close "
        "and takes its place. Household numbers are masked. Please raise any question with your supply station "
        "before the close.",
    ),
}

EMPTY: Texts = {
    "empty_no_collections": (
        "本月该网点没有代收记录，因此没有代办费。",
        "This outlet made no collections this month, so no commission is due.",
    ),
    "empty_not_yet_active": (
        "该网点本月尚未启用，因此没有代收记录。",
        "This outlet was not yet active this month, so it made no collections.",
    ),
    "empty_suspended": (
        "该网点本月处于停业状态，因此没有代收记录。",
        "This outlet was suspended this month, so it made no collections.",
    ),
    "empty_closed": ("该网点已撤销，本月没有代收记录。", "This outlet is closed and made no collections this month."),
    "empty_nothing_settled": (
        "本月没有收费结清到账，因此没有按笔计的代办费。",
        "No collection was settled this month, so none earns commission.",
    ),
    "empty_no_outlets": ("本月辖区内没有启用的网点。", "There was no active outlet in this territory this month."),
    "empty_no_duties": ("本期没有应走访的网点。", "No visit was due in this period."),
    "empty_no_missed": ("本月没有漏访。", "No visit was missed this month."),
    "empty_all_exempt": ("本周没有工作日，全部网点免访。", "This week had no working day, so every outlet was exempt."),
}

SUMMARY: Texts = {
    "summary_title": ("代办费汇总表", "Commission Summary"),
    "level_company": ("全公司", "Company"),
    "level_city": ("地市公司", "City"),
    "level_county": ("县公司", "County"),
    "level_station": ("供电所", "Supply station"),
    "commission_total": ("代办费合计", "Commission in total"),
    "outlets_count": ("网点数", "Outlets"),
    "compare_heading": ("与往期比较", "Compared with earlier months"),
    "urban_heading": ("城区网点", "Urban outlets"),
    "rural_heading": ("农村网点", "Rural outlets"),
    "measure": ("指标", "Measure"),
    "this_month": ("本月", "This month"),
    "previous_month": ("上月", "Previous month"),
    "versus_previous": ("环比", "Change"),
    "last_year": ("上年同月", "Same month last year"),
    "versus_last_year": ("同比", "Change"),
    "outlet_code": ("网点编号", "Code"),
    "outlet_name": ("网点名称", "Outlet"),
    "urban_subtotal": ("城区小计（%(outlets)s 个网点）", "Urban subtotal (%(outlets)s outlets)"),
    "rural_subtotal": ("农村小计（%(outlets)s 个网点）", "Rural subtotal (%(outlets)s outlets)"),
    "grand_total": ("城乡合计（%(outlets)s 个网点）", "All (%(outlets)s outlets)"),
    "summary_note": (
        "环比、同比按未舍入数计算，保留一位小数；往期没有数据或为零时以“-”表示。",
        "Changes are computed from unrounded figures and shown to one decimal; a dash means that the earlier "
        "month has no figure or is zero.",
    ),
    "none_in_setting": ("本月没有此类网点。", "There is no such outlet this month."),
}

VISITS: Texts = {
    "visits_manager_title": ("台区经理周走访报告", "Weekly Duty-Visit Report"),
    "visits_station_title": ("走访完成情况月报", "Monthly Duty-Visit Report"),
    "manager_subject": ("%(name)s（%(number)s）", "%(name)s (%(number)s)"),
    "compliance": ("走访完成率", "Compliance"),
    "duties_due": ("应访", "Due"),
    "duties_done": ("已访", "Done"),
    "duties_missed": ("漏访", "Missed"),
    "duties_open": ("待访", "Open"),
    "duties_exempt": ("免访", "Exempt"),
    "state": ("状态", "State"),
    "visited_at": ("走访时间", "Visited"),
    "distance": ("距离（米）", "Distance (m)"),
    "score": ("得分", "Score"),
    "needs": ("需求", "Needs"),
    "setting_column": ("城乡", "Setting"),
    "outlets_heading": ("网点走访情况", "Outlets"),
    "setting_heading": ("城乡分列", "Urban and rural"),
    "handover_heading": ("交接事项", "Hand-overs"),
    "failed_items": ("未通过：%(items)s", "Failed: %(items)s"),
    "needs_found": ("需求：%(items)s", "Needs: %(items)s"),
    "outside_radius": ("位置超出范围，待主管核实", "Position outside the radius, for the supervisor to check"),
    "visited_by": ("由%(name)s走访", "Visited by %(name)s"),
    "shared_with": ("与%(name)s共担", "Shared with %(name)s"),
    "as_deputy": ("本人为副", "As deputy"),
    "days_held": ("本周任职 %(days)s 天", "Held for %(days)s days of the week"),
    "handed_on": ("日期", "Date"),
    "handed_from": ("移交人", "From"),
    "handed_to": ("接收人", "To"),
    "handed_note": ("说明", "Note"),
    "manager": ("台区经理", "Manager"),
    "managers": ("台区经理", "Managers"),
    "week": ("周次", "Week"),
    "by_setting_heading": ("城乡完成情况", "Urban and rural"),
    "by_week_heading": ("各周完成情况", "By week"),
    "by_manager_heading": ("各台区经理完成情况", "By manager"),
    "by_outlet_urban_heading": ("城区网点逐周情况", "Urban outlets week by week"),
    "by_outlet_rural_heading": ("农村网点逐周情况", "Rural outlets week by week"),
    "missed_heading": ("漏访清单", "Missed visits"),
    "cause": ("原因", "Reason"),
    "shapes": (
        "图例：✓ 已访　× 漏访　○ 待访　– 免访　· 未分派。完成率＝已访÷应访，免访周不计入应访。",
        "Key: ✓ done, × missed, ○ open, – exempt, · not assigned. Compliance = done ÷ due; exempt weeks are not due.",
    ),
    "visits_note": (
        "每个网点每个自然周（周一至周日，北京时间）至少现场走访一次；整周没有工作日的免访。"
        "两名经理共担一个网点时，走访一次即为完成。",
        "Every assigned outlet is visited at least once per ISO week (Monday to Sunday, Beijing time); a week without "
        "any working day is exempt. Where two managers share an outlet, one visit fulfils the duty.",
    ),
    "nobody": ("未分派", "not assigned"),
}

RECEIPT: Texts = {
    "receipt_title": ("电费缴费凭证", "Electricity Payment"),
    "receipt_subject": ("%(outlet)s", "%(outlet)s"),
    "receipt_number": ("凭证号", "Receipt"),
    "paid_at": ("缴费时间", "Paid at"),
    "outlet_line": ("代收网点", "Outlet"),
    "household_no": ("户号", "Household"),
    "household_name": ("户名", "Name"),
    "bill_month": ("电费年月", "Bill month"),
    "principal": ("电费", "Electricity"),
    "late_charge": ("违约金", "Late charge"),
    "advance": ("预存电费", "Paid in advance"),
    "paid_total": ("实收合计", "Total paid"),
    "part_paid": ("部分缴纳", "part payment"),
    "paid_with": ("支付方式", "Paid with"),
    "tender_reference": ("交易参考号", "Reference"),
    "cash_received": ("收现金", "Cash received"),
    "change_given": ("找零", "Change"),
    "agent_line": ("代办员", "Agent"),
    "serial_no": ("流水号", "Serial"),
    "voided": ("已作废", "VOID"),
    "voided_at": ("作废时间", "Voided at"),
    "void_reason": ("作废原因", "Reason"),
    "refunded": ("已退费", "Refunded"),
    "moved": ("款项已转到另一户", "Wrong household: the payment was moved to another"),
    "hotline": ("供电服务热线 %(number)s", "Service line %(number)s"),
    "not_an_invoice": (
        "本凭证仅作缴费证明，不作发票使用；电子发票请通过网上国网或营业厅开具",
        "Proof of payment only, not an invoice. E-invoices: State Grid app (网上国网) or a business hall.",
    ),
    "scan_receipt": ("扫码核验本凭证", "Scan to verify this slip"),
}

CODES: Texts = {
    "VILLAGE_POST": ("村邮站", "Village postal station"),
    "NEWSSTAND": ("报刊亭", "Newsstand"),
    "CONVENIENCE_STORE": ("便利店", "Convenience store"),
    "SERVICE_POINT": ("便民服务点", "Service point"),
    "VILLAGE_CENTRE": ("村级便民服务中心", "Village service centre"),
    "BUSINESS_HALL": ("供电营业厅", "Business hall"),
    "URBAN": ("城区", "Urban"),
    "RURAL": ("农村", "Rural"),
    "CASH": ("现金", "Cash"),
    "UNIONPAY_CARD": ("银联卡", "UnionPay card"),
    "RECHARGE_CARD": ("充值卡", "Recharge card"),
    "CITIZEN_CARD": ("市民卡", "Citizen card"),
    "ALIPAY": ("支付宝", "Alipay"),
    "WECHAT_PAY": ("微信支付", "WeChat Pay"),
    "UNIONPAY_QR": ("云闪付", "UnionPay QR"),
    "E_CNY": ("数字人民币", "e-CNY"),
    "BANK_DEBIT": ("银行代扣", "Bank debit"),
    "ALL": ("全部", "All"),
    "DONE": ("✓ 已访", "✓ Done"),
    "MISSED": ("× 漏访", "× Missed"),
    "DUE": ("○ 待访", "○ Open"),
    "EXEMPT": ("– 免访", "– Exempt"),
}

# Apart from the groups above: what a drawing is primed with is part of its bytes.
DISPUTES: Texts = {
    "dispute_heading": ("对以前结算单异议的答复", "Answers to disputed lines"),
    "dispute_raised": ("提出日期", "Raised"),
    "dispute_line": ("哪一项", "Line"),
    "dispute_reason": ("异议", "What was disputed"),
    "dispute_answer": ("答复", "Answer"),
    "dispute_ACCEPTED": ("认可，已调整", "Accepted and adjusted"),
    "dispute_REFUSED": ("核对无误", "Found correct"),
}
PARTNER: Texts = {
    "partner_title": ("合作单位代办费汇总表", "Partner Commission Summary"),
}

YEAR: Texts = {
    "year_title": ("代办费年度表", "Commission Year Sheet"),
    "year_subject": ("%(code)s %(name)s", "%(code)s %(name)s"),
    "year_period": ("%(year)s年（截至%(month)s月）", "%(year)s, to month %(month)s"),
    "year_whole": ("%(year)s年", "%(year)s"),
    "year_due": ("全年应付代办费", "Commission due in the year"),
    "year_due_so_far": ("截至目前应付代办费", "Commission due so far"),
    "year_owed_back": ("应扣回代办费", "Commission to be recovered"),
    "year_sum_earned": ("各月代办费", "Earned"),
    "year_heading": ("各月", "Month by month"),
    "year_month": ("月份", "Month"),
    "year_collected": ("代收金额（元）", "Collected (CNY)"),
    "year_earned": ("本月代办费（元）", "Earned (CNY)"),
    "year_adjusted": ("以前月份调整（元）", "Adjusted (CNY)"),
    "year_due_column": ("应付（元）", "Due (CNY)"),
    "year_note": (
        "各月数字与当月结算单一致；“-”表示当月没有结算单。",
        "Each month's figures are those of its statement; a dash means that the month has none.",
    ),
}

GROUPS: tuple[Texts, ...] = (
    COMMON,
    STATEMENT,
    PROVISIONAL,
    EMPTY,
    SUMMARY,
    VISITS,
    RECEIPT,
    TRIAL,
    OUTLET_DAY,
    REMITTANCES,
    RECONCILIATION,
    CODES,
    DISPUTES,
    PARTNER,
    YEAR,
)

_COLUMN: Mapping[Language, int] = {"zh": 0, "en": 1}


class UnknownWord(KeyError):
    """A code or key has no word in the documents' texts."""


class Words(dict[str, str]):
    """All words of one language; a missing key is an ``UnknownWord``."""

    def __missing__(self, key: str) -> str:
        raise UnknownWord(key)


@cache
def words(language: Language) -> Words:
    """Return every word in a language.

    Raises:
        UnknownWord: if there are no words in that language.
    """
    if language not in _COLUMN:
        raise UnknownWord(language)
    return Words({key: pair[_COLUMN[language]] for group in GROUPS for key, pair in group.items()})
