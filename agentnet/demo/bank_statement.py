"""A bank's statement as it would send it, for the demo: written by hand, read by the product's own reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agentnet.core.money import Fen

ACCOUNT = "33050161000000000001"
OPENING = 1_000_000_00


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that came in: what was paid, what the bank kept of it, and what the payer wrote.

    ``taken_back``: the bank's own reversal of what it had credited.
    """

    amount_fen: Fen
    text: str
    reference: str
    fee_fen: Fen = 0
    taken_back: bool = False

    @property
    def net_fen(self) -> Fen:
        """Return what the account gains by it."""
        return -self.amount_fen if self.taken_back else self.amount_fen - self.fee_fen


def _yuan(fen: Fen) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def bank_statement(day: date, number: int, credits: Sequence[Credit]) -> bytes:
    """Return a camt.053 statement (ISO 20022, version 08) of one account and day; its balances foot."""
    closing = OPENING + sum(one.net_fen for one in credits)
    entries = "\n".join(_entry(day, one) for one in credits)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>DEMO-{day:%Y%m%d}</MsgId><CreDtTm>{day}T23:30:00+08:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>DEMO-{day:%Y%m%d}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<CreDtTm>{day}T23:30:00+08:00</CreDtTm>"
        f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\n"
        f"{_balance('OPBD', OPENING, day)}{_balance('CLBD', closing, day)}\n{entries}\n"
        "</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def _balance(code: str, fen: Fen, day: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{_yuan(fen)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(day: date, one: Credit) -> str:
    charge = (
        f'<Chrgs><Rcrd><Amt Ccy="CNY">{_yuan(one.fee_fen)}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        "<ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>"
        if one.fee_fen
        else ""
    )
    side = "<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>" if one.taken_back else "<CdtDbtInd>CRDT</CdtDbtInd>"
    return (
        f'<Ntry><Amt Ccy="CNY">{_yuan(abs(one.net_fen))}</Amt>{side}'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{one.reference}</AcctSvcrRef>{charge}"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{one.text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
