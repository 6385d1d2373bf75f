"""A report as PDF, by reportlab: the same report gives the same bytes."""

import contextlib
import io
import os
from collections.abc import Iterator
from html import escape
from typing import Any

from core.ids import rfc3339
from core.text import printable
from exports.report.letters import drawable
from exports.report.page import Chart, Page, Section, Table

_LONGEST = 2000
_BEGINS = 90
"""So many points of a section stand below its title on the same page, with all of its chart."""
_BAR_HEIGHT, _GAP, _LABEL, _VALUE = 9, 4, 150, 40
_LIGHT, _DARK, _GREY = "#7fb0d0", "#1f4e6f", "#f2f2f2"
_EPOCH = "SOURCE_DATE_EPOCH"
_MARGIN = 50
_FONT, _SIZE, _PADDING = "Helvetica", 7.5, 3
_WHOLE = 13
"""A word of so many letters is not broken."""
_OTHER_LETTERS = (
    "Letters that not every reader of PDF can draw are written by Latin ones, or by their number: "
    "the report as HTML has them as they are."
)


def pdf(page: Page) -> bytes:
    """Return the report."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    out, styles = io.BytesIO(), getSampleStyleSheet()
    width = A4[0] - 2 * _MARGIN
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        invariant=1,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=_letters(page.title),
        author="Outgate",
    )
    title = ParagraphStyle("title", parent=styles["Title"], alignment=0, spaceBefore=10)
    made = f"Made {rfc3339(page.made_at)} by {page.made_by} from {page.evidence}."
    parts = [
        Paragraph(f"<b>{_told(page.answer)}</b>", styles["BodyText"]),
        Paragraph(_told(page.title), title),
    ]
    for section in page.sections:
        parts += _section(section, styles, width)
    parts.append(Paragraph(_told(made), styles["Italic"]))
    if any(drawable(text) != text for text in _texts(page)):
        parts.append(Paragraph(_told(_OTHER_LETTERS), styles["Italic"]))
    with _without_epoch():
        document.build(parts, onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


@contextlib.contextmanager
def _without_epoch() -> Iterator[None]:
    # This variable would put another time into the file, and so other bytes.
    kept = os.environ.pop(_EPOCH, None)
    try:
        yield
    finally:
        if kept is not None:
            os.environ[_EPOCH] = kept


def _number(canvas: Any, document: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(document.pagesize[0] - _MARGIN, _MARGIN / 2, str(document.page))


def _texts(page: Page) -> Iterator[str]:
    yield from (page.title, page.answer, page.made_by)
    for section in page.sections:
        yield from (section.title, *section.sentences)
        if section.table is not None:
            for row in section.table.rows:
                yield from row
        if section.chart is not None:
            yield from (bar.label for bar in section.chart.bars)


def _letters(text: str) -> str:
    """Return what the fonts of every reader can draw."""
    return drawable(printable(text, _LONGEST))


def _told(text: str) -> str:
    return escape(_letters(text), quote=False)


def _section(section: Section, styles: Any, width: float) -> list[Any]:
    from reportlab.platypus import CondPageBreak, Paragraph, Spacer

    room = _BEGINS + (_height(section.chart) if section.chart is not None else 0)
    parts: list[Any] = [CondPageBreak(room), Paragraph(_told(section.title), styles["Heading2"])]
    parts += [Paragraph(_told(sentence), styles["BodyText"]) for sentence in section.sentences]
    if section.chart is not None and section.chart.bars:
        parts += [Spacer(1, 6), _chart(section.chart, width)]
    if section.table is not None:
        parts += [Spacer(1, 6), _table(section.table, width)]
    return parts


def _table(table: Table, width: float) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    left = ParagraphStyle("cell", fontName=_FONT, fontSize=_SIZE, leading=9, splitLongWords=1)
    right = ParagraphStyle("number", parent=left, alignment=2)
    rows = [
        [
            Paragraph(_told(cell), right if column in table.numbers else left)
            for column, cell in enumerate(row)
        ]
        for row in (table.headings, *table.rows)
    ]
    style = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(_GREY)),
            ("LINEBELOW", (0, 0), (-1, -1), 0.25, HexColor("#cccccc")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ]
    )
    return LongTable(rows, colWidths=_widths(table, width), repeatRows=1, style=style)


def _widths(table: Table, width: float) -> list[float]:
    """Give each column what its longest word needs, which stays whole where it is no longer than
    most are, and share the rest by how long the texts are.
    """
    columns = list(zip(table.headings, *table.rows, strict=True))
    least = [max(map(_least, cells)) + 2 * _PADDING + 1 for cells in columns]
    if sum(least) >= width:
        return [width * one / sum(least) for one in least]
    longest = [min(40, max(9, *map(len, cells))) for cells in columns]
    rest = width - sum(least)
    return [one + rest * length / sum(longest) for one, length in zip(least, longest, strict=True)]


def _least(cell: str) -> float:
    """Return how wide the longest word of a cell is that stays whole."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    words = _letters(cell).split()
    return max((stringWidth(word[:_WHOLE], _FONT, _SIZE) for word in words), default=0.0)


def _height(chart: Chart) -> int:
    return (_BAR_HEIGHT + _GAP) * (len(chart.bars) + 1)


def _chart(chart: Chart, width: float) -> Any:
    from reportlab.graphics.shapes import Drawing, Rect, String
    from reportlab.lib.colors import HexColor

    step, height = _BAR_HEIGHT + _GAP, _height(chart)
    most = max(bar.value for bar in chart.bars) or 1
    room = width - _LABEL - _VALUE
    title = chart.title + (f" (dark: {chart.part_is})" if chart.part_is else "")
    drawing = Drawing(width, height)
    drawing.add(String(0, height - 9, _letters(title), fontName="Helvetica-Bold", fontSize=8))
    for number, bar in enumerate(chart.bars, 2):
        y, length = height - number * step, room * bar.value / most
        dark = min(length, room * bar.part / most)
        label = bar.label if len(bar.label) <= 30 else f"…{bar.label[-29:]}"
        drawing.add(
            String(
                _LABEL - 5,
                y + 2,
                _letters(label),
                fontSize=7,
                textAnchor="end",
                fontName="Helvetica",
            )
        )
        for part, colour in ((length, _LIGHT), (dark, _DARK)):
            drawing.add(
                Rect(_LABEL, y, part, _BAR_HEIGHT, fillColor=HexColor(colour), strokeColor=None)
            )
        drawing.add(
            String(_LABEL + length + 4, y + 2, str(bar.value), fontSize=7, fontName="Helvetica")
        )
    return drawing
