"""Embedding: a subset of a font file as the objects a PDF needs, written once where documents share it.

ReportLab's own writer builds, compresses and formats these objects anew for every document, most of what
a short one costs. Here the finished bytes of a shared subset are kept and only the object numbers are filled in.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.ttfonts import FF_NONSYMBOLIC, FF_SYMBOLIC, TTFontFace


class _GlyphTable:
    """The table of outlines, read in place: ReportLab would copy its ten megabytes for every subset."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._start = start

    def __getitem__(self, part: slice) -> bytes:
        return self._data[self._start + part.start : self._start + part.stop]


class FontFace(TTFontFace):  # type: ignore[misc]  # ReportLab is untyped
    """A parsed TrueType file whose outlines are not copied."""

    def get_table(self, tag: str) -> bytes | _GlyphTable:
        """Return one table of the file."""
        if tag == "glyf":
            return _GlyphTable(self._ttf_data, self.get_table_pos(tag)[0])
        table: bytes = super().get_table(tag)
        return table


@dataclass(frozen=True, slots=True)
class FontProgram:
    """One subset ready to be written: two finished streams, the descriptor's and the font's fixed entries."""

    file: bytes
    to_unicode: bytes
    descriptor: bytes
    font: bytes


def font_program(face: FontFace, name: str, subset: Sequence[int], level: int) -> FontProgram:
    """Cut the glyphs of a subset (code points by their byte, 0 for none) out of a font file.

    ``name`` is the PostScript name with its subset tag; ``level`` is how hard to compress.
    """
    cut: bytes = face.makeSubset(list(subset))
    widths = " ".join([str(face.getCharWidth(code)) for code in subset])
    return FontProgram(
        file=_stream(cut, level, f"/Length1 {len(cut)} "),
        to_unicode=_stream(_to_unicode(subset), level),
        descriptor=_descriptor(face, name),
        font=(
            f"/Type /Font /Subtype /TrueType /BaseFont /{name} /FirstChar 0 /LastChar {len(subset) - 1} "
            f"/Widths [{widths}]"
        ).encode("ascii"),
    )


def embed(document: pdfdoc.PDFDocument, resource: str, program: FontProgram) -> None:
    """Write a subset's objects into a document and make it known to all pages as ``/resource``."""
    file = document.Reference(_Ready(program.file), f"fontFile:{resource}")
    to_unicode = document.Reference(_Ready(program.to_unicode), f"toUnicode:{resource}")
    entries = program.descriptor + b" /FontFile2 " + pdfdoc.format(file, document)
    descriptor = document.Reference(_Ready(b"<< " + entries + b" >>"), f"fontDescriptor:{resource}")
    entries = b"".join(
        (
            program.font,
            b" /ToUnicode ",
            pdfdoc.format(to_unicode, document),
            b" /FontDescriptor ",
            pdfdoc.format(descriptor, document),
        )
    )
    font = document.Reference(_Ready(b"<< " + entries + b" >>"), resource)
    document.idToObject[pdfdoc.BasicFonts].dict[resource] = font


class _Ready(pdfdoc.PDFObject):  # type: ignore[misc]  # ReportLab is untyped
    """An object whose bytes are finished."""

    def __init__(self, written: bytes) -> None:
        self.written = written

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        return self.written


def _stream(content: bytes, level: int, entries: str = "") -> bytes:
    packed = zlib.compress(content, level)
    head = f"<< /Filter /FlateDecode {entries}/Length {len(packed)} >>\nstream\n".encode("ascii")
    return head + packed + b"\nendstream"


def _descriptor(face: FontFace, name: str) -> bytes:
    bounds = " ".join([f"{edge:g}" for edge in face.bbox])
    return (
        f"/Type /FontDescriptor /FontName /{name} /Flags {(face.flags & ~FF_NONSYMBOLIC) | FF_SYMBOLIC} "
        f"/FontBBox [{bounds}] /Ascent {face.ascent:g} /Descent {face.descent:g} /CapHeight {face.capHeight:g} "
        f"/ItalicAngle {face.italicAngle:g} /StemV {face.stemV:g} /MissingWidth {face.defaultWidth:g}"
    ).encode("ascii")


def _to_unicode(subset: Sequence[int]) -> bytes:
    """Return the CMap that lets a reader search and copy; UTF-16 and blocks of 100, as the PDF reference asks."""
    pairs = [f"<{code:02X}> <{chr(point).encode('utf-16-be').hex()}>" for code, point in enumerate(subset) if point]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <00> <FF> endcodespacerange",
    ]
    for start in range(0, len(pairs), 100):
        block = pairs[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")
