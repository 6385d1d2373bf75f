"""Forms: urlencoded bodies and query strings, and multipart bodies with their files."""

import binascii
import quopri
import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_to_bytes

from classifiers.codecs.charset import text_of
from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.decoding import packed, pieces
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.field_names import LabelBefore, emit_births
from classifiers.decoding.names import NAME, read_name, telling
from classifiers.decoding.part_heads import decoded_words, read_head
from classifiers.payload import Carrier, Path

type _Heads = list[tuple[str, str]]

_MAX_FIELDS = 5_000
_LONG_NAME = 20
_FEWEST_PIECES = 2
_RETURN = ord("\r")
_FIRST = 256
"""Bytes of a part by which most are no blanks: parts are as large as files."""
_LONGEST_LABEL = 200
_EXTENDED = re.compile(r"\b(name|filename)\*=[\w-]{0,40}'[\w-]{0,40}'([^;\s]+)", re.IGNORECASE)
"""Names in the extended notation of RFC 5987, as some clients write them."""


def read_pairs(reading: Reading, text: str, path: Path = (), depth: int = 0) -> None:
    """Emit the pairs of an urlencoded text: `+` is a space, names become keys."""
    named: dict[str, list[str]] = {}
    labels = LabelBefore()
    for count, pair in enumerate(text.split("&")):
        if count >= _MAX_FIELDS:
            reading.cut("more form fields than are read", path)
            return
        name, equals, value = pair.partition("=")
        name, value = decode_field(name), decode_field(value)
        if not equals:
            name, value = "", name
        if value:
            key = labels.key_of(name, value) or None
            packed.look(reading, value, key, (*path, name) if name else path, depth)
            named.setdefault(name, []).append(value)
        _name(reading, name, path)
    if len(named) > _FEWEST_PIECES:
        emit_births(reading, {name: values[0] for name, values in named.items()}, path)
    for name, values in named.items():
        if len(values) > _FEWEST_PIECES and (whole := pieces.of_list(values)):
            kind = "text/plain" if isinstance(whole, str) else ""
            reading.later(Piece(whole, kind, name, (*path, name, "(together)"), depth + 1))


def _name(reading: Reading, name: str, path: Path) -> None:
    """Emit the name of a field that may be a value itself."""
    if reading.carrier is Carrier.QUERY:  # names.read_query_names reads these
        return
    if len(name) >= _LONG_NAME or telling(name):
        read_name(reading, name, (*path, NAME))


def decode_field(text: str) -> str:
    """Undo `+` and percent-encoding."""
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    data = unquote_to_bytes(text)
    decoded = text_of(data)
    return data.decode("latin-1") if decoded is None else decoded


def read_multipart(
    reading: Reading, data: bytes, boundary: str | None, path: Path, depth: int
) -> bool:
    """Queue the parts of a multipart body; False when it has none."""
    raw = boundary_of(data, boundary)
    if not raw:
        return False
    found = False
    labels = LabelBefore()
    for headers, content in _parts(reading, data, raw, path):
        found = True
        _read_part(reading, headers, content, path, depth, labels)
    return found


def boundary_of(data: bytes, declared: str | None) -> bytes:
    """Return what parts the parts of a form that begins so; nothing where nothing says it."""
    return declared.encode("latin-1", "replace") if declared else _guess_boundary(data)


def _guess_boundary(data: bytes) -> bytes:
    start = data.lstrip(b"\r\n")[:80]
    line = start.split(b"\r\n", 1)[0]
    return (
        line[2:] if line.startswith(b"--") and 0 < len(line) - 2 <= 70 and b"\r\n" in start else b""
    )


def _parts(
    reading: Reading, data: bytes, boundary: bytes, path: Path
) -> Iterator[tuple[_Heads, bytes]]:
    """Split leniently on the boundary: a preamble is text too, a missing end is no reason to
    stop.
    """
    mark = b"--" + boundary
    at = data.find(mark)
    if at < 0:
        return
    if data[:at].strip():
        yield [], data[:at]
    for _ in range(_MAX_FIELDS):
        at += len(mark)
        if data[at : at + 2] == b"--":
            if data[at + 2 :].strip():
                yield [], data[at + 2 :]
            return
        end = data.find(b"\n" + mark, at)
        stop = end - (data[end - 1] == _RETURN) if end >= 0 else len(data)
        if stop <= at or (data[at : at + _FIRST].isspace() and data[at:stop].isspace()):
            return
        yield _split_part(data, at, stop)
        if end < 0:
            if reading.ends:
                reading.unread("the multipart body ends inside a part", path)
            return
        at = end + 1
    reading.cut("more form fields than are read", path)


def _split_part(data: bytes, at: int, stop: int) -> tuple[_Heads, bytes]:
    """Return the heads and the content of the part that stands there, which may be large: it is
    copied once.
    """
    start = _line_end(data, at)
    behind = _line_end(data, start)
    if start < behind <= stop and data[behind - 1 : behind] == b"\n":
        return [], data[behind:stop]
    gap = b"\r\n\r\n" if data.find(b"\r\n\r\n", start, stop) >= 0 else b"\n\n"
    end = data.find(gap, start, stop)
    if end < 0 and b":" not in data[start : min(start + 200, stop)]:
        return [], data[start:stop]
    head, content = data[start : stop if end < 0 else end], b""
    if end >= 0:
        content = data[end + len(gap) : stop]
    return head_of(head), content


def head_of(head: bytes) -> list[tuple[str, str]]:
    """Return the names and values in the head of a part."""
    headers: list[tuple[str, str]] = []
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").splitlines():
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        headers.append((name.strip(), value.strip()) if colon else ("", name.strip()))
    return headers


def _line_end(data: bytes, at: int) -> int:
    """Return where a line end that begins here is over; the same place where none does."""
    at += data[at : at + 1] == b"\r"
    return at + (data[at : at + 1] == b"\n")


def _read_part(
    reading: Reading,
    heads: _Heads,
    content: bytes,
    path: Path,
    depth: int,
    labels: LabelBefore,
) -> None:
    headers = {name.lower(): value for name, value in heads}
    disposition = headers.get("content-disposition", "")
    _, fields = split_header(disposition)
    known = (fields.get("name", ""), fields.get("filename", ""))
    for extended in _EXTENDED.finditer(disposition):
        fields.setdefault(extended[1].lower(), decode_field(extended[2].replace("+", "%2B")))
    fields = {key: decoded_words(value) for key, value in fields.items()}
    name, filename = fields.get("name"), fields.get("filename")
    media_type = headers.get("content-type", "")
    here = (*path, name) if name else path
    _name(reading, name or "", path)
    for header, value in heads:
        read_head(reading, header, value, here, depth, known)
    if filename and len(filename) > 5:
        shown = unquote(filename) if "%" in filename else filename
        packed.look(reading, shown, "filename", (*here, "filename"), depth)
    content = _transfer_decoded(content, headers.get("content-transfer-encoding", "").lower())
    if coding := headers.get("content-encoding"):
        undone = undo_content_encoding(content, coding, reading.limits)
        content = reading.undone(undone, here, depth)
    if content:
        short = content[:_LONGEST_LABEL].decode("utf-8", "replace")
        key = labels.key_of(name, short) or None if name else None
        reading.later(Piece(content, media_type, key, here, depth + 1, filename))


def _transfer_decoded(content: bytes, coding: str) -> bytes:
    if coding == "quoted-printable":
        return quopri.decodestring(content)
    if coding == "base64":
        try:
            return binascii.a2b_base64(content)
        except binascii.Error:
            return content
    return content


def split_header(value: str) -> tuple[str, dict[str, str]]:
    """Split a header such as `content-type` into its value (lower case) and its parameters."""
    if ";" not in value:
        return value.strip().lower(), {}
    from python_multipart.multipart import parse_options_header

    main, options = parse_options_header(value.encode("utf-8", "replace"))
    fields = {
        key.decode("utf-8", "replace").lower(): option.decode("utf-8", "replace")
        for key, option in options.items()
    }
    return main.decode("utf-8", "replace").strip().lower(), fields
