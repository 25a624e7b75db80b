"""A bank's camt.053 statement is taken whole when it adds up in yuan, and refused by line and element otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.settlement.files import lines as lines_module
from agentnet.settlement.files.camt053 import read_camt053
from agentnet.settlement.files.lines import FileRefused, Statement
from tests.settlement.camt import details, document, entry, money, sign, statement

# A statement as version 02 has it, every element where that schema puts it. 1,000.00 + 203.50 - 50.00 = 1,153.50
VERSION_2 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
 <BkToCstmrStmt>
  <GrpHdr><MsgId>AAAASESS-FP-STAT001</MsgId><CreDtTm>2026-11-03T17:00:00+08:00</CreDtTm></GrpHdr>
  <Stmt>
   <Id>AAAASESS-FP-STAT001</Id>
   <CreDtTm>2026-11-03T17:00:00+08:00</CreDtTm>
   <FrToDt><FrDtTm>2026-11-03T00:00:00+08:00</FrDtTm><ToDtTm>2026-11-03T23:59:59+08:00</ToDtTm></FrToDt>
   <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>CNY</Ccy></Acct>
   <Bal><Tp><CdOrPrtry><Cd>PRCD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">1000</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <Dt><Dt>2026-11-02</Dt></Dt></Bal>
   <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">1153.5</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <Dt><Dt>2026-11-03</Dt></Dt></Bal>
   <Bal><Tp><CdOrPrtry><Cd>CLAV</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">9</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <Dt><Dt>2026-11-03</Dt></Dt></Bal>
   <Ntry>
    <NtryRef>N-7</NtryRef>
    <Amt Ccy="CNY">203.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><DtTm>2026-11-03T13:15:00</DtTm></BookgDt><ValDt><Dt>2026-11-04+08:00</Dt></ValDt>
    <AcctSvcrRef>AAAASESS-FP-ACCR-01</AcctSvcrRef>
    <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>
    <NtryDtls><TxDtls>
     <Refs><EndToEndId>MUELL/FINP/RA12345</EndToEndId></Refs>
     <RltdPties><Dbtr><Nm>甲村邮站</Nm></Dbtr></RltdPties>
     <RmtInf><Ustrd>电费</Ustrd><Ustrd>WL0001 20261103</Ustrd></RmtInf>
    </TxDtls></NtryDtls>
   </Ntry>
   <Ntry>
    <Amt Ccy="CNY">50.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2026-11-03</Dt></BookgDt>
    <BkTxCd/><AddtlNtryInf>退票</AddtlNtryInf>
   </Ntry>
  </Stmt>
 </BkToCstmrStmt>
</Document>"""


def one(text: str | bytes) -> Statement:
    (found,) = read_camt053(text if isinstance(text, bytes) else text.encode())
    return found


def problems(data: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(FileRefused) as refused:
        read_camt053(data if isinstance(data, bytes) else data.encode())
    return [(each.row, each.column, each.code) for each in refused.value.problems]


def codes(data: str | bytes) -> set[str]:
    return {code for _row, _column, code in problems(data)}


def figures(found: Statement) -> list[tuple[int, int, int, str]]:
    return [(line.gross_fen, line.fee_fen, line.amount_fen, line.kind) for line in found.lines]


def test_a_statement_of_the_oldest_version_is_read() -> None:
    found = one(VERSION_2)
    assert (found.id, found.account) == ("AAAASESS-FP-STAT001", "DE89370400440532013000")
    assert (found.opening_fen, found.closing_fen) == (100000, 115350)
    assert (found.first_on, found.last_on) == (date(2026, 11, 3), date(2026, 11, 3))
    paid, returned = found.lines
    assert (paid.amount_fen, paid.booked_on, paid.valued_on) == (20350, date(2026, 11, 3), date(2026, 11, 4))
    assert paid.booked_at == datetime(2026, 11, 3, 5, 15, tzinfo=UTC), "a time without a zone is Shanghai's"
    assert (paid.bank_reference, paid.end_to_end_id) == ("AAAASESS-FP-ACCR-01", "MUELL/FINP/RA12345")
    assert (paid.entry_reference, paid.counterparty, paid.text) == ("N-7", "甲村邮站", "电费 WL0001 20261103")
    assert (paid.identity, paid.row, paid.reversal) == (("AAAASESS-FP-STAT001", 1), 22, False)
    assert (returned.amount_fen, returned.reversal, returned.text) == (-5000, True, "退票")


@pytest.mark.parametrize("version", [f"{number:02d}" for number in range(2, 14)])
def test_every_version_from_2_to_13_is_read(version: str) -> None:
    status = "<Sts>BOOK</Sts>" if version < "08" else "<Sts><Cd>BOOK</Cd></Sts>"
    party = "<Dbtr><Nm>甲</Nm></Dbtr>" if version < "08" else "<Dbtr><Pty><Nm>甲</Nm></Pty></Dbtr>"
    inside = details(f"<RltdPties>{party}</RltdPties>")
    found = one(document(statement([entry(100, inside, status)], 0, 100), version=version))
    assert (found.lines[0].amount_fen, found.lines[0].counterparty) == (100, "甲")


@pytest.mark.parametrize("version", ["01", "14", "1", "08x"])
def test_a_version_nobody_knows_is_refused(version: str) -> None:
    assert codes(document(statement([], 0, 0), version=version)) == {"namespace_unknown"}


def test_a_prefix_before_every_name_makes_no_difference() -> None:
    text = document(statement([entry(100)], 0, 100))
    prefixed = text.replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?").replace(" xmlns=", " xmlns:c=")
    assert one(prefixed) == one(text)


def test_a_statement_that_does_not_add_up_is_refused_by_name() -> None:
    with pytest.raises(FileRefused) as refused:
        one(document(statement([entry(20350), entry(-5000)], 100000, 115351)))
    assert refused.value.code == "statement_does_not_foot"
    assert refused.value.params["rest"] == "0.01"


def test_pending_lines_are_handed_on_and_count_in_no_balance() -> None:
    pending = entry(999, status="<Sts><Cd>PDNG</Cd></Sts>")
    found = one(document(statement([entry(100), pending], 0, 100)))
    assert [(line.amount_fen, line.booked) for line in found.lines] == [(100, True), (999, False)]


def test_an_overdrawn_account_has_negative_balances() -> None:
    found = one(document(statement([entry(30000)], -50000, -20000)))
    assert (found.opening_fen, found.closing_fen) == (-50000, -20000)


def test_a_page_of_a_longer_statement_has_interim_balances_at_its_ends() -> None:
    text = document(statement([entry(100)], 500, 600)).replace("OPBD", "ITBD").replace("CLBD", "ITBD")
    assert (one(text).opening_fen, one(text).closing_fen) == (500, 600)


def test_a_period_until_midnight_ends_on_the_day_before() -> None:
    assert one(VERSION_2.replace("2026-11-03T23:59:59", "2026-11-04T00:00:00")).last_on == date(2026, 11, 3)


def test_without_a_period_the_first_and_last_booked_days_are_it() -> None:
    found = one(document(statement([entry(1, day="2026-11-02"), entry(2, day="2026-11-05")], 0, 3)))
    assert (found.first_on, found.last_on) == (date(2026, 11, 2), date(2026, 11, 5))


def test_two_identical_rows_stay_two_and_are_told_apart() -> None:
    found = one(document(statement([entry(5000), entry(5000), entry(4000)], 0, 14000)))
    assert [(line.sequence, line.occurrence) for line in found.lines] == [(1, 1), (2, 2), (3, 1)]
    assert len({line.day_key for line in found.lines}) == 3
    assert len({line.identity for line in found.lines}) == 3


def test_a_day_in_two_statements_is_recognised() -> None:
    shared = [entry(5000, day="2026-11-04"), entry(5000, day="2026-11-04")]
    monday = one(document(statement([entry(100), *shared], 0, 10100, id="MON")))
    tuesday = one(document(statement([*shared, entry(5000, day="2026-11-04")], 0, 15000, id="TUE")))
    new = {line.day_key for line in tuesday.lines} - {line.day_key for line in monday.lines}
    assert [line.sequence for line in tuesday.lines if line.day_key in new] == [3]


def test_a_batch_becomes_its_transactions_when_they_add_up() -> None:
    # 60.00 + 40.00 = 100.00
    batch = details(
        f"<Refs><AcctSvcrRef>B1</AcctSvcrRef><EndToEndId>E1</EndToEndId></Refs>{money(6000)}{sign(6000)}",
        f"<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{money(4000)}{sign(4000)}",
    )
    found = one(document(statement([entry(10000, "<AcctSvcrRef>B</AcctSvcrRef>" + batch)], 0, 10000)))
    assert figures(found) == [(6000, 0, 6000, "DETAIL"), (4000, 0, 4000, "DETAIL")]
    assert [(line.bank_reference, line.end_to_end_id) for line in found.lines] == [("B1", "E1"), ("B", "")]


def test_a_batch_whose_transactions_do_not_add_up_stays_one_line() -> None:
    batch = details(money(6000) + sign(6000), money(3000) + sign(3000))
    assert figures(one(document(statement([entry(10000, batch)], 0, 10000)))) == [(10000, 0, 10000, "ENTRY")]


def test_a_batch_that_tells_only_some_of_its_transactions_stays_one_line() -> None:
    batch = details(money(10000) + sign(1)).replace("<NtryDtls>", "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>")
    assert figures(one(document(statement([entry(9000, batch)], 0, 9000)))) == [(9000, 0, 9000, "ENTRY")]


def test_a_refund_inside_a_batch_is_subtracted() -> None:
    # 120.00 - 20.00 = 100.00
    batch = details(money(12000) + sign(12000), money(-2000) + sign(-2000))
    found = one(document(statement([entry(10000, batch)], 0, 10000)))
    assert [line.amount_fen for line in found.lines] == [12000, -2000]


CHARGES = "<Chrgs><Rcrd>{}<CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>{}</ChrgInclInd></Rcrd></Chrgs>"


def test_gross_fee_and_net_come_out_as_three_figures() -> None:
    # 1,000.00 taken, 5.00 kept back, 995.00 booked
    told = [
        CHARGES.format(money(500), "true"),  # as version 04 and later say it
        f"<Chrgs>{money(500)}<CdtDbtInd>DBIT</CdtDbtInd></Chrgs>",  # as version 02 says it
        f"<Chrgs>{money(500, 'TtlChrgsAndTaxAmt')}</Chrgs>",
        details(money(100000) + sign(1)),
        details(f"{money(99500)}{sign(1)}<AmtDtls><InstdAmt>{money(100000)}</InstdAmt></AmtDtls>"),
        details(f"<AmtDtls><TxAmt>{money(100000)}</TxAmt></AmtDtls>{CHARGES.format(money(500), 'true')}"),
        details(money(60000) + sign(1), money(40000) + sign(1)),
    ]
    for inside in told:
        found = figures(one(document(statement([entry(99500, inside)], 0, 99500))))
        assert found == [(100000, 500, 99500, "ENTRY")], inside


def test_a_fee_on_money_that_went_out_is_added_to_it() -> None:
    # 1,000.00 sent, 5.00 for sending it, 1,005.00 booked out
    found = one(document(statement([entry(-100500, details(money(-100000) + sign(-1)))], 0, -100500)))
    assert figures(found) == [(-100000, 500, -100500, "ENTRY")]


def test_a_fee_booked_apart_is_no_part_of_the_amount() -> None:
    inside = CHARGES.format(money(500), "false")
    assert figures(one(document(statement([entry(99500, inside)], 0, 99500)))) == [(99500, 0, 99500, "ENTRY")]


def test_the_fee_of_a_whole_batch_is_a_line_of_its_own() -> None:
    # 600.00 + 400.00 - 5.00 = 995.00
    inside = CHARGES.format(money(500), "true") + details(money(60000) + sign(1), money(40000) + sign(1))
    found = one(document(statement([entry(99500, inside)], 0, 99500)))
    assert figures(found) == [(60000, 0, 60000, "DETAIL"), (40000, 0, 40000, "DETAIL"), (0, 500, -500, "FEE")]


def test_each_transaction_of_a_batch_may_have_a_fee() -> None:
    # 600.00 - 3.00 + 400.00 - 2.00 = 995.00
    fees = [CHARGES.format(money(fen), "true") for fen in (300, 200)]
    inside = details(money(60000) + sign(1) + fees[0], money(40000) + sign(1) + fees[1])
    found = one(document(statement([entry(99500, inside)], 0, 99500)))
    assert figures(found) == [(60000, 300, 59700, "DETAIL"), (40000, 200, 39800, "DETAIL")]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('<Amt Ccy="CNY">203.50', '<Amt Ccy="USD">203.50', (18, "Ntry/Amt", "currency_other")),
        ("<Ccy>CNY</Ccy>", "<Ccy>HKD</Ccy>", (9, "Acct/Ccy", "currency_other")),
        ('<Amt Ccy="CNY">1000', "<Amt>1000", (10, "Bal/Amt", "currency_other")),
        ("203.50", "12.345", (18, "Ntry/Amt", "amount_decimals")),
        ("203.50", "1,203.50", (18, "Ntry/Amt", "amount_shape")),
        ("203.50", "-203.50", (18, "Ntry/Amt", "amount_shape")),
        ("203.50", "２０３", (18, "Ntry/Amt", "amount_shape")),
        ("2026-11-03T13:15:00", "2026-11-03T25:15:00", (19, "Ntry/BookgDt", "cell_day")),
        ("<BookgDt><Dt>2026-11-03</Dt></BookgDt>", "", (28, "Ntry/BookgDt", "element_missing")),
        ("<Sts>BOOK</Sts>", "<Sts>DONE</Sts>", (16, "Ntry/Sts", "status_unknown")),
        ("<CdtDbtInd>DBIT</CdtDbtInd>", "<CdtDbtInd>D</CdtDbtInd>", (28, "Ntry/CdtDbtInd", "sign_unknown")),
        ("CLBD", "CLXX", (5, "Bal/CLBD", "balance_missing")),
        ("CLAV", "PRCD", (5, "Bal/OPBD", "balance_twice")),
        ("<Id>AAAASESS-FP-STAT001</Id>", "<Id/>", (5, "Stmt/Id", "element_missing")),
    ],
)
def test_what_is_wrong_is_named_by_line_and_element(old: str, new: str, found: tuple[int, str, str]) -> None:
    assert found in problems(VERSION_2.replace(old, new, 1))


def test_zeros_beyond_the_fen_are_no_decimals() -> None:
    assert one(VERSION_2.replace("203.50<", "203.50000<")).lines[0].amount_fen == 20350


def test_a_statement_that_says_how_many_entries_it_has_must_have_them() -> None:
    said = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>"
    text = document(statement([entry(100)], 0, 100))
    assert codes(text.replace("<Ntry>", said + "<Ntry>")) == {"entries_do_not_count"}


def test_two_statements_of_a_file_come_out_apart() -> None:
    both = [statement([entry(100)], 0, 100, id="A"), statement([entry(7)], 100, 107, id="B")]
    assert [found.id for found in read_camt053(document(*both).encode())] == ["A", "B"]
    assert codes(document(both[0], both[0])) == {"statement_twice"}


def test_a_file_cut_short_is_refused_wherever_it_is_cut() -> None:
    data = VERSION_2.encode()
    for length in range(0, len(data), 13):
        assert codes(data[:length]) <= {"xml_cut", "xml_broken", "file_empty", "encoding_wrong"}
    assert codes(data[:-30]) == {"xml_cut"}


@pytest.mark.parametrize("encoding", ["GBK", "GB18030", "UTF-16"])
def test_a_declared_encoding_is_read(encoding: str) -> None:
    assert one(VERSION_2.replace("UTF-8", encoding).encode(encoding)) == one(VERSION_2)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert one(b"\xef\xbb\xbf" + VERSION_2.encode()) == one(VERSION_2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (VERSION_2.encode("gbk"), "encoding_wrong"),  # declared UTF-8
        (VERSION_2.replace("UTF-8", "EBCDIC-CP-US").encode(), "encoding_unknown"),
        (b"\xef\xbb\xbf" + VERSION_2.replace("UTF-8", "GBK").encode("gbk"), "encoding_unknown"),
        (b"", "file_empty"),
        (b" \r\n", "file_empty"),
        (b"date,amount\n2026-11-03,1\n", "xml_broken"),
        (b"<Document/>", "namespace_unknown"),
        (document().encode(), "no_statement"),
    ],
)
def test_what_is_no_statement_is_refused(data: bytes, code: str) -> None:
    assert codes(data) == {code}


BOMB = '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>\n'
OUTSIDE = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>\n'
BARE = '<!DOCTYPE Document SYSTEM "http://localhost/camt.dtd">\n'


@pytest.mark.parametrize("declared", [BOMB, OUTSIDE, BARE])
def test_no_entity_is_declared_let_alone_expanded(declared: str) -> None:
    assert codes(VERSION_2.replace("?>\n", "?>\n" + declared, 1).replace("退票", "&lol2;")) == {"xml_entities"}


@pytest.mark.parametrize("inside", ["<x>" * 200 + "</x>" * 200, "<x/>" * 700_000, "<x>" + "长" * 70_000 + "</x>"])
def test_no_entry_fills_the_memory(inside: str) -> None:
    assert codes(document(statement([entry(1, inside)], 0, 1))) == {"xml_too_large"}


def test_one_line_too_many_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("agentnet.settlement.files.camt053.MOST_ROWS", 3)
    assert lines_module.MOST_ROWS == 200_000
    (tmp_path / "statement.xml").write_text(document(statement([entry(1)] * 3, 0, 3)))
    assert len(read_camt053(tmp_path / "statement.xml")[0].lines) == 3
    assert codes(document(statement([entry(1)] * 4, 0, 4))) == {"too_many_rows"}


@given(st.lists(st.integers(min_value=-(10**12), max_value=10**12), max_size=20), st.integers(-(10**12), 10**12))
def test_what_a_bank_writes_is_what_is_read(amounts: list[int], opening: int) -> None:
    closing = opening + sum(amounts)
    found = one(document(statement([entry(fen, ref=f"N{at}") for at, fen in enumerate(amounts)], opening, closing)))
    assert [line.amount_fen for line in found.lines] == amounts
    assert (found.opening_fen, found.closing_fen) == (opening, closing)
    assert [line.entry_reference for line in found.lines] == [f"N{at}" for at in range(len(amounts))]


@given(
    st.lists(st.tuples(st.integers(1, 10**8), st.integers(0, 10**4)), min_size=1, max_size=6),
    st.integers(-(10**5), 10**5),
    st.integers(0, 10**4),
)
def test_lines_always_add_up_to_what_was_booked(parts: list[tuple[int, int]], net: int, fee: int) -> None:
    inside = CHARGES.format(money(fee), "true") + details(
        *(money(fen) + sign(fen) + CHARGES.format(money(own), "true") for fen, own in parts)
    )
    found = one(document(statement([entry(net, inside)], 0, net)))
    assert sum(line.amount_fen for line in found.lines) == net
    assert all(line.gross_fen - line.fee_fen == line.amount_fen for line in found.lines)


def test_a_statement_that_ends_before_it_begins_is_refused() -> None:
    backwards = VERSION_2.replace("2026-11-03T23:59:59", "2026-11-01T23:59:59")
    assert backwards != VERSION_2
    with pytest.raises(FileRefused) as refused:
        read_camt053(backwards.encode())
    assert [problem.code for problem in refused.value.problems] == ["period_backwards"]


def test_a_statement_without_any_day_is_refused() -> None:
    nameless = document(statement([], 500, 500)).replace("<Dt><Dt>2026-11-03</Dt></Dt>", "")
    with pytest.raises(FileRefused) as refused:
        read_camt053(nameless.encode())
    assert "Stmt/FrToDt" in [problem.column for problem in refused.value.problems]
