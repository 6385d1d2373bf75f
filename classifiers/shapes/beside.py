"""Values beside their names, however the two are parted: attributes and elements of markup,
literals of statements and calls, settings, options, questions with answers, definitions.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from classifiers.codecs.linear import ready
from classifiers.payload import PlacedText as Cell
from classifiers.personal.tables.keyed import is_placeholder, looks_like_name
from classifiers.personal.vocabulary import is_telling, name_kinds, split_name, telling_phrases
from classifiers.shapes.confirming import confirms, is_of_words, is_short_value
from classifiers.shapes.found import Found, Row, found
from classifiers.shapes.parting import LONGEST_NAME, LONGEST_VALUE, READERS

_APART = 240
"""Characters between two pairs of one record."""
_ENOUGH_WEAK = 3
_MOST = 50_000
_ACCENTS = {
    "a": rb"[aA\xe0-\xe5\xc0-\xc5?]",
    "c": rb"[cC\xe7\xc7?]",
    "e": rb"[eE\xe8-\xeb\xc8-\xcb?]",
    "i": rb"[iI\xec-\xef\xcc-\xcf]",
    "l": rb"[lL?]",
    "n": rb"[nN\xf1\xd1?]",
    "o": rb"[oO\xf2-\xf6\xf8\xd2-\xd6\xd8]",
    "s": rb"[sS?]",
    "u": rb"[uU\xf9-\xfc\xd9-\xdc]",
    "z": rb"[zZ?]",
}
"""Letters as Latin-1 has them; one that it has not stands as a question mark."""
_BEHIND = (
    rb"(?:[^\w ,;!.)\xc0-\xff]| [^\w ,;!.)(\xc0-\xff]| \.|\.{3}|  "
    rb"| (?i:between|in|i?like|is|eq) ?[('\"\d]| v(?:alue)?=)"
)
"""What follows a name whose value is parted from it by more than a blank."""
_WORD_BEHIND = re.compile(
    rb" (?:between|in|i?like|is|eq|v(?:alue)?=)[ ('\"\d]{0,2}\Z", re.IGNORECASE
)
_FLAG = rb"--?[A-Za-z][A-Za-z-]{0,40} [^-\s]"

_STOPS = "\"'`><\n\r=&?([{,;|\t*#$@!"


class Pair(NamedTuple):
    """A name, its value, and whether its name stands where fields have theirs. Holds payload."""

    name: str
    start: int
    cell: Cell
    is_field: bool

    def __repr__(self) -> str:
        return "<Pair>"


def tables(text: str, taken: Sequence[Found] = ()) -> Iterator[Found]:
    """Yield what stands beside names that tell, a record each time a name comes again; nothing from
    the tables that are `taken`.
    """
    spans = sorted((table.start, table.end) for table in taken)
    block: list[Pair] = []
    for pair in _pairs(text, spans):
        if block and not 0 <= pair.start - block[-1].cell.end <= _APART:
            yield from _told(block)
            block = []
        block.append(pair)
    yield from _told(block)


def _told(block: Sequence[Pair]) -> Iterator[Found]:
    """Yield the records of pairs that follow one another, where values are what their names say."""
    weak = {pair.name for pair in block if is_of_words(pair.name)}
    strong = len(block) - sum(pair.name in weak for pair in block)
    if not strong:
        block = [
            pair
            for pair in block
            if (pair.is_field or len(weak) >= _ENOUGH_WEAK)
            and is_short_value(pair.name, pair.cell.text)
        ]
    if not block:
        return
    records: list[dict[str, Cell]] = [{}]
    for pair in block:
        if pair.name in records[-1]:
            records.append({})
        records[-1][pair.name] = pair.cell
    names = dict.fromkeys(pair.name for pair in block)
    rows: list[Row] = [[record.get(name) for name in names] for record in records]
    yield found(names, rows, (block[0].start, max(pair.cell.end for pair in block)))


def _pairs(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Pair]:
    """Yield the pairs of a text in their order; none overlaps another, or what is taken."""
    done = index = 0
    judged: dict[tuple[str, str], bool] = {}
    for end in _ends(text):
        while index < len(spans) and spans[index][1] <= end:
            index += 1
        if end <= done or (index < len(spans) and spans[index][0] < end):
            continue
        pair = _pair(text, end, judged)
        if pair is not None and (index >= len(spans) or pair.cell.end <= spans[index][0]):
            done = pair.cell.end
            yield pair


def _ends(text: str) -> Iterator[int]:
    """Yield where words end that may end a name, before what may part it from a value."""
    data = text.encode("latin-1", "replace")
    search, unanchored = _words()
    size = len(data)
    at = 0
    for _ in range(_MOST):
        start, stop = search(unanchored, data, at, size)[0]
        if start < 0:
            return
        end = _end_of(data, start, stop)
        yield end
        at = max(end, start + 1)


def _end_of(data: bytes, start: int, stop: int) -> int:
    """Return where the name ends in what was found: behind its last letter."""
    if data[start : start + 1] == b"-":
        return data.index(b" ", start)
    word = _WORD_BEHIND.search(data[start:stop])
    end = stop if word is None else start + word.start()
    while end > start and data[end - 1 : end] not in _LETTERS:
        end -= 1
    return end


_LETTERS = frozenset(
    bytes((n,))
    for n in (
        *b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        *range(0xC0, 0x100),
    )
)


@ready
def _words() -> tuple[Any, Any]:
    """Return RE2's search for the last words of names that tell."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.max_mem = 64 << 20
    words = sorted({phrase.rpartition(" ")[2] for phrase in telling_phrases()})
    begun = b"|".join(b"".join(map(_any_case, word)) for word in words if len(word) > 1)
    inner = b"|".join(
        word[:1].upper().encode() + b"".join(map(_any_case, word[1:]))
        for word in words
        if len(word) > 2
    )
    pattern = rb"(?:\b|_)(?i:%b)%b|[a-z0-9](?:%b)%b|%b" % (begun, _BEHIND, inner, _BEHIND, _FLAG)
    return re2.compile(pattern, options)._regexp.Match, re2._re2.RE2.Anchor.UNANCHORED


def _any_case(letter: str) -> bytes:
    return _ACCENTS.get(letter) or letter.encode()


def _pair(text: str, end: int, judged: dict[tuple[str, str], bool]) -> Pair | None:
    """Return the pair whose name ends here, when its value is what the name announces; `judged`
    is what the text's pairs were found to be so far.
    """
    begin = _begin(text, end)
    name = text[begin:end]
    if not is_telling(name):
        return None
    for reader in READERS:
        read = reader(text, begin, end)
        if read is None:
            continue
        name_from, cell, is_field = read
        name = " ".join(text[name_from:end].split()).strip(" .-:/\\")
        if cell is None or not is_telling(name):
            return None
        if (fits := judged.get((name, cell.text))) is None:
            fits = judged[name, cell.text] = _fits(name, cell.text)
        return Pair(name, name_from, cell, is_field) if fits else None
    return None


def _fits(name: str, value: str) -> bool:
    if is_placeholder(value) or len(value) > LONGEST_VALUE or not _PATTERNS.isdisjoint(value):
        return False
    kinds = name_kinds(name)
    if not value[0].isalnum() and value[0] not in "+(":  # a heading, a rule, a mark
        return False
    if is_of_words(name) and is_telling(value):
        return False
    if "name" in kinds and "person" not in kinds and not looks_like_name(value):
        return False
    if "address" in kinds and split_name(name)[-1] == "str":  # of programs, not of streets
        return False
    return confirms(name, [value])


_PATTERNS = frozenset("{}$<>\\")
"""Signs of templates, types and code."""


def _begin(text: str, end: int) -> int:
    """Return where the name begins that ends here: behind the next sign that no name holds."""
    least = max(0, end - LONGEST_NAME)
    at = end
    while at > least and text[at - 1] not in _STOPS:
        at -= 1
    while at < end and text[at] in " \t:.-":
        at += 1
    return at
