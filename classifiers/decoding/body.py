"""Any piece of payload, dispatched by what its bytes are and then by what it claims to be."""

import re
from typing import Any

from classifiers.codecs import bases
from classifiers.codecs.charset import as_it_stands, holds_binary, is_damaged, is_wide, text_of
from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.magic import document_type, packed_as, picture_type
from classifiers.codecs.media import media_in
from classifiers.codecs.number_vectors import characters
from classifiers.codecs.unnamed import coding_by_content
from classifiers.decoding import (
    binary,
    delimited,
    dump_lines,
    dumps,
    forms,
    lone_token,
    looking,
    mail,
    packed,
    pieces,
    xml_text,
)
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.json_body import read_json
from classifiers.decoding.json_text import parse
from classifiers.decoding.json_walk import walk
from classifiers.decoding.plain_text import read_plain
from classifiers.decoding.repeats import without_repeats
from classifiers.payload import Path
from core.discreet import name_shown
from core.text import printable
from core.vocabulary.unread import WORDS

_PLAIN_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1"})
HIDDEN = "binary data among text: only its readable parts were read"
_ESCAPED_CONTROL = re.compile(rb"\\u00|\\b")
"""How JSON writes control characters but the last."""
_MSGPACK = frozenset({"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"})
_SCHEMALESS = ("/cbor", "+cbor", "/cbor-seq", "bson")
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
_FORM = "application/x-www-form-urlencoded"
_BASE_64_TEXT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n \t"
_BEGINNING = 400
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
        data = _read_once(reading, data, piece.path)
        media_type, parameters = forms.split_header(piece.media_type)
        _read_bytes(reading, piece, data, media_type, parameters)
    elif isinstance(data, str):
        packed.look(reading, data, piece.key, piece.path, piece.depth)
    else:
        walk(reading, data, piece.key, piece.path, piece.depth)


def _read_once(reading: Reading, data: bytes, path: Path) -> bytes:
    """Return the data without what it repeats over megabytes, and say so."""
    once = without_repeats(data)
    if len(once) < len(data):
        reading.unread("one text repeated over megabytes was read once", path)
    return once


def read_body(
    reading: Reading,
    data: bytes,
    content_type: str,
    coding: str | None = None,
    name: str | None = None,
) -> Any:
    """Read a request's body and all in it; return its JSON when it is JSON. The common case is the
    first one.

    `coding` is what packed gRPC messages are packed with, `name` the file name of an upload.
    """
    media_type, parameters = forms.split_header(content_type)
    reading.payload.media_type = media_type
    data = _read_once(reading, data, ())
    root = None
    if data[:1] in (b"{", b"[") and len(data) < 1 << 20:
        try:
            root = parse(data, reading.limits)
        except (ValueError, OverflowError):
            root = None
    if root is not None:
        deep = looking.worth_looking(data)
        if b"\x7f" in data or (b"\\" in data and _ESCAPED_CONTROL.search(data)):
            reading.payload.controls = True
        walk(reading, root, None, (), 0, deep=deep)
        if deep:
            for number in pieces.large_numbers(data):
                reading.later(Piece(number, "", None, ("(number)",), 1))
        if reading.pending:
            drain(reading)
        return root
    reading.payload.controls = True
    before = _told(reading)
    if media_type.startswith("application/grpc"):
        _read_grpc(reading, data, media_type, coding)
    else:
        reading.label = f"attachment {printable(name, 120)}" if name else None
        root = _read_bytes(
            reading, Piece(data, content_type, None, (), 0, name), data, media_type, parameters
        )
        _judge_whole(reading, data, before)
    drain(reading)
    return root


def _judge_whole(reading: Reading, data: bytes, before: tuple[int, int]) -> None:
    if _told(reading) == before and reading.begins and lone_token.is_opaque(data):
        reading.unread("a body that is one word of encoded letters, in no known format", ())


def _told(reading: Reading) -> tuple[int, int]:
    return reading.pieces, len(reading.payload.unread)


def _read_grpc(reading: Reading, data: bytes, media_type: str, coding: str | None) -> None:
    if media_type.startswith("application/grpc-web-text"):
        if data.translate(None, _BASE_64_TEXT):
            reading.unread("the gRPC-web text is no base64", ())
        data = bases.from_base_64(data)
    if not binary.read_grpc(reading, data, coding, (), 0):
        reading.unread("the gRPC framing is broken", ())
        binary.read_runs(reading, data, (), 0)


def _read_bytes(
    reading: Reading, piece: Piece, data: bytes, media_type: str, parameters: dict[str, str]
) -> Any:
    if not data:
        return None
    if _read_parts(reading, piece, data, media_type, parameters.get("boundary")):
        return None
    if _read_by_magic(reading, piece, data, media_type):
        return None
    if _read_declared(reading, piece, data, media_type):
        return None
    if b"\0" in data[:_SHORT] and (plain := characters(data)) is not None:
        path = (*piece.path, "(numbers)")
        reading.later(Piece(plain, "", piece.key, path, piece.depth + 1))
        return None
    if b"=ybegin " in data and (parts := dumps.without_yenc(data)) is not None:
        inner, data = parts
        path = (*piece.path, "(yEnc)")
        reading.later(Piece(inner, "", piece.key, path, piece.depth + 1))
    charset = parameters.get("charset")
    text = text_of(data, charset)
    if text is None:
        _read_binary(reading, piece, data, media_type)
        return None
    if hides_binary(text, data, charset):
        reading.unread(HIDDEN, piece.path)
    _read_beside(reading, piece, data, text, declared=charset is not None)
    return _read_text(reading, piece, data, text, media_type)


def _read_beside(reading: Reading, piece: Piece, data: bytes, text: str, *, declared: bool) -> None:
    """Read what the bytes say as they stand, where they were taken for other letters."""
    wide = is_wide(data, text)
    if wide and is_damaged(text):
        reading.unread("a part of the text is in no known letters", piece.path)
    if (wide or declared) and (other := as_it_stands(data, text)) is not None:
        read_plain(reading, other, piece.key, piece.path, piece.depth)


def _read_parts(
    reading: Reading, piece: Piece, data: bytes, media_type: str, boundary: str | None
) -> bool:
    """Read a body of several parts, or a mail; False for any other."""
    if _is_multipart(data, media_type):
        if forms.read_multipart(reading, data, boundary, piece.path, piece.depth):
            return True
        if media_type.startswith("multipart/"):
            reading.unread("the multipart body cannot be split into its parts", piece.path)
    if _may_be_mail(media_type) and mail.is_mail(data, media_type):
        mail.read_mail(reading, data, piece.path, piece.depth)
        return True
    return False


def hides_binary(text: str, data: bytes, charset: str | None) -> bool:
    """Return whether data that were taken for this text hold what is none: only where a letter of
    ASCII is one byte, as far as is known.
    """
    is_of_bytes = (charset or "utf-8").lower() in _PLAIN_CHARSETS and len(text) * 2 > len(data)
    return is_of_bytes and holds_binary(data)


def _may_be_mail(media_type: str) -> bool:
    return media_type in _OCTETS or media_type in mail.MEDIA_TYPES or media_type == "text/plain"


def _is_multipart(data: bytes, media_type: str) -> bool:
    if media_type.startswith("multipart/"):
        return True
    return data[:2] == b"--" and b"ontent-" in data[:1000]


def _read_declared(reading: Reading, piece: Piece, data: bytes, media_type: str) -> bool:
    """Read a binary format by its declared type; False when it is none, or not what it says."""
    path, depth = piece.path, piece.depth
    if media_type == _EVENT_STREAM:
        return binary.read_event_stream(reading, data, path, depth)
    if media_type in _PROTOBUF:
        return binary.read_protobuf(reading, data, path, depth)
    declared = media_type in _MSGPACK
    if (declared or (media_type in _OCTETS and _starts_msgpack(data))) and binary.read_msgpack(
        reading, data, path, depth, declared=declared
    ):
        return True
    if media_type in _OCTETS or media_type.endswith(_SCHEMALESS):
        return binary.read_schemaless(reading, data, path, depth, media_type)
    return False


def _read_by_magic(reading: Reading, piece: Piece, data: bytes, media_type: str) -> bool:
    """Unpack a stream, put a document aside, name a picture; False when the first bytes name none
    of them.
    """
    coding = packed_as(data)
    if coding and not _is_tar(piece.name):
        _unpack(reading, piece, data, coding, media_type)
        return True
    document = "application/gzip" if coding else document_type(data)
    if document:
        reading.document(data, document, piece.name, piece.path)
        return True
    return _read_media(reading, piece, data, media_type)


def _read_media(reading: Reading, piece: Piece, data: bytes, media_type: str) -> bool:
    """Read the texts in a picture, sound, film, font or file of weights; False when it is none by
    its first bytes or its declared type. What has not its structure may be anything.
    """
    named = picture_type(data)
    kind = named or _declared_media(data, media_type)
    media = media_in(data, named)
    if media is None and kind is None:
        return False
    told = (kind or media_type or "no declared type")[:60]
    told = name_shown(told)
    if media is None:
        what = _KINDS.get(told.partition("/")[0], "a file")
        words = f"{what} ({told}) is not read, and is none by its structure as far as is known"
        reading.unread(words, piece.path)
    else:
        reading.unread(f"a {WORDS[media.kind][0]} ({told}) is not read", piece.path, media.kind)
        for number, part in enumerate(media.parts):
            path = (*piece.path, f"(inside {number})")
            reading.later(Piece(part, "", None, path, piece.depth + 1))
        for text in media.texts:
            binary.read_runs(reading, text, piece.path, piece.depth)
    binary.read_runs(reading, data, piece.path, piece.depth)
    return True


def _unpack(reading: Reading, piece: Piece, data: bytes, coding: str, media_type: str) -> None:
    undone = undo_content_encoding(data, coding, reading.limits)
    plain = reading.undone(undone, piece.path, piece.depth)
    name = piece.name.rpartition(".")[0] if piece.name else None
    outer = media_type in _OCTETS or "zip" in media_type or "zstd" in media_type
    kind = "" if outer else media_type
    reading.later(Piece(plain, kind, piece.key, piece.path, piece.depth + 1, name))


def _declared_media(data: bytes, media_type: str) -> str | None:
    """Return the declared type of what is called a picture, sound, film or font and is no text."""
    if not media_type.startswith(_MEDIA) or media_type.endswith("+xml"):
        return None
    return media_type if text_of(data[:4096]) is None else None


_MEDIA = ("image/", "audio/", "video/", "font/")
_KINDS = {"image": "a picture", "audio": "sound", "video": "a film", "font": "a font"}


def _is_tar(name: str | None) -> bool:
    return (name or "").lower().endswith((".tar.gz", ".tgz", ".tar.zst"))


def _read_text(reading: Reading, piece: Piece, data: bytes, text: str, media_type: str) -> Any:
    path, depth = piece.path, piece.depth
    start = text[:64].lstrip("\ufeff \t\r\n")[:1]
    if start and (start in "{[" or "json" in media_type):
        read, root = read_json(reading, piece, text, media_type)
        if read:
            return root
    if media_type == _FORM and start not in ("{", "["):
        forms.read_pairs(reading, text.strip(), path, depth)
    elif _is_markup(text, start, media_type):
        xml_text.read_markup(reading, text, path, depth)
    elif not _read_rows(reading, piece, data, text, media_type):
        read_plain(reading, text, piece.key, path, depth)
    return None


def _is_markup(text: str, start: str, media_type: str) -> bool:
    named = "xml" in media_type or "html" in media_type
    return (named or start == "<") and xml_text.looks_like_markup(text)


def _read_rows(reading: Reading, piece: Piece, data: bytes, text: str, media_type: str) -> bool:
    """Read a delimited text as a table, or put a large one aside; False when it is none."""
    delimiter = delimited.delimiter_of(text, media_type, piece.name)
    if delimiter is None or (delimiter == "\t" and dump_lines.may_hold(data[:_BEGINNING])):
        return False
    if len(data) <= reading.limits.inline_table_bytes:
        return delimited.read_delimited(reading, text, delimiter, piece.path)
    as_sent = len(text) == len(data) or "charset" not in piece.media_type
    table = data if as_sent else text.encode("utf-8", "replace")
    reading.document(table, "text/csv", piece.name, piece.path)
    return True


def _read_binary(reading: Reading, piece: Piece, data: bytes, media_type: str) -> None:
    """Read binary data that names itself by nothing: try the formats without a mark, else its
    readable runs.
    """
    if coding := coding_by_content(data):
        _unpack(reading, piece, data, coding, "application/octet-stream")
        return
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
    """True when the first byte opens a msgpack map or array, as no UTF-8 text does (but for some
    two-byte letters).
    """
    return 0x80 <= data[0] < 0xA0 or 0xDC <= data[0] <= 0xDF
