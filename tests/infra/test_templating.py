"""What templates may use: links that keep the query string, files kept for ever, and the error pages."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask, get_flashed_messages, render_template, url_for
from flask_babel import force_locale
from flask_wtf import CSRFProtect

from agentnet.infra.i18n import CHINESE, ENGLISH, init_i18n
from agentnet.infra.static_files import asset
from agentnet.infra.templating import init_templating, tell, url_with
from tests.house.sources import CHECKOUT

ERRORS = ["403", "404", "409", "413", "422", "429", "500", "generic"]


@pytest.fixture
def app() -> Flask:
    product = CHECKOUT / "agentnet"
    app = Flask("town", static_folder=str(product / "static"), template_folder=str(product / "templates"))
    app.config["SECRET_KEY"] = "not a secret"
    CSRFProtect(app)
    init_i18n(app)
    init_templating(app)
    app.add_url_rule("/outlets/<code>", "outlets", lambda code: code)
    app.add_url_rule("/language", "users.set_language", lambda: "", methods=["POST"])
    return app


@pytest.fixture
def on_a_list(app: Flask) -> Iterator[None]:
    with app.test_request_context("/outlets/331081?state=open&state=closed&sort=name&cursor=abc"):
        yield


def test_a_link_keeps_the_rest_of_the_address_and_starts_at_the_first_page(on_a_list: None) -> None:
    assert url_with(sort="-name") == "/outlets/331081?state=open&state=closed&sort=-name"
    assert url_with(cursor="next") == "/outlets/331081?state=open&state=closed&sort=name&cursor=next"
    assert url_with(state=None, sort=None) == "/outlets/331081"


def test_an_address_cannot_change_where_a_link_goes(app: Flask) -> None:
    with app.test_request_context("/outlets/331081?_external=1&_scheme=javascript&code=else&endpoint=x&q=%FF%00"):
        assert url_with(sort="name").startswith(
            "/outlets/331081?_external=1&_scheme=javascript&code=else&endpoint=x&q="
        )


def test_what_just_happened_is_told_with_its_undo(on_a_list: None) -> None:
    tell("已收 203.50 元", undo_url="/void/1", undo_label="撤销这笔")
    [(kind, told)] = get_flashed_messages(with_categories=True)
    assert (kind, told["text"], told["undo_url"]) == ("done", "已收 203.50 元", "/void/1")


def test_a_static_file_is_kept_for_ever_under_its_fingerprint(app: Flask) -> None:
    with app.test_request_context():
        address = asset("agentnet.css")
    browser = app.test_client()
    assert browser.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in browser.get("/static/agentnet.css?v=old").headers["Cache-Control"]


def test_a_static_text_file_travels_compressed_to_those_who_take_it(app: Flask) -> None:
    browser = app.test_client()
    plain = browser.get("/static/agentnet.css")
    packed = browser.get("/static/agentnet.css", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_a_file_that_is_not_there_stops_the_page(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        asset("missing.css")


@pytest.mark.parametrize("path", ["../../../etc/passwd", "missing.css"])
def test_a_file_outside_is_not_served(app: Flask, path: str) -> None:
    assert app.test_client().get(f"/static/{path}", headers={"Accept-Encoding": "gzip"}).status_code == 404


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("locale", [CHINESE, ENGLISH])
def test_every_error_page_says_what_happened_and_the_way_out(app: Flask, name: str, locale: str) -> None:
    with app.test_request_context(), force_locale(locale):
        page = render_template(f"errors/{name}.html", incident="7F3A")
        assert f'lang="{"en" if locale == ENGLISH else "zh-Hans"}"' in page
        assert ("Go to the home page" if locale == ENGLISH else "回首页") in page
        assert f'href="{url_for("static", filename="agentnet.css")}' in page


def test_an_error_page_carries_the_refusals_own_words(app: Flask) -> None:
    with app.test_request_context():
        page = render_template("errors/409.html", refusal_words="这笔已经 <撤销>")
    assert "这笔已经 &lt;撤销&gt;" in page
    assert "别人或另一台设备" not in page
