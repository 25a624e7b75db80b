"""Reconciliation in a browser without script: bring a file, see it as it was read, take it in, work off what differs."""

import base64
import json
import re
from datetime import timedelta
from functools import partial
from io import BytesIO

import pytest
from sqlalchemy import insert, select

from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.difference_list import Asked, differences_page
from agentnet.settlement.reconciliation.models import ColumnMapping, Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.tie import Leg, day_ties, ties_of
from tests import world
from tests.collecting.counter import balance_of, count, item, record
from tests.settlement.drawer import BANK, close, declare, new_remittance
from tests.settlement.reconciliation.given import (
    NAME,
    bank_file,
    differences,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)

NEW = "/reconciliation/files/new"


def sent(client, content, name=NAME, kind="PARTNER", **more):
    """Upload a file; return the answer."""
    told = {"kind": kind, "partner": "POST", "file": (BytesIO(content), name)}
    return client.post(NEW, data=told | more)


def hidden(page):
    """Return the hidden fields of the page's last form."""
    form = page.text[page.text.rindex("<form") :]
    tags = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form)
    return {re.search(r'name="([^"]+)"', tag)[1]: re.search(r'value="([^"]*)"', tag)[1] for tag in tags}


def taken(client, content, **more):
    """Upload a file, look at it, and take it in; return the last answer and what was sent."""
    page = client.get(sent(client, content, **more).location)
    assert page.status_code == 200, page.text
    address = re.search(r'action="(/reconciliation/take/[^"]+)"', page.text)[1]
    values = hidden(page)
    return client.post(address, data=values), (address, values)


def test_a_partners_file_is_shown_as_it_was_read_before_it_is_taken_in(app, sign_in):
    record(item(538))
    fang = sign_in("fang")
    answer = sent(fang, partner_file(payment_line(receipts()[0], 538), payment_line("P-000001", 9_99, world.MEI)))
    page = fang.get(answer.location)
    for words in ("东海邮政", "15.37", "能自动匹配", "*********0025", "9.99"):
        assert words in page.text
    assert count(ReconciliationFile) == 0


def test_taken_in_its_page_says_what_matched_and_what_is_open(app, sign_in):
    record(item(538))
    fang = sign_in("fang")
    content = partner_file(payment_line(receipts()[0], 538), payment_line("P-000001", 9_99, world.MEI))
    answer, (address, values) = taken(fang, content)
    page = fang.get(answer.location)
    for words in ("已导入", "收据号或订单号相同", "还有 1 个差异待处理", "没有匹配"):
        assert words in page.text
    assert fang.post(address, data=values).status_code == 303
    assert count(ReconciliationFile) == 1


def test_the_posts_own_person_brings_the_posts_file_alone(app, sign_in):
    record(item(538))
    paul = sign_in("paul")
    page = paul.get(NEW)
    assert "camt.053" not in page.text
    assert "东海农商银行" not in page.text
    answer, _ = taken(paul, partner_file(payment_line(receipts()[0], 538)))
    assert "没有待处理的差异" in paul.get(answer.location).text
    assert sent(paul, b"x", kind="CAMT").status_code == 422
    assert sent(paul, b"x", partner="BANK").status_code == 422


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (partner_file(payment_line("P-1", 538), total_fen=539), "首行写明 5.39 元，各笔合计 5.38 元"),
        (partner_file(payment_line("P-1", 538)).replace(b"5.38,cash", b"5.385,cash"), "第 2 行"),
        (partner_file(payment_line("P-1", 538))[:-40], "文件可能被截断"),
        (b"\xff\xfe\x00\xd8", "编码"),
        (b"", "空"),
    ],
)
def test_a_wrong_file_is_refused_by_row_and_column_in_words(app, sign_in, content, words):
    fang = sign_in("fang")
    page = fang.get(sent(fang, content).location)
    assert page.status_code == 422
    assert words in page.text
    assert count(ReconciliationFile) == 0


def test_the_same_day_twice_is_said_on_the_page(app, sign_in):
    fang = sign_in("fang")
    taken(fang, partner_file(payment_line("P-000001", 9_99)))
    answer, _ = taken(fang, partner_file(payment_line("P-000002", 8_88)))
    assert answer.status_code == 409
    assert "同一天不能再导入" in answer.text


def test_a_banks_table_in_gbk_is_read_by_a_mapping_that_is_kept(app, sign_in):
    record(item(300_00, world.MEI))
    declare(new_remittance(300_00, slip_no="JK-0001"))
    table = '农商银行账户明细\n交易日期,收入,支出,余额,摘要\n2026-11-18,300.00,,"1,300.00",现金交款 JK-0001\n合计,300.00,,,\n'
    fang = sign_in("fang")
    answer = sent(fang, table.encode("gbk"), "明细.csv", kind="TABLE")
    page = fang.get(answer.location)
    assert "交易日期" in page.text
    selects = re.findall(r'<select[^>]*name="(column_\w+)"[^>]*>(.*?)</select>', page.text, re.S)
    chosen = {name: (re.findall(r'selected value="(\d+)"', options) or [""])[0] for name, options in selects}
    assert chosen["column_date"] == "1"
    values = hidden(page) | chosen | {"name": "农商网银", "account": "6228", "positive_is_in": "y"}
    checked = fang.post(answer.location, data=values)
    page = fang.get(checked.location)
    for words in ("按列对应“农商网银”读出", "1,300.00", "现金交款 JK-0001"):
        assert words in page.text
    address = re.search(r'action="(/reconciliation/take/[^"]+)"', page.text)[1]
    file = fang.get(fang.post(address, data=hidden(page)).location)
    assert "交款单号相同" in file.text
    assert (count(ColumnMapping), count(RowMatch)) == (1, 1)
    assert "农商网银" in fang.get("/reconciliation/mappings").text


def test_lines_that_are_known_are_counted_before_a_statement_is_taken_in(app, sign_in):
    take_bank(bank_file((66_00, said("现金", "B-2"))))
    fang = sign_in("fang")
    again = bank_file((66_00, said("现金", "B-2")), (7_00, said("利息", "B-3")), id="WEEK")
    page = fang.get(sent(fang, again, "week.xml", kind="CAMT", partner="").location)
    assert re.search(r"前一份对账单已有</dt><dd[^>]*><strong>1</strong>", page.text)


def test_a_statement_confirms_on_a_page_of_its_own(app, sign_in):
    record(item(300_00, world.MEI))
    declare(new_remittance(300_00, slip_no="JK-0001"))
    fang = sign_in("fang")
    answer, _ = taken(fang, bank_file((280_00, said("JK-0001"))), name="s.xml", kind="CAMT", partner="")
    page = fang.get(answer.location)
    confirm = re.search(r'href="(/reconciliation/files/\d+/confirm)"', page.text)[1]
    page = fang.get(confirm)
    for words in ("280.00", "20.00", "人民币贰佰捌拾元整"):
        assert words in page.text
    assert balance_of(BANK) == 0
    values = hidden(page)
    assert fang.post(confirm, data=values | {"total_fen": "27900"}).status_code == 409
    assert fang.post(confirm, data=values).status_code == 303
    assert fang.post(confirm, data=values).status_code == 303
    assert balance_of(BANK) == 280_00


def test_a_row_is_matched_and_undone_by_hand(app, sign_in):
    record(item(538))
    file_id = take_post(partner_file(payment_line("P-000001", 500)))
    fang, path = sign_in("fang"), f"/reconciliation/files/{file_id}/rows/2"
    page = fang.get(path)
    assert receipts()[0] in page.text
    values = hidden(page) | {"receipt_no": receipts()[0], "reason": ""}
    assert fang.post(path + "/match", data=values).status_code == 422
    assert fang.post(path + "/match", data=values | {"reason": "收据存根"}).status_code == 303
    page = fang.get(path)
    assert "手工匹配" in page.text
    values = hidden(page)
    assert fang.post(path + "/undo", data=values | {"reason": "认错了"}).status_code == 303
    assert "已取消" in fang.get(path).text
    assert sorted(one[0] for one in differences("OPEN")) == ["MISSING_AT_AGENT", "MISSING_AT_UTILITY"]


def test_the_queue_narrows_by_kind_state_outlet_and_day(app, sign_in):
    record(item(538))
    file_id = take_post(partner_file(payment_line("P-000001", 9_99, world.MEI)))
    carol = sign_in("carol")
    page = carol.get("/reconciliation/differences")
    assert "我方有、对方没有" in page.text
    assert "9.99" not in page.text, "a row of no known outlet is the company's, not Wenling's"
    fang = sign_in("fang")
    assert "9.99" in fang.get("/reconciliation/differences").text
    for query, seen in (
        ("kind=MISSING_AT_AGENT&outlet=WL0001&day=2026-11-18", True),
        ("kind=DUPLICATE", False),
        ("outlet=WL0002", False),
        ("state=EXPLAINED", False),
        ("age=7", False),
        ("owner=me", False),
        (f"state=ALL&file={file_id}", True),
    ):
        assert ("5.38" in fang.get(f"/reconciliation/differences?{query}").text) is seen, query


def test_the_queue_is_sorted_by_the_age_it_shows_over_all_its_pages(app, sign_in):
    """60 differences entered in another order than they were opened in: three a day, of 20 days; one ended after a day."""
    file_id = take_post(partner_file(payment_line("P-000001", 9_99, world.MEI)))
    opened = [world.NOW - timedelta(days=(number * 7) % 20) for number in range(60)]
    base = {"file_id": file_id, "org_unit_id": world.TAIPING.id, "line_no": 2, "kind": "DUPLICATE", "proposal": "LOOK"}
    with batch() as session:
        rows = [
            base | {"business_on": world.TODAY, "amount_fen": 1, "opened_at": at, "state": "OPEN", "reason": ""}
            for at in opened
        ]
        ended = {"opened_at": opened[0] - timedelta(days=30), "ended_at": opened[0] - timedelta(days=29)}
        session.execute(insert(Difference), [*rows, rows[0] | ended | {"state": "EXPLAINED", "reason": "已核对"}])
    expected = sorted([1, *((number * 7) % 20 for number in range(60))])
    for sort, wanted in (("", expected[::-1]), ("age", expected)):
        with reading():
            fang, found, cursor = world.actor("fang"), [], ""
            while cursor is not None:
                asked = {"sort": sort, "cursor": cursor}
                page = differences_page(fang, asked, Asked(kind="DUPLICATE", state="ALL"))
                found += page.items
                cursor = page.next_cursor
            assert (len({one.id for one in found}), [one.age for one in found]) == (61, wanted)
    shown = re.search(
        r'aria-sort="descending">\s*<a[^>]*>时长', sign_in("fang").get("/reconciliation/differences").text
    )
    assert shown


@pytest.mark.parametrize("sort", ["age", "-age"])
@pytest.mark.parametrize("age", [10**12, -(2**63), 2**63 - 1])
def test_a_place_in_the_list_that_no_age_reaches_is_an_empty_page(sign_in, sort, age):
    place = base64.urlsafe_b64encode(json.dumps([sort, 0, age, 5]).encode()).decode().rstrip("=")
    listed = sign_in("fang").get(f"/reconciliation/differences?sort={sort}&cursor={place}")
    assert listed.status_code == 200


def test_a_difference_is_taken_on_and_ended_on_its_page(app, sign_in):
    record(item(538))
    take_post(partner_file(payment_line("P-000001", 9_99, world.MEI)))
    with reading():
        id_ = db.session.scalars(select(Difference.id).where(Difference.outlet_id == 1)).one()
    fang, path = sign_in("fang"), f"/reconciliation/differences/{id_}"
    page = fang.get(path)
    for words in ("5.38", "按单边账规则冲正", "没有人"):
        assert words in page.text
    own = hidden(page) | {"id": re.search(r'name="id"[^>]*value="([^"]+)"', page.text)[1]}
    assert fang.post(path + "/own", data=own).status_code == 303
    assert "这个差异现在由您负责" in fang.get(path).text
    page = fang.get(path)
    assert fang.post(path + "/end", data=hidden(page) | {"how": "EXPLAINED", "reason": ""}).status_code == 422
    answer = fang.post(path + "/end", data=hidden(page) | {"how": "WRITE_OFF", "reason": "金额太小"})
    assert answer.status_code == 303
    assert "等另一个人批准" in fang.get(path).text
    assert sign_in("carol").get(path).status_code == 200
    assert sign_in("charlie").get(path).status_code == 404


def test_the_day_ties_and_what_does_not_is_named(app, sign_in):
    """WL0001 took 5.38 and 3.00 and counted 8.38; the Post tells 5.38 and 2.00; 5.00 was banked, 4.00 arrived."""
    record(item(538), item(3_00, world.MEI))
    take_post(partner_file(payment_line(receipts()[0], 538), payment_line(receipts()[1], 2_00, world.MEI)))
    declare(new_remittance(5_00, slip_no="JK-0001"))
    close()
    take_bank(bank_file((4_00, said("JK-0001"))))
    fang = sign_in("fang")
    page = fang.get("/reconciliation/tie?day=2026-11-18")
    for words in ("1 个网点没对上", "小河头村邮站", "8.38", "7.38", "-1.00"):
        assert words in page.text
    page = fang.get("/reconciliation/tie/WL0001/2026-11-18")
    for words in ("金额不一致", "JK-0001", "有 1 笔交款还没有确认到账", "3.38"):
        assert words in page.text
    assert sign_in("charlie").get("/reconciliation/tie/WL0001/2026-11-18").status_code == 404
    assert fang.get("/reconciliation/tie/WL0001/junk").status_code == 404
    assert "没有收费、日结或交款" in fang.get("/reconciliation/tie?day=2026-11-01").text


def test_outlets_that_do_not_tie_stand_first_and_the_sums_are_of_all(app):
    """WL0001 took 5.38, which the Post and the count tell too; WL0002 took 3.00 and was not closed."""
    record(item(538))
    take_post(partner_file(payment_line(receipts()[0], 538)))
    close()
    record(item(3_00, outlet_code="WL0002"), by="alan")
    with reading():
        ties = partial(day_ties, world.actor("fang"), world.TODAY)
        whole = ties(None, only_untied=False, skipped=0, size=50)
        assert [(one.code, one.ties) for one in whole.shown] == [("WL0002", False), ("WL0001", True)]
        assert (whole.count, whole.untied, whole.taken_fen) == (2, 1, 8_38)
        assert (whole.file, whole.counts, whole.cards, whole.bank) == (Leg(538, 538), Leg(538, 538), None, None)
        second = ties(None, only_untied=False, skipped=1, size=1)
        assert ([one.code for one in second.shown], second.skipped, second.file) == (["WL0001"], 1, whole.file)
        past_the_end = ties(None, only_untied=True, skipped=1, size=1)
        assert ([one.code for one in past_the_end.shown], past_the_end.skipped) == (["WL0002"], 0)
        elsewhere = ties(world.ZEGUO.path, only_untied=False, skipped=0, size=50)
        assert (elsewhere.shown, elsewhere.count, elsewhere.taken_fen, elsewhere.counts) == ([], 0, 0, None)


def test_a_partner_sees_the_ties_of_its_own_outlets(app):
    record(item(538))
    record(item(3_00, outlet_code="WL0002"), by="alan")
    with reading():
        paul = world.actor("paul")
        assert [one.code for one in ties_of(paul, world.TODAY)] == ["WL0001"]
        found = day_ties(paul, world.TODAY, None, only_untied=False, skipped=0, size=50)
        assert ([one.code for one in found.shown], found.taken_fen) == (["WL0001"], 538)
        assert ties_of(paul, world.TODAY, code="WL0002") == []


def test_rows_page_by_page(app, sign_in):
    file_id = take_post(partner_file(*(payment_line(f"P-{n:06d}", 100 + n) for n in range(120))))
    page = sign_in("fang").get(f"/reconciliation/files/{file_id}?only=unmatched")
    assert 'rel="next"' in page.text
    assert count(FileRow) == 120
