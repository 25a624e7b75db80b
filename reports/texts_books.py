"""The words of the papers of money: trial balance, an outlet's day, a station's remittances."""

from __future__ import annotations

from collections.abc import Mapping

TRIAL: Mapping[str, tuple[str, str]] = {
    "trial_title": ("科目余额表", "Trial Balance"),
    "trial_moved": ("本期发生额（借贷各）", "Movements (debit and credit each)"),
    "trial_debit_balances": ("期末借方余额", "Debit balances"),
    "trial_credit_balances": ("期末贷方余额", "Credit balances"),
    "trial_line": ("科目", "Line"),
    "trial_side": ("方向", "Side"),
    "trial_opening": ("期初（元）", "Opening (CNY)"),
    "trial_debit": ("借方（元）", "Debit (CNY)"),
    "trial_credit": ("贷方（元）", "Credit (CNY)"),
    "trial_closing": ("期末（元）", "Closing (CNY)"),
    "trial_settings_heading": ("网点科目期末余额：城区与农村", "Outlets' closing balances: urban and rural"),
    "trial_urban": ("城区（元）", "Urban (CNY)"),
    "trial_rural": ("农村（元）", "Rural (CNY)"),
    "trial_whole": ("合计（元）", "Total (CNY)"),
    "trial_owner_OUTLET": ("网点账", "Outlets"),
    "trial_owner_HOUSEHOLD": ("用户账", "Households"),
    "trial_owner_PARTNER": ("合作单位账", "Partners"),
    "trial_owner_ORG_UNIT": ("公司账", "Company"),
    "trial_totals_heading": ("合计", "Totals"),
    "trial_opening_balances": ("期初余额", "Opening balances"),
    "trial_movements": ("本期发生额", "Movements"),
    "trial_outside": ("其中与本单位以外往来的净额", "of it, net with others outside the unit"),
    "trial_closing_balances": ("期末余额", "Closing balances"),
    "trial_empty": ("本期没有账。", "There is nothing in this period."),
    "trial_note": (
        "借方合计等于贷方合计，期初、期末借方余额各等于贷方余额，否则不出本表。余额按科目方向列示，负数为反方向余额。"
        "网点账户归网点现在所属的单位；用户和合作单位账户只在全公司的表里。",
        "Debits equal credits, and debit balances equal credit balances at both ends, or this paper is not made. "
        "Balances stand on each line's own side; a minus is the other side. Outlets' accounts follow the unit the "
        "outlet belongs to now; households' and partners' accounts are in the company's balance only.",
    ),
}

OUTLET_DAY: Mapping[str, tuple[str, str]] = {
    "outlet_day_title": ("网点日结单", "Outlet Daily Sheet"),
    "outlet_day_taken": ("当日代收", "Collected that day"),
    "outlet_day_cash_left": ("日终手头现金", "Cash held at the end"),
    "outlet_day_voided": ("撤销笔数", "Voided"),
    "outlet_day_difference": ("长短款", "Over or short"),
    "outlet_day_takings_heading": ("按支付方式", "Takings by tender"),
    "outlet_day_batch": ("终端批次（元）", "Terminal batch (CNY)"),
    "outlet_day_apart": ("差（元）", "Difference (CNY)"),
    "outlet_day_none_taken": ("当日没有代收。", "Nothing was collected that day."),
    "outlet_day_voids_heading": ("撤销", "Voids"),
    "outlet_day_reason": ("撤销原因", "Reason"),
    "outlet_day_no_voids": ("当日没有撤销。", "Nothing was voided that day."),
    "outlet_day_count_heading": ("现金清点", "Cash count"),
    "outlet_day_face": ("面额（元）", "Face (CNY)"),
    "outlet_day_pieces": ("张数", "Pieces"),
    "outlet_day_other": ("其他零钱", "Other coins"),
    "outlet_day_counterfeit": ("疑似假币（单列）", "Suspected counterfeit (apart)"),
    "outlet_day_counted": ("清点合计", "Counted"),
    "outlet_day_by_book": ("系统现金", "Cash by the book"),
    "outlet_day_over": ("长款", "Over"),
    "outlet_day_short": ("短款", "Short"),
    "outlet_day_ties": ("相符", "Ties"),
    "outlet_day_not_counted": (
        "这一天由系统自动日结，没有清点现金。",
        "This day was closed by the system; no cash was counted.",
    ),
    "outlet_day_nothing_found": ("清点为零：手头没有现金。", "Nothing was found: the drawer is empty."),
    "outlet_day_explanation": ("差异说明：%(words)s", "Explanation: %(words)s"),
    "outlet_day_cash_heading": ("现金往来", "Running cash"),
    "outlet_day_entry": ("摘要", "Entry"),
    "outlet_day_change": ("增减（元）", "Change (CNY)"),
    "outlet_day_balance": ("余额（元）", "Balance (CNY)"),
    "outlet_day_brought": ("日初余额", "Brought forward"),
    "outlet_day_deposits_heading": ("解款", "Deposits"),
    "outlet_day_slip": ("交款单号", "Slip no."),
    "outlet_day_state": ("状态", "State"),
    "outlet_day_no_deposits": ("当日没有报交款。", "No deposit was declared that day."),
    "outlet_day_note": (
        "收费差错率应为零：系统、清点与终端批次三方相符，差异单列入长短款。户号不在本表。",
        "Book, count and terminals' batches must agree; what differs is booked apart as over or short. No household "
        "is named on this sheet.",
    ),
}

REMITTANCES: Mapping[str, tuple[str, str]] = {
    "remittances_title": ("供电所解款与现金账龄表", "Remittances and Cash Ageing"),
    "remittances_held": ("期末网点手头现金", "Cash held by outlets"),
    "remittances_declared": ("报交款", "Declared"),
    "remittances_confirmed": ("已到账", "Confirmed"),
    "remittances_transit": ("在途", "In transit"),
    "remittances_rejected": ("退回", "Returned"),
    "remittances_cash": ("手头现金", "Cash held"),
    "remittances_oldest": ("最早一天", "Oldest day"),
    "remittances_age": ("天数", "Days"),
    "remittances_missed": ("错过", "Missed"),
    "remittances_urban_heading": ("城区网点（元）", "Urban outlets (CNY)"),
    "remittances_rural_heading": ("农村网点（元）", "Rural outlets (CNY)"),
    "remittances_open_heading": ("未到账与退回的交款", "Deposits in transit or returned"),
    "remittances_none_open": ("没有在途或退回的交款。", "No deposit is in transit or was returned."),
    "remittances_slip": ("交款单号", "Slip no."),
    "remittances_deposited": ("交款日期", "Deposited"),
    "remittances_amount": ("金额（元）", "Amount (CNY)"),
    "remittances_reason": ("状态与说明", "State and reason"),
    "remittances_state_DECLARED": ("在途", "In transit"),
    "remittances_state_REJECTED": ("未到账，退回", "Never arrived, returned"),
    "remittances_state_CONFIRMED": ("少到，差额退回", "Less arrived, the rest returned"),
    "remittances_empty": ("本期该供电所没有网点持有现金或报交款。", "No outlet held cash or declared a deposit."),
    "remittances_note": (
        "报交款为本期报的交款；已到账、退回为其中已经确认或退回的部分，在途为到出表时还没有确认的部分。"
        "最早一天是期末手头现金里最早一笔所属的营业日，按先收先交推算；天数算到期末，错过是那以后过去了几次交款机会。",
        "Declared is what was declared in the period; confirmed and returned are the parts of it decided since, in "
        "transit is what nobody had decided when this paper was made. The oldest day is the business day of the "
        "oldest cash still held at the end, first in first out; days count to the end of the period, "
        "missed the opportunities to remit that passed since.",
    ),
}
