"""Text inside text: JSON in strings, base64, hex, data URLs, percent- and backslash-escaped
tokens.
"""

import binascii
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from classifiers.codecs.charset import text_of
from classifiers.codecs.magic import document_type, packed_as, picture_type
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.json_text import parse
from classifiers.decoding.mail import is_mail
from classifiers.payload import Path

MIN_RUN = 24
"""Shorter runs of base64 letters are words."""
_FEWEST_LETTERS = 6
"""A run of fewer different letters is a ruler of dashes, not data."""
_SMALLEST_PICTURE = 256
_SAMPLE = 4096
_KEPT_RUN = 1024
"""A longer string that is nothing but an encoded run is not given as text when it could be
decoded."""
_OPAQUE = 4096
"""An undecodable run below this size holds a key, a hash or a signature, and its text was given."""

_ALPHABET = bytes(
    1 if chr(byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-" else 0
    for byte in range(256)
)
_CONTROLS = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
_HIGH = bytes(range(128, 256))
_RUN = b"\1" * MIN_RUN
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#(?:[0-9]{2,6}|x[0-9A-Fa-f]{2,5});")
_TELLING_ESCAPE = re.compile(rb"\\[^nrtf]")
"""A JSON escape that may belong to a string inside the string, or hide a letter or a control
character."""
_TOKEN_BREAK = re.compile(r"[\s\"'<>`]+")
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.+-]+){0,4}),", re.ASCII)
_TAGS = b"\xf3\xa0"
"""How tags and variation selectors begin in UTF-8."""
_SPELLED = re.compile("[\U000e0020-\U000e007e\U000e0100-\U000e01ef\ufe00-\ufe0f]{6,}")
"""Text spelled in characters that nobody sees: tags stand for ASCII, variation selectors for
bytes."""
_OPAQUE_KEYS = frozenset(
    {
        "signature",
        "encrypted_content",
        "thoughtSignature",
        "thought_signature",
        "embedding",
        "embeddings",
    }
)


def worth_looking(data: bytes) -> bool:
    """True when some string in these bytes may hold a packed one; false means each string is what
    it looks like.
    """
    return (
        _RUN in data.translate(_ALPHABET)
        or b"%" in data
        or b"&" in data
        or b"data:" in data
        or (b"\\" in data and _TELLING_ESCAPE.search(data) is not None)
        or (not data.isascii() and _TAGS in data)
    )


def look(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Emit a text, unless it is empty, as a segment and queue what is packed in it."""
    if not text:
        return
    first = text[:1]
    if (
        len(text) < MIN_RUN
        and first not in '{["'
        and "%" not in text
        and "\\" not in text
        and "&" not in text
        and text.isascii()
    ):
        reading.emit(text, key, path)
        return
    if (
        first in '{["'
        and text[-1] in '}]"\n '
        and len(text) > 6
        and _json(reading, text, key, path, depth)
    ):
        return
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-16-le", "surrogatepass")
        text = raw.decode("utf-16-le", "replace")
        raw = text.encode()
    if "MIME-Version" in text and is_mail(raw):
        reading.later(Piece(raw, "message/rfc822", key, path, depth + 1))
        return
    if len(raw) < 4 or not unpack(reading, text, raw, key, path, depth):
        reading.emit(text, key, path)


def unpack(
    reading: Reading, text: str, raw: bytes, key: str | None, path: Path, depth: int
) -> bool:
    """Queue what is packed in a text (`raw` is its UTF-8); True when it is one packed run that
    needs no segment.
    """
    flags = raw.translate(_ALPHABET)
    swallowed = _RUN in flags and _runs(reading, raw, flags, key, path, depth)
    if not text.isascii() and _TAGS in raw:
        _invisible(reading, text, key, path, depth)
    if text.startswith("data:"):
        _data_urls(reading, text, key, path, depth)
    elif "%" in text and _PERCENT.search(text):
        _tokens(reading, text, "%", _from_percent, key, (*path, "(percent)"), depth)
    if ("\\" in text or "&" in text) and _ESCAPE.search(text):
        _tokens(reading, text, "", _from_escapes, key, (*path, "(escaped)"), depth)
    return swallowed


def _json(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> bool:
    try:
        value = parse(text, reading.limits)
    except (ValueError, OverflowError):
        return False
    if isinstance(value, str):
        return reading.later(Piece(value, "text/plain", key, path, depth + 1))
    if not value or not isinstance(value, dict | list):
        return False
    return reading.later(Piece(value, "application/json", key, path, depth + 1))


def _runs(
    reading: Reading, raw: bytes, flags: bytes, key: str | None, path: Path, depth: int
) -> bool:
    """Decode base64 and hex runs; True when the text is one long run and its content was queued in
    its place.
    """
    stripped = raw.translate(None, b"\r\n")
    wrapped = len(stripped) != len(raw) and raw.count(b"\n") * 20 < len(raw)
    if wrapped and b"\0" not in stripped.rstrip(b"=").translate(_ALPHABET):
        raw, flags = stripped, stripped.translate(_ALPHABET)
    swallowed = False
    for run in _each_run(raw, flags):
        if reading.runs >= reading.limits.runs:
            reading.cut("more encoded parts than are decoded", path)
            break
        reading.runs += 1
        known = _run(reading, run, key, path, depth)
        swallowed = known and len(run) > _KEPT_RUN and len(run) * 10 > len(raw) * 9
    return swallowed


def is_wrapped(data: bytes) -> bool:
    """True when a long text is nothing but lines of one encoded run."""
    if b"\0" in data[:_SAMPLE].translate(None, b"\r\n").rstrip(b"=").translate(_ALPHABET):
        return False
    stripped = data.translate(None, b"\r\n")
    return len(stripped) != len(data) and b"\0" not in stripped.rstrip(b"=").translate(_ALPHABET)


def encoded_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of the base64 and hex runs that decode to something known, or are long and
    opaque.
    """
    flags = data.translate(_ALPHABET)
    start = flags.find(_RUN)
    while start >= 0:
        end = flags.find(b"\0", start)
        end = len(flags) if end < 0 else end
        if _is_telling(data[start:end]):
            yield start, end
        start = flags.find(_RUN, end)


def _is_telling(run: bytes) -> bool:
    if len(run) >= _OPAQUE:
        return True
    if len(set(run[:64])) < _FEWEST_LETTERS:
        return False
    if len(run) >= 32 and _HEX.fullmatch(run):
        return _known(binascii.unhexlify(run)) is not None
    head = _base64(run[:64])
    return _known(head) is not None or _is_media(head, len(run))


def _each_run(raw: bytes, flags: bytes) -> Iterator[bytes]:
    start = flags.find(_RUN)
    while start >= 0:
        end = flags.find(b"\0", start)
        if end < 0:
            end = len(flags)
        yield raw[start:end]
        start = flags.find(_RUN, end)


def _run(reading: Reading, run: bytes, key: str | None, path: Path, depth: int) -> bool:
    """Queue what one run decodes to; True when it is known what that is."""
    if len(run) == 36 and run[8:9] == run[13:14] == run[18:19] == run[23:24] == b"-":
        return False
    if len(set(run[:64])) < _FEWEST_LETTERS:
        return False
    if len(run) >= 32 and _HEX.fullmatch(run):
        if (data := _known(binascii.unhexlify(run))) is not None:
            return _queue(reading, data, "", key, (*path, "(hex)"), depth)
        return False
    head = _base64(run[:64])
    if _known(head) is None and not _is_media(head, len(run)):
        return _opaque(reading, run, key, path)
    data = _base64(run)
    return _queue(reading, data, "", key, (*path, "(base64)"), depth)


def _opaque(reading: Reading, run: bytes, key: str | None, path: Path) -> bool:
    if len(run) < _OPAQUE or key in _OPAQUE_KEYS or len(set(run[:512])) < 30:
        return False
    reading.unread("encoded data in no known format", path)
    return True


def _base64(run: bytes) -> bytes:
    run = run.translate(_URLSAFE)
    spare = len(run) % 4
    run = run[:-1] if spare == 1 else run + b"=" * (-spare % 4)
    return binascii.a2b_base64(run)


def _is_media(head: bytes, length: int) -> bool:
    """True for the beginning of a document, or of a picture or sound larger than a pixel: names may
    begin like those.
    """
    return document_type(head) is not None or (
        length >= _SMALLEST_PICTURE and picture_type(head) is not None
    )


def _known(data: bytes) -> bytes | None:
    """Return the data when it is text or a packed stream; a cut last character does not matter."""
    if packed_as(data):
        return data
    head = data[:48]
    if len(head) < 12:
        return None
    if head.count(0) * 3 > len(head):
        return data if text_of(head[: len(head) & ~1]) else None
    if head.translate(None, _CONTROLS) != head:
        return None
    if head.isascii():
        return data
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return data if len(head.translate(None, _HIGH)) * 8 > len(head) * 7 else None
        text = head[: error.start].decode()
    return data if _few_strange(text) else None


def _few_strange(text: str) -> bool:
    """Random bytes that happen to read as text are full of odd letters; prose of any language is
    not of many blocks.
    """
    blocks = {ord(char) >> 8 for char in text if char.isalpha()}
    odd = sum(
        1
        for char in text
        if not (char.isalnum() or char.isspace() or char in "{}[]\":,.'-_/=+()@#;&?!*|<>")
    )
    return len(blocks) <= 2 and odd * 5 <= len(text)


def _queue(
    reading: Reading, data: bytes, media_type: str, key: str | None, path: Path, depth: int
) -> bool:
    return reading.later(Piece(data, media_type, key, path, depth + 1))


def _invisible(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Queue what is spelled in invisible characters."""
    for found in _SPELLED.finditer(text):
        data = bytes(map(_spelled_byte, found[0]))
        if not _queue(reading, data, "text/plain", key, (*path, "(invisible)"), depth):
            return


def _spelled_byte(char: str) -> int:
    code = ord(char)
    if code < 0xE0000:
        return code - 0xFE00
    return code - 0xE0000 if code < 0xE0100 else code - 0xE0100 + 16


def _data_urls(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Queue data URLs that are not base64, or too short a run (longer ones were queued as runs)."""
    at = 0
    while match := _DATA_URL.search(text, at):
        at = match.end()
        end = _TOKEN_BREAK.search(text, at)
        start, at = at, end.start() if end else len(text)
        if ";base64" in match[2]:
            short = text[start:at].rstrip("=").encode("ascii", "replace")
            if len(short) >= MIN_RUN or b"\0" in short.translate(_ALPHABET):
                continue
            data = _base64(short)
        else:
            data = unquote_to_bytes(text[start:at])
        if data and not _queue(
            reading, data, match[1] or "text/plain", key, (*path, "(data URL)"), depth
        ):
            return


def _tokens(
    reading: Reading,
    text: str,
    mark: str,
    undo: Callable[[str], str],
    key: str | None,
    path: Path,
    depth: int,
) -> None:
    """Queue the tokens whose escapes hide what they say."""
    tokens = [token for token in _TOKEN_BREAK.split(text) if len(token) > 3 and mark in token]
    plain = [after for token in tokens if (after := undo(token)) != token]
    if plain:
        reading.later(Piece("\n".join(plain), "text/plain", key, path, depth + 1))


def _from_percent(token: str) -> str:
    if not _PERCENT.search(token):
        return token
    data = unquote_to_bytes(token)
    return text_of(data) or token


def _from_escapes(token: str) -> str:
    return _ESCAPE.sub(_unescape, token)


def _unescape(match: re.Match[str]) -> str:
    found = match[0]
    digits = found[2:] if found[0] == "\\" else found[2:-1]
    code = int(digits.lstrip("x"), 16) if found[0] == "\\" or digits[0] == "x" else int(digits)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
