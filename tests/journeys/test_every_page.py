"""Every page there is, in a real browser: in Chinese on a phone and in English on a desk.

A page nobody looked at is where a raw code, a missing translation or a sideways scroll lives for a year. The walk
takes its pages from the application's own map, so that a new page is looked at from its first day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import SignIn
from tests.house.samples import lay_down_facts
from tests.journeys.pages import HOMES, Opened, has_han, pages_to_walk, written_in_chinese

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

ACCESSIBLE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

RAW_CODE = re.compile(
    r"\b[A-Z]{2,}(?:_[A-Z0-9]+)+\b|\b[A-Z]{4,}\b|^(?:None|null)$|\b(?:undefined|NaN)\b|%\(|\{\{|\[object"
)
"""A name only the code uses. Four capitals in a row are a code or one of ``SAID_IN_CAPITALS``."""

SAID_IN_CAPITALS = {
    "POST", "BANK", "STANDARD", "ZNJF", "XLSX", "POST_COLLECTION_20261118", "AGENTNET_SMTP_URL", "AGENTNET_MAIL_FROM",
}  # fmt: skip
"""Codes people gave (to partners, plans, campaigns), a file format, a partner's file, and settings to be typed."""

CHECK_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
"""A document's check code, which may happen to be letters alone."""

TEXT_OF_PAGE = """() => {
  const visible = (element) => element.checkVisibility();
  const foreign = (element) => element.closest("[lang]").lang !== document.documentElement.lang;
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!element.closest("script, style") && visible(element) && !foreign(element)) texts.push(walker.currentNode.data.trim());
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    if (!foreign(element)) for (const name of ["aria-label", "title", "placeholder"]) texts.push(element.getAttribute(name) || "");
  return {
    lang: document.documentElement.lang,
    title: document.title,
    heads: [...document.querySelectorAll("h1")].filter(visible).length,
    width: document.documentElement.scrollWidth,
    texts: texts.filter(Boolean),
  };
}"""


TORN_WORDS = """() => {
  const torn = [];
  const range = document.createRange();
  for (const cell of document.querySelectorAll("main :is(td, th)")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) for (const word of walker.currentNode.data.matchAll(/[a-z]{4,}/gi)) {
      range.setStart(walker.currentNode, word.index);
      range.setEnd(walker.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((line) => line.top)).size > 1) torn.push(word[0]);
    }
  }
  return torn;
}"""
"""Words of a table that are written on two lines, as they are where a column is too narrow."""

TABLET = 800
"""A width between a phone's cards and a desk."""


class Walker:
    """One browser in one language and size, signed in as several people one after the other."""

    def __init__(self, context: BrowserContext, language: str, width: int, data: list[str]) -> None:
        self.language, self.width = language, width
        self._context = context
        self._data = re.compile("|".join(map(re.escape, data)))
        self._axe = Axe()
        self._complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self._complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._complaints.append(str(error)))

    def become(self, cookie: str | None, address: str) -> None:
        self._context.clear_cookies()
        if cookie:
            self._context.add_cookies([{"name": "agentnet", "value": cookie, "url": address}])

    def complaints_about(self, address: str) -> list[str]:
        """Open a page and return what is wrong with it."""
        self._complaints.clear()
        answer = self.page.goto(address)
        if answer is None or answer.status != 200:
            return [f"answered {answer and answer.status}"]
        seen = self.page.evaluate(TEXT_OF_PAGE)
        found = [
            *self._in_the_frame(seen),
            *self._in_the_words(seen["texts"]),
            *self._for_everyone(),
            *self._complaints,
        ]
        return [*found, *self._on_a_tablet()]

    def _in_the_frame(self, seen: dict[str, object]) -> Iterator[str]:
        if seen["lang"] != self.language:
            yield f"lang is {seen['lang']}"
        if str(seen["title"]).startswith("·"):
            yield "no title of its own"
        if seen["heads"] != 1:
            yield f"{seen['heads']} main headings"
        if int(str(seen["width"])) > self.width:
            yield f"{seen['width']} px wide"
        torn = self.page.evaluate(TORN_WORDS)
        if torn:
            yield f"torn words: {', '.join(torn)}"

    def _on_a_tablet(self) -> Iterator[str]:
        height = 900
        self.page.set_viewport_size({"width": TABLET, "height": height})
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > TABLET:
            yield f"{wide} px wide on a tablet"
        self.page.set_viewport_size({"width": self.width, "height": height})

    def _in_the_words(self, texts: list[str]) -> Iterator[str]:
        for text in texts:
            if set(RAW_CODE.findall(CHECK_CODE.sub("", text))) - SAID_IN_CAPITALS:
                yield f"raw code in {text!r}"
            if self.language == "en" and has_han(self._data.sub("", text)):
                yield f"Chinese in {text!r}"

    def _for_everyone(self) -> Iterator[str]:
        found = self._axe.run(self.page, options={**ACCESSIBLE, "resultTypes": ["violations"]})
        for violation in found.response["violations"]:
            yield f"axe {violation['id']}: {violation['nodes'][0]['html'][:160]}"


@pytest.fixture
def pages(app: Flask, sign_in: SignIn) -> list[Opened]:
    return pages_to_walk(app, sign_in, lay_down_facts())


@contextmanager
def walker(browser: Browser, locale: str, language: str, width: int) -> Iterator[Walker]:
    context = browser.new_context(locale=locale, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    yield Walker(context, language, width, written_in_chinese())
    context.close()


@pytest.mark.parametrize(("locale", "language", "width"), [("zh-CN", "zh-Hans", 360), ("en-US", "en", 1280)])
def test_every_page_is_whole(
    pages: list[Opened], browser: Browser, address: str, sign_in: SignIn, locale: str, language: str, width: int
) -> None:
    assert len(pages) > 80
    wrong: list[str] = []
    with walker(browser, locale, language, width) as walking:
        for who in ("", *HOMES):
            cookie = sign_in(who).get_cookie("agentnet") if who else None
            walking.become(cookie.value if cookie else None, address)
            for opened in (each for each in pages if each.who == who):
                wrong += [f"{opened}: {said}" for said in walking.complaints_about(address + opened.path)]
    assert not wrong, "\n".join(wrong)
