"""Chromium starts from here, knows the project's Chinese font, and its absence is explained."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.machines import chromium


@pytest.mark.browser
def test_a_chinese_page_is_drawn_with_the_project_s_font(browser: Browser) -> None:
    page = browser.new_page()
    page.goto(
        "data:text/html;charset=utf-8,<title>垟岙村</title><p id=village style='font-family:sans-serif'>垟岙埠</p>"
    )
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    village = devtools.send("DOM.querySelector", {"nodeId": root, "selector": "#village"})["nodeId"]
    fonts = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": village})["fonts"]
    assert page.title() == "垟岙村"
    assert {font["familyName"] for font in fonts} == {"Noto Sans SC"}
    page.close()


def test_a_named_browser_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTNET_TEST_CHROMIUM", "/opt/our browser")
    monkeypatch.setattr(chromium, "_CACHE", tmp_path)
    launcher = chromium.executable.__wrapped__()
    assert "exec '/opt/our browser' \"$@\"" in launcher.read_text()


def test_without_any_browser_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTNET_TEST_CHROMIUM", "package")
    monkeypatch.setattr(chromium, "_CACHE", tmp_path)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(chromium.ChromiumMissingError, match="apt-get install chromium"):
        chromium.executable.__wrapped__()
