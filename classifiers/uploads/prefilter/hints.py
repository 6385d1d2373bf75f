"""Hints: linear patterns for a superset of the shapes that the personal-data scan and the decoder
could act on.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from classifiers.personal.scan import phone_hints, shapes
from classifiers.personal.tables import candidates
from classifiers.personal.vocabulary import telling_phrases
from classifiers.uploads.prefilter.folds import CONTROLS_INSIDE, folding_bytes

_SEPARATOR = rb"[ \-./()\x01]{1,2}"
_LOOSE = rb"[ \-./()\x01]{0,2}"
_MAX_MEMORY = 64 << 20
_MAILBOX = rb"[A-Za-z0-9._%+'~\-\x80-\xff]@[A-Za-z0-9]"
_DIGITS = rb"\d(?:%b\d){6}" % _LOOSE
_LONGEST_DIGITS = 19
_ACCENTED = rb"[\xc3-\xcd][\x80-\xbf]"
"""A letter with an accent: label words are compared without, so any word with one may be a
label."""
WORDED = frozenset({"!", "person", "name", "address", "email", "health_data", "special_category"})
"""What a label may announce that no run of digits is."""


class Hints:
    """Searches over one text: what may be a finding by itself, digits that are one only right of a
    label, and numbers behind a word for phones anywhere left of them on the line.

    No alternative of a search may reach on without bound: while it is alive each match of another
    one would cost a reading of all the text behind it.
    """

    __slots__ = ("_accents", "_alone", "_digits", "_labelled", "_phone_words")

    def __init__(self, *, ascii_only: bool) -> None:
        more = () if ascii_only else folding_bytes()
        self._accents = () if ascii_only else _accents()
        self._alone = _compiled(
            [
                _MAILBOX,
                CONTROLS_INSIDE,
                rb"\b\d{3}[-.]\d{3}[-.]\d{4}\b",
                *_shapes(),
                *_announced(),
                *_encoded(),
                *more,
            ]
        )
        self._labelled = _compiled(
            [
                *_weak(),
                rb"\b\d{1,3}(?:\.\d{1,3}){3}\b",
                candidates.IPV6.encode(),
                candidates.GLUED_NUMBER.encode(),
            ]
        )
        self._phone_words = _compiled([_phone_words()])
        self._digits = _compiled([_DIGITS])

    def alone(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield the spans that may be a finding whatever stands around them, in no order."""
        yield from _spans(self._alone, data)
        for accents in self._accents:
            yield from accents.spans(data)

    def labelled(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield the spans of digits that are a finding only right of a label."""
        return _spans(self._labelled, data)

    def phones(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield for each line what stands from a word for phones to the last run of digits behind
        it.
        """
        match, unanchored = self._phone_words
        size, empty = len(data), -1
        start, end = match(unanchored, data, 0, size)[0]
        while start >= 0:
            last = -1
            if (
                end > empty
            ):  # what ends a word may be a line end: the number then stands on the next line
                stop = data.find(b"\n", end)
                empty = stop = size if stop < 0 else stop
                last = max((span[1] for span in _spans(self._digits, data, end, stop)), default=-1)
            if last >= 0:
                yield start, last
            # What ends a word may also be what the next one begins with.
            start, end = match(unanchored, data, max(last, end - 1), size)[0]


@cache
def hints(*, ascii_only: bool) -> Hints:
    """Return the hints for texts of this kind, made at first use."""
    return Hints(ascii_only=ascii_only)


def _compiled(patterns: list[bytes]) -> tuple[Any, Any]:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.dot_nl = True
    options.max_mem = _MAX_MEMORY
    joined = b"|".join(b"(?:%b)" % pattern for pattern in dict.fromkeys(patterns))
    return re2.compile(joined, options)._regexp.Match, re2._re2.RE2.Anchor.UNANCHORED


def _spans(
    search: tuple[Any, Any], data: bytes, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, int]]:
    match, unanchored = search
    end = len(data) if end is None else end
    span = match(unanchored, data, start, end)[0]
    while span[0] >= 0:
        yield span
        span = match(unanchored, data, max(span[1], span[0] + 1), end)[0]


def _shapes() -> list[bytes]:
    letters = (*candidates.LETTERS_FIRST, *candidates.LETTERS_INSIDE)
    strong = [
        _grouped(sizes, reading.separators)
        for sizes, readings in shapes.READINGS_UNNAMED.items()
        for reading in readings
    ]
    return [*(pattern.encode() for pattern in letters), *strong]


def _weak() -> list[bytes]:
    return [_grouped(sizes, None) for sizes in shapes.READINGS]


def _announced() -> list[bytes]:
    """Numbers with a sign or a word before them that says what they are."""
    labels = candidates.LABELS.replace("|.)", "|.{1,2})").encode()
    diseases = candidates.HEALTH_LABELS.replace(r"\xf3", ".{1,2}").encode()
    calls = phone_hints.in_utf8()
    return [
        rb"\+\(?" + _DIGITS,
        rb"\(\+?" + _DIGITS,
        rb"\b00" + _DIGITS,
        labels + rb".{0,43}\d[^A-Za-z]{0,3}\d",
        diseases + rb".{0,64}[A-TV-Z]\d[0-9AB]",
        calls + rb"[^\n]{0,48}?\(?" + _DIGITS,
    ]


def _phone_words() -> bytes:
    phones = [
        word.rpartition(" ")[2] for word, kinds in telling_phrases().items() if "phone" in kinds
    ]
    named = sorted({word for word in phones if len(word) > 2} | {"call us", "call me"})
    return rb"(?i:(?:^|[^a-z])(?:%b)[^a-z])" % "|".join(named).encode()


class _Accents(NamedTuple):
    """A letter with an accent, at most so far left of what a label announces.

    A search that counts has a state for each set of letters that it has seen within its reach: in
    German or French RE2 throws its states away all the time. This one looks for the nearest letter
    at any distance, on the same line, and measures then.
    """

    search: tuple[Any, Any]
    """From an accent on to the end of what is announced."""
    begins: bytes
    """One of these the announced begins with; none stands between."""
    longest: int
    """Bytes of what is announced."""
    reach: int
    """Bytes from the first of the accent on to where the announced begins."""

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield them from the first accent within reach on."""
        for start, end in _spans(self.search, data):
            at = max(start, end - self.longest)
            while data[at] not in self.begins:
                at += 1
            match, unanchored = _accent()
            first = match(unanchored, data, max(start, at - self.reach), at)[0][0]
            if first >= 0:
                yield first, end


@cache
def _accent() -> tuple[Any, Any]:
    return _compiled([_ACCENTED])


def _accents() -> tuple[_Accents, ...]:
    numbers = _compiled([_ACCENTED + rb"[^\n\d]*" + _DIGITS])
    signs = _compiled([_ACCENTED + rb"[^\n:=]*[:=]"])
    return (
        _Accents(numbers, b"0123456789", _LONGEST_DIGITS, 50),
        _Accents(signs, b":=", 1, 46),
    )


def _encoded() -> list[bytes]:
    return [
        rb"%[0-9A-Fa-f]{2}",
        rb"\\u[0-9A-Fa-f]{4}",
        rb"\\x[0-9A-Fa-f]{2}",
        rb"&#(?:[0-9]{2,6}|x[0-9A-Fa-f]{2,5});",
    ]


def _grouped(sizes: str, separators: str | None) -> bytes:
    """Return the pattern of groups of digits of these sizes, with exactly these separators or
    any.
    """
    groups = [rb"\d{%d}" % (ord(size) - 48) for size in sizes]
    between = [_SEPARATOR] * (len(groups) - 1)
    if separators and len(separators) == len(groups) - 1:
        between = [rb"\x%02x" % ord(sign) for sign in separators]
    rest = b"".join(sign + group for sign, group in zip(between, groups[1:], strict=True))
    return rb"\b" + groups[0] + rest + rb"\b"
