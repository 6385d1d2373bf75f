"""Unicode folded to what a person reads: compatibility forms, invisible characters, look-alike
dashes, blanks and digits.

One table, derived from Unicode's own properties, with two views of a folded text: its characters
with the way back to where they stood, and one byte for each of them for engines that read bytes.
"""

import re
import unicodedata
from typing import NamedTuple

from core.invisible import is_invisible

_LOOK_ALIKE = {
    "\u3002": ".",
    "\uff61": ".",
    "\u2024": ".",
    "\u2044": "/",
    "\u2215": "/",
    "\u2236": ":",
    "\ua789": ":",
    "\u0589": ":",
    "\u2018": "'",
    "\u2019": "'",
    "\u2043": "-",
    "\u2053": "-",
    "\u207b": "-",
    "\u208b": "-",
    "\u2212": "-",
    "\u2796": "-",
    "\u02d7": "-",
    "\u2800": " ",
    "\U0001d159": " ",
}
"""What no property tells: signs that are read as another, and two that are drawn as blanks."""
_SEPARATING = "\x01\x0b\x0c\x1c\x1d\x1e\x1f"
"""Controls that stand between fields: a blank, not nothing."""
_ZERO = "\0"
"""Left alone: it is what callers put between texts that they fold as one. `without_zeros` takes it
out of payload."""
_REMOVED_CONTROLS = (
    bytes({*range(1, 0x20), 0x7F} - {9, 10, 13} - {ord(char) for char in _SEPARATING})
    + _SEPARATING.encode()
)
_RAISED = frozenset("\u00b2\u00b3\u00b9\u2070\u2074\u2075\u2076\u2077\u2078\u2079")
_EXPONENT = re.compile("(?<=[0-9])[" + "".join(sorted(_RAISED)) + "]+")
"""Raised digits behind a digit are a power or the mark of a footnote, no part of the number."""
_SEQUENCE = re.compile(r"\x1b\[[0-9;:?]{0,40}[A-Za-z]")
_UNSEEN = "\u2061"
"""Stands for each character of what colours a text on a terminal."""
_COMBINING = range(0x300, 0x370)
_REMEMBERED = 20_000
_MOST_FOUND = 24
"""Different characters that are each looked for; more are met in one pass over the text."""


class _Folds(dict[str, str]):
    """Character → what it is read as, learnt as characters are met."""

    def __missing__(self, char: str) -> str:
        folded = _folded(char)
        if len(self) < _REMEMBERED:
            self[char] = folded
        return folded


def _folded(char: str) -> str:
    """Return what one character is read as: itself, ASCII, or nothing."""
    if char in "\t\n\r" or char == _ZERO or "\x20" <= char <= "\x7e":
        return char
    category = unicodedata.category(char)
    if char in _SEPARATING or char.isspace():
        return " "
    if is_invisible(char) or category == "Me" or ord(char) in _COMBINING:
        return ""
    if (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    if category == "Pd":
        return "-"
    if unicodedata.decomposition(char).startswith("<fraction>"):
        return char
    plain = "".join(_LOOK_ALIKE.get(c, c) for c in unicodedata.normalize("NFKC", char))
    return plain if plain.isascii() else char


_FOLDS = _Folds()


class Folded(NamedTuple):
    """Text as it is read. Holds payload."""

    text: str
    origin: list[int] | None
    """For each character, and for the end, its index in the text as it was; None when they stand
    where they stood."""

    def origin_of(self, index: int) -> int:
        """Return where the character at `index` stood before folding; `index` may be the length."""
        return index if self.origin is None else self.origin[index]

    def data(self) -> bytes:
        """Return one byte for each character: Latin-1, with `?` for what that has no letter for."""
        return self.text.encode("latin-1", "replace")

    def __repr__(self) -> str:
        return f"<Folded {len(self.text)} characters>"


def folds_to(char: str) -> str:
    """Return what one character is folded to."""
    return _FOLDS[char]


def is_folded(data: bytes) -> bool:
    """Return True when these bytes are text that folding leaves alone: ASCII without invisible
    controls.
    """
    return data.isascii() and len(data.translate(None, _REMOVED_CONTROLS)) == len(data)


def without_zeros(text: str) -> str:
    """Return the text with its zero characters as another control, which folding takes away."""
    return text.replace(_ZERO, "\x02") if _ZERO in text else text


def fold(text: str, *, controls: bool = True) -> Folded:
    """Return the text as it is read. Text whose characters all stand for themselves comes back as
    it is.

    `controls=False` promises that the text holds none of them, which saves a look at plain ASCII.
    """
    if "\x1b" in text:
        text = _SEQUENCE.sub(_as_invisible, text)
    if text.isascii() and (not controls or is_folded(text.encode())):
        return Folded(text, None)
    folds = _FOLDS
    changed: dict[str, str] = {}
    for char in set(text):
        if (folded := folds[char]) != char:
            changed[char] = folded
    if not changed:
        return Folded(text, None)
    if not _RAISED.isdisjoint(changed):
        text = _EXPONENT.sub(lambda found: "^" * len(found[0]), text)
    if any(len(folded) != 1 for folded in changed.values()):
        return _moved(text, changed)
    if len(changed) > _MOST_FOUND:
        return Folded(text.translate({ord(char): changed[char] for char in changed}), None)
    for char, folded in changed.items():
        text = text.replace(char, folded)  # for a few characters ten times as fast as `translate`
    return Folded(text, None)


def _as_invisible(found: re.Match[str]) -> str:
    return _UNSEEN * len(found[0])


def _moved(text: str, changed: dict[str, str]) -> Folded:
    """Fold characters that become several or none, keeping where each came from."""
    parts: list[str] = []
    origin: list[int] = []
    start = 0
    for index, end in _places(text, changed):
        parts.append(text[start:index])
        origin.extend(range(start, index))
        for at in range(index, end):
            if folded := changed[text[at]]:
                parts.append(folded)
                origin.extend([at] * len(folded))
        start = end
    parts.append(text[start:])
    origin.extend(range(start, len(text) + 1))
    return Folded("".join(parts), origin)


def _places(text: str, changed: dict[str, str]) -> list[tuple[int, int]]:
    """Return where these characters stand, in order, neighbours together."""
    if len(changed) > _MOST_FOUND:
        return [(index, index + 1) for index, char in enumerate(text) if char in changed]
    wanted = re.compile("[" + re.escape("".join(sorted(changed))) + "]+")
    return [found.span() for found in wanted.finditer(text)]
