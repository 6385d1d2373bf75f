"""Everything that files hold: as it is, in database cells, and inside what is compressed."""

import gzip
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import zstandard

_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_MOST = 1 << 24
_DEEP = 3


def all_in(path: Path) -> Iterator[bytes]:
    """Yield all that this file holds, compressed content and database cells included."""
    data = path.read_bytes()
    yield from unpacked(data)
    if data.startswith(b"SQLite format 3\0"):
        for cell in _cells(path):
            yield from unpacked(cell)


def unpacked(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield the bytes, and whatever inside them can be unpacked, wherever it begins."""
    yield data
    if depth == _DEEP:
        return
    for at, undo in _beginnings(data):
        with suppress(zlib.error, OSError, EOFError, zstandard.ZstdError, ValueError):
            inner = undo(data[at:])
            if inner:
                yield from unpacked(inner, depth + 1)


def _beginnings(data: bytes) -> Iterator[tuple[int, Callable[[bytes], bytes]]]:
    for marks, undo in ((_ZLIB, _inflated), ((_GZIP,), _gunzipped), ((_ZSTD,), _unzstd)):
        for mark in marks:
            at = data.find(mark)
            while at >= 0:
                yield at, undo
                at = data.find(mark, at + 1)


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, _MOST)


def _gunzipped(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(data, _MOST)


def _unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)[:_MOST]


def _cells(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            for row in connection.execute(f"SELECT * FROM {name.decode()}"):
                yield from (cell for cell in row if isinstance(cell, bytes))


def packed_everywhere(text: bytes) -> bytes:
    """Return bytes that hold this text in each way that `unpacked` knows, one inside another."""
    inner = b"\0x" + zlib.compress(b"begin " + text + b" end")
    return b"noise" + zstandard.ZstdCompressor().compress(gzip.compress(inner)) + b"noise"
