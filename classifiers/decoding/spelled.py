"""Bytes spelled in text otherwise than in base64 or bare hex: pairs of hex digits set apart,
numbers, bits, torn base64, base85, uuencode; and what tells that a text may hold such a stretch.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from classifiers.codecs.bases import from_base_64
from classifiers.codecs.linear import compiled, ready
from classifiers.codecs.magic import document_type
from classifiers.decoding import (
    base_91,
    dump_lines,
    dumps,
    first_look,
    joints,
    number_lists,
    runs,
)
from classifiers.decoding.decoded import known
from classifiers.decoding.first_look import Letters, letters_of

type _Places = Callable[[bytes], Iterator[tuple[int, int]]]
type _Other = tuple[str, Callable[[bytes], bool], _Places, Callable[[bytes], Iterator[bytes]]]
"""How it is called, whether and where it may be, and what it says, right or wrong."""

_STRETCH = r"[!-~]{20,}"
_SIGNS = b"!#$%&()*;<>?@^`{|}~,.:[]'\"\\"
"""Those of base85 that base64 has not: half of its letters are such."""
_FEWEST_LETTERS, _LONG, _OF_LONG = 14, 400, 40
"""Different ones in the shortest stretch, and in a long one: rows of figures have fewer."""
_FEWEST_SIGNS, _ONE_IN = 4, 24
_NARROWEST = 24
_FRONTS = b" \t>#*/"
"""What stands in front of lines that are quoted or told in a remark."""

_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_A85 = bytes((*range(33, 118), *b"yz"))
_FROM_Z85 = bytes.maketrans(_Z85, _B85)
_ALL = bytes(range(256))
_NO_HEX = _ALL.translate(None, b"0123456789abcdefABCDEF")
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SMALL = _CAPITALS.lower()
_ARE_SMALL = bytes(byte in _SMALL for byte in range(256))
_WORD_IN_IT = b"\1" * 5
_ARE_NOT_SMALL = bytes(byte not in _SMALL for byte in range(256))
_FEW_SMALL = b"\1" * 28
"""The shortest list of bare numbers, and so base45, has no small letter among so many."""


_BASE_91: _Other = ("base91", base_91.may_hold, base_91.places, base_91.read)
_JOINED: _Other = ("joined", joints.may_hold, joints.places, joints.joined)
_IN_QUOTES: _Other = (
    "letters",
    number_lists.may_be_quoted,
    number_lists.quoted_places,
    number_lists.quoted,
)
_OTHERS: tuple[_Other, ...] = (
    ("number", number_lists.may_hold, number_lists.places, number_lists.read),
    ("dump", dump_lines.may_hold, dump_lines.places, dump_lines.read),
    _BASE_91,
    ("base45", dumps.holds_base_45, dumps.base_45_places, dumps.in_base_45),
    _JOINED,
    _IN_QUOTES,
)
_ARE_OF_85 = bytes(33 <= byte < 127 and byte != ord('"') for byte in range(256))
_ARE_OF_85_OR_QUOTED = bytes(33 <= byte < 127 for byte in range(256))
_RUN_OF_85 = b"\1" * _NARROWEST
_FEWEST_DIGITS, _DIGITS = 4, b"0123456789"


class Spelled(NamedTuple):
    """A stretch of text undone. Holds payload."""

    how: str
    data: bytes

    def __repr__(self) -> str:
        return f"<Spelled {self.how} {len(self.data)} bytes>"


def worth_reading(data: bytes, letters: Letters | None = None) -> bool:
    """Return True when something may be spelled so in a text, or in JSON as it was sent. `letters`:
    what it is made of, where that is known.
    """
    letters = letters or letters_of(data)
    if first_look.is_told(data, letters.signs):
        return True
    if letters.runs and (_is_dense(data) or base_91.may_hold(data)):
        return True
    if (letters.digits > 1 or b"@" in data) and joints.may_hold(data, letters):
        return True
    return _is_listed(data, letters)


def _is_listed(data: bytes, letters: Letters) -> bool:
    digits, quotes = letters.digits, number_lists.has_quotes(letters.signs)
    if digits < _FEWEST_DIGITS:
        return quotes and number_lists.may_be_quoted(data)
    if _FEW_SMALL in data.translate(_ARE_NOT_SMALL) and (
        number_lists.may_be_plain(data, digits) or dumps.holds_base_45(data)
    ):
        return True
    if not first_look.may_be_listed(data):
        return False
    if quotes and number_lists.may_be_quoted(data):
        return True
    return number_lists.may_hold(data) or dump_lines.may_hold(data)


def may_be_dense(line: bytes) -> bool:
    """Return True for a line in which `stretches` sees words of base85 or of base91."""
    return (
        any(map(base_91.is_word, line.split()))
        or any(_may_be_base_85(found.group()) for found in _tokens().finditer(line))
        or any(map(_may_be_base_85, _unwrapped(line)))
    )


def places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of what may be spelled so, for a text of which only parts are read."""
    for pattern in _hints_but_pairs():
        for found in pattern.finditer(data):
            yield found.span()
    for found in _pairs().finditer(data):  # most are amounts and dates
        if _undone(_from_pairs, found.group()):
            yield found.span()
    yield from _dense_places(data)
    for _, _, places_of, _ in _others(data):
        yield from places_of(data)


def _is_dense(data: bytes) -> bool:
    """Return whether there is one of `_dense_places`: in a long run, and with capitals in it."""
    flags = data.translate(_ARE_OF_85_OR_QUOTED if b'\\"' in data else _ARE_OF_85)
    for run in runs.each(data, flags, _RUN_OF_85, column=True):
        if run.lower() != run and next(_dense_places(run), None) is not None:
            return True
    return False


def _dense_places(data: bytes) -> Iterator[tuple[int, int]]:
    for found in _dense().finditer(data):
        if _may_be_base_85(found.group()):
            yield found.span()


def _others(data: bytes) -> tuple[_Other, ...]:
    """Return the other ways that a text may be written in: most have digits."""
    digits = len(data) - len(data.translate(None, _DIGITS))
    if digits >= _FEWEST_DIGITS:
        return _OTHERS
    if digits > 1 or b"@" in data:
        return (_BASE_91, _JOINED, _IN_QUOTES)
    return (_BASE_91, _IN_QUOTES)


def holds_lines(data: bytes) -> bool:
    """Return True when a text holds lines of an encoding that only read together."""
    return _uu().search(data) is not None


def stretches(data: bytes) -> Iterator[Spelled]:
    """Yield what may be spelled in a text, right or wrong: what comes out tells. Pieces of one way
    are put together, for dumps break them.
    """
    if first_look.is_told(data, letters_of(data).signs):
        yield from _told_by_form(data)
    for how, _, _, read in _others(data):
        for out in read(data):
            yield Spelled(how, out)
    for found in _tokens().finditer(data):
        if _may_be_base_85(token := found.group()):
            yield from _base_85(token)
    for whole in _unwrapped(data):
        if _may_be_base_85(whole):  # any two words: each line by itself tells what nobody knows
            yield from (one for one in _base_85(whole) if known(one.data) is not None)


def _told_by_form(data: bytes) -> Iterator[Spelled]:
    for how, pattern, undo in _ways():
        out = b"".join(_undone(undo, found.group()) for found in pattern.finditer(data))
        if out:
            yield Spelled(how, out)
    yield from _uuencoded(data)
    headless = _bare_uu().search(data)
    if headless and (bare := dumps.bare_uuencode(data[headless.start() :])):
        yield Spelled("uuencode", bare)


def _unwrapped(data: bytes) -> Iterator[bytes]:
    """Yield lines, or words, of one width put together, the last of them no longer; and what stands
    between the marks of Adobe, without blanks.
    """
    begin, end = data.find(b"<~"), data.find(b"~>")
    if 0 <= begin < end and len(data[begin:end].split()) > 1:
        yield b"".join(data[begin : end + 2].split())
    words = data.split()
    widths = [*map(len, words), 0]
    if max(widths) < _NARROWEST:
        return
    for at, (width, next_width) in enumerate(pairwise(widths)):
        if width >= _NARROWEST and 0 < next_width <= width and (not at or widths[at - 1] != width):
            end = next(n for n in range(at + 1, len(widths)) if widths[n] != width)
            yield b"".join(words[at : end + (widths[end] < width)])


def _undone(undo: Callable[[bytes], bytes], stretch: bytes) -> bytes:
    """Return what a stretch spells; nothing where it only looks as if it did."""
    try:
        return undo(stretch)
    except (binascii.Error, ValueError):
        return b""


def _from_pairs(stretch: bytes) -> bytes:
    digits = stretch.replace(b"0x", b"").replace(b"0X", b"").translate(None, _NO_HEX)
    data = binascii.unhexlify(digits[: len(digits) & ~1])
    other = dumps.swapped(data) if _FOURS.search(stretch) else b""
    if digits.isdigit() and len(digits) >= _FEWEST_PAIRS and known(data) is None:
        return other  # numbers of two digits
    return data + b"\n" + other if other else data


def _from_numbers(stretch: bytes) -> bytes:
    values = [int(part) for part in stretch.replace(b",", b" ").replace(b";", b" ").split()]
    return bytes(values) if max(values) < 256 else b""


_FEWEST_PAIRS = 16
"""Digits of hex that hold a letter nearly always."""
_FOURS = re.compile(rb"\b[0-9A-Fa-f]{4}[ \t\r\n\\]")
"""Words of two bytes, which may stand the other way round."""


def _from_torn(stretch: bytes) -> bytes:
    """Words and names have fewer digits and capitals: they are none."""
    begun = _torn().search(stretch)
    if begun is None:
        return b""
    stretch = _with_words_before(stretch, begun.start())
    digits = len(stretch) - len(stretch.translate(None, b"0123456789"))
    capitals = len(stretch) - len(stretch.translate(None, _CAPITALS))
    data = from_base_64(stretch)
    encoded = digits * 25 > len(stretch) and capitals * 6 > len(stretch)
    is_file = known(data) is not None or document_type(data) is not None
    return data if encoded or is_file else b""


def _with_words_before(stretch: bytes, start: int) -> bytes:
    """Return the stretch from there on, with the words before it that are as long as its first:
    they are pieces of the same width.
    """
    before, own = stretch[:start].split(), stretch[start:].split(None, 1)
    width = len(own[0]) if own else 0
    kept = len(before)
    while kept and len(before[kept - 1]) == width:
        kept -= 1
    return b" ".join((*before[kept:], stretch[start:]))


def _uuencoded(data: bytes) -> Iterator[Spelled]:
    done = 0
    for found in _uu().finditer(data):
        if found.start() < done:
            continue  # inside of one that was read: each byte is read once
        before = data[data.rfind(b"\n", 0, found.start()) + 1 : found.start()]
        front = b"" if before.strip(_FRONTS) else before
        end = data.find(b"\n" + front + b"end", found.end() - 1)
        done = len(data) if end < 0 else end
        lines = data[found.end() : done].split(b"\n")
        body = b"\n".join(line.removeprefix(front) for line in lines)
        if found.group().startswith(b"begin-"):
            yield Spelled("base64", from_base_64(body))
        else:
            lines = body.splitlines()
            line = dumps.uu_line if body.upper() == body else dumps.xx_line
            yield Spelled("uuencode", b"".join(map(line, lines)))


def _may_be_base_85(token: bytes) -> bool:
    """Addresses, links, rows and code in small letters are none: so long, it has a capital."""
    if len(set(token)) < _FEWEST_LETTERS or token.lower() == token or _is_worded(token):
        return False
    signs = len(token) - len(token.translate(None, _SIGNS))
    if signs < _FEWEST_SIGNS and signs * _ONE_IN < len(token):
        return False
    return b"<~" in token or any(not token.translate(None, one) for one in (_B85, _A85, _Z85))


def _is_worded(token: bytes) -> bool:
    """True for names that signs part, as frames of a stack have them: of base85 less than a third
    is small letters.
    """
    small = len(token) - len(token.translate(None, _SMALL))
    return small * 5 > len(token) * 3 and _WORD_IN_IT in token.translate(_ARE_SMALL)


def _base_85(token: bytes) -> Iterator[Spelled]:
    few = len(set(token)) < _OF_LONG and len(token) > _LONG
    begin, end = token.find(b"<~"), token.find(b"~>")
    if 0 <= begin < end and (data := _a85(token[begin + 2 : end])):
        yield Spelled("base85", data)
    for decode in (_b85, _a85, _z85):
        data = decode(token)
        if data and not (few and known(data) is None):
            yield Spelled("base85", data)


def _a85(token: bytes) -> bytes:
    try:
        return base64.a85decode(token)
    except ValueError:
        return b""


def _b85(token: bytes) -> bytes:
    if token.translate(None, _B85):
        return b""
    try:
        return base64.b85decode(token)
    except ValueError:
        return b""


def _z85(token: bytes) -> bytes:
    return b"" if token.translate(None, _Z85) else _b85(token.translate(_FROM_Z85))


def _in_class(letters: bytes) -> str:
    return "".join(f"\\x{letter:02x}" for letter in letters)


_ASCII_85 = rf'(?:[{_in_class(_A85.translate(None, b'"\\'))}]|\\["\\])'
_RUNS_OF_85 = rf"[{_in_class(_B85)}]{{24,}}|[{_in_class(_Z85)}]{{24,}}|{_ASCII_85}{{24,}}"
"""Runs of one of the three alphabets, as they stand in text and in strings of JSON."""


@ready
def _hints_but_pairs() -> tuple[Any, ...]:
    return tuple(map(compiled, first_look.BUT_PAIRS))


@ready
def _pairs() -> Any:
    return compiled(rf"\b{first_look.HEX}")


@ready
def _dense() -> Any:
    return compiled(_RUNS_OF_85, longest=True)


@ready
def _torn() -> Any:
    return compiled(first_look.TORN)


@ready
def _ways() -> tuple[tuple[str, Any, Callable[[bytes], bytes]], ...]:
    return (
        ("hex", _pairs(), _from_pairs),
        ("numbers", compiled(rf"\b{first_look.NUMBERS}"), _from_numbers),
        ("characters", compiled(first_look.NAMED), dumps.from_names),
        ("characters", compiled(first_look.STYLED), dumps.from_names),
        ("bits", compiled(rf"\b{first_look.BITS}"), dumps.from_bits),
        (
            "base64",
            compiled(rf"(?:{first_look.WORD}+{first_look.SPACE}){{2,}}{first_look.WORD}{{2,}}"),
            _from_torn,
        ),
        *((how, compiled(looks), undo) for how, looks, undo in dumps.WAYS),
    )


@ready
def _uu() -> Any:
    return compiled(first_look.UU)


@ready
def _bare_uu() -> Any:
    return compiled(dumps.BARE_UU)


@ready
def _tokens() -> Any:
    return compiled(_STRETCH)
