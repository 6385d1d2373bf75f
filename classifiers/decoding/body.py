"""Any piece of payload, dispatched by what its bytes are and then by what it claims to be."""

import binascii
import re
from typing import Any

import orjson

from classifiers.codecs.charset import text_of
from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.magic import document_type, packed_as, picture_type
from classifiers.decoding import binary, delimited, forms, packed, xml_text
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.json_text import parse
from classifiers.decoding.json_walk import read_lenient, walk
from classifiers.payload import Path
from core.text import printable

_ESCAPED_CONTROL = re.compile(rb"\\u00|\\b")
"""How JSON writes control characters but the last."""
_MSGPACK = frozenset({"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"})
_PROTOBUF = frozenset(
    {
        "application/x-protobuf",
        "application/protobuf",
        "application/vnd.google.protobuf",
        "application/x-google-protobuf",
    }
)
_OCTETS = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/binary"})
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_MAX_LINES = 100_000
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_SHORT = 8
"""Binary data shorter than this is a sign of life, not a message."""


def drain(reading: Reading) -> None:
    """Read queued pieces until none is left."""
    outer = reading.carrier, reading.label
    while reading.pending:
        reading.carrier, reading.label, piece = reading.pending.popleft()
        read_piece(reading, piece)
    reading.carrier, reading.label = outer


def read_piece(reading: Reading, piece: Piece) -> None:
    """Read one piece by what it is."""
    data = piece.data
    if isinstance(data, bytes):
        media_type, parameters = forms.split_header(piece.media_type)
        _read_bytes(reading, piece, data, media_type, parameters)
    elif isinstance(data, str):
        packed.look(reading, data, piece.key, piece.path, piece.depth)
    else:
        walk(reading, data, piece.key, piece.path, piece.depth)


def read_body(
    reading: Reading,
    data: bytes,
    content_type: str,
    coding: str | None = None,
    name: str | None = None,
) -> Any:
    """Read a request's body and all in it; return its JSON when it is JSON. The common case is the first one.

    `coding` is what packed gRPC messages are packed with, `name` the file name of an upload.
    """
    media_type, parameters = forms.split_header(content_type)
    reading.payload.media_type = media_type
    root = None
    if data[:1] in (b"{", b"[") and len(data) < 1 << 20:
        try:
            root = parse(data, reading.limits)
        except (ValueError, OverflowError):
            root = None
    if root is not None:
        deep = packed.worth_looking(data)
        if b"\x7f" in data or (b"\\" in data and _ESCAPED_CONTROL.search(data)):
            reading.payload.controls = True
        walk(reading, root, None, (), 0, deep=deep)
        if reading.pending:
            drain(reading)
        return root
    reading.payload.controls = True
    if media_type.startswith("application/grpc"):
        _read_grpc(reading, data, media_type, coding)
    else:
        reading.label = f"attachment {printable(name, 120)}" if name else None
        root = _read_bytes(
            reading, Piece(data, content_type, None, (), 0, name), data, media_type, parameters
        )
    drain(reading)
    return root


def _read_grpc(reading: Reading, data: bytes, media_type: str, coding: str | None) -> None:
    if media_type.startswith("application/grpc-web-text"):
        try:
            data = binascii.a2b_base64(data)
        except binascii.Error:
            reading.unread("the gRPC-web text is no base64", ())
    if not binary.read_grpc(reading, data, coding, (), 0):
        reading.unread("the gRPC framing is broken", ())
        binary.read_runs(reading, data, (), 0)


def _read_bytes(
    reading: Reading, piece: Piece, data: bytes, media_type: str, parameters: dict[str, str]
) -> Any:
    if not data:
        return None
    if media_type.startswith("multipart/") or (
        not media_type and data[:2] == b"--" and b"ontent-" in data[:1000]
    ):
        if forms.read_multipart(reading, data, parameters.get("boundary"), piece.path, piece.depth):
            return None
        reading.unread("the multipart body cannot be split into its parts", piece.path)
    if _read_by_magic(reading, piece, data, media_type):
        return None
    if media_type == _EVENT_STREAM and binary.read_event_stream(
        reading, data, piece.path, piece.depth
    ):
        return None
    if media_type in _MSGPACK and binary.read_msgpack(
        reading, data, piece.path, piece.depth, declared=True
    ):
        return None
    if media_type in _PROTOBUF and binary.read_protobuf(reading, data, piece.path, piece.depth):
        return None
    if (
        media_type in _OCTETS
        and _starts_msgpack(data)
        and binary.read_msgpack(reading, data, piece.path, piece.depth)
    ):
        return None
    text = text_of(data, parameters.get("charset"))
    if text is None:
        _read_binary(reading, piece, data, media_type)
        return None
    return _read_text(reading, piece, data, text, media_type)


def _read_by_magic(reading: Reading, piece: Piece, data: bytes, media_type: str) -> bool:
    """Unpack a stream, put a document aside, name a picture; False when the first bytes name none of them."""
    coding = packed_as(data)
    if coding and not _is_tar(piece.name):
        undone = undo_content_encoding(data, coding, reading.limits)
        plain = reading.undone(undone, piece.path, piece.depth)
        name = piece.name.rpartition(".")[0] if piece.name else None
        kind = (
            ""
            if media_type in _OCTETS or "zip" in media_type or "zstd" in media_type
            else media_type
        )
        return (
            reading.later(Piece(plain, kind, piece.key, piece.path, piece.depth + 1, name)) or True
        )
    document = "application/gzip" if coding else document_type(data)
    if document:
        reading.document(data, document, piece.name, piece.path)
        return True
    picture = picture_type(data)
    declared = media_type.startswith(
        ("image/", "audio/", "video/", "font/")
    ) and not media_type.endswith("+xml")
    if picture or (declared and text_of(data[:4096]) is None):
        kind = picture or media_type
        reading.unread(
            f"{_KINDS.get(kind.partition('/')[0], 'a file')} ({kind[:60]}) is not read", piece.path
        )
        return True
    return False


_KINDS = {"image": "a picture", "audio": "sound", "video": "a film", "font": "a font"}


def _is_tar(name: str | None) -> bool:
    return (name or "").lower().endswith((".tar.gz", ".tgz", ".tar.zst"))


def _read_text(reading: Reading, piece: Piece, data: bytes, text: str, media_type: str) -> Any:
    path, depth = piece.path, piece.depth
    start = text[:64].lstrip("﻿ \t\r\n")[:1]
    if start and (start in "{[" or "json" in media_type):
        read, root = _read_json(reading, piece, text, media_type)
        if read:
            return root
    if media_type == "application/x-www-form-urlencoded" and start not in ("{", "["):
        forms.read_pairs(reading, text.strip(), path, depth)
        return None
    if ("xml" in media_type or "html" in media_type or start == "<") and xml_text.looks_like_markup(
        text
    ):
        xml_text.read_markup(reading, text, path, depth)
        return None
    if delimiter := delimited.delimiter_of(text, media_type, piece.name):
        if len(data) > reading.limits.inline_table_bytes:
            plain = len(text) == len(data) or "charset" not in piece.media_type
            reading.document(
                data if plain else text.encode("utf-8", "replace"), "text/csv", piece.name, path
            )
            return None
        if delimited.read_delimited(reading, text, delimiter, path):
            return None
    read_plain(reading, text, piece.key, path, depth)
    return None


def _read_json(reading: Reading, piece: Piece, text: str, media_type: str) -> tuple[bool, Any]:
    """Read JSON, else JSON lines, else the strings of broken JSON; (False, None) when it never was JSON."""
    try:
        root = parse(text.lstrip("﻿"), reading.limits)
    except OverflowError:
        reading.payload.cut = True
        return _lenient(
            reading,
            piece,
            text,
            "the JSON is larger than is parsed: its strings were read one by one",
        )
    except ValueError:
        if _read_lines(reading, piece, text):
            return True, None
        if text[:1] not in "{[" and "json" not in media_type:
            return False, None
        root = _loose(text)
        if root is None:
            reason = "the JSON is malformed: its strings were read one by one"
            return _lenient(reading, piece, text, reason if "json" in media_type else None)
    if isinstance(root, str):
        packed.look(reading, root, piece.key, piece.path, piece.depth)
    else:
        walk(reading, root, piece.key, piece.path, piece.depth)
    return True, root if piece.depth == 0 else None


def _loose(text: str) -> Any:
    """Parse what Python's own `json` writes and strict JSON is not: NaN, Infinity, lone surrogates."""
    if len(text) > 1 << 20 or not (
        "NaN" in text or "Infinity" in text or "\\ud" in text or "\\uD" in text
    ):
        return None
    import json

    try:
        return json.loads(_LONE_SURROGATE.sub(r"\\ufffd", text))
    except (ValueError, RecursionError):
        return None


def _lenient(reading: Reading, piece: Piece, text: str, reason: str | None) -> tuple[bool, Any]:
    if reason:
        reading.unread(reason, piece.path)
    found = read_lenient(reading, text, piece.path, piece.depth)
    if not reason or not found:
        read_plain(reading, text, piece.key, piece.path, piece.depth)
    return True, None


def _read_lines(reading: Reading, piece: Piece, text: str) -> bool:
    """Read JSON lines (also the event lines of a stream); False unless nearly every line is JSON."""
    lines = [line for line in (line.strip("\x1e \r") for line in text.split("\n")) if line]
    if (
        len(lines) < 2
        or len(lines) > _MAX_LINES
        or (len(lines) > 4 and text.count("\n{") + text.count("\n[") == 0)
    ):
        return False
    values: list[Any] = []
    bad: list[int] = []
    for number, line in enumerate(lines):
        try:
            values.append(orjson.loads(line))
        except ValueError:
            bad.append(number)
            if len(bad) > 1 + len(lines) // 20:
                return False
    walk(reading, values, piece.key, piece.path, piece.depth)
    for number in bad:
        cut = (number == 0 and not reading.begins) or (
            number == len(lines) - 1 and not reading.ends
        )
        if not cut:
            reading.unread("a line of the JSON lines is malformed", piece.path)
        read_lenient(reading, lines[number], piece.path, piece.depth)
    return True


def read_plain(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Emit plain text, long text in slices cut at line ends."""
    size, at = reading.limits.text_slice, 0
    if len(text) <= size:
        if text and not text.isspace():
            packed.look(reading, text, key, path, depth)
        return
    while at < len(text):
        end = at + size
        if end < len(text):
            end = (
                max(
                    text.rfind("\n", at + size // 2, end),
                    text.rfind(" ", at + size // 2, end),
                    at + size // 2,
                )
                + 1
            )
        packed.look(reading, text[at:end], key, path, depth)
        at = end


def _read_binary(reading: Reading, piece: Piece, data: bytes, media_type: str) -> None:
    """Read binary data that names itself by nothing: try the formats without a mark, else its readable runs."""
    if media_type in _OCTETS and len(data) < 1 << 22:
        before = _amount(reading)
        framed = data[0] == 0 and len(data) > 5 and 0 < int.from_bytes(data[1:5]) <= len(data) - 5
        read = framed and binary.read_grpc(reading, data, None, piece.path, piece.depth)
        read = read or binary.read_protobuf(reading, data, piece.path, piece.depth)
        if read and _amount(reading) > before:
            return
    if len(data) >= _SHORT or media_type not in _OCTETS:
        reading.unread(
            "binary data in no known format: only its readable parts were read", piece.path
        )
    binary.read_runs(reading, data, piece.path, piece.depth)


def _amount(reading: Reading) -> int:
    return len(reading.payload.segments) + len(reading.pending)


def _starts_msgpack(data: bytes) -> bool:
    """True when the first byte opens a msgpack map or array, as no UTF-8 text does (but for some two-byte letters)."""
    return 0x80 <= data[0] < 0xA0 or 0xDC <= data[0] <= 0xDF
