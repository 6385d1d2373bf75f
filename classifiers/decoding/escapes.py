"""Words whose characters are escaped: by percent signs, numbers, quoted-printable, UTF-7."""

import html
import quopri
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from classifiers.codecs.charset import text_of

TOKEN_BREAK = re.compile(r"[\s\"'<>`]+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_NUMBERED = re.compile(
    r"\\\\{0,7}u([0-9A-Fa-f]{4})|%u([0-9A-Fa-f]{4})|\\u\{([0-9A-Fa-f]{1,6})\}|\\U([0-9A-Fa-f]{8})"
    r"|&#[xX]([0-9A-Fa-f]{1,8});|\\x([0-9A-Fa-f]{2})|\\([0-7]{3})|&#([0-9]{1,9});"
    r"|_x([0-9A-Fa-f]{4})_|\\N\{U\+([0-9A-Fa-f]{1,6})\}"
)
"""A character by its number, as programs, addresses and pages write it. Each way begins with a
letter, not with a repeat: then `re` passes over all others at once."""
_BASES = (16, 16, 16, 16, 16, 16, 8, 10, 16, 16)
_SHIFTED = re.compile(r"\+A[A-Za-z0-9/]{2,}-")
"""Letters of ASCII in UTF-7, which nobody need write so."""
_MAILBOX = re.compile(r"&A[A-Za-z0-9,]{10,}-")
"""The same in the notation of IMAP."""
_NAMED = re.compile(r"&[A-Za-z]{2,24};")
_REVERSED = re.compile("\u202e([^\u202c\u202e\n]{8,})")
"""What is drawn from right to left, letters of ASCII too."""
_QUOTED = re.compile(r"=[0-9A-F]{2}")


def hidden(text: str) -> Iterator[tuple[str, str]]:
    """Yield how words of a text are escaped, and those words as they read."""
    if "\u202e" in text:
        yield "reversed", "\n".join(found[1][::-1] for found in _REVERSED.finditer(text))
    for how, whole, mark, undo in _ways(text):
        plain = "\n".join(_undone(whole, mark, undo))
        if plain:
            yield how, plain


def _ways(text: str) -> Iterator[tuple[str, str, str, Callable[[str], str]]]:
    """Yield how words of it may be escaped, the text to look at, the sign that such a word holds,
    and what undoes it.
    """
    if "%" in text and not text.startswith("data:") and _PERCENT.search(text):
        yield "percent", text, "%", _from_percent
    if _has_signs(text) and _NUMBERED.search(text):
        yield "escaped", text, "", _from_numbers
    if "&" in text and _NAMED.search(text):
        yield "named", text, "&", _from_names
    if "=" in text and _QUOTED.search(text):
        joined = text.replace("=\r\n", "").replace("=\n", "")
        yield "quoted-printable", joined, "=", _from_quoted
    if "+" in text and _SHIFTED.search(text):
        yield "utf-7", text, "+", _from_utf7
    if "-" in text and _MAILBOX.search(text):
        yield "utf-7", text, "&", _from_mailbox


def _has_signs(text: str) -> bool:
    """Return True for a text in which a character may stand by its number."""
    return "\\" in text or "&" in text or "%u" in text or "_x" in text


def _undone(text: str, mark: str, undo: Callable[[str], str]) -> Iterator[str]:
    for token in TOKEN_BREAK.split(text):
        if len(token) > 3 and mark in token and (after := undo(token)) != token:
            yield after


def _from_percent(token: str) -> str:
    return text_of(unquote_to_bytes(token)) or token if _PERCENT.search(token) else token


def _from_quoted(token: str) -> str:
    if not _QUOTED.search(token):
        return token
    return text_of(quopri.decodestring(token.encode())) or token


def _from_utf7(token: str) -> str:
    return _SHIFTED.sub(_unshifted, token)


def _unshifted(match: re.Match[str]) -> str:
    return _unshifted_text(match[0])


def _unshifted_text(text: str) -> str:
    try:
        return text.encode("ascii").decode("utf-7")
    except UnicodeError:
        return text


def _from_mailbox(token: str) -> str:
    return _MAILBOX.sub(lambda found: _unshifted_text("+" + found[0][1:].replace(",", "/")), token)


def _from_names(token: str) -> str:
    """Undo character references twice: what was escaped once more is escaped still."""
    for _ in range(3):
        after = html.unescape(token) if _NAMED.search(token) or "&#" in token else token
        if after == token:
            break
        token = after
    return token


def _from_numbers(token: str) -> str:
    return _NUMBERED.sub(_unescaped, token)


def _unescaped(match: re.Match[str]) -> str:
    number = match.lastindex or 1
    code = int(match[number], _BASES[number - 1])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
