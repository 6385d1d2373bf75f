"""Text inside text: JSON in strings, base64, hex, data URLs, percent- and backslash-escaped
tokens.
"""

import binascii
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from urllib.parse import unquote_to_bytes

from classifiers.codecs import bases
from classifiers.codecs.magic import document_type
from classifiers.decoding import (
    column_lines,
    dumps,
    escapes,
    in_prose,
    number_bases,
    number_forms,
    runs,
    spelled,
    unseen,
)
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.decoded import begins_file, known, read_decoded
from classifiers.decoding.json_text import parse
from classifiers.decoding.mail import is_mail
from classifiers.payload import Path
from core.vocabulary.unread import UnreadKind

MIN_RUN = 24
"""Shorter runs of base64 letters are words."""
_FEWEST_DIGITS, _FEWEST_LETTERS = 2, 4
"""A run of fewer different letters is a ruler of dashes, not data."""
_SAMPLE = 4096
_KEPT_RUN = 1024
"""A longer string that is nothing but an encoded run is not given as text when it could be
decoded."""
_OPAQUE = 690
"""Letters of an undecodable run that may be more than a signature."""

_DIGITS = frozenset("0123456789+-")

ALPHABET = bytes(
    1 if chr(byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-" else 0
    for byte in range(256)
)
RUN = b"\1" * MIN_RUN
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_HEX_INSIDE = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,}")
_TEXT_FILES = (b"%", b"{\\", b"(dp", b"(lp", b"c", b"age-", b"----")
"""Files that can stand in a text as they are."""
ENCRYPTED = b"BEGIN PGP MESSAGE--"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
CONTROLS = bytes((*range(9), *range(14, 32), 127))
"""Those of ASCII."""
_HIGH = bytes(range(128, 256))
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.+-]+){0,4}),", re.ASCII)


def look(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Emit a text, unless it is empty, as a segment and queue what is packed in it."""
    if not text:
        return
    first = text[:1]
    if first in _DIGITS and (digits := number_forms.of_text(text)) is not None:
        reading.emit(digits, key, path)
    if len(text) < MIN_RUN and first not in '{["' and _is_bare(text):
        reading.emit(text, key, path)
        return
    if first in '{["' and _json(reading, text, key, path, depth):
        return
    text, raw = _encoded(text)
    if _is_message(raw):
        reading.later(Piece(raw, "message/rfc822", key, path, depth + 1))
        return
    if len(raw) < 4 or not unpack(reading, text, raw, key, path, depth):
        reading.emit(text, key, path)


def _is_bare(text: str) -> bool:
    """Return whether every letter stands for itself: none begins an escape, and all are seen."""
    return (
        "%" not in text
        and "\\" not in text
        and "&" not in text
        and text.isascii()
        and text.isprintable()
    )


def _is_message(raw: bytes) -> bool:
    return b"MIME-Version" in raw and is_mail(raw)


def _encoded(text: str) -> tuple[str, bytes]:
    """Return a text and its UTF-8; halves of surrogates are put together, or replaced."""
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text, text.encode()


def unpack(
    reading: Reading,
    text: str,
    raw: bytes,
    key: str | None,
    path: Path,
    depth: int,
    *,
    column: bool = False,
) -> bool:
    """Queue what is packed in a text (`raw` is its UTF-8); True when it is one packed run that
    needs no segment. `column`: each line is a value of its own, and none goes on in the next.
    """
    flags = raw.translate(ALPHABET)
    swallowed = RUN in flags and _runs(reading, raw, flags, key, path, depth, column)
    if not text.isascii():
        _unseen(reading, text, raw, key, path, depth)
    if text.startswith("data:"):
        _data_urls(reading, text, key, path, depth)
    for how, plain in escapes.hidden(text):
        reading.later(Piece(plain, "text/plain", key, (*path, f"({how})"), depth + 1))
    if raw.startswith(_TEXT_FILES) and document_type(raw) is not None:
        read_decoded(reading, raw, key, (*path, "(file)"), depth)
    elif ENCRYPTED in raw and document_type(raw) is None:
        reading.unread("encrypted text (PGP)", path, UnreadKind.ENCRYPTED)
    if b"=ybegin " in raw and (parts := dumps.without_yenc(text.encode("latin-1", "replace"))):
        read_decoded(reading, parts[0], key, (*path, "(yEnc)"), depth)
    if _has_controls(text, raw):
        _bytes_as_letters(reading, text, key, (*path, "(bytes)"), depth)
    if column:
        _spelled(reading, column_lines.worth_reading(raw, MIN_RUN), key, path, depth)
    elif len(raw) >= MIN_RUN:
        if spelled.worth_reading(raw):
            _spelled(reading, (raw,), key, path, depth)
        _in_prose(reading, text, key, path, depth)
    return swallowed


def _in_prose(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Queue what parts of a text say once who reads it has put them together."""
    for how, said in in_prose.read(text):
        if not reading.later(Piece(said, "text/plain", key, (*path, f"({how})"), depth + 1)):
            break


def _has_controls(text: str, raw: bytes) -> bool:
    if len(raw) == len(text):  # ASCII alone
        return len(raw.translate(None, CONTROLS)) < len(raw)
    return _CONTROL.search(text) is not None


def _bytes_as_letters(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Queue what a string is whose letters are bytes, as careless programs write them, and words
    that such a letter parts.
    """
    _apart(reading, text.encode("utf-8", "replace"), key, path, depth)
    data = bytes_in(text)
    if data is None or read_decoded(reading, data, key, path, depth, new=False):
        return
    high = len(data) - len(data.translate(None, _HIGH))
    if high * 4 > len(data) >= MIN_RUN:
        reading.unread("bytes written as letters, in no known format", path)


def bytes_in(text: str) -> bytes | None:
    """Return the bytes that the letters of a string stand for; None for a string that is text."""
    strange = len(_CONTROL.findall(text))
    if not strange or strange * 50 < len(text):
        return None
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("cp1252", "replace")


def _spelled(
    reading: Reading, texts: Sequence[bytes], key: str | None, path: Path, depth: int
) -> None:
    """Queue what is spelled in texts otherwise than in one run."""
    for number, found in enumerate(f for text in texts for f in spelled.stretches(text)):
        if reading.runs >= reading.limits.runs:
            reading.cut("more encoded parts than are decoded", path)
            return
        reading.runs += 1
        if found.how == "numbers" and _are_counts(found.data):
            continue
        read_decoded(reading, found.data, key, (*path, f"({found.how} {number})"), depth)


def _are_counts(data: bytes) -> bool:
    """True for ages, counts and the like, which are no text and no file."""
    return data.isascii() and known(data) is None and document_type(data) is None


def _json(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> bool:
    if text[-1] not in '}]"\n ' or len(text) <= 6:
        return False
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
    reading: Reading,
    raw: bytes,
    flags: bytes,
    key: str | None,
    path: Path,
    depth: int,
    column: bool,
) -> bool:
    """Decode base64 and hex runs; True when the text is one long run and its content was queued in
    its place.
    """
    stripped = raw.translate(None, b"\r\n")
    wrapped = len(stripped) != len(raw) and raw.count(b"\n") * 20 < len(raw)
    if (
        wrapped
        and not column
        and runs.are_even(raw)
        and b"\0" not in stripped.rstrip(b"=").translate(ALPHABET)
    ):
        raw, flags = stripped, stripped.translate(ALPHABET)
    swallowed = False
    for run in runs.each(raw, flags, RUN, column):
        if reading.runs >= reading.limits.runs:
            reading.cut("more encoded parts than are decoded", path)
            break
        reading.runs += 1
        known = _run(reading, run, key, path, depth)
        swallowed = known and len(run) > _KEPT_RUN and len(run) * 10 > len(raw) * 9
    return swallowed


def is_wrapped(data: bytes) -> bool:
    """True when a long text is nothing but lines of one encoded run."""
    if b"\0" in data[:_SAMPLE].translate(None, b"\r\n").rstrip(b"=").translate(ALPHABET):
        return False
    stripped = data.translate(None, b"\r\n")
    return len(stripped) != len(data) and b"\0" not in stripped.rstrip(b"=").translate(ALPHABET)


def encoded_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of the base64 and hex runs that decode to something known, or are long and
    opaque.
    """
    flags = data.translate(ALPHABET)
    start = flags.find(RUN)
    while start >= 0:
        end = flags.find(b"\0", start)
        end = len(flags) if end < 0 else end
        if _is_telling(data[start:end]):
            yield start, end
        start = flags.find(RUN, end)


def _is_telling(run: bytes) -> bool:
    if len(run) >= _OPAQUE:
        return True
    if _is_ruler(run, _FEWEST_LETTERS):
        return False
    if len(run) >= 32 and _HEX.fullmatch(run):
        return known(binascii.unhexlify(run)) is not None
    head = _base64(run[:64])
    if known(head) is not None or begins_file(head, len(run)):
        return True
    if runs.is_sequence(run):
        return False
    return any(
        known(data) is not None or begins_file(data[:48], len(run))
        for data in chain(bases.base_32(run), number_bases.read(run))
    )


def _is_ruler(run: bytes, fewest: int) -> bool:
    """True for a run of fewer different letters than any data have: what begins with zeros only
    may be data.
    """
    return len(set(run[:64])) < fewest and len(set(run)) < fewest


def _run(reading: Reading, run: bytes, key: str | None, path: Path, depth: int) -> bool:
    """Queue what one run decodes to; True when it is known what that is."""
    if len(run) == 36 and run[8:9] == run[13:14] == run[18:19] == run[23:24] == b"-":
        return False
    is_hex = len(run) >= 32 and _HEX.fullmatch(run) is not None
    if _is_ruler(run, _FEWEST_DIGITS if is_hex else _FEWEST_LETTERS):
        return False
    if is_hex:
        return _from_hex(reading, run, key, path, depth)
    if runs.is_sequence(run) and known(_base64(run)) is None:
        return False
    for data in bases.base_32(run):
        if read_decoded(reading, data, key, (*path, "(base32)"), depth):
            return True
    if read_decoded(reading, _base64(run), key, (*path, "(base64)"), depth):
        return True
    if _number(reading, run, key, path, depth):
        return True
    inner = _HEX_INSIDE.search(run)
    if inner is not None:
        read_decoded(reading, binascii.unhexlify(inner[0]), key, (*path, "(hex)"), depth)
    return False


def _from_hex(reading: Reading, run: bytes, key: str | None, path: Path, depth: int) -> bool:
    """Queue what digits of hex say, or a decimal number; True when it is known what that is."""
    if read_decoded(reading, binascii.unhexlify(run), key, (*path, "(hex)"), depth):
        return True
    return run.isdigit() and _number(reading, run, key, path, depth)


def _number(reading: Reading, run: bytes, key: str | None, path: Path, depth: int) -> bool:
    return any(
        read_decoded(reading, data, key, (*path, "(number)"), depth)
        for data in number_bases.read(run)
    )


def _base64(run: bytes) -> bytes:
    run = run.translate(_URLSAFE)
    spare = len(run) % 4
    run = run[:-1] if spare == 1 else run + b"=" * (-spare % 4)
    return binascii.a2b_base64(run)


def _queue(
    reading: Reading, data: bytes, media_type: str, key: str | None, path: Path, depth: int
) -> bool:
    return reading.later(Piece(data, media_type, key, path, depth + 1))


def _unseen(
    reading: Reading, text: str, raw: bytes, key: str | None, path: Path, depth: int
) -> None:
    """Queue what is written in characters that nobody sees, between them, or in those of another
    block.
    """
    _apart(reading, raw, key, path, depth)
    if unseen.may_be_spelled(raw):
        for data in unseen.spelled(text):
            if not _queue(reading, data, "text/plain", key, (*path, "(invisible)"), depth):
                break
    for how, data in unseen.shifted(text):
        read_decoded(reading, data, key, (*path, f"({how})"), depth)
    if unseen.holds_mixed(text):
        reading.unread("letters of many scripts in one word, as encodings have", path)


def _apart(reading: Reading, raw: bytes, key: str | None, path: Path, depth: int) -> None:
    """Queue words that only what nobody sees parts from other letters."""
    if words := unseen.glued(raw):
        _queue(reading, words, "text/plain", key, (*path, "(apart)"), depth)


def _data_urls(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Queue data URLs that are not base64, or too short a run (longer ones were queued as runs)."""
    at = 0
    while match := _DATA_URL.search(text, at):
        at = match.end()
        end = escapes.TOKEN_BREAK.search(text, at)
        start, at = at, end.start() if end else len(text)
        if ";base64" in match[2]:
            short = text[start:at].rstrip("=").encode("ascii", "replace")
            if len(short) >= MIN_RUN or b"\0" in short.translate(ALPHABET):
                continue
            data = _base64(short)
        else:
            data = unquote_to_bytes(text[start:at])
        if data and not _queue(
            reading, data, match[1] or "text/plain", key, (*path, "(data URL)"), depth
        ):
            return
