"""Paper: an A4 document page by page, with its head, its foot, its bookmarks and its bytes.

Pages are collected first and numbered at the end, because "page x of y" is known last. Same input, same bytes:
ReportLab runs in its invariant mode (the file's own dates are fixed, the real ones are printed on the page).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from reports.head import DocumentHead
from reports.kit import style
from reports.kit.fonts import DocumentFont, Primer, Weight, page_font
from reports.kit.ink import Ink
from reports.kit.qr import QUIET_ZONE, qr_path
from reports.kit.wording import instant_text
from reports.kit.wrap import wrap
from reports.texts import Words, words

# Streams are written as bytes; the default wraps them once more in ASCII, a quarter larger and slower.
rl_config.useA85 = 0

_CONTINUED_HEAD = 25.0
_NUMERALS = "〇一二三四五六七八九"


def open_fonts(primers: Mapping[Weight, Primer]) -> dict[Weight, DocumentFont]:
    """Return fresh fonts for one document, starting from its kind's primers."""
    return {weight: DocumentFont(primed) for weight, primed in primers.items()}


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline: the page (from 0), the height on it, and its level (from 0)."""

    title: str
    page: int
    height: float
    level: int


def bind(
    pages: list[Ink],
    fonts: Mapping[Weight, DocumentFont],
    size: tuple[float, float],
    title: str,
    author: str,
    subject: str,
    bookmarks: list[Bookmark] | None = None,
) -> bytes:
    """Return the PDF of finished pages of one size (points)."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, pageCompression=1, invariant=1, initialFontName=page_font())
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setSubject(subject)
    canvas.setCreator("agentnet")
    document = canvas._doc
    document.delayedFonts.extend(fonts.values())
    for number, page in enumerate(pages):
        canvas.addLiteral("\n".join(page.operators))
        for order, mark in enumerate(bookmarks or []):
            if mark.page == number:
                canvas.bookmarkPage(f"m{order}", fit="XYZ", left=0, top=mark.height, zoom=0)
                canvas.addOutlineEntry(mark.title, f"m{order}", level=mark.level)
        canvas.showPage()
    if bookmarks:
        canvas.showOutline()
    canvas.save()
    return out.getvalue()


class Paper:
    """An A4 document in the making; ``y`` is the baseline cursor, falling from the top of the body."""

    def __init__(
        self,
        head: DocumentHead,
        title: str,
        subject: str,
        period: str,
        primers: Mapping[Weight, Primer],
        aside: str | None = None,
    ) -> None:
        """Open the first page. ``aside`` stands opposite the subject; it is the head's organisation unless given."""
        self.head = head
        self.words: Words = words(head.language)
        self.title = title
        self.subject = subject
        self.period = period
        self._aside = head.org_name if aside is None else aside
        self.fonts = open_fonts(primers)
        self.pages: list[Ink] = []
        self._bookmarks: list[Bookmark] = []
        self._sections = 0
        self.y = 0.0
        self.ink = self._open_page()
        self._draw_head()
        self.bookmark(title)

    def fits(self, height: float) -> bool:
        """Say whether a block of this height still fits on the page."""
        return self.y - height >= style.BODY_BOTTOM

    def need(self, height: float) -> None:
        """Turn to a new page unless a block of this height fits on this one."""
        if not self.fits(height):
            self.turn()

    def turn(self) -> None:
        """Start the next page under its short head."""
        self.ink = self._open_page()
        self._draw_continued_head()

    def bookmark(self, title: str, level: int = 0) -> None:
        """Add an entry to the outline that leads here."""
        self._bookmarks.append(Bookmark(title, len(self.pages) - 1, self.y + style.LINE, level))

    def section(self, heading: str) -> str:
        """Return a section's heading with the next number, as its language counts sections."""
        self._sections += 1
        if self.head.language == "zh":
            return f"{_NUMERALS[self._sections]}、{heading}"
        return f"{self._sections}. {heading}"

    def lines(self, text: str, size: float, width: float, bold: bool = False) -> list[str]:
        """Return a text's lines in a column of a width."""
        return wrap(self.fonts[Weight.BOLD if bold else Weight.REGULAR], text, size, width)

    def shortened(self, text: str, size: float, width: float) -> str:
        """Return a text that fits on one line, with an ellipsis where it is cut."""
        if self.ink.width(text, size) <= width:
            return text
        return self.lines(text, size, width - size)[0] + "…"

    def finish(self) -> bytes:
        """Draw the foot of every page, now that their number is known, and return the PDF."""
        for number, page in enumerate(self.pages, start=1):
            self._draw_foot(page, number)
        return self.bound()

    def bound(self) -> bytes:
        """Return the PDF of the pages as they are."""
        whole = f"{self.title} {self.subject} {self.period}"
        return bind(
            self.pages,
            self.fonts,
            (style.PAGE_WIDTH, style.PAGE_HEIGHT),
            title=whole,
            author=self.head.company,
            subject=self.head.number,
            bookmarks=self._bookmarks,
        )

    def _open_page(self) -> Ink:
        page = Ink(self.fonts)
        self.pages.append(page)
        self.y = style.TOP
        return page

    def _draw_head(self) -> None:
        ink, head, top = self.ink, self.head, style.TOP
        number = f"{self.words['number']} {head.number}"
        room = style.WIDTH - ink.width(number, style.NOTE) - 12
        company = self.shortened(head.company, style.BODY, room)
        ink.text(style.LEFT, top - 8, company, style.BODY, colour=style.ACCENT)
        ink.text_right(style.RIGHT, top - 8, number, style.NOTE, colour=style.QUIET)
        self.y = top - 34
        ink.text(style.LEFT, self.y, self.title, style.TITLE, bold=True)
        ink.text_right(style.RIGHT, self.y, self.period, style.HEADING, bold=True)
        subject = self.lines(self.subject, style.HEADING, style.WIDTH * 0.66)
        aside = self.lines(self._aside, style.BODY, style.WIDTH * 0.32)
        for row in range(max(len(subject), len(aside))):
            self.y -= style.LINE + (4 if row == 0 else 0)
            if row < len(subject):
                ink.text(style.LEFT, self.y, subject[row], style.HEADING)
            if row < len(aside):
                ink.text_right(style.RIGHT, self.y, aside[row], style.BODY, colour=style.QUIET)
        self.y -= 7
        ink.rule(style.LEFT, style.RIGHT, self.y, style.ACCENT_RULE, style.ACCENT)
        self._draw_revision_reason()
        self.y -= 10

    def _draw_revision_reason(self) -> None:
        if not self.head.revision_reason:
            return
        reason = self.words["revision_reason"] % {"reason": self.head.revision_reason}
        number = self.words["revision"] % {"revision": self.head.revision}
        self.y -= 4
        for line in self.lines(f"{number}  {reason}", style.NOTE, style.WIDTH):
            self.y -= style.NOTE_LINE
            self.ink.text(style.LEFT, self.y, line, style.NOTE, colour=style.ACCENT)

    def _draw_continued_head(self) -> None:
        ink, baseline = self.ink, style.TOP - 8
        number = f"{self.words['number']} {self.head.number}"
        ink.text_right(style.RIGHT, baseline, number, style.NOTE, colour=style.QUIET)
        room = style.WIDTH - ink.width(number, style.NOTE) - 12
        whole = f"{self.title} · {self.subject} · {self.period}"
        ink.text(style.LEFT, baseline, self.shortened(whole, style.NOTE, room), style.NOTE, colour=style.QUIET)
        ink.rule(style.LEFT, style.RIGHT, baseline - 6, style.HAIRLINE, style.QUIET)
        self.y = style.TOP - _CONTINUED_HEAD

    def _draw_foot(self, ink: Ink, number: int) -> None:
        head, text = self.head, self.words
        top = style.BOTTOM + style.FOOT_HEIGHT
        ink.rule(style.LEFT, style.RIGHT, top + 4, style.HAIRLINE, style.QUIET)
        symbol = qr_path(head.verify_url)
        module = style.FOOT_HEIGHT / (symbol.modules + QUIET_ZONE)
        ink.path(symbol.operators, style.LEFT, style.BOTTOM, module, style.INK)
        left = style.LEFT + style.FOOT_HEIGHT + 4
        page_of = text["page_of"] % {"page": number, "pages": len(self.pages)}
        revision = text["revision"] % {"revision": head.revision}
        made_at = text["made_at"] % {"made_at": instant_text(head.made_at)}
        check_code = text["check_code"] % {"code": head.check_code}
        state = self.shortened(text["data_state"] % {"state": head.data_state}, style.NOTE, style.RIGHT - left)
        rows = (
            (check_code, page_of, style.INK),
            (text["scan_to_verify"], f"{revision}  {made_at}", style.QUIET),
            (state, "", style.QUIET),
        )
        y = top - 10
        for at_left, at_right, colour in rows:
            ink.text(left, y, at_left, style.NOTE, colour=colour)
            ink.text_right(style.RIGHT, y, at_right, style.NOTE, colour=colour)
            y -= style.NOTE_LINE + 2
