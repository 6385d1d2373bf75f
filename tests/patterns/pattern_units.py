"""Makes hostile texts for a pattern from the pattern itself: what it repeats, what leads there, and
what then fails.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from re import _constants as c  # type: ignore[attr-defined]  # isort: skip
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

COMMON = (
    "a",
    "A",
    "1",
    " ",
    "a ",
    "a1",
    "aB",
    "a.",
    "a@a.",
    "-",
    "_",
    ".",
    "/",
    ":",
    "=",
    "\r\n",
    '"',
    "é",
    "0.0",
)
TAILS = ("", "\n\x00")
_CATEGORY = {
    c.CATEGORY_DIGIT: "07",
    c.CATEGORY_NOT_DIGIT: "a -",
    c.CATEGORY_SPACE: " \n\t",
    c.CATEGORY_NOT_SPACE: "a0.",
    c.CATEGORY_WORD: "aZ0_é",
    c.CATEGORY_NOT_WORD: " -.\n",
}
_PROBES = "aAzZ059_ .-:/@=,;\"'\\\n\r\t<>()[]{}%+#?!*é"
_MOST, _MOST_LETTERS, _MOST_TAIL_LETTERS, _LONGEST = 120, 16, 6, 400


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text that grows: head, unit again and again, tail."""

    head: str
    unit: str
    tail: str

    def text(self, size: int) -> str:
        """Return the text with about this many characters."""
        times = max(1, (size - len(self.head) - len(self.tail)) // len(self.unit))
        return self.head + self.unit * times + self.tail


def of(pattern: re.Pattern[Any]) -> list[Hostile]:
    """Return the hostile texts of one pattern."""
    binary = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if binary else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if binary else pattern.flags)
    letters, whole = list(dict.fromkeys(_letters(tree))), _sample(tree)
    pairs = [(head, unit) for head, body in _repeats(tree, "", 0) for unit in _bodies(body)]
    pairs += [("", unit) for unit in (*_slices(tree), *letters[:_MOST_LETTERS], *COMMON)]
    pairs += [("", unit) for unit in (whole, whole[:-1], whole + " ", whole[: len(whole) // 2])]
    pairs += [("", a + b) for a, b in pairwise(letters[:_MOST_LETTERS])]
    pairs += [(head, unit) for head in (whole, whole[:-1]) for unit in letters[:_MOST_TAIL_LETTERS]]
    fit = [
        pair for pair in dict.fromkeys(pairs) if pair[1] and len(pair[0]) + len(pair[1]) < _LONGEST
    ]
    texts = [Hostile(head, unit, tail) for head, unit in fit[:_MOST] for tail in TAILS]
    if binary:
        return [text for text in texts if (text.head + text.unit + text.tail).isascii()]
    return texts


def _bodies(body: Any) -> list[str]:
    """Return what a repeat may read: samples of its body, and two different ones in turn."""
    samples = _samples(body)[:3]
    return [*samples, *(a + b for a, b in pairwise(samples))]


def _repeats(tree: Iterable[Any], before: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield (a text that leads there, what is repeated) for every repeat in a pattern."""
    head = before
    for op, value in tree:
        if op in {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}:
            yield head, value[2]
            if depth < 4:
                yield from _repeats(value[2], head, depth + 1)
        elif op is c.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, head, depth)
        elif op is c.SUBPATTERN:
            yield from _repeats(value[3], head, depth)
        elif op is c.ATOMIC_GROUP:
            yield from _repeats(value, head, depth)
        head += _sample([(op, value)])


def _slices(tree: Iterable[Any]) -> list[str]:
    """Return samples of neighbouring parts of a pattern: a text that goes through two repeats and
    starts over.
    """
    parts = [_sample([part]) for part in _flat(tree)]
    return [
        "".join(parts[at : at + length])
        for length in (2, 3, 4)
        for at in range(len(parts) - length + 1)
    ]


def _flat(tree: Iterable[Any]) -> Iterator[Any]:
    """Yield the parts of a pattern as if its groups and branches stood in one row, runs of literals
    together.
    """
    for op, value in tree:
        if op is c.SUBPATTERN:
            yield from _flat(value[3])
        elif op is c.BRANCH:
            for branch in value[1]:
                yield from _flat(branch)
        else:
            yield op, value


def _sample(tree: Iterable[Any], pick: int = 0) -> str:
    """Return a text that a pattern takes, as far as that can be read from its tree."""
    return "".join(_sample_of(op, value, pick) for op, value in tree)


def _sample_of(op: Any, value: Any, pick: int) -> str:
    if op is c.LITERAL:
        return chr(value)
    if op is c.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if op is c.ANY:
        return "a."[pick % 2]
    if op is c.IN:
        members = _members(value)
        return members[pick % len(members)] if members else ""
    if op in {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}:
        low, high, body = value
        return _sample(body, pick) * max(int(low), min(1, int(high)))
    if op is c.BRANCH:
        return _sample(value[1][pick % len(value[1])], pick)
    if op is c.SUBPATTERN:
        return _sample(value[3], pick)
    return _sample(value, pick) if op is c.ATOMIC_GROUP else ""


def _samples(body: Any) -> list[str]:
    return list(dict.fromkeys(text for pick in range(5) if (text := _sample(body, pick))))


def _letters(tree: Iterable[Any]) -> Iterator[str]:
    """Yield characters that the pattern speaks of: its literals and members of its classes."""
    for op, value in tree:
        if op is c.LITERAL:
            yield chr(value)
        elif op is c.IN:
            yield from _members(value)
        elif op in {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}:
            yield from _letters(value[2])
        elif op is c.BRANCH:
            for branch in value[1]:
                yield from _letters(branch)
        elif op is c.SUBPATTERN:
            yield from _letters(value[3])
        elif op is c.ATOMIC_GROUP:
            yield from _letters(value)


def _members(value: list[Any]) -> list[str]:
    """Return some characters of a class: the ends of its ranges and what its categories stand
    for.
    """
    if value[0][0] is c.NEGATE:
        kept = _members(value[1:])
        taken = [char for char in _PROBES if not _in(char, value[1:])]
        return [char for char in taken if char not in kept][:6]
    members: list[str] = []
    for op, inner in value:
        if op is c.LITERAL:
            members.append(chr(inner))
        elif op is c.RANGE:
            members += [chr(inner[0]), chr(inner[1])]
        elif op is c.CATEGORY:
            members += _CATEGORY[inner]
    return list(dict.fromkeys(members))


def _in(char: str, value: list[Any]) -> bool:
    for op, inner in value:
        if op is c.LITERAL and ord(char) == inner:
            return True
        if op is c.RANGE and inner[0] <= ord(char) <= inner[1]:
            return True
        if op is c.CATEGORY and re.match(_CLASS[inner], char):
            return True
    return False


_CLASS = {
    c.CATEGORY_DIGIT: r"\d",
    c.CATEGORY_NOT_DIGIT: r"\D",
    c.CATEGORY_SPACE: r"\s",
    c.CATEGORY_NOT_SPACE: r"\S",
    c.CATEGORY_WORD: r"\w",
    c.CATEGORY_NOT_WORD: r"\W",
}
