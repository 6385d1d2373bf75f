"""A report as one HTML file: no script, nothing loaded from anywhere, charts as SVG, for print."""

import re
from collections.abc import Iterator
from html import escape

from core.ids import rfc3339
from core.text import printable
from exports.report.page import Chart, Page, Section, Table

_LONGEST = 2000
_WORD, _PIECE = 24, 12
"""A word from so many letters on may be broken behind each of its parts, and a part as long after
each piece of so many, so that no table grows wider than the page; shorter ones stay whole.
"""
_BAR_HEIGHT, _GAP, _LABEL, _WIDTH, _VALUE = 16, 6, 230, 720, 60
_SMALL = 'font-size="11"'
_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;color:#1a1a1a;max-width:60em;margin:2em auto;padding:0 1em}
h1{font-size:1.5em;margin:.2em 0}
h2{font-size:1.1em;margin:1.6em 0 .4em;border-bottom:1px solid #bbb}
.answer{font-size:1.2em;font-weight:600;border-left:4px solid #1f5f8b;
padding:.4em .8em;background:#eef4f8}
table{border-collapse:collapse;width:100%;font-size:.86em}th,td{text-align:left;padding:.25em .5em;
border-bottom:1px solid #ddd;vertical-align:top;overflow-wrap:break-word}
th{background:#f2f2f2}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;margin:.8em 0}
footer{margin-top:2em;font-size:.8em;color:#555;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr,svg{break-inside:avoid}
thead{display:table-header-group}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@page{size:A4;margin:18mm}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(page: Page) -> str:
    """Return the report; whatever came from a payload, a process or a reviewer is text in it."""
    body = "\n".join(map(_section, page.sections))
    made = f"Made {rfc3339(page.made_at)} by {page.made_by} from {page.evidence}."
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_told(page.title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        f'<p class="answer">{_told(page.answer)}</p>\n<h1>{_told(page.title)}</h1>\n'
        f"{body}\n<footer>{_told(made)}</footer>\n</body></html>\n"
    )


def _told(text: str) -> str:
    return escape(printable(text, _LONGEST), quote=True)


def _cell(text: str) -> str:
    """Return a text that can be broken where it has no spaces; copied, it is what it was."""
    return " ".join(map(_breakable, printable(text, _LONGEST).split(" ")))


def _breakable(word: str) -> str:
    if len(word) < _WORD:
        return escape(word, quote=True)
    return "<wbr>".join(escape(piece, quote=True) for piece in _pieces(word))


def _pieces(word: str) -> Iterator[str]:
    """Yield a long word cut where readers expect it: behind the signs between its parts, and
    within a part only where that is too long itself.
    """
    for part in _PART.findall(word):
        cut = len(part) if len(part) < _WORD else _PIECE
        yield from (part[at : at + cut] for at in range(0, len(part), cut))


_PART = re.compile(r"[^/\\._@-]*[/\\._@-]+|[^/\\._@-]+")


def _section(section: Section) -> str:
    parts = [f"<section><h2>{_told(section.title)}</h2>"]
    parts += [f"<p>{_told(sentence)}</p>" for sentence in section.sentences]
    if section.chart is not None and section.chart.bars:
        parts.append(_chart(section.chart))
    if section.table is not None:
        parts.append(_table(section.table))
    return "\n".join([*parts, "</section>"])


def _table(table: Table) -> str:
    head = _row(table.headings, table.numbers, "th")
    rows = "\n".join(_row(row, table.numbers, "td") for row in table.rows)
    return f"<table><thead>{head}</thead>\n<tbody>{rows}</tbody></table>"


def _row(cells: tuple[str, ...], numbers: frozenset[int], tag: str) -> str:
    told = (
        f"<{tag}{' class="n"' if column in numbers else ''}>{_cell(cell)}</{tag}>"
        for column, cell in enumerate(cells)
    )
    return f"<tr>{''.join(told)}</tr>"


def _bar(y: int, length: float, colour: str) -> str:
    at = f'x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR_HEIGHT}"'
    return f'<rect {at} fill="{colour}"/>'


def _chart(chart: Chart) -> str:
    most = max(bar.value for bar in chart.bars) or 1
    step = _BAR_HEIGHT + _GAP
    room = _WIDTH - _LABEL - _VALUE
    title = chart.title + (f" (dark: {chart.part_is})" if chart.part_is else "")
    height = step * (len(chart.bars) + 1)
    drawn = [f'<text x="0" y="12" font-size="12" font-weight="600">{_told(title)}</text>']
    for number, bar in enumerate(chart.bars, 1):
        y, length = number * step, room * bar.value / most
        dark = min(length, room * bar.part / most)
        label = bar.label if len(bar.label) <= 34 else f"…{bar.label[-33:]}"
        drawn += [
            f'<text x="{_LABEL - 8}" y="{y + 12}" {_SMALL} text-anchor="end">{_told(label)}</text>',
            _bar(y, length, "#7fb0d0"),
            _bar(y, dark, "#1f4e6f"),
            f'<text x="{_LABEL + length + 6:.1f}" y="{y + 12}" {_SMALL}>{bar.value}</text>',
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{_told(title)}" font-family="sans-serif">{"".join(drawn)}</svg>'
    )
