"""What a ZIP file holds beside its files: names, comments, extra fields, and whatever stands in
front of, between and behind them.
"""

import struct
import zipfile
from collections.abc import Iterable, Iterator

from classifiers.codecs.charset import readable_runs
from classifiers.codecs.magic import document_type
from classifiers.documents.reader import Work
from classifiers.payload import Document

_CENTRAL, _END = b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_SIZE, _CENTRAL_SIZE, _END_SIZE = 30, 46, 22
_DESCRIPTOR = 8
"""Flag: sizes and checksum stand behind the content."""
_SIZES: dict[int, frozenset[int]] = {
    0x0001: frozenset({8, 12, 16, 20, 24, 28}),
    0x000A: frozenset({32}),
    0x5455: frozenset({1, 5, 9, 13}),
    0x5855: frozenset({8, 12}),
    0x7855: frozenset({0, 4}),
    0x7875: frozenset({3, 5, 7, 9, 11}),
    0xCAFE: frozenset({0}),
    0x9901: frozenset({7}),
}
"""Extra fields of numbers that programs write (sizes, times, owners), and how long they are."""
_PADDING = frozenset({0xD935, 0xA220})
"""Fields that are zero bytes behind a number of two or four bytes."""
_TEXTS = frozenset({0x6375, 0x7075})
"""Comment and name in Unicode, behind five bytes."""


def read_beside(archive: zipfile.ZipFile, document: Document, work: Work) -> None:
    """Read what stands beside the files of an archive; of what is no text it is said so."""
    data, infos = document.data, archive.infolist()
    taken = list(_directory(data, archive.start_dir, len(infos)))
    texts = dict.fromkeys(info.orig_filename.encode("utf-8", "replace") for info in infos)
    pieces: dict[bytes, None] = {}
    for info in infos:
        names, fields, place = _in_front(data, info)
        taken.append(place)
        texts |= dict.fromkeys(names)
        pieces |= dict.fromkeys([info.comment, *fields, *_unknown(info.extra)])
    pieces |= dict.fromkeys([archive.comment, *_gaps(data, taken)])
    shown = b"\n".join(name for name in texts if name)
    work.text(shown.decode("utf-8", "replace"), "file name", document.path)
    for number, piece in enumerate(piece for piece in pieces if piece.strip(b"\0")):
        where = (*document.path, f"(beside the files {number})")
        if not work.allow(len(piece), where):
            return
        work.member(piece, None, where)


def packed_content(data: bytes, info: zipfile.ZipInfo) -> bytes:
    """Return the packed content of a file, by the lengths that stand in front of it."""
    at = info.header_offset
    named, more = struct.unpack("<HH", data[at + 26 : at + 30].ljust(4, b"\0"))
    start = at + _LOCAL_SIZE + named + more
    return data[start : start + info.compress_size]


def _in_front(
    data: bytes, info: zipfile.ZipInfo
) -> tuple[list[bytes], list[bytes], tuple[int, int]]:
    """Return the name and the fields in front of a file, and the place of all that belongs to
    it.
    """
    at = info.header_offset
    head = data[at : at + _LOCAL_SIZE]
    if len(head) < _LOCAL_SIZE or document_type(head) != "application/zip":
        return [], [], (at, at)
    named, more = struct.unpack("<HH", head[26:30])
    name_end = at + _LOCAL_SIZE + named
    extra = data[name_end : name_end + more]
    end = name_end + more + info.compress_size
    if head[6] & _DESCRIPTOR:
        end += _descriptor(data[end : end + 24], info)
    texts = [data[at + _LOCAL_SIZE : name_end], *_readable(extra), *_readable(info.extra)]
    return texts, list(_unknown(extra)), (at, end)


def _descriptor(data: bytes, info: zipfile.ZipInfo) -> int:
    """Return how long the sizes behind a file are: with or without a mark, of two widths."""
    checksum = struct.pack("<L", info.CRC)
    start = 4 if data.startswith(b"PK\x07\x08") else 0
    if data[start : start + 4] != checksum:
        return 0
    for kind in ("<LL", "<QQ"):
        sizes = struct.pack(kind, info.compress_size & _MOST, info.file_size & _MOST)
        if data.startswith(sizes, start + 4):
            return start + 4 + len(sizes)
    return start + 4


_MOST = 0xFFFFFFFF


def _readable(extra: bytes) -> Iterator[bytes]:
    if len(extra) > 8:
        yield readable_runs(extra)


def _unknown(extra: bytes) -> Iterator[bytes]:
    """Yield the extra fields that are not known to be numbers, and what is no field at all."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack("<HH", extra[at : at + 4])
        field = extra[at + 4 : at + 4 + size]
        at += 4 + size
        if kind in _PADDING and not field[4:].strip(b"\0"):
            continue
        if kind in _TEXTS:
            yield field[5:]
        elif size not in _SIZES.get(kind, ()):
            yield field
    yield extra[at:]


def _directory(data: bytes, start: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the directory and of the records that end it."""
    at = start
    for _ in range(count):
        if not data.startswith(_CENTRAL, at):
            break
        lengths = struct.unpack("<HHH", data[at + 28 : at + 34].ljust(6, b"\0"))
        at += _CENTRAL_SIZE + sum(lengths)
    yield start, at
    end = data.rfind(_END)
    if end < 0:
        return
    size = int.from_bytes(data[end + 20 : end + 22], "little")
    yield end, end + _END_SIZE + size
    wide = end - _LOCATOR_SIZE
    if data.startswith(b"PK\x06\x07", wide):
        yield wide, end
        if data.startswith(b"PK\x06\x06\x2c" + bytes(7), wide - _WIDE_SIZE):
            yield wide - _WIDE_SIZE, wide


_LOCATOR_SIZE, _WIDE_SIZE = 20, 56


def _gaps(data: bytes, taken: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Yield what stands in none of these places; inside of the directory all is accounted for."""
    at = 0
    for start, end in sorted(taken):
        if start > at:
            yield data[at:start]
        at = max(at, end)
    yield data[at:]
