"""The one shape stage: which tables stand in a text, whatever they are written as."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from classifiers.payload import Carrier, Pasted, Payload, Segment
from classifiers.payload import PlacedText as Cell
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes import (
    beside,
    delimited,
    fhir,
    keyed_rows,
    latex,
    long_form,
    markup,
    orients,
    printed,
    r_output,
    selects,
    statements,
    wiki,
)
from classifiers.shapes.found import Found, Row, found
from classifiers.shapes.judging import names_beside
from classifiers.shapes.literals import Node, plain, read

type Line = tuple[int, int]

_OPENING = re.compile(
    r"[\[{]\s{0,8}[\"'{\[(]|\{\s{0,8}:?[A-Za-z_][\w-]{0,40}\s{0,4}(?::|=>)|\[\s{0,8}(?:\d|null|:[a-z]|[A-Z]\w{0,40}\()"
)
"""What a list or an object of a literal opens with."""
_LOOKED_AT = 200
_CODE_BEGINS = (
    *("def ", "class ", "import ", "from ", "return", "if ", "elif ", "else:", "for ", "while "),
    *("try:", "except", "with ", "raise ", "assert ", "@", "# ", "//", "/*", "* ", "async "),
    *("await ", "self.", "const ", "let ", "var ", "func ", "public ", "private ", "static "),
    *("}", ")", "]", "pub ", "fn ", "type ", "#include", "package ", "echo ", "sudo ", "$ "),
)
_CODE_ENDS = ("(", "{", "[", "):", ");", "};", "),", "()", "],", "},", '"""', "else:", "\\")
_SHORTEST = 12
_SIGNS = ("=", "{", "<", "(", '"', "`", "|", "\t")
_PAIRS = ("**", " '", "...", "; ")
"""What parts values, or values and names, in a text of one line; so do two dashes, and one behind a
blank."""
_BETWEEN_NAMES = 8
"""Characters that may stand between two names in one row of a literal."""
_MOST_IN_ALL = 1_000
_MOST_TABLES = 200
"""Tables of one text; what stands in more of them is read as text."""
_BETWEEN = 16
_BETWEEN_LISTS = 120
"""Characters that may stand between rows and the names of their columns, as in
`pd.DataFrame(rows, columns=[…])`.
"""
_LONGEST_LINE = 2_000_000


def pasted_in(payload: Payload) -> list[Pasted]:
    """Return the tables in the texts of a payload."""
    pasted: list[Pasted] = []
    for index, segment in enumerate(payload.segments):
        if len(segment.text) < _SHORTEST or not _may_hold(segment):
            continue
        pasted += [Pasted(index, *table) for table in tables_in(segment.text)]
        if len(pasted) >= _MOST_IN_ALL:
            return pasted[:_MOST_IN_ALL]
    return pasted


def _may_hold(segment: Segment) -> bool:
    if segment.tabular or segment.carrier is not Carrier.BODY:
        return False
    text = segment.text
    if "\n" in text or "\r" in text:
        return True
    if len(text) >= _LONGEST_LINE:
        return False
    for sign in _SIGNS:
        if sign in text:
            return True
    if text.count(": ") > 1 or any(map(text.__contains__, _PAIRS)):
        return True
    return "-" in text and ("--" in text or " -" in text)


def tables_in(text: str) -> list[Found]:
    """Return the tables in a text, in the order of their places; none overlaps another."""
    if len(text) < _SHORTEST:
        return []
    taken: list[Found] = []
    for finder in _FINDERS:
        _take(taken, finder(text))
    if "\n" in text:
        count, lines = len(taken), _without_code(text, list(_free_lines(text, taken)))
        for by_lines in _BY_LINES if any(start < end for start, end in lines) else ():
            _take(taken, by_lines(text, lines))
            if len(taken) != count:
                count, lines = len(taken), _without_code(text, list(_free_lines(text, taken)))
    elif "=" in text or text.count(": ") > 1:
        _take(taken, keyed_rows.one_line_records(text, list(_free_lines(text, taken))))
    _take(taken, beside.tables(text, taken))
    return sorted(
        (_upright(table, text) for table in taken), key=lambda table: (table.start, table.end)
    )


def _take(taken: list[Found], new: Iterable[Found]) -> None:
    for table in new:
        if len(taken) >= _MOST_TABLES:
            return
        if table.rows and all(table.end <= o.start or table.start >= o.end for o in taken):
            taken.append(table)


def _free_lines(text: str, taken: list[Found]) -> Iterator[Line]:
    """Yield the lines that stand in no table yet."""
    spans = sorted((table.start, table.end) for table in taken)
    at = index = 0
    while at <= len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        while index < len(spans) and spans[index][1] <= at:
            index += 1
        inside = index < len(spans) and spans[index][0] < stop
        end = stop - 1 if stop > at and text[stop - 1] == "\r" else stop
        yield (at, at) if inside else (at, end)
        at = stop + 1


def _without_code(text: str, lines: list[Line]) -> list[Line]:
    """Leave out the blocks of lines of which a good part are statements of a program."""
    kept: list[Line] = []
    block: list[Line] = []
    odd = 0
    for start, end in [*lines, (0, 0)]:
        if start < end:
            block.append((start, end))
            line = text[start : min(end, start + _LOOKED_AT)].strip()
            odd += line.startswith(_CODE_BEGINS) or line.endswith(_CODE_ENDS)
            continue
        if odd * 3 > len(block):
            block = [(at, at) for at, _ in block]
        kept += [*block, (start, start)]
        block, odd = [], 0
    return kept


def _literals(text: str) -> Iterator[Found]:
    at = 0
    run: list[Node] = []
    while (at := _next_opening(text, at)) >= 0:
        reading = read(text, at)
        roots = [reading.whole] if reading.whole is not None else reading.parts
        if run and (not roots or not _belongs(text, run, roots[0])):
            yield from _of_run(text, run)
            run = []
        run += roots
        if reading.whole is None:
            yield from _of_run(text, run)
            run = []
        at = reading.end
    yield from _of_run(text, run)


def _belongs(text: str, run: list[Node], following: Node) -> bool:
    """True for one more row of a run, and for names that stand apart from their rows."""
    if _go_on(text, run[-1], following):
        return True
    if len(run) > 1 or following.start - run[0].end > _BETWEEN_LISTS:
        return False
    pair = run[0], following
    if any(node.kind == "{" or node.fields for node in pair):
        return False
    return orients.named_apart([plain(run[0]), plain(following)]) is not None


def _go_on(text: str, last: Node, following: Node) -> bool:
    """True when one object follows the other at once, as JSON lines do."""
    between = text[last.end : following.start]
    return len(between) < _BETWEEN and not between.strip(" \t\r\n,;-")


def _of_run(text: str, run: list[Node]) -> Iterator[Found]:
    """Yield the tables in literals that follow one another: objects of equal fields are rows."""
    values = [plain(node) for node in run]
    if any(isinstance(value, dict) and "resourceType" in value for value in values):
        yield from _resources(text, values, (run[0].start, run[-1].end))
        return
    alike: list[Any] = values if all(isinstance(value, dict) for value in values) else []
    shaped = orients.of_list(alike) if len(alike) > 1 else orients.named_apart(values)
    tables = [shaped] if shaped else _within(values)
    for found_ in tables:
        table = _placed(text, found_, (run[0].start, run[-1].end))
        if table is not None:
            yield table


def _within(values: list[object]) -> Iterator[orients.Shaped]:
    """Yield the tables in values; an object of nothing but scalars holds none."""
    for value in values:
        if not isinstance(value, dict) or any(type(v) in _NESTED for v in value.values()):
            yield from orients.tables_in(value)


_NESTED = (dict, list)


def _resources(text: str, values: list[object], span: Line) -> Iterator[Found]:
    """Yield the people of clinical resources."""
    at = span[0]
    for shaped in fhir.resources(_texts(values)).tables:
        rows: list[Row] = []
        for row in shaped.rows:
            cells: list[Cell | None] = []
            for value in row:
                place = text.find(value, at, span[1]) if value else -1
                here = (place, place + len(value)) if place >= 0 else span
                cells.append(Cell(value, *here) if value else None)
            rows.append(cells)
        yield found(shaped.names, rows, span)


def _texts(value: object) -> Any:
    """Return a value with the texts of its cells."""
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value.text if isinstance(value, Cell) else value


def _next_opening(text: str, at: int) -> int:
    found_ = _OPENING.search(text, at)
    return -1 if found_ is None else found_.start()


def _placed(text: str, shaped: orients.Shaped, span: tuple[int, int]) -> Found | None:
    rows: list[Row] = [
        [value if isinstance(value, Cell) and value.text.strip() else None for value in row]
        for row in shaped.rows
    ]
    cells = [cell for row in rows for cell in row if cell is not None]
    if not cells:
        return None
    start = max(min(cell.start for cell in cells) - 1, span[0])
    start = _with_names(text, shaped.names, span[0], start)
    end = min(max(cell.end for cell in cells) + 1, span[1])
    return found(shaped.names, rows, (start, end))


def _with_names(text: str, names: list[str], least: int, start: int) -> int:
    """Return where a table begins whose names stand in a row right before its first value."""
    size = sum(map(len, names)) + _BETWEEN_NAMES * len(names)
    at = text.rfind(names[0], max(least, start - size), start) if names and names[0] else -1
    return start if at < 0 else at


def _upright(table: Found, text: str) -> Found:
    """Turn a table of which a column holds the names."""
    table = long_form.upright(table, text)
    names = None if any(map(is_telling, table.columns)) else names_beside(table.rows)
    if names is None:
        return table
    turned = list(zip(*table.rows, strict=True))[1:]
    return found(names, [row for row in turned if any(row)], (table.start, table.end))


def _when(test: Callable[[str], bool], finder: Callable[[str], Iterator[Found]]) -> Any:
    def find(text: str) -> Iterable[Found]:
        return finder(text) if test(text) else ()

    return find


def _has_html(text: str) -> bool:
    return "<t" in text or "<T" in text


_FINDERS: tuple[Callable[[str], Iterable[Found]], ...] = (
    _when(lambda text: "MSH" in text and "PID" in text, keyed_rows.clinical_messages),
    _when(lambda text: "BEGIN:VCARD" in text, keyed_rows.contact_cards),
    _when(lambda text: "\\begin{" in text, latex.tables),
    _when(_has_html, markup.html_tables),
    _when(lambda text: "</" in text or "/>" in text, markup.records),
    _when(statements.may_hold, statements.tables),
    _when(selects.may_hold, selects.tables),
    _when(wiki.may_hold, wiki.tables),
    _when(r_output.may_hold, r_output.tables),
    _when(lambda text: "[" in text or "{" in text, _literals),
)
_BY_LINES: tuple[Callable[[str, list[Line]], Iterable[Found]], ...] = (
    keyed_rows.one_line_records,
    delimited.tables,
    keyed_rows.forms,
    printed.tables,
)
