"""Tables in LaTeX."""

import re
from collections.abc import Iterator

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.found import Found, Row, found
from classifiers.shapes.judging import header_of

_BEGIN = re.compile(r"\\begin\{(?:tabular[xy*]?|longtable|longtabu|tabu|array|supertabular)\*?\}")
_COMMAND = re.compile(r"\\[A-Za-z]{1,20}\*?(?:\[[^\[\]{}]{0,40}\])?")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot"
    r"|cline\{[^{}]{0,20}\}|cmidrule(?:\([^()]{0,9}\))?\{[^{}]{0,20}\})"
)
_ESCAPED = str.maketrans("", "", "{}~")


def tables(text: str) -> Iterator[Found]:
    """Yield the tables between `\\begin{tabular}` and its end."""
    at = 0
    while (opening := _BEGIN.search(text, at)) is not None:
        end = text.find("\\end{", opening.end())
        end = len(text) if end < 0 else end
        at = end
        rows = list(_rows(text, opening.end(), end))
        width = max(map(len, rows), default=0)
        rows = [row for row in rows if len(row) == width and any(row)]
        if width > 1 and len(rows) > 1:
            names = header_of(rows[0], rows[1:])
            body = rows if names is None else [row for row in rows[1:] if _texts(row) != names]
            if body:
                yield found(names or (), body, (opening.start(), end))


def _texts(row: Row) -> list[str]:
    return ["" if cell is None else cell.text for cell in row]


def _rows(text: str, start: int, end: int) -> Iterator[list[Cell | None]]:
    at = start
    while at < end:
        stop = text.find("\\\\", at, end)
        stop = end if stop < 0 else stop
        cells: list[Cell | None] = []
        for begin, finish in _between(text, at, stop):
            cells.append(_cell(text, begin, finish))
        yield cells
        at = stop + 2


def _between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = at = start
    while (at := text.find("&", at, end)) >= 0:
        if text[at - 1] != "\\":
            yield begin, at
            begin = at + 1
        at += 1
    yield begin, end


def _cell(text: str, start: int, end: int) -> Cell | None:
    raw = _RULES.sub(" ", text[start:end])
    if raw.lstrip().startswith("{") and "}" in raw and "\n" in raw:
        raw = raw[raw.find("\n") :]
    for sign in "_&%#$":
        raw = raw.replace("\\" + sign, sign)
    raw = raw.replace("\\{", "").replace("\\}", "")
    value = " ".join(_COMMAND.sub(" ", raw).translate(_ESCAPED).split())
    if not value:
        return None
    place = text.find(value, start, end)
    return Cell(value, place, place + len(value)) if place >= 0 else Cell(value, start, end)
