"""From hints to regions: the lines of a long text that the engine must read, with what stands
around them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from classifiers.credentials.engines.engine import regex
from classifiers.decoding import joints, spelled, unseen
from classifiers.decoding.packed import encoded_runs, is_wrapped
from classifiers.personal.tables.embedded import table_at
from classifiers.personal.vocabulary import label_kinds, name_kinds, telling_phrases
from classifiers.shapes import beside
from classifiers.uploads.prefilter.hints import WORDED, hints

_REACH = 64
"""Bytes left of a number in which a label may stand."""
_LABEL = 48
_LINE = 2048
"""Of a longer line only so much around a hint is read."""
_AROUND = 1024
_APART = beside.SEAM.encode()
"""Between two regions: no pattern reaches over it."""
_BESIDE = b" ;/; "
"""The same within a line."""
_KEY = re.compile(rb"[\"']([^\"'\n\\:{}\[\],]{1,120})\\?[\"']\s{0,4}:")
_BLANK = re.compile(rb"[ \n\t]")
_ADDRESS = 320
"""The longest mail address, and more than is looked at before one."""
_TOKEN = re.compile(rb"[a-z]+|\d+")
_SPACE = b" \t\r\n"
_AT = ord("@")

Span = tuple[int, int]


class Parts(NamedTuple):
    """The parts of a text that may hold a finding, sorted and apart."""

    lines: list[Span]
    mailboxes: list[Span]
    """Words that can hold nothing but mail addresses: no label, key or neighbour matters there."""


def regions(data: bytes, spots: Iterable[Span]) -> Parts | None:
    """Return the parts of UTF-8 text that may hold a finding; None when all of it must be read.

    `spots`: places that others want read, such as candidates for secrets.
    """
    if is_wrapped(data) or spelled.holds_lines(data) or any(map(_is_telling, _keys(data))):
        return None
    if joints.holds_folded(data) or (not data.isascii() and unseen.holds(data)):
        return None
    mailboxes, others = _hinted(data)
    found = [*spots, *others, *_labelled_lines(data), *_tables(data), *encoded_runs(data)]
    found += spelled.places(data)
    found += _beside(data)
    lines = list(_merged(data, found))
    return Parts(lines, list(_words(data, _outside(mailboxes, lines))))


def may_hold(data: bytes) -> bool:
    """Return False when no column of this table can hold anything that is told by its cells or its
    header.
    """
    header = data.split(b"\n", 1)[0].decode("utf-8", "replace")
    names = re.split(r"[,;\t|]", header)
    return (
        any(_is_telling(name.strip("\"' \r").encode()) for name in names)
        or _DIGITS.search(data) is not None
        or any(_hinted(data))
    )


_DIGITS = re.compile(rb"(?<!\d)\d{8,19}(?!\d)")


def excerpt(data: bytes, parts: Sequence[Span]) -> bytes:
    """Return the regions as one text that begins with an empty line, each apart from the next."""
    return b"\n" + _APART.join(data[start:end] for start, end in parts)


def one_line(data: bytes, parts: Sequence[Span]) -> bytes:
    """Return the regions as one line, so that nobody looks for rows and labelled lines in it."""
    return _BESIDE.join(data[start:end] for start, end in parts).replace(b"\n", _BESIDE)


def _hinted(data: bytes) -> tuple[list[Span], list[Span]]:
    """Return the places of what may be mailboxes, and all other hinted ones with the line before,
    as a label may stand there.
    """
    found = hints(ascii_only=data.isascii())
    mailboxes: list[Span] = []
    hinted: list[Span] = []
    for start, end in found.alone(data):
        (mailboxes if data[start + 1] == _AT else hinted).append((start, end))
    hinted += (span for span in found.labelled(data) if _is_labelled(data, span[0]))
    hinted += found.phones(data)
    return mailboxes, list(_with_line_before(data, sorted(hinted)))


def _with_line_before(data: bytes, spots: Iterable[Span]) -> Iterator[Span]:
    """Yield the sorted spots, each from the end of the line before on. Reads the text once, however
    long its lines.
    """
    line, read = -1, 0
    for start, end in spots:
        found = data.rfind(b"\n", read, start)
        line, read = (found if found >= 0 else line), start
        yield line, end


def _words(data: bytes, spots: Iterable[Span]) -> Iterator[Span]:
    """Yield what stands between blanks around each spot: an address and the URL it may be part of
    hold none.
    """
    over = 0
    for start, end in spots:
        if start >= over:
            left = max(over, start - _ADDRESS)
            begin = left + max(data[left:start].rfind(blank) for blank in (b" ", b"\n", b"\t")) + 1
            blank = _BLANK.search(data, end, end + _ADDRESS)
            over = blank.start() if blank else min(len(data), end + _ADDRESS)
            yield begin, over


def _outside(spots: Iterable[Span], lines: Sequence[Span]) -> Iterator[Span]:
    """Yield the spots that stand in none of the sorted lines."""
    rest = iter(lines)
    line = next(rest, None)
    for start, end in spots:
        while line is not None and line[1] <= start:
            line = next(rest, None)
        if line is None or start < line[0]:
            yield start, end


def _is_labelled(data: bytes, start: int) -> bool:
    """True when a label may stand left of these digits."""
    left = data[max(0, start - _REACH) : start].lower()
    if left.isascii() and _numbered().isdisjoint(
        _TOKEN.findall(left) + _TOKEN.findall(left[-_LABEL:])
    ):
        return False
    return any(
        not label_kinds(text.decode("utf-8", "ignore")) <= WORDED for text in (left, left[-_LABEL:])
    )


@cache
def _numbered() -> frozenset[bytes]:
    """Return for all phrases that announce a number their longest words: a label has one of them
    whole.
    """
    phrases = [phrase for phrase, kinds in telling_phrases().items() if not kinds <= WORDED]
    return frozenset(max(phrase.split(" "), key=len).encode() for phrase in phrases)


def _keys(data: bytes) -> set[bytes]:
    if b":" not in data or (b'":' not in data and b"':" not in data and b'" :' not in data):
        return set()
    return set(_KEY.findall(data))


def _is_telling(name: bytes) -> bool:
    kinds = name_kinds(name.decode("utf-8", "replace"))
    return bool(kinds) and "!" not in kinds


def _labelled_lines(data: bytes) -> Iterator[Span]:
    if b":" in data or b"=" in data:
        for found in _label_lines().finditer(data):
            if _is_telling(found.group(1)):
                yield found.span()


_STRANGE = re.compile("[\udc80-\udcff]")
"""Bytes that are no letter of UTF-8: each stands for itself where places are counted."""


def _beside(data: bytes) -> Iterator[Span]:
    """Yield names with the values beside them."""
    as_sent = data.decode("utf-8", "surrogateescape")
    text = _STRANGE.sub("\ufffd", as_sent)
    if len(text) == len(data):
        yield from beside.places(text)
        return
    read = at = 0
    for start, end in beside.places(text):
        at += len(as_sent[read:start].encode("utf-8", "surrogateescape"))
        size = len(as_sent[start:end].encode("utf-8", "surrogateescape"))
        yield at, at + size
        at, read = at + size, end


def _tables(data: bytes) -> Iterator[Span]:
    """Yield the tables that stand in the text below a header of telling names."""
    if not any(sign in data for sign in (b"\t", b";", b",", b"|")):
        return
    over = 0
    for found in _header_lines().finditer(data):
        if found.start() >= over and (end := table_at(data, found.start())) is not None:
            over = end
            yield found.start(), end


def _merged(data: bytes, spots: Iterable[Span]) -> Iterator[Span]:
    """Yield the lines that hold the spots, what touches joined."""
    begin = stop = -1
    for start, end in sorted(spots):
        if end <= stop and begin >= 0:
            continue
        left, right = _start(data, start), _end(data, end)
        if begin >= 0 and left <= stop + 1:
            stop = max(stop, right)
            continue
        if begin >= 0:
            yield begin, stop
        begin, stop = left, right
    if begin >= 0:
        yield begin, stop


def _start(data: bytes, at: int) -> int:
    line = data.rfind(b"\n", max(0, at - _LINE), max(0, at))
    if line >= 0:
        return line + 1
    return _blank(data, at - _AROUND) if at > _LINE else 0


def _end(data: bytes, at: int) -> int:
    line = data.find(b"\n", at, at + _LINE)
    if line >= 0:
        return line
    return len(data) if len(data) <= at + _LINE else _blank(data, at + _AROUND)


def _blank(data: bytes, at: int) -> int:
    """Return a place near `at` between two words, or at least between two characters."""
    for place in range(at, max(0, at - 100), -1):
        if data[place] in _SPACE:
            return place
    while at > 0 and data[at] & 0xC0 == 0x80:
        at -= 1
    return at


@cache
def _label_lines() -> Any:
    return regex(
        r"(?m)^(?:[ \t>*\-]|\xe2\x80\xa2){0,6}([A-Za-z\x80-\xff][\w"
        r" .'()/\-\x80-\xff]{1,80}?)\*{0,2}[ \t]?[:=]"
    )


@cache
def _header_lines() -> Any:
    field = r"[\w.()/#'\-\x80-\xff \r\"]"
    return regex(rf"(?m)^{field}*[\t;,|](?:{field}|[\t;,|])*$")
