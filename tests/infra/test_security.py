"""Who the caller is, and how much a stranger may send."""

from dataclasses import replace
from io import BytesIO

import pytest
from flask import request

from agentnet import create_app
from agentnet.infra.security import USUAL_BODY_BYTES
from agentnet.users.guard import needs
from agentnet.users.permissions import Permission
from tests.conftest import settings_for

FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "192.0.2.7")])
def test_a_forwarded_address_is_believed_only_from_a_proxy_of_ours(tmp_path, proxies, address):
    app = create_app(replace(settings_for(tmp_path), trusted_proxies=proxies))
    seen = []

    @app.get("/who")
    @needs(Permission.PUBLIC)
    def who():
        seen.append(request.remote_addr)
        return ""

    app.test_client().get("/who", headers=FORWARDED)
    assert seen == [address]


def large_file() -> dict[str, object]:
    return {"file": (BytesIO(b"x" * (USUAL_BODY_BYTES + 1)), "large.csv"), "kind": "outlets"}


def test_a_stranger_cannot_send_more_than_a_photo(app):
    assert app.test_client().post("/sign-in", data=large_file()).status_code == 413


def test_only_an_import_by_someone_signed_in_may_be_larger(app, sign_in):
    adam = sign_in("adam")
    assert adam.post("/imports", data=large_file()).status_code != 413
    assert adam.post("/people/new", data=large_file()).status_code == 413
    assert app.test_client().post("/imports", data=large_file()).status_code == 303
