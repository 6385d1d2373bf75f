"""Values beside their names, however the two are parted: attributes and elements of markup, literals of
statements and calls, settings, options, questions with answers, definitions.
"""

import html
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from classifiers.payload import PlacedText as Cell
from classifiers.personal.tables.keyed import is_placeholder, looks_like_name
from classifiers.personal.vocabulary import is_telling, name_kinds, split_name, telling_phrases
from classifiers.shapes.confirming import confirms, is_of_words, is_short_value
from classifiers.shapes.found import Found, Row, found, trimmed, unquoted

_LONGEST_NAME, _LONGEST_VALUE = 60, 400
_MOST_WORDS = 7
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
_BEHIND = rb"(?:[^\w ,;!.)\xc0-\xff]| [^\w ,;!.)(\xc0-\xff]| \.|\.{3}|  )"
"""What follows a name whose value is parted from it by more than a blank."""
_FLAG = rb"--[A-Za-z][A-Za-z-]{0,40} [^-\s]"

_TAGS = r"(?:\s{0,40}+</?[A-Za-z][^<>]{0,160}+>){1,6}+\s{0,40}+"
_VALUE_ATTRIBUTE = r"\b(?:value|val|v|content|data-value|defaultValue)\s{0,4}=\s{0,4}([\"'])"
_IN_MARKUP = re.compile(rf" ?[:?*]{{0,2}}{_TAGS}")
_ATTRIBUTE_THEN_TEXT = re.compile(rf"[\"'](?:[^<>]{{0,160}}[^/<>])?>(?:{_TAGS})?\s{{0,40}}")
_ATTRIBUTE_THEN_VALUE = re.compile(rf"[\"'][^<>]{{0,160}}?{_VALUE_ATTRIBUTE}")
_INPUT = re.compile(
    rf" ?[:?*]{{0,2}}(?:\s{{0,40}}+</?[A-Za-z][^<>]{{0,160}}+>){{0,4}}?\s{{0,40}}<[A-Za-z][^<>]{{0,160}}?{_VALUE_ATTRIBUTE}"
)
_VALUE_WORD = re.compile(
    r"[\"']?[ \t]{0,4}[,;&]?\s{0,80}[\"']?[\w\[\].-]{0,24}?"
    r"(?:value|val|answer|content|text|data|response|wert|valeur|valor|valore|waarde)"
    r"[\w\]]{0,6}[\"']?\s{0,4}(?:=>|[:=])\s{0,4}([\"']?)",
    re.IGNORECASE,
)
_TWO_LITERALS = re.compile(r"[\"']\s{0,4},\s{0,4}([\"'])")
_OPERATOR = re.compile(
    r"[\"'`\])]{0,2}\s{0,20}(?:=>|:=|={1,3}|~=?|<>|!=|:|->|→|LIKE\b|ILIKE\b|IS\b)\s{0,4}[A-Za-z]{0,2}([\"'`])",
    re.IGNORECASE,
)
_SETTER = re.compile(r"\(\s{0,4}([\"'])")
_SIGIL_LITERAL = re.compile(r" {1,4}(?:\. )?([\"'])")
_OPTION = re.compile(r"[= ](?=[^\s\"'=])")
_BARE = re.compile(r"=(?=[^\s\"'=&;<>])")
_BELOW = re.compile(r"[\])*_:?\"'` ]{0,6}\r?\n\s{0,40}(?:[:>*~-]{1,2} |[A-Z][:.] )?")
_LINE = re.compile(
    r"[\"'`]?(?:[*_]{1,3}|[\]:`])?[:?]?[ \t]{0,60}"
    r"(?:\t{1,9}|(?<=  )|\.{3,60}|…|[-–—](?= )|=>|->|→|=|(?<=[*_\]:?] ))[ \t]{0,60}"
)
_LABELS = frozenset(
    "name key id label field fieldname for class title property itemprop column attribute attr var"
    " variable param type resname restype data-name data-field data-key ref code path slot tag k n"
    " question placeholder aria-label s:name android:name linkid headers".split()
)
"""Attributes, and fields, in which names of values stand."""
_FIELD_OF = re.compile(r"([\w:.-]{1,24})[\]\"']{0,2}\s{0,4}[:=]\s{0,4}[\"']?\Z")
_STOPS = "\"'`><\n\r=&?([{,;|\t*#$@!"
_MARKS = " \t>*#-•:_\"'`[|0123456789.)"
_WITHIN = frozenset(" \t")


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
    """Yield the records of pairs that follow one another, where their values are what the names say."""
    weak = {pair.name for pair in block if is_of_words(pair.name)}
    strong = len(block) - sum(pair.name in weak for pair in block)
    if not strong and len(weak) < _ENOUGH_WEAK:
        block = [
            pair for pair in block if pair.is_field and is_short_value(pair.name, pair.cell.text)
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
    for end in _ends(text):
        while index < len(spans) and spans[index][1] <= end:
            index += 1
        if end <= done or (index < len(spans) and spans[index][0] < end):
            continue
        pair = _pair(text, end)
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
    if data[start : start + 2] == b"--":
        return data.index(b" ", start)
    end = stop
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


@cache
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


def _pair(text: str, end: int) -> Pair | None:
    """Return the pair whose name ends here, when its value is what the name announces."""
    begin = _begin(text, end)
    name = text[begin:end]
    if not name or len(name.split()) > _MOST_WORDS * 2:
        return None
    for reader in _READERS:
        read = reader(text, begin, end)
        if read is None:
            continue
        name_from, cell, is_field = read
        name = " ".join(text[name_from:end].split()).strip(" .-:/\\")
        if cell is not None and is_telling(name) and _fits(name, cell.text):
            return Pair(name, name_from, cell, is_field)
        return None
    return None


def _fits(name: str, value: str) -> bool:
    if is_placeholder(value) or len(value) > _LONGEST_VALUE or not _PATTERNS.isdisjoint(value):
        return False
    kinds = name_kinds(name)
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
    least = max(0, end - _LONGEST_NAME)
    at = end
    while at > least and text[at - 1] not in _STOPS:
        at -= 1
    while at < end and text[at] in " \t:.-":
        at += 1
    return at


type _Read = tuple[int, Cell | None, bool]
"""Where the name begins, the value, and whether the name stands where fields have theirs."""


def _to_quote(text: str, at: int, quote: str) -> Cell | None:
    """Return the value up to the quote that closes it, on its line."""
    stop = text.find(quote, at, at + _LONGEST_VALUE)
    return None if stop < 0 or "\n" in text[at:stop] else trimmed(text, at, stop)


def _to_tag(text: str, at: int) -> Cell | None:
    stop = text.find("<", at, at + _LONGEST_VALUE)
    if stop < 0:
        stop = _line_end(text, at)
    cell = trimmed(text, at, stop)
    return (
        cell
        if cell is None or "&" not in cell.text
        else cell._replace(text=html.unescape(cell.text))
    )


def _line_end(text: str, at: int) -> int:
    stop = text.find("\n", at, at + _LONGEST_VALUE)
    return min(len(text), at + _LONGEST_VALUE) if stop < 0 else stop


def _to_line_end(text: str, at: int) -> Cell | None:
    return trimmed(text, at, _line_end(text, at), " \t\r\"'`,;|*\\")


def _names_a_field(text: str, begin: int) -> bool:
    """True when what begins here is the value of an attribute or a field for names."""
    before = _FIELD_OF.search(text, max(0, begin - 40), begin)
    return before is not None and _field_word(before[1]) in _LABELS


def _field_word(name: str) -> str:
    """Return the word that tells what a field is: without spaces of names and numbers."""
    return name.lower().rpartition(":")[2].rpartition("-")[2].rstrip("0123456789_.")


def _markup(text: str, begin: int, end: int) -> _Read | None:
    """Read `<f name="dob">…</f>`, `<dt>dob</dt><dd>…</dd>`, `<param name="dob" value="…"/>`."""
    if text.find("<", end, end + 200) < 0 and text.find(">", end, end + 200) < 0:
        return None
    in_quotes = text[end : end + 1] in {'"', "'"}
    match = (_ATTRIBUTE_THEN_VALUE if in_quotes else _INPUT).match(text, end)
    if match is not None and (not in_quotes or _names_a_field(text, begin)):
        return begin, _to_quote(text, match.end(), match[1]), True
    if in_quotes:
        match = _ATTRIBUTE_THEN_TEXT.match(text, end)
        is_attribute = match is not None and _names_a_field(text, begin)
        return (begin, _to_tag(text, match.end()), True) if match and is_attribute else None
    match = _IN_MARKUP.match(text, end)
    return None if match is None else (begin, _to_tag(text, match.end()), True)


def _value_word(text: str, begin: int, end: int) -> _Read | None:
    """Read `name: dob` with `value: …` beside it, in whatever signs."""
    match = _VALUE_WORD.match(text, end)
    if match is None or not text[end : match.end()].strip("\"' \t"):
        return None
    if not _names_a_field(text, begin):
        return None
    if match[1]:
        return begin, _to_quote(text, match.end(), match[1]), True
    stop = text.find("&", match.end(), _line_end(text, match.end()))
    stop = stop if stop >= 0 else _line_end(text, match.end())
    return begin, _plain(text, match.end(), stop), True


def _literals(text: str, begin: int, end: int) -> _Read | None:
    """Read `dob = '…'`, `("dob", "…")`, `set_dob("…")`, `:dob "…"`."""
    quoted = text[end : end + 1] in {'"', "'"}
    match = _TWO_LITERALS.match(text, end) if quoted else None
    if match is not None:
        cell = _to_quote(text, match.end(), match[1])
        opened = text[:begin][-40:].rstrip("\"' ")[-1:]
        closed = "" if cell is None else text[cell.end : cell.end + 8].lstrip("\"' ")[:1]
        return (
            (begin, cell, True)
            if opened and opened in "([{" and closed in {")", "]", "}"}
            else None
        )
    match = _OPERATOR.match(text, end)
    if match is not None:
        if quoted and match[0].lstrip("\"'")[:1] == ":":
            return None  # a pair of JSON, which others read
        return _word_from(text, begin, end, quoted), _to_quote(text, match.end(), match[1]), False
    word = _word_from(text, begin, end, quoted)
    match = _SETTER.match(text, end)
    if match is not None and text[word:end].lower().startswith(("set", "with", "put", "add")):
        return word, _to_quote(text, match.end(), match[1]), False
    match = _SIGIL_LITERAL.match(text, end)
    if match is not None and text[word - 1 : word] in {":", "-", "("} and word:
        return word, _to_quote(text, match.end(), match[1]), False
    return None


def _word_from(text: str, begin: int, end: int, quoted: bool) -> int:
    """Return where the identifier begins that ends here; a name in quotes is one."""
    if quoted or text[end : end + 1] in {"`", "]"}:
        return begin
    at = end
    while at > begin and (text[at - 1].isalnum() or text[at - 1] in "_-"):
        at -= 1
    while at < end and text[at] == "-":
        at += 1
    return at


def _option(text: str, begin: int, end: int) -> _Read | None:
    """Read `--dob 1990-04-02` and `dob=1990-04-02`."""
    word = _word_from(text, begin, end, quoted=False)
    match = _OPTION.match(text, end) if text[word - 2 : word] == "--" and word > 1 else None
    opens = _opens_line(text, word)
    if match is None:
        match = _BARE.match(text, end)
        if match is not None and opens:
            return word, _to_line_end(text, match.end()), False
    if match is None:
        return None
    stop = match.end()
    while stop < len(text) and text[stop] not in " \t\r\n&;,\"'<>)]}":
        stop += 1
    return word, _plain(text, match.end(), stop), False


def _plain(text: str, start: int, stop: int) -> Cell | None:
    """Return a bare value without what closes what it stands in, as it was before encoding."""
    cell = trimmed(text, start, stop, " \t\r,;|}])")
    return None if cell is None else unquoted(cell)


def _opens_line(text: str, begin: int) -> bool:
    start = text.rfind("\n", max(0, begin - _LONGEST_NAME), begin) + 1
    words = text[start:begin].strip().removeprefix("export").strip()
    return (
        start > 0 or begin < _LONGEST_NAME
        if not words
        else words.endswith(".") and " " not in words
    )


def _line(text: str, begin: int, end: int) -> _Read | None:
    """Read a name that opens its line, with its value behind it or in the next line."""
    start = text.rfind("\n", max(0, begin - _LONGEST_NAME), begin) + 1
    if begin - start > _LONGEST_NAME:
        return None
    marks = text[start:begin]
    asked = text[end : end + 1] == "?"
    if marks.strip(_MARKS) and not (asked or marks.strip().startswith(("\\item", "Q"))):
        return None
    match = _BELOW.match(text, end)
    if match is not None:
        told = "#" in marks or "*" in marks or bool(match[0].strip(" \t\r\n\"'_`"))
        return (begin, _to_line_end(text, match.end()), False) if told else None
    match = _LINE.match(text, end)
    if match is None or match.end() == end:
        return None
    return begin, _to_line_end(text, match.end()), False


_READERS = (_markup, _value_word, _literals, _option, _line)
