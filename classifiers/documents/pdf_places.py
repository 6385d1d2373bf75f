"""What a PDF file holds beside the text of its pages: whatever is written between its streams, in
packed objects and in streams of text that no page need show, and behind its end.
"""

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any, NamedTuple

from classifiers.codecs.deflate import inflated
from classifiers.codecs.linear import compiled, ready
from classifiers.codecs.packed import is_plain
from classifiers.documents.behind import read_behind
from classifiers.documents.reader import Work
from classifiers.payload import Document

_OPENS = re.compile(rb"stream\r?\n")
_CLOSES = b"endstream"
_DICTIONARY = 2_000
"""Bytes in front of a stream that may tell of it."""
_CROSS_REFERENCE = re.compile(rb"[0-9]{10} [0-9]{5} [nf][ \r]*\n")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]{16,})>")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_OPERATORS = (b" Tf", b" Tj", b" TJ", b" cm", b" re\n", b"beginbfchar", b"beginbfrange")
"""What drawings and tables of letters hold."""
_WIDE = b"\xfe\xff"
_MARK = "%PDF-"
"""A text that begins so would be read as a document once more."""
_END = b"%%EOF"


class _Stream(NamedTuple):
    told: bytes
    data: bytes


def read_beside(document: Document, work: Work, told: Iterable[str], shown: Container[str]) -> None:
    """Read what stands in no page. `told`: texts that were read already; `shown`: words of the
    pages.
    """
    between, streams = _split(document.data)
    for text in told:
        between = between.replace(b"(%b)" % text.encode("latin-1", "replace"), b"()")
    texts = dict.fromkeys(_texts(between))
    room = work.limits.total_bytes
    for stream in streams:
        data = _inflated(stream, min(work.limits.member_bytes, room))
        room -= len(data)
        if room < 0:
            work.unread("unpacks to more than is read (decompression limit)", document.path)
            break
        texts |= dict.fromkeys(_texts_in(stream, data, shown))
    written = "\n".join(text.removeprefix(_MARK) for text in texts if not text.isspace()).strip()
    work.text(written, None, (*document.path, "(beside the pages)"))
    end = document.data.rfind(_END)
    if end >= 0:
        read_behind(document.data[end + len(_END) :].strip(), document, work)


def _split(data: bytes) -> tuple[bytes, list[_Stream]]:
    """Return what stands between the streams, and the streams with what is told of each."""
    between: list[bytes] = []
    streams: list[_Stream] = []
    at = 0
    while opens := _OPENS.search(data, at):
        end = data.find(_CLOSES, opens.end())
        if end < 0:
            break
        between.append(data[at : opens.start()])
        told = between[-1][-_DICTIONARY:]
        streams.append(_Stream(told[max(0, told.rfind(b"obj")) :], data[opens.end() : end]))
        at = end + len(_CLOSES)
    end = data.rfind(_END)
    between.append(data[at : end if end >= at else len(data)])
    return b"\n".join(between), streams


def _inflated(stream: _Stream, most: int) -> bytes:
    """Return a stream as it was before it was packed; nothing of pictures and fonts."""
    if b"/Image" in stream.told or b"/Length1" in stream.told or b"/FontFile" in stream.told:
        return b""
    if b"/Flate" not in stream.told and b"/Fl" not in stream.told:
        return stream.data[:most]
    unpacked = inflated(stream.data, most, wrapped=True)
    return b"" if unpacked is None else unpacked.data


def _texts_in(stream: _Stream, data: bytes, shown: Container[str]) -> Iterator[str]:
    """Yield the texts of a packed list of objects, of data about the document, and of any other
    stream that is text; of drawings what no page shows.
    """
    if b"/XRef" in stream.told or not is_plain(data[:1024]):
        return
    if any(sign in data for sign in _OPERATORS):
        for text in _strings(data):
            if any(word not in shown for word in text.split()):
                yield text
    elif b"/ObjStm" in stream.told:
        yield from _texts(data)
    else:
        yield from data.decode("utf-8", "replace").splitlines()


def _texts(data: bytes) -> Iterator[str]:
    """Yield each line of objects, and each string in another notation."""
    plain = _CROSS_REFERENCE.sub(b"", data)
    yield from _HEX.sub(b"<>", _wide_strings().sub(b"()", plain)).decode("latin-1").splitlines()
    for found in _HEX.finditer(plain):
        digits = b"".join(found[1].split())
        yield _decoded(bytes.fromhex(digits[: len(digits) & ~1].decode("ascii")))
    for found in _long_strings().finditer(plain):
        if b"\\" in found[1] or found[1].startswith(_WIDE):
            yield _decoded(_ESCAPE.sub(_unescaped, found[1]))


def _strings(data: bytes) -> Iterator[str]:
    for found in _long_strings().finditer(data):
        yield _decoded(_ESCAPE.sub(_unescaped, found[1]))


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    if sign[:1].isdigit():
        return bytes((int(sign, 8) & 255,))
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(sign, sign)


def _decoded(data: bytes) -> str:
    if data.startswith(_WIDE):
        return data[2:].decode("utf-16-be", "replace")
    return data.decode("latin-1") if is_plain(data) or data.isascii() else ""


@ready
def _long_strings() -> Any:
    return compiled(rb"(?s)\(((?:[^()\\]|\\.){9,})\)")


@ready
def _wide_strings() -> Any:
    return compiled(rb"(?s)\(\xfe\xff(?:[^()\\]|\\.)*\)")
