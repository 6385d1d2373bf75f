"""Postal addresses in running text, by rules: the word for a street, a house's number beside it,
and what follows of unit, town and postcode. No pattern backtracks; each word is looked at a few
times.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple

from classifiers.personal.prose.street_words import (
    ARTICLES,
    BEFORE_NAMES,
    BOXES,
    CUES,
    SMALL_LAST,
    STATES,
    STREET_ENDINGS,
    STREET_FIRST,
    STREET_LAST,
    UNITS,
    UNSURE_LAST,
)

_WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*")
_MOST_NAMES = 4
"""Words in the name of a street."""
_LONGEST_BEHIND = 90
"""Characters behind the street in which unit, town and postcode stand."""
_CUE_ROOM = 40
_HOUSE = re.compile(r"\d{1,5}[a-zA-Z]?(?:[-/]\d{1,4}[a-zA-Z]?)?")
_POSTCODE = re.compile(
    r"\d{4,6}|\d{5}-\d{3,4}|\d{2}-\d{3}|\d{4}-\d{3}|[A-Za-z]{1,2}\d[A-Za-z\d]?|\d[A-Za-z]{2}"
    r"|[A-Za-z]\d[A-Za-z]|\d[A-Za-z]\d|[A-Z]{1,2}-\d{4,5}"
)
_FEWEST = 6


class Sure(Enum):
    """How much a street and its number say by themselves."""

    YES = auto()
    PERHAPS = auto()
    """The word means other things as well."""
    HARDLY = auto()
    """Names and a number, without a word for a street."""


class Address(NamedTuple):
    """Where an address stands in a text, and whether it could hardly be anything else."""

    start: int
    end: int
    sure: bool


class _Word(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def folded(self) -> str:
        return self.text.casefold().rstrip(".")

    @property
    def is_name(self) -> bool:
        return self.text[:1].isupper()

    @property
    def is_house(self) -> bool:
        return _HOUSE.fullmatch(self.text) is not None


def addresses_in(text: str) -> list[Address]:
    """Return the addresses in a text, in order; they do not overlap."""
    words = [_Word(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]
    found = list(_boxes(text))
    for first, last, sure in sorted(_streets(words, text), key=lambda street: street[2].value):
        begin, end = _before(words, text, first), _behind(words, text, last)
        start, stop = words[begin].start, words[end].end
        place = bisect_left(found, Address(start, stop, False))
        around = found[max(0, place - 1) : place + 1]
        if any(one.start < stop and start < one.end for one in around):
            continue
        backing = _Backing.of(words, text, begin, last, end)
        if sure is Sure.YES or backing.enough(sure):
            found.insert(place, Address(start, stop, sure is not Sure.HARDLY))
    return found


def _streets(words: Sequence[_Word], text: str) -> Iterator[tuple[int, int, Sure]]:
    """Yield first and last word of each street with its number, and how much that says."""
    backed = _backed_places(words, text)
    for at, word in enumerate(words):
        folded = word.folded
        if (folded in STREET_FIRST and (span := _named_behind(words, text, at))) or (
            _is_street_last(word) and (span := _named_before(words, text, at))
        ):
            yield span
        elif word.is_name and _ends_as_street(folded):
            if span := _with_number(words, text, at, at, sure=not folded.endswith(_SHORT)):
                yield span
        elif at in backed and (span := _beside_number(words, text, at)):
            yield span


_SHORT = ("ring", "tie", "markt", "str", "kade", "gade", "gata", "weg", "torg")


def _backed_places(words: Sequence[_Word], text: str) -> frozenset[int]:
    """Return the words behind a cue or before a unit: only there a name is looked at."""
    places: set[int] = set()
    for at, word in enumerate(words):
        if word.folded in UNITS:
            places.update(range(max(0, at - 2 * _MOST_NAMES), at))
    starts, folded = [word.start for word in words], text.lower()
    for cue in CUES:
        at = folded.find(cue)
        while at >= 0:
            first = bisect_left(starts, at)
            places.update(range(first, bisect_left(starts, at + len(cue) + _CUE_ROOM)))
            at = folded.find(cue, at + _CUE_ROOM)
    return frozenset(places)


def _ends_as_street(folded: str) -> bool:
    return len(folded) > 6 and folded not in STREET_LAST and folded.endswith(STREET_ENDINGS)


def _is_street_last(word: _Word) -> bool:
    return word.folded in STREET_LAST and (word.is_name or word.folded in SMALL_LAST)


def _named_behind(words: Sequence[_Word], text: str, at: int) -> tuple[int, int, Sure] | None:
    """Return a street whose word stands first, with its name and a number on either side."""
    end = at
    for other in range(at + 1, min(at + 2 + _MOST_NAMES, len(words))):
        word = words[other]
        if not _touch(words, text, other - 1, " .'’\n"):
            break
        if not word.is_name and word.folded not in BEFORE_NAMES:
            break
        end = other
    while end > at and not words[end].is_name:
        end -= 1
    if end == at:
        return None
    return _with_number(words, text, at, end, sure=True)


def _named_before(words: Sequence[_Word], text: str, at: int) -> tuple[int, int, Sure] | None:
    """Return a street whose word stands last, with its name and a number on either side."""
    begin = at
    for other in range(at - 1, max(-1, at - 1 - _MOST_NAMES), -1):
        word = words[other]
        is_part = word.is_name or word.folded in BEFORE_NAMES or _is_ordinal(word.text)
        if not is_part or not _touch(words, text, other, " .'’"):
            break
        begin = other
    while begin < at and _is_no_name(words[begin]):
        begin += 1
    if begin == at:
        return None
    sure = words[at].folded not in UNSURE_LAST
    return _with_number(words, text, begin, at, sure=sure)


def _is_no_name(word: _Word) -> bool:
    """Return whether no street's name begins with it as it is written."""
    return word.folded in ARTICLES or (word.folded in BEFORE_NAMES and not word.is_name)


def _is_ordinal(text: str) -> bool:
    return text[:1].isdigit() and text[-2:].lower() in {"st", "nd", "rd", "th"}


def _with_number(
    words: Sequence[_Word], text: str, first: int, last: int, *, sure: bool
) -> tuple[int, int, Sure] | None:
    """Return the span with the number of the house, before or behind; None without any."""
    behind, before = last + 1, first - 1
    if behind < len(words) and words[behind].is_house and _touch(words, text, last, " ,.\n"):
        return first, behind, Sure.YES if sure else Sure.PERHAPS
    if before >= 0 and words[before].is_house and _touch(words, text, before, " ,\n"):
        return before, last, Sure.YES if sure else Sure.PERHAPS
    return None


def _beside_number(words: Sequence[_Word], text: str, at: int) -> tuple[int, int, Sure] | None:
    if not words[at].is_house:
        return None
    return _name_and_number(words, text, at) or _number_and_name(words, text, at)


def _name_and_number(words: Sequence[_Word], text: str, at: int) -> tuple[int, int, Sure] | None:
    """Return names with a number behind them: `Dalmatinova 43`."""
    begin = at
    for other in range(at - 1, max(-1, at - 1 - _MOST_NAMES), -1):
        word = words[other]
        is_part = (word.is_name or word.folded in BEFORE_NAMES) and word.folded not in UNITS
        if not is_part or not _touch(words, text, other, " .'’"):
            break
        begin = other
    while begin < at and (_is_no_name(words[begin]) or not words[begin].is_name):
        begin += 1
    return None if begin == at or len(words[at].text) > 4 else (begin, at, Sure.HARDLY)


def _number_and_name(words: Sequence[_Word], text: str, at: int) -> tuple[int, int, Sure] | None:
    """Return a number with names behind it: `14 Broadwalk`."""
    end = at
    for other in range(at + 1, min(at + 1 + _MOST_NAMES, len(words))):
        word = words[other]
        if not word.is_name or word.folded in UNITS or not _touch(words, text, other - 1, " .'’"):
            break
        end = other
    return None if end == at else (at, end, Sure.HARDLY)


def _has_cue(text: str, start: int) -> bool:
    before = text[max(0, start - _CUE_ROOM) : start].casefold()
    return any(cue in before for cue in CUES)


def _is_postcode(text: str) -> bool:
    return any(map(str.isdigit, text)) and _POSTCODE.fullmatch(text) is not None


def _touch(words: Sequence[_Word], text: str, left: int, signs: str) -> bool:
    """Return whether only a few of these signs part a word from the next one."""
    gap = text[words[left].end : words[left + 1].start]
    return len(gap) <= 4 and not gap.strip(signs)


def _before(words: Sequence[_Word], text: str, first: int) -> int:
    """Return where an address begins: at its unit, or at a number before the street's own."""
    at = first
    if at and words[at - 1].is_house and _touch(words, text, at - 1, " ,\n"):
        at -= 1
    if at and words[at - 1].folded in UNITS and _touch(words, text, at - 1, " .,#\n"):
        at -= 1
    return at


def _behind(words: Sequence[_Word], text: str, last: int) -> int:
    """Return the last word of unit, town, postcode and country."""
    end, limit = last, words[last].end + _LONGEST_BEHIND
    for at in range(last + 1, len(words)):
        word = words[at]
        gap = text[words[at - 1].end : word.start]
        if (
            word.start > limit
            or len(gap) > 8
            or gap.strip(" ,.\n\t\r#-/:()>?*|")
            or _ends(gap, word)
        ):
            break
        folded = word.folded
        is_part = word.is_name or _is_postcode(word.text) or word.is_house
        if not is_part and folded not in UNITS and folded not in BEFORE_NAMES:
            break
        end = at
    while end > last and not (words[end].is_name or any(map(str.isdigit, words[end].text))):
        end -= 1
    return end


def _ends(gap: str, word: _Word) -> bool:
    """Return whether a sentence ends in the gap: a stop, and what is neither number nor unit."""
    if "\n\n" in gap or ":" in gap:
        return True
    is_stop = gap.startswith(".") and " " in gap
    return is_stop and word.folded not in UNITS and not word.text[:1].isdigit()


class _Backing(NamedTuple):
    """What around a street says that it is an address."""

    unit: bool
    """A flat, a floor or a suite has a number."""
    code: bool
    """A postcode stands beside the name of a town."""
    state: bool
    parted: bool
    """A name follows behind a comma or on the next line."""
    cue: bool

    @classmethod
    def of(cls, words: Sequence[_Word], text: str, begin: int, last: int, end: int) -> "_Backing":
        rest = words[last + 1 : end + 1]
        names = [word for word in rest if word.is_name and word.folded not in UNITS]
        unit = any(
            one.folded in UNITS and other.text[:1].isdigit()
            for one, other in pairwise([words[begin], *words[begin + 1 : end + 1]])
        )
        gap = text[words[last].end : rest[0].start] if rest else ""
        return cls(
            unit=unit,
            code=bool(names) and any(_is_postcode(word.text) for word in rest),
            state=any(word.folded in STATES and word.text.isupper() for word in rest),
            parted=bool(names) and ("," in gap or "\n" in gap),
            cue=_has_cue(text, words[begin].start),
        )

    def enough(self, sure: Sure) -> bool:
        """Return whether it makes up for what the street alone does not say."""
        if sure is Sure.PERHAPS:
            return any(self)
        return (self.cue and (self.unit or self.code or self.parted)) or (self.unit and self.code)


def _boxes(text: str) -> list[Address]:
    """Return post boxes, in order: a phrase and a number."""
    folded = text.lower()
    if len(folded) != len(text):
        return []
    found: list[Address] = []
    for phrase in BOXES:
        at = folded.find(phrase)
        while at >= 0:
            number = _WORD.match(text, at + len(phrase.rstrip()) + 1)
            is_whole = at == 0 or not text[at - 1].isalnum()
            if is_whole and number is not None and number.group()[:1].isdigit():
                end = _behind_box(text, number.end())
                found.append(Address(at, end, True))
            at = folded.find(phrase, at + len(phrase))
    apart: list[Address] = []
    for one in sorted(found):
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return apart


def _behind_box(text: str, end: int) -> int:
    """Return where the address of a post box ends, with its town."""
    rest = text[end : end + _LONGEST_BEHIND + 40]
    words = [_Word(m.group(), m.start() + end, m.end() + end) for m in _WORD.finditer(rest)]
    if not words:
        return end
    box = _Word(text[end - 1 : end], end - 1, end)
    every = [box, *words]
    return every[_behind(every, text, 0)].end
