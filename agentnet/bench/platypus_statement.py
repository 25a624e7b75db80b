"""The peer of the statement bench: the same statement the usual ReportLab way, with platypus flowables.

Written as its user guide teaches: registered fonts, tables of strings with repeated heads, a page callback for head and
foot, a second pass for "page x of y". No word, figure or code is left out, so the two do the same work for a reader.
"""

from __future__ import annotations

import io
from typing import Any

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from agentnet.core.money import format_yuan, rmb_capitals
from reports.commission_statement import CommissionStatement
from reports.kit.fonts import FONT_FOLDER
from reports.kit.wording import instant_text, short_instant
from reports.texts import words

_ACCENT = HexColor("#005e57")
_TITLE = ParagraphStyle("title", fontName="PeerBold", fontSize=16, leading=20)
_HEADING = ParagraphStyle("heading", fontName="PeerBold", fontSize=10.5, leading=14, textColor=_ACCENT)
_BODY = ParagraphStyle("body", fontName="Peer", fontSize=9.5, leading=13.5, wordWrap="CJK")
_NOTE = ParagraphStyle("note", fontName="Peer", fontSize=8, leading=10, wordWrap="CJK")
_LINES = [
    ("FONT", (0, 0), (-1, -1), "Peer", 9),
    ("FONT", (0, 0), (-1, 0), "PeerBold", 8),
    ("LINEABOVE", (0, 0), (-1, 0), 0.6, HexColor("#1a1f21")),
    ("LINEBELOW", (0, 0), (-1, 0), 0.6, HexColor("#1a1f21")),
    ("INNERGRID", (0, 1), (-1, -1), 0.3, HexColor("#c7cfd1")),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ("ALIGN", (-2, 0), (-1, -1), "RIGHT"),
]


def register_fonts() -> None:
    """Parse the two fonts; once a process, outside what is timed, as ours are."""
    pdfmetrics.registerFont(TTFont("Peer", str(FONT_FOLDER / "NotoSansSC_400Regular.ttf")))
    pdfmetrics.registerFont(TTFont("PeerBold", str(FONT_FOLDER / "NotoSansSC_700Bold.ttf")))


class _NumberedCanvas(Canvas):
    """Keeps the pages back until their number is known: the usual recipe for "page x of y"."""

    statement: CommissionStatement

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - ReportLab's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._kept, start=1):
            self.__dict__.update(state)
            self._draw_foot(number, len(self._kept))
            super().showPage()
        super().save()

    def _draw_foot(self, number: int, pages: int) -> None:
        head, text = self.statement.head, words("zh")
        self.setFont("Peer", 8)
        self.drawString(42 * mm, 31 * mm, text["check_code"] % {"code": head.check_code})
        self.drawString(42 * mm, 27 * mm, text["scan_to_verify"])
        self.drawString(42 * mm, 23 * mm, text["data_state"] % {"state": head.data_state})
        right = A4[0] - 20 * mm
        self.drawRightString(right, 31 * mm, text["page_of"] % {"page": number, "pages": pages})
        self.drawRightString(right, 27 * mm, text["revision"] % {"revision": head.revision})
        self.drawRightString(right, 23 * mm, text["made_at"] % {"made_at": instant_text(head.made_at)})
        matrix = segno.make_qr(head.verify_url, error="m").matrix
        module = 15 * mm / len(matrix)
        for row, modules in enumerate(matrix):
            for column, dark in enumerate(modules):
                if dark:
                    self.rect(25 * mm + column * module, 34 * mm - row * module, module, module, stroke=0, fill=1)


def draw(statement: CommissionStatement) -> bytes:
    """Return the statement as PDF; only statements without adjustments, as the bench makes them."""
    text = words("zh")
    story: list[Flowable] = [
        Paragraph(statement.head.company, _BODY),
        Paragraph(text["statement_title"], _TITLE),
        Paragraph(f"{statement.outlet_code} {statement.outlet_name}", _BODY),
        Spacer(1, 6),
        Table(_answer(statement), colWidths=[60 * mm, 55 * mm, 50 * mm], style=[("FONT", (0, 0), (-1, -1), "Peer", 9)]),
        Table(_facts(statement), colWidths=[20 * mm, 62 * mm, 20 * mm, 62 * mm], style=_LINES[:1]),
        Paragraph(text["summary_heading"], _HEADING),
        Table(
            _components(statement), colWidths=[60 * mm, 30 * mm, 15 * mm, 30 * mm, 30 * mm], style=TableStyle(_LINES)
        ),
        Paragraph(text["detail_heading"], _HEADING),
        Table(
            _collections(statement),
            colWidths=[12 * mm, 22 * mm, 43 * mm, 27 * mm, 22 * mm, 20 * mm, 19 * mm],
            repeatRows=1,
            style=TableStyle(_LINES),
        ),
        Paragraph(text["statement_note"], _NOTE),
        Spacer(1, 20),
        Paragraph(
            "　　　　".join(text[key] for key in ("prepared_by", "reviewed_by", "approved_by", "signed_on")), _BODY
        ),
    ]
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=25 * mm, rightMargin=20 * mm, topMargin=20 * mm, bottomMargin=38 * mm, invariant=1
    )
    canvas_of = type("_StatementCanvas", (_NumberedCanvas,), {"statement": statement})
    document.build(story, canvasmaker=canvas_of)
    return out.getvalue()


def _answer(statement: CommissionStatement) -> list[list[str]]:
    text = words("zh")
    return [
        [text["commission_due"], text["collections_count"], str(len(statement.collections))],
        [format_yuan(statement.due_fen), text["amount_collected"], format_yuan(statement.collected_fen)],
        [rmb_capitals(statement.due_fen), text["earned"], format_yuan(statement.earned_fen)],
        ["", text["adjusted"], format_yuan(statement.adjusted_fen)],
    ]


def _facts(statement: CommissionStatement) -> list[list[str]]:
    text = words("zh")
    plan = text["plan_version"] % {"name": statement.plan_name, "version": statement.plan_version}
    return [
        [text["outlet_kind"], text[statement.outlet_kind], text["setting"], text[statement.setting]],
        [text["partner"], statement.partner, text["agent"], statement.agent],
        [text["plan"], plan, text["agreement"], statement.agreement_no],
    ]


def _components(statement: CommissionStatement) -> list[list[str]]:
    text = words("zh")
    heads = [text[key] for key in ("component", "tender", "count", "base_amount", "commission")]
    rows = [
        [
            line.component,
            text[line.tender],
            str(line.count),
            format_yuan(line.base_fen),
            format_yuan(line.commission_fen),
        ]
        for line in statement.components
    ]
    return [heads, *rows, [text["total"], "", "", "", format_yuan(statement.earned_fen)]]


def _collections(statement: CommissionStatement) -> list[list[str]]:
    text = words("zh")
    heads = [text[key] for key in ("line", "collected_at", "receipt_no", "household", "tender", "amount", "commission")]
    rows = [
        [
            str(number),
            short_instant(line.collected_at),
            line.receipt_no,
            line.household_masked,
            text[line.tender],
            format_yuan(line.amount_fen),
            format_yuan(line.commission_fen),
        ]
        for number, line in enumerate(statement.collections, start=1)
    ]
    commission = format_yuan(sum(line.commission_fen for line in statement.collections))
    return [
        heads,
        *rows,
        [text["total"], "", "", "", "", format_yuan(statement.collected_fen), commission],
        [text["due_total"], "", "", "", "", "", format_yuan(statement.due_fen)],
    ]
