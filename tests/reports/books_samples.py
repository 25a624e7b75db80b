"""Plainly invented figures for the papers of money; the trial balance is the hand-made week of ``tests/books/week``."""

from __future__ import annotations

from datetime import UTC, date, datetime

from agentnet.core.clock import Month
from reports.outlet_day import CashCount, CashRow, DepositRow, OutletDay, PiecesRow, TenderRow, VoidRow
from reports.reconciled import (
    EndedDifference,
    FileShare,
    MissingFile,
    OpenDifference,
    Reconciliation,
    TieSum,
    UntiedOutlet,
)
from reports.station_remittances import OpenDeposit, OutletDeposits, StationRemittances, sums_of
from reports.texts import Language
from reports.trial_balance import TrialPaper, TrialRow
from tests.reports.samples import head
from tests.reports.territory_samples import place

NOVEMBER = Month(2026, 11)

LINES = (
    ("OUTLET", "网点持有现金", "Cash held by outlets", True, 0, 13838, 10200),
    ("OUTLET", "非现金待清算", "Non-cash to be cleared", True, 0, 20350, 0),
    ("OUTLET", "网点代收待分配", "Received by outlets, to be allocated", False, 0, 33188, 33188),
    ("OUTLET", "在途解款", "Deposits in transit", True, 0, 10000, 10000),
    ("OUTLET", "长短款", "Over and short", True, 0, 100, 0),
    ("HOUSEHOLD", "用户预存电费", "Households' advances", False, 0, 0, 2000),
    ("ORG_UNIT", "银行存款", "Bank", True, 0, 9000, 0),
    ("ORG_UNIT", "营销电费清算", "Billing clearing", False, 0, 0, 31088),
)


def trial(language: Language = "zh", lines=LINES, level="COMPANY") -> TrialPaper:
    rows = []
    for owner, zh, en, debit_normal, opening, debit, credit in lines:
        closing = opening + (debit - credit if debit_normal else credit - debit)
        outlet = owner == "OUTLET"
        rows.append(
            TrialRow(
                owner, zh if language == "zh" else en,
                ("借" if debit_normal else "贷") if language == "zh" else ("Dr" if debit_normal else "Cr"),
                debit_normal, opening, debit, credit, closing, 0 if outlet else None, closing if outlet else None,
            )
        )  # fmt: skip
    debit, credit = sum(row.debit_fen for row in rows), sum(row.credit_fen for row in rows)
    whole = max(debit, credit)
    return TrialPaper(
        head(language, "DH-TB-202611-000001"), NOVEMBER, level, "DH", tuple(rows), 0, whole - debit, whole - credit,
        whole,
    )  # fmt: skip


def outlet_day(language: Language = "zh", counted: bool = True, voids: int = 1) -> OutletDay:
    """Wednesday of the week: 20.00 in cash stands, 1.00 is voided, the count is 1.00 short."""
    english = language == "en"
    count = CashCount(
        pieces=(PiecesRow(100_00, 1), PiecesRow(20_00, 1), PiecesRow(5_00, 1), PiecesRow(1_00, 1), PiecesRow(10, 3)),
        other_fen=8,
        counterfeit_fen=0,
        counted_fen=126_38,
        system_fen=127_38,
        difference_fen=-1_00,
        explanation="少一元，查不到原因",
        counted_by="周阿姨",
    )
    words = (
        ("Collection", "Void", "Over or short", "Declare a deposit")
        if english
        else ("代收", "撤销代收", "长款短款", "报交款")
    )
    return OutletDay(
        head=head(language, "DH-OD-20261111-000042"),
        day=date(2026, 11, 11),
        outlet_code="WL0001",
        outlet_name="小河头村邮站",
        setting="RURAL",
        takings=(TenderRow("CASH", 1, 20_00, None), TenderRow("UNIONPAY_CARD", 2, 305_50, 305_40)),
        taken_fen=325_50,
        voids=tuple(
            VoidRow(datetime(2026, 11, 11, 2, number % 60, tzinfo=UTC), f"WL0001-20261111-{number + 2:04d}", 1_00, "客户改主意")
            for number in range(voids)
        ),
        count=count if counted else None,
        opening_cash_fen=107_38,
        cash=(
            CashRow(words[0], 21_00),
            CashRow(words[1], -1_00),
            CashRow(words[2], -1_00),
            CashRow(words[3], -100_00),
        ),
        closing_cash_fen=26_38,
        deposits=(DepositRow("JK-0001", 100_00, 90_00, "Banked" if english else "已到账"),),
    )  # fmt: skip


def station(outlets: int = 30, language: Language = "zh", week: bool = False) -> StationRemittances:
    rows, deposits = [], []
    for number in range(outlets):
        code, name, setting = place(number)
        declared = number * 7919 % 500_000
        confirmed = declared if number % 3 else 0
        transit = declared if number % 3 == 0 and number % 2 else 0
        held = number * 3571 % 90_000
        oldest = date(2026, 11, 1 + number % 28) if held else None
        rows.append(
            OutletDeposits(
                code,
                name,
                setting,
                declared,
                confirmed,
                transit,
                declared - confirmed - transit,
                held,
                oldest,
                number % 9 if held else None,
            )
        )
        if number % 3 == 0 and declared:
            state = "DECLARED" if number % 2 else "REJECTED"
            reason = "" if state == "DECLARED" else "银行没有收到，请带回执"
            deposits.append(
                OpenDeposit(f"JK-{number:04d}", code, name, date(2026, 11, 1 + number % 28), declared, state, reason)
            )
    starts, ends = (date(2026, 11, 23), date(2026, 11, 30)) if week else (date(2026, 11, 1), date(2026, 12, 1))
    return StationRemittances(
        head(language, "DH-RM-202611-000007"), starts, ends, "STATION", "331081-07", tuple(rows), tuple(deposits),
        sums_of(rows),
    )  # fmt: skip


def reconciled(
    differences: int = 1, language: Language = "zh", day: bool = True, ended: int | None = None
) -> Reconciliation:
    """A day of two partners and a bank; as many differences as asked for, half as many ended."""
    kinds = (
        "MISSING_AT_AGENT",
        "MISSING_AT_UTILITY",
        "AMOUNT_MISMATCH",
        "DUPLICATE",
        "WRONG_DATE",
        "LATE_REVERSAL",
    )
    waiting, over = [], []
    for number in range(differences):
        code, name, _setting = place(number)
        if number % 4 == 1:
            code, name = "", "中国邮政集团有限公司浙江省台州市温岭市分公司"
        amount = 1_00 + number * 7919 % 90_000
        business_on = date(2026, 11, 11 - number % 11)
        owner = "" if number % 3 == 0 else ("欧阳若兰" if language == "zh" else "Ouyang Ruolan")
        waiting.append(
            OpenDifference(101 + number, business_on, kinds[number % 6], code, name, owner, number % 11, amount)
        )
    for number in range(differences // 2 if ended is None else ended):
        code, name, _setting = place(number + 3)
        state = ("EXPLAINED", "ADJUSTED", "WRITTEN_OFF")[number % 3]
        reason = (
            "收据存根",
            "对方次日撤销了这一笔，业务员王某已与邮政公司财务核对并取得书面说明，另附回单",
            "收不回来",
        )[number % 3]
        over.append(
            EndedDifference(
                11 + number, date(2026, 11, 9), kinds[number % 6], code, name, state, date(2026, 11, 11),
                "周会计" if number % 2 else "", 66_00 + number, reason,
            )
        )  # fmt: skip
    open_fen = sum(one.amount_fen for one in waiting)
    return Reconciliation(
        head(language, "DH-RD-20261111-000001"),
        date(2026, 11, 11) if day else date(2026, 11, 1),
        date(2026, 11, 12) if day else date(2026, 12, 1),
        "COUNTY",
        "WL",
        325_50,
        (
            FileShare("PARTNER", "中国邮政集团有限公司浙江省台州市温岭市分公司", date(2026, 11, 11), date(2026, 11, 11),
                      1203, 123_456_78, 1190, 122_000_00, 5, 1_000_00, 3, 456_78, 5, 0),
            FileShare("BANK", "*0161", date(2026, 11, 9), date(2026, 11, 11), 3, 199_40, 1, 199_40, 0, 0, 0, 0, 2, 0),
        ),
        (MissingFile("十足便利店", 1, date(2026, 11, 11), 88_00),),
        (
            TieSum("FILE", 30, 325_50, 320_50, 1, 2),
            TieSum("COUNT", 28, 127_38, 126_38, 1, 4),
            TieSum("CARDS", 3, 305_50, 305_50, 0, 0),
            TieSum("BANK", 2, 200_00, 200_00, 0, 0),
        ),
        (
            UntiedOutlet("WL0001", "箬横镇垟岙村村邮站", 1, -5_00, None, None, None),
            UntiedOutlet("WL0008", "箬横镇上岙应家村村邮站", 1, 0, -1_00, 0, 0),
        ),
        tuple(waiting),
        open_fen,
        tuple(over),
        sum(one.amount_fen for one in over),
    )  # fmt: skip
