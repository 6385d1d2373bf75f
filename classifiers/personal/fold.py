"""Unicode folding: look-alike digits, dashes and blanks become ASCII, one character each, with the way back kept."""

import unicodedata
from typing import NamedTuple

_DASHES = (
    "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u207b\ufe58\ufe63\uff0d\u02d7\u2796"
)
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u180e\u034f"
_VARIATION = "".join(map(chr, range(0xFE00, 0xFE10)))
_INVISIBLE = frozenset(f"{_ZERO_WIDTH}{_VARIATION}\u00ad")
_GONE = str.maketrans("", "", "".join(sorted(_INVISIBLE)))


def _table() -> dict[int, str]:
    """Return code point → one ASCII character, for all that a reader would take for it."""
    table: dict[int, str] = {}
    for code in (
        *range(0xA0, 0x3100),
        *range(0xA000, 0xABFF),
        *range(0xFB00, 0x10000),
        *range(0x1D400, 0x1D800),
    ):
        char = chr(code)
        if unicodedata.category(char) == "Nd":
            table[code] = str(unicodedata.digit(char))
        elif char.isspace():
            table[code] = " "
        elif unicodedata.decomposition(char).startswith(
            ("<wide>", "<font>", "<small>", "<circle>", "<narrow>")
        ):
            folded = unicodedata.normalize("NFKC", char)
            if len(folded) == 1 and folded.isascii():
                table[code] = folded
    table.update(dict.fromkeys(map(ord, _DASHES), "-"))
    table.update({0x2024: ".", 0x3002: ".", 0x2044: "/", 0x2215: "/", 0x0589: ":", 0xA789: ":"})
    return {code: char for code, char in table.items() if char not in "\0\n"}


_TABLE = _table()
_FOLDABLE = frozenset(map(chr, _TABLE))
"""A set, not a pattern: a class of a thousand characters costs a pattern half a microsecond for each character read."""


def is_folded(char: str) -> bool:
    """True when folding changes this character or takes it away."""
    return char in _INVISIBLE or char in _FOLDABLE


class Folded(NamedTuple):
    """Text in Latin-1 range, one byte per character. Holds payload."""

    text: str
    data: bytes
    origin: list[int] | None
    """For each character its index in the text before folding; None when nothing was removed."""

    def __repr__(self) -> str:
        return f"<Folded {len(self.text)} characters>"

    def origin_of(self, index: int) -> int:
        """Return where the character at `index` stood before folding; `index` may be the length."""
        if self.origin is None:
            return index
        return (
            self.origin[index]
            if index < len(self.origin)
            else self.origin[-1] + 1
            if self.origin
            else 0
        )


def fold(text: str) -> Folded:
    """Return `text` folded; ASCII costs nothing but the encoding."""
    if text.isascii():
        return Folded(text, text.encode("ascii"), None)
    origin: list[int] | None = None
    chars = set(text)
    if not _INVISIBLE.isdisjoint(chars):
        origin = [i for i, char in enumerate(text) if char not in _INVISIBLE]
        text = text.translate(_GONE)
    if not _FOLDABLE.isdisjoint(chars):
        text = text.translate(_TABLE)
    data = text.encode("latin-1", "replace")
    return Folded(text, data, origin)
