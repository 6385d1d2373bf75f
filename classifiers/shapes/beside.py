"""Values beside their names, however the two are parted: attributes and elements of markup,
literals of statements and calls, settings, options, questions with answers, definitions.
"""

import codecs
import heapq
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from classifiers.codecs.linear import ready
from classifiers.payload import PlacedText as Cell
from classifiers.personal.tables.keyed import is_placeholder, looks_like_name
from classifiers.personal.vocabulary import is_telling, name_kinds, split_name, telling_phrases
from classifiers.shapes.confirming import confirms, is_of_words, is_short_value
from classifiers.shapes.found import Found, Row, found
from classifiers.shapes.parting import LONGEST_NAME, LONGEST_VALUE, READERS, ROWS, Reader

_APART = 240
"""Characters between two pairs of one record."""
SEAM = "\n/\n"
"""Between two parts of a text that were taken out of it: nothing reaches over it."""
_ENOUGH_WEAK = 3
_MOST = 50_000
_UNSURE = frozenset("acelnosuz")
"""Letters that may have an accent which Latin-1 has not: such a one stands as a question mark."""
_BEYOND = "ĄąĆćĘęŁłŃńŚśŹźŻżČčĚěŠšŽžŘřŐőŰűŮů"
"""Letters that Latin-1 has not; they take the places of its control characters."""
_ENCODING = codecs.charmap_build(
    "".join(map(chr, range(0x80))) + _BEYOND + "".join(map(chr, range(0xA0, 0x100)))
)
_PLAIN = bytes.maketrans(
    bytes(range(0x80, 0xA0))
    + "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜàáâãäåçèéêëìíîïñòóôõöøùúûü".encode("latin-1"),
    b"AaCcEeLlNnSsZzZzCcEeSsZzRrOoUuUuAAAAAACEEEEIIIINOOOOOOUUUUaaaaaaceeeeiiiinoooooouuuu",
)
_BEHIND = (
    rb"(?:[^\w ,;!.)\xc0-\xff]| [^\w ,;!.)(\xc0-\xff]| \.|\.{3}|\. ?:|  "
    rb"| (?i:between|in|i?like|is|eq) ?[('\"\d]| v(?:alue)?=)"
)
"""What follows a name whose value is parted from it by more than a blank."""
_WORD_BEHIND = re.compile(
    rb" (?:between|in|i?like|is|eq|v(?:alue)?=)[ ('\"\d]{0,2}\Z", re.IGNORECASE
)
_SHORTEST_INNER = 3
"""Letters of a word that tells alone where it begins within a name, as in `birthDob`."""
_JOINTS = b" _.'/()+%-"
"""What may stand between two words of a name."""
_FLAG = rb"--?[A-Za-z][A-Za-z-]{0,40} [^-\s]"

_NO_STOP = re.compile(r"[^\"'`><\n\r=&?(\[{,;|\t*#$@!]*")
"""What a name holds, read backwards."""


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
        if block and not _are_near(text, block[-1].cell.end, pair.start):
            yield from _told(block)
            block = []
        block.append(pair)
    yield from _told(block)


def _are_near(text: str, end: int, start: int) -> bool:
    """True when what ends and what starts here may be of one record."""
    return 0 <= start - end <= _APART and text.find(SEAM, end, start) < 0


def places(text: str) -> Iterator[tuple[int, int]]:
    """Yield where names stand with values beside them, and what stands between those of a
    record.
    """
    begin = stop = -1
    pairs = heapq.merge(
        ((min(pair.start, pair.cell.start), pair.cell.end) for pair in _pairs(text, ())),
        ((pair.start, pair.cell.end) for pair in _rows(text)),
    )
    for start, end in pairs:
        if begin >= 0 and start - stop > _APART:
            yield begin, stop
            begin = -1
        begin, stop = (start if begin < 0 else begin), max(stop, end)
    if begin >= 0:
        yield begin, stop


def _rows(text: str) -> Iterator[Pair]:
    """Yield names with their values where lines and elements are read as rows of a table."""
    if not any(sign in text for sign in ";,|>"):
        return
    data = _folded(text)
    words, size, at = _words(), len(data), 0
    judged: dict[tuple[str, str], bool] = {}
    for _ in range(_MOST):
        start, stop = words.opens_row(words.anywhere, data, at, size)[0]
        if start < 0:
            return
        end = _end_of(data, start, stop)
        pair = _pair(text, end, judged, ROWS)
        if pair is not None:
            yield pair
        at = max(end, start + 1)


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
    data = _folded(text)
    words = _words()
    size = len(data)
    at = 0
    for _ in range(_MOST):
        start, stop = words.search(words.anywhere, data, at, size)[0]
        if start < 0:
            return
        end = _end_of(data, start, stop)
        yield end
        if data[end] in _JOINTS:  # it may go on with words that tell nothing alone
            longer = words.goes_on(words.here, data, end, min(size, start + LONGEST_NAME))[0]
            if longer[0] >= 0 and longer[1] > stop:
                end = _end_of(data, start, longer[1])
                yield end
        at = max(end, start + 1)


def _folded(text: str) -> bytes:
    """Return a byte for each character, and letters without accents, which keeps patterns small."""
    if text.isascii():
        return text.encode()
    return codecs.charmap_encode(text, "replace", _ENCODING)[0].translate(_PLAIN)


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


class _Words(NamedTuple):
    """RE2's searches for the last words of names that tell."""

    search: Any
    anywhere: Any
    goes_on: Any
    opens_row: Any
    here: Any


@ready
def _words() -> _Words:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.max_mem = 64 << 20
    before, weak, strong = _kinds_of_words()
    more = rb"(?:[%b]{1,3}(?:20)?(?i:%b)|%b)" % (
        _JOINTS.replace(b"-", rb"\-"),
        _any_of(weak, 1),
        _any_of(weak, 2, inner=True),
    )
    names = rb"(?:(?:%b)(?:%b)??|(?:%b)%b)%b{0,2}?" % (
        _standing(strong, _SHORTEST_INNER),
        more,
        _standing(before, 2),
        more,
        more,
    )
    pattern = names + _BEHIND + b"|" + _FLAG
    opens = (
        rb"(?m:^|<)[ \"'>*|-]{0,4}(?:[\w ?.'()/:\xc0-\xff-]*[^A-Za-z])??(?i:%b)[\"']?\s{0,3}[;,|>]"
    ) % _any_of(strong | weak, 2)
    anchor = re2._re2.RE2.Anchor
    return _Words(
        re2.compile(pattern, options)._regexp.Match,
        anchor.UNANCHORED,
        re2.compile(more + b"{1,3}" + _BEHIND, options)._regexp.Match,
        re2.compile(opens, options)._regexp.Match,
        anchor.ANCHOR_START,
    )


def _kinds_of_words() -> tuple[set[str], set[str], set[str]]:
    """Return the words that may only stand before a weak last word of a name, the last words that
    tell nothing alone, and those that do.
    """
    phrases = [phrase.split(" ") for phrase in telling_phrases()]
    strong = {words[0] for words in phrases if len(words) == 1}
    weak = {words[-1] for words in phrases} - strong
    before = {words[-2] for words in phrases if words[-1] in weak} - strong
    return before | {word for word in strong if len(word) < _SHORTEST_INNER}, weak, strong


def _standing(words: Collection[str], shortest_inner: int) -> bytes:
    """Return the pattern of any of these words where one begins, be it within a name, which takes a
    capital letter; what follows the first letter stands once for both.
    """
    by_first: dict[tuple[str, bool], list[str]] = {}
    for word in sorted(words):
        if len(word) > 1:
            by_first.setdefault((word[0], len(word) >= shortest_inner), []).append(word[1:])
    return b"|".join(
        rb"(?:(?:\b|_)(?i:%b)%b)(?i:%b)"
        % (
            _any_case(first),
            rb"|[a-z0-9]%b" % first.upper().encode() if inner else b"",
            _any_of(rests, 1),
        )
        for (first, inner), rests in by_first.items()
    )


def _any_of(words: Collection[str], shortest: int, *, inner: bool = False) -> bytes:
    """Return the pattern of any of these words; `inner`: as they stand within a name, with a
    capital letter.
    """
    return b"|".join(
        b"".join(
            letter.upper().encode() if inner and not at else _any_case(letter)
            for at, letter in enumerate(word)
        )
        for word in sorted(words)
        if len(word) >= shortest
    )


def _any_case(letter: str) -> bytes:
    return (rb"[%b?]" if letter in _UNSURE else rb"%b") % letter.encode()


def _pair(
    text: str,
    end: int,
    judged: dict[tuple[str, str], bool],
    readers: Sequence[Reader] = READERS,
) -> Pair | None:
    """Return the pair whose name ends here, when its value is what the name announces; `judged`
    is what the text's pairs were found to be so far.
    """
    begin = _begin(text, end)
    name = text[begin:end]
    if not is_telling(name):
        return None
    for reader in readers:
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
    back = _NO_STOP.match(text[least:end][::-1])
    at = end if back is None else end - back.end()
    while at < end and text[at] in " \t:.-":
        at += 1
    return at
