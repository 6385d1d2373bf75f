"""Lays a sheet out in lines of a width. Pure but for Textual's styled text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from rich.cells import cell_len
from textual.content import Content

from tui.detail_pane import TONES, lines_of
from tui.queue_view import fit, fit_end, fit_ends
from tui.rows import Row, Section
from tui.sheet import Line, Sheet, Table
from tui.wording import safe

_LEAST, _GAP = 12, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """A sheet at a width. Its rows are drawn when they are seen: there may be hundreds."""

    lines: Sequence[Content | Callable[[bool], Content]]
    """Each line, a row as what draws it, chosen or not."""
    places: Sequence[int]
    """At which line each row stands."""

    def line(self, place: int, chosen: int) -> Content | None:
        """Return one line, where this row is chosen; None below the last."""
        if place >= len(self.lines):
            return None
        line = self.lines[place]
        return line if isinstance(line, Content) else line(place == self.places[chosen])


def sheet_lines(sheet: Sheet, width: int) -> LaidOut:
    """Return the sheet in lines of a width."""
    parts: list[Content | Callable[[bool], Content]] = []
    if sheet.facts:
        rows = tuple(Row(row.label, safe(row.text, 600), row.tone) for row in sheet.facts)
        parts += lines_of([Section("", rows)], width)[0]
    places: list[int] = []
    for table in map(_told, sheet.tables):
        parts += [Content("")] if parts else []
        parts.append(Content.styled(safe(table.title, 200), "bold $primary"))
        if not table.lines:
            parts.append(Content.styled(f"  {table.empty}", "$quiet"))
            continue
        widths = _widths(table, width)
        alike = _alike(table, widths[0])
        heads = tuple(name.strip() for name in table.columns)
        parts.append(_drawn(table, heads, widths, "$quiet", "  "))
        for line in table.lines:
            places.append(len(parts))
            parts.append(partial(_row, table, line, widths, alike))
    return LaidOut(lines=parts, places=places)


def _row(table: Table, line: Line, widths: list[int], alike: bool, chosen: bool) -> Content:
    cells = tuple(safe(cell, 300) for cell in line.cells)
    style = TONES[line.tone]
    if chosen:
        style = f"{style} bold on $cursor-row".strip()
    if line.script:  # the name of a script is the end of its path
        cells = (fit_end(cells[0], widths[0]), *cells[1:])
    elif alike:
        cells = (fit_ends(cells[0], widths[0]), *cells[1:])
    return _drawn(table, cells, widths, style, "❯ " if chosen else "  ")


def _drawn(
    table: Table, cells: tuple[str, ...], widths: list[int], style: str, before: str
) -> Content:
    parts = []
    for name, cell, width in zip(table.columns, cells, widths, strict=True):
        cut = fit(cell, width)
        right = " " * (width - cell_len(cut.rstrip())) + cut.rstrip()
        parts.append(right if name.startswith(" ") else cut)
    return Content.styled(before + (" " * _GAP).join(parts), style)


def _alike(table: Table, width: int) -> bool:
    """True where the beginnings of different names, as far as there is room, are the same."""
    names = {safe(line.cells[0], 300) for line in table.lines}
    return len({fit(name, width) for name in names}) < len(names)


def _told(table: Table) -> Table:
    """Return the table without the columns that are empty in every line: room for the others."""
    told = [n for n in range(len(table.columns)) if any(line.cells[n] for line in table.lines)]
    if not told or len(told) == len(table.columns):
        return table
    return replace(
        table,
        columns=tuple(table.columns[n] for n in told),
        lines=tuple(
            replace(line, cells=tuple(line.cells[n] for n in told)) for line in table.lines
        ),
    )


def _widths(table: Table, width: int) -> list[int]:
    """Return the width of each column: what it needs, the first what is left."""
    needed = [
        max(
            cell_len(safe(text, 300))
            for text in (name.strip(), *(line.cells[n] for line in table.lines))
        )
        for n, name in enumerate(table.columns)
    ]
    room = width - 3 - _GAP * (len(needed) - 1)
    others = [min(one, max(6, room // 3)) for one in needed[1:]]
    first = min(needed[0], max(_LEAST, room - sum(others)))
    while others and first + sum(others) > room and max(others) > 4:
        widest = others.index(max(others))
        others[widest] -= 1
    return [first, *others]
