"""Tables as R writes and prints them: vectors by name, tibbles, `glimpse` and `str`."""

from collections.abc import Iterator, Sequence
from itertools import islice

from classifiers.payload import PlacedText as Cell
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.found import MAX_ROWS, Found, Row, found, trimmed

_BLANKS = " \t\r\n"
_QUOTES = "\"'"
_LONGEST_NAME = 80
_LONGEST_BARE = 200
_MISSING = frozenset({"NA", "NULL", "NA_character_", "NA_integer_", "NA_real_"})
_LONGEST_TYPE = 12

type _Vector = tuple[str, int, int, list[Cell | None]]
"""Its name, where that begins, where the vector ends, and what is in it."""


def may_hold(text: str) -> bool:
    """Return True for a text in which something of R's may stand."""
    return "c(" in text or "<chr>" in text or "\n $ " in text


def tables(text: str) -> Iterator[Found]:
    """Yield the tables in a text of R."""
    yield from _of_vectors(text)
    if "<chr>" in text:
        yield from _tibbles(text)
    if "$ " in text:
        yield from _listed(text)


def _of_vectors(text: str) -> Iterator[Found]:
    """Yield what vectors of one length are, one after another: `a = c("x", "y"), b = c(…)`."""
    run: list[_Vector] = []
    for vector in _vectors(text):
        if run and not (_go_on(text, run[-1], vector) and len(run[-1][3]) == len(vector[3])):
            yield from _side_by_side(run)
            run = []
        run.append(vector)
    yield from _side_by_side(run)


def _go_on(text: str, before: _Vector, after: _Vector) -> bool:
    between = text[before[2] : after[1]]
    return len(between) <= _LONGEST_NAME and not between.strip(_BLANKS + ",`\"'")


def _side_by_side(run: Sequence[_Vector]) -> Iterator[Found]:
    names = [vector[0] for vector in run]
    if run and len(run[0][3]) > 1 and any(map(is_telling, names)):
        rows = list(zip(*(vector[3] for vector in run), strict=True))
        yield found(names, rows, (run[0][1], run[-1][2]))


def _vectors(text: str) -> Iterator[_Vector]:
    at = 0
    while (at := text.find("c(", at)) >= 0:
        named = _name_before(text, at)
        cells, end = _elements(text, at + 2) if named is not None else (None, at + 2)
        if named is not None and cells:
            yield (*named, end, cells)
        at = end


def _name_before(text: str, at: int) -> tuple[str, int] | None:
    """Return the name that a value at this place is given to, and where it begins."""
    before = text[max(0, at - 2 * _LONGEST_NAME) : at].rstrip(_BLANKS)
    sign = next((sign for sign in ("<-", "=") if before.endswith(sign)), None)
    if sign is None:
        return None
    before = before.removesuffix(sign).rstrip(_BLANKS)
    if before[-1:] and before[-1] in "`\"'":
        opened = before.rfind(before[-1], 0, len(before) - 1)
        name = before[opened + 1 : -1] if opened >= 0 else ""
    else:
        stem = before.rstrip("._")
        while stem and (stem[-1].isalnum() or stem[-1] in "._"):
            stem = stem[:-1]
        name = before[len(stem) :]
    start = text.rfind(name, 0, at) if name else -1
    return (name, start) if start >= 0 and len(name) <= _LONGEST_NAME else None


def _elements(text: str, at: int) -> tuple[list[Cell | None] | None, int]:
    """Return what is in a vector and where it ends; None where it is none, and where that shows."""
    cells: list[Cell | None] = []
    while len(cells) <= MAX_ROWS:
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        if at >= len(text):
            return None, at
        if text[at] in _QUOTES:
            end = _quote_end(text, at)
            cells.append(Cell(text[at + 1 : end], at + 1, end) if end > at + 1 else None)
            at = end + 1
        else:
            end = _bare_end(text, at)
            value = text[at:end].rstrip(_BLANKS)
            cells.append(Cell(value, at, at + len(value)) if value not in _MISSING else None)
            at = end
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        sign = text[at : at + 1]
        at += 1
        if sign == ")":
            return cells, at
        if sign != ",":
            return None, at
    return None, at


def _quote_end(text: str, at: int) -> int:
    """Return where the quote that opens there is closed; the end where it never is."""
    quote, start = text[at], at + 1
    while (end := text.find(quote, start)) >= 0:
        slashes = end
        while slashes > at + 1 and text[slashes - 1] == "\\":
            slashes -= 1
        if (end - slashes) % 2 == 0:
            return end
        start = end + 1
    return len(text)


def _bare_end(text: str, at: int) -> int:
    end = at
    limit = min(len(text), at + _LONGEST_BARE)
    while end < limit and text[end] not in ",()\"'\n":
        end += 1
    return end


def _tibbles(text: str) -> Iterator[Found]:
    """Yield frames with the type of each column below its name."""
    before: tuple[int, int] | None = None
    waiting = iter(_lines(text))
    for start, end in waiting:
        types = _types(text[start:end])
        if before is not None and len(types) > 1:
            rows = list(islice(_until_a_gap(text, waiting), MAX_ROWS))
            if rows:
                yield _tibble(text, before, types, rows)
            before = None
        else:
            before = start, end


def _lines(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = 0
    while at <= len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        spans.append((at, end))
        at = end + 1
    return spans


def _types(line: str) -> list[tuple[int, int]]:
    """Return where the types of a line stand, none where it holds anything else."""
    if "<" not in line or len(line) > 2_000:
        return []
    spans: list[tuple[int, int]] = []
    at = 0
    for word in line.split():
        at = line.find(word, at)
        if word[0] != "<" or word[-1] != ">" or len(word) > _LONGEST_TYPE:
            return []
        spans.append((at, at + len(word)))
        at += len(word)
    return spans


def _until_a_gap(text: str, lines: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in lines:
        line = text[start:end]
        if not line.strip() or line.lstrip().startswith("#"):
            return
        yield start, end


def _tibble(
    text: str,
    header: tuple[int, int],
    types: Sequence[tuple[int, int]],
    rows: Sequence[tuple[int, int]],
) -> Found:
    printed = [text[start:end] for start, end in (header, *rows)]
    edges = [
        _edge(printed, types[number - 1][1] if number else 0, types[number][0])
        for number in range(len(types))
    ]
    spans = list(zip(edges, [*edges[1:], 2_000], strict=True))
    cells: list[Row] = [
        [trimmed(text, min(start + a, end), min(start + b, end)) for a, b in spans]
        for start, end in (header, *rows)
    ]
    names = [cell.text.strip("`") if cell is not None else "" for cell in cells[0]]
    return found(names, cells[1:], (header[0], rows[-1][1]), _stated(text, rows[-1][1], len(rows)))


def _edge(lines: Sequence[str], low: int, high: int) -> int:
    """Return where a column begins: behind the last blank of all lines before its type."""
    for at in range(high, low, -1):
        if all(line[at - 1 : at] in {"", " "} for line in lines):
            return at
    return high


def _stated(text: str, at: int, shown: int) -> int | None:
    """Return how many rows there are, where the line below says that there are more."""
    end = text.find("\n", at + 1)
    line = text[at : end if end >= 0 else len(text)].strip()
    if not line.startswith("#") or " more row" not in line[:60]:
        return None
    digits = "".join(filter(str.isdigit, line.partition(" more row")[0]))
    return shown + int(digits) if digits and len(digits) < 10 else 0


def _listed(text: str) -> Iterator[Found]:
    """Yield what `glimpse` and `str` print: a line for each column, with its first values."""
    run: list[_Vector] = []
    for start, end in _lines(text):
        vector = _column(text, start, end)
        if vector is None or (run and len(vector[3]) != len(run[0][3])):
            yield from _first_rows(run)
            run = []
        if vector is not None:
            run.append(vector)
    yield from _first_rows(run)


def _first_rows(run: Sequence[_Vector]) -> Iterator[Found]:
    yield from (table._replace(total=table.total or 0) for table in _side_by_side(run))


def _column(text: str, start: int, end: int) -> _Vector | None:
    """Return the quoted values of a line that begins with `$ name`."""
    line = text[start:end]
    stripped = line.lstrip(" ")
    if not stripped.startswith("$ ") or ('"' not in line):
        return None
    name = stripped[2:].partition(":")[0].partition("<")[0].strip(" `")
    cells: list[Cell | None] = []
    at = line.find('"')
    while at >= 0:
        close = _quote_end(line, at)
        if close >= len(line):
            break
        cells.append(Cell(line[at + 1 : close], start + at + 1, start + close))
        at = line.find('"', close + 1)
    return (name, start, end, cells) if name and cells else None
