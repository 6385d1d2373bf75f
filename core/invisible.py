"""Characters that no reader sees, by the properties that Unicode gives them. The one list of
them.
"""

import re
import unicodedata

_IGNORABLE = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
    (0x2065, 0x2065),
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF0, 0xFFF8),
    (
        0xE0000,
        0xE0FFF,
    ),  # tags, variation selectors 17 to 256, and the rest of their plane's first block
)
"""`Other_Default_Ignorable_Code_Point` and `Variation_Selector` of the Unicode Character Database,
which `unicodedata` does not offer. Both are closed: what is not assigned in these ranges is
ignorable, too."""
IGNORABLE = re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in _IGNORABLE) + "]")
"""Matches one of those that are neither controls nor format characters by their category."""
_CATEGORIES = frozenset({"Cc", "Cf"})


def is_invisible(char: str) -> bool:
    """Return True for a control, format, filler, tag or selector character; white space is none."""
    if unicodedata.category(char) in _CATEGORIES:
        return not char.isspace()
    return IGNORABLE.match(char) is not None
