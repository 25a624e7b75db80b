"""Bank statements written by hand, with the element names and the order of the published camt.053 schemas."""

from __future__ import annotations

from collections.abc import Iterable

from agentnet.core.money import Fen


def yuan(fen: Fen) -> str:
    return f"{abs(fen) // 100}.{abs(fen) % 100:02d}"


def money(fen: Fen, name: str = "Amt", currency: str = "CNY") -> str:
    return f'<{name} Ccy="{currency}">{yuan(fen)}</{name}>'


def sign(fen: Fen) -> str:
    return f"<CdtDbtInd>{'CRDT' if fen >= 0 else 'DBIT'}</CdtDbtInd>"


def balance(code: str, fen: Fen, day: str = "2026-11-03", currency: str = "CNY") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{money(fen, currency=currency)}{sign(fen)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(
    fen: Fen,
    inside: str = "",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    day: str = "2026-11-03",
    before: str = "",
    ref: str = "",
) -> str:
    """``before`` stands after the amount (RvslInd), ``inside`` after the dates (AcctSvcrRef, Chrgs, NtryDtls)."""
    reference = f"<NtryRef>{ref}</NtryRef>" if ref else ""
    return (
        f"<Ntry>{reference}{money(fen)}{sign(fen)}{before}{status}<BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<ValDt><Dt>{day}</Dt></ValDt>{inside}</Ntry>\n"
    )


def details(*inside: str) -> str:
    return "<NtryDtls>" + "".join(f"<TxDtls>{one}</TxDtls>" for one in inside) + "</NtryDtls>"


def statement(
    entries: Iterable[str], opening: Fen, closing: Fen, id: str = "S-1", account: str = "33050161", head: str = ""
) -> str:
    return (
        f"<Stmt><Id>{id}</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-11-04T01:00:00+08:00</CreDtTm>{head}"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\n"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}\n{''.join(entries)}</Stmt>"
    )


def document(*statements: str, version: str = "08", prolog: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return (
        f'{prolog}\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-04T01:00:00+08:00</CreDtTm></GrpHdr>\n"
        f"{''.join(statements)}</BkToCstmrStmt></Document>\n"
    )
