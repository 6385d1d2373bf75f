"""Rows whose cells stand between commas, tabs, semicolons or bars, also in quotes, also in a frame
of lines as databases and data frames print them.
"""

from collections.abc import Iterator, Sequence

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.confirming import shift_of
from classifiers.shapes.found import MAX_COLUMNS, Found, Row, found, trimmed
from classifiers.shapes.judging import header_of, is_table, names_beside, types

DELIMITERS = ("\t", ";", "|", ",")
_BARS = str.maketrans("│┃║┆┊╎｜", "|||||||")
_RULE = frozenset("-=+|: ─━═┼╪╋┌┐└┘├┤┬┴╭╮╰╯╞╡┏┓┗┛┠┨┯┷┿╂*")
_TYPE_NAMES = frozenset(
    "--- str i64 i32 f64 bool date datetime u32 string int64 object cat list[str] varchar bigint"
    " integer double boolean timestamp decimal text <chr> <int> <dbl> <lgl> <date> <fct>".split()
)
_ELIDED = frozenset({"...", "…", ".."})
_MOST_JOINED = 5
_MOST_UNEVEN, _MOST_UNNAMED = 8, 2
"""Cells by which a row may be longer or shorter below a rule, and longer than the names without."""
_TRIED = 80
"""Lines of equal width after which those that are no table yet are given up."""
_LEADING = 3
"""Lines that may stand over a header with as many separators by accident."""

type Line = tuple[int, int]


def tables(text: str, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield the tables in these lines, each a run of lines with as many cells."""
    for delimiter in DELIMITERS:
        if text.count(delimiter) < 2 and not (delimiter == "|" and "│" in text):
            continue
        yield from _with(text, lines, delimiter)


def _with(text: str, lines: Sequence[Line], delimiter: str) -> Iterator[Found]:
    barred = text.translate(_BARS) if delimiter == "|" and not text.isascii() else text
    quotes = '"' in text
    counts = [barred.count(delimiter, start, stop) for start, stop in lines]
    index = 0
    while index < len(lines):
        if not counts[index]:
            index += 1
            continue
        end = index + 1
        while end < len(lines) and (counts[end] or _goes_on(text, lines, end, delimiter, quotes)):
            end += 1
        if end - index > 1:
            yield from _runs(barred, lines[index:end], delimiter)
        index = end


def _goes_on(text: str, lines: Sequence[Line], index: int, delimiter: str, quotes: bool) -> bool:
    """True for a line without a separator inside a table: a rule, a blank one, or a part of a
    quoted cell.
    """
    start, stop = lines[index]
    if start == stop:
        return index + 1 < len(lines) and text.find(delimiter, *lines[index + 1]) >= 0
    if delimiter == "|" and _is_rule(text, start, stop):
        return True
    return quotes and _is_open(text, lines[index - 1][0], start - 1, delimiter)


def _runs(text: str, lines: Sequence[Line], delimiter: str) -> Iterator[Found]:
    """Yield the tables in lines that hold the separator: runs of as many cells."""
    run: list[Row] = []
    spans: list[Line] = []
    index, ruled = 0, False
    while index < len(lines):
        start, stop = lines[index]
        if delimiter == "|" and run and _is_rule(text, start, stop):
            index, ruled = index + 1, ruled or len(run) == 1
            continue
        row, stop, used = _record(text, lines, index, delimiter)
        index += used
        if row is None and start == stop and run:
            continue
        run, row = _fitted(run, row, ruled, (text, lines, index, delimiter))
        if _ends(run, row):
            yield from _table(run, spans)
            run, spans, ruled = [], [], False
        if row is not None:
            run.append(row)
            spans.append((start, stop))
        if len(run) == _TRIED and not any(True for _ in _table(run, spans)):
            index = _same_width(text, lines, index, delimiter, text.count(delimiter, start, stop))
            run, spans = [], []
    yield from _table(run, spans)


def _ends(run: Sequence[Row], row: Row | None) -> bool:
    """True when a record, or a line that is none, is no further row of these."""
    return row is None or (bool(run) and len(row) != len(run[0]))


def _fitted(
    run: list[Row], row: Row | None, ruled: bool, place: tuple[str, Sequence[Line], int, str]
) -> tuple[list[Row], Row | None]:
    """Return rows and a further one as wide as each other where they belong together; `place`:
    the text, its lines, the next of them and the separator.
    """
    if not ruled:
        row = _evened(row, run, *place)
    if row is None or not run or len(row) == len(run[0]):
        return run, row
    return _widened(run, row) if ruled else _under_names(run, row)


def _evened(
    row: Row | None,
    run: Sequence[Row],
    text: str,
    lines: Sequence[Line],
    following: int,
    delimiter: str,
) -> Row | None:
    """Return a record as wide as those before it, where only its last cells are missing, or it has
    empty ones more; else as it is.
    """
    if row is None or not run:
        return row
    width = len(run[0])
    if len(row) == width:
        return row
    if len(row) > width:
        return row if any(row[width:]) else row[:width]
    if len(row) * 2 < width or following >= len(lines):
        return row
    behind = _record(text, lines, following, delimiter)[0]
    if behind is None or len(behind) != width:
        return row
    return [*row, *[None] * (width - len(row))]


def _widened(run: list[Row], row: Row) -> tuple[list[Row], Row]:
    """Return rows below a rule, and a longer or shorter one, as wide as the widest of them."""
    width, named = len(run[0]), sum(cell is not None for cell in run[0])
    if abs(len(row) - width) > _MOST_UNEVEN or len(row) - named > _MOST_UNEVEN:
        return run, row
    if len(row) < width:
        return run, _filled(row, width)
    return [_filled(known, len(row)) for known in run], row


def _under_names(run: list[Row], row: Row) -> tuple[list[Row], Row]:
    """Return names as wide as the row below them where they tell what stands in it."""
    more = len(row) - len(run[0])
    if len(run) > 1 or not 0 < more <= _MOST_UNNAMED:
        return run, row
    names, values = (
        ["" if cell is None else cell.text for cell in cells] for cells in (run[0], row)
    )
    shift = shift_of(names, [values], len(row))
    if shift is None:
        return run, row
    return [[*[None] * shift, *run[0], *[None] * (more - shift)]], row


def _filled(row: Row, width: int) -> Row:
    return [*row, *[None] * (width - len(row))]


def _same_width(text: str, lines: Sequence[Line], index: int, delimiter: str, count: int) -> int:
    """Return the index of the next line that holds the separator more or less often."""
    while index < len(lines) and text.count(delimiter, *lines[index]) == count:
        index += 1
    return index


def _is_rule(text: str, start: int, stop: int) -> bool:
    return stop > start and _RULE.issuperset(text[start:stop])


def _joined(text: str, lines: Sequence[Line], index: int, delimiter: str) -> tuple[int, int]:
    """Return where the record ends that begins in this line, and how many lines it takes: a quote
    that stays open goes on in the next ones.
    """
    start, stop = lines[index]
    if text.find(delimiter, start, stop) < 0 or not _is_open(text, start, stop, delimiter):
        return stop, 1
    for further in range(1, _MOST_JOINED):
        if index + further >= len(lines):
            break
        if not _is_open(text, start, lines[index + further][1], delimiter):
            return lines[index + further][1], further + 1
    return stop, 1


def _is_open(text: str, start: int, stop: int, delimiter: str) -> bool:
    """True when a cell begins with a quote that does not end: an inch or a word in quotes inside
    of a cell opens nothing.
    """
    if text.count('"', start, stop) % 2 == 0:
        return False
    at = start
    while 0 <= at <= stop:
        opening = _opening(text, at, stop)
        if opening >= 0:
            at = _closing(text, opening + 1, stop)
            if at < 0:
                return True
        at = text.find(delimiter, at, stop) + 1 or -1
    return False


def _record(
    text: str, lines: Sequence[Line], index: int, delimiter: str
) -> tuple[Row | None, int, int]:
    """Return the cells of the record that begins in this line, None for a line that is none, where
    it ends, and how many lines it takes.
    """
    start = lines[index][0]
    stop, used = _joined(text, lines, index, delimiter)
    return _row(text, start, stop, delimiter) if stop > start else None, stop, used


def _row(text: str, start: int, stop: int, delimiter: str) -> list[Cell | None] | None:
    """Return the cells of one record; None for a line that is none."""
    count = text.count(delimiter, start, stop)
    if not 0 < count <= MAX_COLUMNS:
        return None
    cells: list[Cell | None] = []
    at = start
    quoted = text.find('"', start, stop) >= 0
    while at <= stop:
        if quoted and (opening := _opening(text, at, stop)) >= 0:
            closing = _closing(text, opening + 1, stop)
            if closing >= 0:
                inner = text[opening + 1 : closing].replace('""', '"').strip()
                cells.append(Cell(inner, opening + 1, closing) if inner else None)
                end = text.find(delimiter, closing, stop)
                at = stop + 1 if end < 0 else end + 1
                continue
        end = text.find(delimiter, at, stop)
        end = stop if end < 0 else end
        cells.append(trimmed(text, at, end, " \t\r'"))
        at = end + 1
    if delimiter == "|":
        cells = _inside(text, start, stop, cells)
    return cells if len(cells) > 1 else None


def _opening(text: str, at: int, stop: int) -> int:
    while at < stop and text[at] in " \t":
        at += 1
    return at if at < stop and text[at] == '"' else -1


def _closing(text: str, at: int, stop: int) -> int:
    """Return where the quoted cell ends: two quotes are one inside it."""
    while (at := text.find('"', at, stop)) >= 0:
        if text[at + 1 : at + 2] != '"':
            return at
        at += 2
    return -1


def _inside(text: str, start: int, stop: int, cells: list[Cell | None]) -> list[Cell | None]:
    """Leave out the empty cells that bars at both ends of a line make."""
    line = text[start:stop].strip()
    if line.startswith("||"):
        return [cell for cell in cells if cell is not None]
    if line.startswith("|") and cells[0] is None:
        cells = cells[1:]
    return cells[:-1] if line.endswith("|") and cells and cells[-1] is None else cells


def _table(run: Sequence[Row], spans: Sequence[Line]) -> Iterator[Found]:
    """Yield what the lines of equal width are, when they are a table."""
    kept = [(row, span) for row, span in zip(run, spans, strict=True) if _is_filled(row)]
    if len(kept) < 2:
        return
    whole = [(row, span) for row, span in kept if not _is_elided(row)]
    rows, places = [row for row, _ in whole], [span for _, span in whole]
    total = 0 if len(whole) < len(kept) else None
    if (turned := _turned(rows, places)) is not None:
        yield turned
        return
    for skipped in range(min(_LEADING, len(rows) - 1)):
        names = header_of(rows[skipped], rows[skipped + 1 :])
        body = rows[skipped + 1 :]
        if names is not None and is_table(names, body):
            body, last = _without_tail(body, places[skipped + 1 :])
            span = (places[skipped][0], last)
            yield found(names, body, span, total)
            return
    if is_table(None, rows):
        body, last = _without_tail(rows, places)
        yield found((), body, (places[0][0], last), total)


def _turned(rows: Sequence[Row], places: Sequence[Line]) -> Found | None:
    """Return the table whose names stand in its first column; None when they do not."""
    for skipped in range(min(2, len(rows))):
        beside = names_beside(rows[skipped:])
        if beside is not None:
            turned = list(zip(*rows[skipped:], strict=True))[1:]
            span = (places[skipped][0], places[-1][1])
            return found(beside, [row for row in turned if any(row)], span)
    return None


def _is_filled(row: Row) -> bool:
    """True unless a row is blank, or names the types of its columns."""
    return any(row) and not all(cell is None or cell.text in _TYPE_NAMES for cell in row)


def _is_elided(row: Row) -> bool:
    return all(cell is None or cell.text in _ELIDED for cell in row)


def _without_tail(rows: list[Row], places: Sequence[Line]) -> tuple[list[Row], int]:
    """Leave out a last line of prose that has as many separators; return the rows and where they
    end.
    """
    if len(rows) > 3:
        over = types(rows[:-1])
        last = [cell and types([[cell]])[0] for cell in rows[-1]]
        fits = [a == b for a, b in zip(over, last, strict=True) if a in {"mail", "number", "mixed"}]
        filled = [a for a, b in zip(over, last, strict=True) if a in {"mail", "number"} and b]
        if filled and fits and not any(fits):
            return rows[:-1], places[-2][1]
    return rows, places[-1][1]
