"""Tables in the markup of wikis and manuals: MediaWiki's `{|` and AsciiDoc's `|===`."""

from collections.abc import Iterator, Sequence

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.found import Found, Row, found, trimmed
from classifiers.shapes.judging import header_of

_RULE = "|==="


def may_hold(text: str) -> bool:
    """Return True for a text in which one of these may stand."""
    return "{|" in text or _RULE in text


def tables(text: str) -> Iterator[Found]:
    """Yield the tables in a text."""
    at = 0
    while (at := text.find("{|", at)) >= 0:
        end = text.find("\n|}", at)
        end = len(text) if end < 0 else end
        yield from _read(text, list(_wiki_rows(text, at, end)), (at, end))
        at = end + 1
    at = 0
    while (at := text.find(_RULE, at)) >= 0:
        start = text.find("\n", at)
        end = text.find(_RULE, start) if start >= 0 else -1
        if end < 0:
            return
        yield from _read(text, list(_manual_rows(text, start + 1, end)), (at, end))
        at = end + len(_RULE)


def _read(text: str, rows: Sequence[Row], span: tuple[int, int]) -> Iterator[Found]:
    width = max(map(len, rows), default=0)
    whole = [row for row in rows if len(row) == width and any(row)]
    if width < 2 or len(whole) < 2:
        return
    names = header_of(whole[0], whole[1:])
    body = whole if names is None else whole[1:]
    yield found(names or (), body, span)


def _wiki_rows(text: str, start: int, end: int) -> Iterator[Row]:
    row: list[Cell | None] = []
    at = text.find("\n", start, end) + 1 or end
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        first = at + len(text[at:stop]) - len(text[at:stop].lstrip(" \t"))
        mark = text[first : first + 2]
        if mark == "|-":
            if row:
                yield row
            row = []
        elif mark[:1] in {"|", "!"} and mark not in {"|+", "|}"}:
            row += _wiki_cells(text, first + 1, stop, header=mark[0] == "!")
        at = stop + 1
    if row:
        yield row


def _wiki_cells(text: str, start: int, stop: int, *, header: bool) -> Iterator[Cell | None]:
    apart = "!!" if header and "!!" in text[start:stop] else "||"
    at = start
    while at <= stop:
        end = text.find(apart, at, stop)
        end = stop if end < 0 else end
        bar = text.find("|", at, end)
        styled = bar >= 0 and "[" not in text[at:bar] and "=" in text[at:bar]
        yield trimmed(text, bar + 1 if styled else at, end)
        at = end + len(apart)


def _manual_rows(text: str, start: int, end: int) -> Iterator[Row]:
    """Yield rows: a line of several cells is one, cells on lines of their own go by blank lines."""
    row: list[Cell | None] = []
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        cells = list(_manual_cells(text, at, stop))
        if row and (len(cells) != 1):
            yield row
            row = []
        if len(cells) > 1:
            yield cells
        else:
            row += cells
        at = stop + 1
    if row:
        yield row


def _manual_cells(text: str, start: int, stop: int) -> Iterator[Cell | None]:
    at = text.find("|", start, stop)
    while at >= 0:
        end = text.find("|", at + 1, stop)
        yield trimmed(text, at + 1, end if end >= 0 else stop)
        at = end
