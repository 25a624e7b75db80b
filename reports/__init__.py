"""The drawings: a frozen dataclass in, PDF bytes out.

Knows ReportLab and ``agentnet.core`` only: no database, no request, no clock. The same figures give the same bytes, so
a document can be drawn again from its stored figures and compared. What it says is decided before it comes here;
a drawing only refuses figures that do not add up (``FiguresDisagree``) and characters the font cannot print
(``MissingGlyph``).
"""
