"""A report as plain text, for a terminal or a mail."""

import textwrap

from core.ids import rfc3339
from core.text import printable
from exports.report.page import Chart, Page, Section, Table

_WIDTH = 100
_CELL = 48
_BAR = 40
_LONGEST = 2000


def text(page: Page) -> str:
    """Return the report; its first line answers what was asked."""
    parts = [printable(page.answer, _LONGEST), "", page.title, "=" * min(_WIDTH, len(page.title))]
    for section in page.sections:
        parts += ["", *_section(section)]
    made = f"Made {rfc3339(page.made_at)} by {printable(page.made_by)} from {page.evidence}."
    return "\n".join([*parts, "", _wrapped(made), ""])


def _section(section: Section) -> list[str]:
    lines = [section.title, "-" * len(section.title)]
    lines += [_wrapped(sentence) for sentence in section.sentences]
    if section.table is not None:
        lines += _table(section.table)
    if section.chart is not None and section.chart.bars:
        lines += ["", *_chart(section.chart)]
    return lines


def _wrapped(sentence: str) -> str:
    return textwrap.fill(printable(sentence, _LONGEST), _WIDTH)


def _table(table: Table) -> list[str]:
    rows = [table.headings, *table.rows]
    cells = [[_fitted(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.headings))]
    return [
        "  ".join(
            cell.rjust(width) if column in table.numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _fitted(cell: str) -> str:
    told = printable(cell, _LONGEST)
    return told if len(told) <= _CELL else f"…{told[-_CELL + 1 :]}"


def _chart(chart: Chart) -> list[str]:
    most = max(bar.value for bar in chart.bars) or 1
    width = max(len(_fitted(bar.label)) for bar in chart.bars)
    lines = [chart.title + (f" (▓ {chart.part_is})" if chart.part_is else "")]
    for bar in chart.bars:
        length = round(_BAR * bar.value / most)
        dark = min(length, round(_BAR * bar.part / most))
        drawn = "▓" * dark + "░" * (length - dark)
        lines.append(f"{_fitted(bar.label).ljust(width)}  {drawn} {bar.value}")
    return lines
