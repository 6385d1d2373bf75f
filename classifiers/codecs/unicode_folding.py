"""Unicode folded to what a person reads: compatibility forms, invisible characters, look-alike dashes and digits."""

import unicodedata

_INVISIBLE = (
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0), 0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180E,
    0x180F, 0x3164, 0xFEFF, 0xFFA0, 0xE0001, 0xE007F,
)  # fmt: skip
_DASHES = (
    0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2043, 0x207B, 0x208B, 0x2212, 0x2796, 0x2E3A, 0x2E3B, 0xFE58,
    0xFE63, 0xFF0D,
)  # fmt: skip
_FIXED: dict[int, str] = {
    **dict.fromkeys(_INVISIBLE, ""),
    **dict.fromkeys(_DASHES, "-"),
    **{0xE0000 + code: chr(code) for code in range(0x20, 0x7F)},
    0x3002: ".", 0x2024: ".", 0x2044: "/", 0x2215: "/", 0x2236: ":", 0x2018: "'", 0x2019: "'",
}  # fmt: skip
_CACHE_LIMIT = 20_000


class _Folds(dict[str, str]):
    """Character → what it is folded to, learnt as characters are met."""

    def __missing__(self, char: str) -> str:
        folded = _FIXED.get(ord(char))
        if folded is None:
            digit = unicodedata.digit(char, None)
            folded = str(digit) if digit is not None else unicodedata.normalize("NFKC", char)
        if len(self) < _CACHE_LIMIT:
            self[char] = folded
        return folded


_FOLDS = _Folds()


def fold(text: str) -> tuple[str, list[int] | None]:
    """Return the folded text, and for each of its characters (and its end) the index in `text`; None when equal.

    ASCII text comes back at once. Text whose characters all stand for themselves comes back unchanged.
    """
    if text.isascii():
        return text, None
    folds = _FOLDS
    changed = {char for char in set(text) if char > "\x7f" and folds[char] != char}
    if not changed:
        return text, None
    parts: list[str] = []
    offsets: list[int] = []
    start = 0
    for index, char in enumerate(text):
        if char in changed:
            parts.append(text[start:index])
            offsets.extend(range(start, index))
            start = index + 1
            folded = folds[char]
            parts.append(folded)
            offsets.extend([index] * len(folded))
    parts.append(text[start:])
    offsets.extend(range(start, len(text) + 1))
    return "".join(parts), offsets
