"""The photo of a deposit slip: taken, kept while the form comes back, refused by name, shown to those who may see it."""

import zlib
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from agentnet.core.ids import new_id
from agentnet.infra import files
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.settlement.models import Remittance
from tests import world
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.test_views import hidden_of

RECORD = "/drawer/remit/record?outlet=WL0001"


def a_photo(size=(1200, 900), kind="JPEG"):
    file = BytesIO()
    Image.new("RGB", size, "#a74").save(file, kind)
    file.seek(0)
    return file


def a_bomb():
    """A PNG of a few hundred bytes that says it is 12,000 pixels square."""

    def chunk(name, data):
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    size = (12_000).to_bytes(4, "big")
    head = chunk(b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
    return BytesIO(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))


def asked(client, photo=None, **changes):
    """Send the form of a deposit; return the page that comes."""
    typed = {"id": str(new_id()), "outlet": "WL0001", "amount": "100", "slip_no": "JK-9", "deposited_on": "2026-11-18"}
    typed |= {"photo": (photo, "IMG_1.jpg")} if photo else {}
    return client.post("/drawer/remit", data=typed | changes, content_type="multipart/form-data")


@pytest.fixture
def alice(app, sign_in):
    record(item(300_00, world.MEI))
    return sign_in("alice")


def only_remittance():
    with reading():
        found = db.session.scalars(select(Remittance)).one()
        db.session.expunge_all()
    return found


def test_a_photo_goes_with_the_deposit_and_is_seen_where_finance_decides(alice, sign_in):
    page = asked(alice, a_photo((3000, 2000)))
    assert "已收到" in page.text
    values = hidden_of(page, RECORD)
    assert alice.post("/drawer/remit/record", data=values).status_code == 303
    assert alice.post("/drawer/remit/record", data=values).status_code == 303
    found = only_remittance()
    assert found.photo_sha256 is not None
    fang = sign_in("fang")
    assert f"/remittances/{found.id}/photo" in fang.get(f"/remittances/{found.id}").text
    assert "有照片" in fang.get("/remittances").text
    sent = fang.get(f"/remittances/{found.id}/photo")
    assert (sent.status_code, sent.mimetype) == (200, "image/jpeg")
    assert max(Image.open(BytesIO(sent.data)).size) == 1600


def test_a_deposit_goes_without_a_photo_too(alice, sign_in):
    page = asked(alice)
    assert "没有拍" in page.text
    alice.post("/drawer/remit/record", data=hidden_of(page, RECORD))
    found = only_remittance()
    assert found.photo_sha256 is None
    assert sign_in("fang").get(f"/remittances/{found.id}/photo").status_code == 404


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (lambda: BytesIO(b"GIF89a<script>alert(1)</script>"), "这个文件不是能读的照片"),
        (lambda: BytesIO(b"%PDF-1.7 slip"), "这个文件不是能读的照片"),
        (a_bomb, "照片的像素太多"),
        (lambda: BytesIO(b"\xff\xd8\xff" + bytes(20 * 1024 * 1024)), "照片太大"),
    ],
    ids=["polyglot", "pdf", "bomb", "heavy"],
)
def test_what_is_no_photo_is_refused_by_name_and_nothing_typed_is_lost(alice, photo, words):
    page = asked(alice, photo())
    assert page.status_code == 422
    assert words in page.text
    for typed in ('value="100"', 'value="JK-9"', 'value="2026-11-18"'):
        assert typed in page.text
    assert (count(Remittance), balance_of(CASH_HELD)) == (0, 300_00)


def test_what_hides_behind_a_picture_does_not_arrive(alice):
    jpeg = BytesIO(a_photo().read() + b"PK\x03\x04<script>alert(1)</script>")
    alice.post("/drawer/remit/record", data=hidden_of(asked(alice, jpeg), RECORD))
    with alice.application.app_context():
        stored = files.read(only_remittance().photo_sha256, ".jpg")
    assert b"<script>" not in stored


def test_a_photo_is_kept_while_the_form_comes_back(alice):
    wrong = asked(alice, a_photo(), slip_no="")
    assert wrong.status_code == 422
    assert "照片已收到" in wrong.text
    token = hidden_of(wrong, "/drawer/remit?outlet=WL0001")["photo_token"]
    checked = asked(alice, photo_token=token)
    back = alice.post("/drawer/remit", data=hidden_of(checked, RECORD) | {"again": "1"})
    assert 'value="JK-9"' in back.text
    assert "照片已收到" in back.text
    alice.post("/drawer/remit/record", data=hidden_of(checked, RECORD))
    assert only_remittance().photo_sha256 is not None


def test_nobody_names_a_photo_that_is_not_theirs(alice, sign_in):
    record(item(100_00, outlet_code="WL0002"), by="alan")
    values = hidden_of(asked(alice, a_photo()), RECORD)
    answer = sign_in("alan").post("/drawer/remit/record", data=values | {"outlet": "WL0002"})
    assert answer.status_code == 422
    assert "照片没有带过来" in answer.text
    assert count(Remittance) == 0


@pytest.mark.parametrize("username", ["charlie", "dora", "bob"])
def test_strangers_do_not_see_it(alice, sign_in, username):
    alice.post("/drawer/remit/record", data=hidden_of(asked(alice, a_photo()), RECORD))
    found = only_remittance()
    assert sign_in(username).get(f"/remittances/{found.id}/photo").status_code in (403, 404)


def test_a_photo_that_is_not_in_the_store_is_said(alice, sign_in):
    with alice.application.app_context():
        new = declare(new_remittance(100_00, photo_sha256=files.put(a_photo().read(), ".jpg")))
        files.path(new.photo_sha256, ".jpg").unlink()
    assert sign_in("fang").get(f"/remittances/{new.id}/photo").status_code == 404
