"""Safe text: what came from a payload becomes inert before a person or a program may read it."""

import unicodedata

from core.invisible import IGNORABLE

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, invisible formatting and direction marks, surrogates, private use, line separators;
what is invisible by other properties is in `core.invisible`."""

_DOT = "•"


def printable(text: str, limit: int = 400) -> str:
    """Return `text` on one line without control, invisible, direction or surrogate characters.

    Each removed character becomes `·`, so that tampering stays visible. At most `limit` characters
    are kept; a cut is marked by `…`. The result is plain text: it still needs escaping where markup
    has a meaning.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    cut = text[:limit]
    if not cut.isprintable():
        cut = "".join("·" if unicodedata.category(c) in _UNSAFE_CATEGORIES else c for c in cut)
    if not cut.isascii():
        cut = IGNORABLE.sub("·", cut)
    return cut + "…" if len(text) > limit else cut


def mask(value: str, keep_start: int = 2, keep_end: int = 2) -> str:
    """Return `value` with its middle replaced by dots: `DE89••••3000` style.

    Never more than a third of the characters survive, and the number of dots does not tell the
    length.
    """
    shown = printable(value.strip(), 200)
    spare = len(shown) // 3
    start = min(keep_start, spare)
    end = min(keep_end, spare - start)
    return shown[:start] + _DOT * 4 + (shown[-end:] if end else "")


def spreadsheet_cell(text: str) -> str:
    """Return `text` so that no spreadsheet program takes it for a formula."""
    safe = printable(text, 2000)
    return "'" + safe if safe[:1] in {"=", "+", "-", "@", "\t", "\r"} else safe
