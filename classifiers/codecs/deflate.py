"""The deflate family: gzip members with their headers, zlib streams, and deflate without any
wrapping.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from classifiers.codecs.packed import (
    STEP,
    Beside,
    BrokenStreamError,
    Format,
    magic,
    unless_plain,
)

_SLICE = 1 << 14
_LONGEST_HEADER = 1 << 13
_BLOCK_SIZE = b"BC\2\0"
"""How the extra field begins that holds nothing but the size of a block, and its length."""
_BLOCK_FIELD = 6
_HEADER_CRC, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
_DICTIONARY = 0x20
MOST = 256
"""Bytes that are unpacked to see what comes out of a stream."""


class _Inflater:
    """Deflate data; whatever comes out before a fault comes out, however the data is split."""

    __slots__ = ("_engine", "over", "rest")

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
        self.over = False
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces. Raises BrokenStreamError behind the last that is sound."""
        for at in range(0, len(data), _SLICE):
            yield from self._slice(data[at : at + _SLICE])
            if self.over:
                self.rest += data[at + _SLICE :]
                return

    def _slice(self, data: bytes) -> Iterator[bytes]:
        while True:
            before = self._engine.copy()  # zlib keeps back what it had unpacked before a fault
            try:
                out = self._engine.decompress(data, STEP)
            except zlib.error:
                yield from _sound_part(before, data)
                raise BrokenStreamError from None
            if out:
                yield out
            data = self._engine.unconsumed_tail
            if self._engine.eof:
                self.over, self.rest = True, self._engine.unused_data
                return
            if not data and len(out) < STEP:
                return


def _sound_part(engine: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """Yield what the bytes before the first faulty one unpack to."""
    while len(data) > 1:
        half = len(data) // 2
        trial = engine.copy()
        try:
            out = trial.decompress(data[:half])
        except zlib.error:
            data = data[:half]
            continue
        if out:
            yield out
        engine, data = trial, data[half:]


class _Wrapped:
    """Deflate data between a header and a checksum. Subclasses read both."""

    def __init__(self) -> None:
        self.over = False
        self.rest = b""
        self.intact = True
        self.beside = Beside()
        self._held = b""
        self._inflater: _Inflater | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces. Raises BrokenStreamError."""
        if self._inflater is None:
            data = self._held + data
            end = self._header(data)
            if end is None:
                self._held = data
                return
            self._held, data = b"", data[end:]
            self._inflater = _Inflater()
        if not self._inflater.over:
            for out in self._inflater.feed(data):
                self._add(out)
                yield out
            data = self._inflater.rest
        if self._inflater.over:
            self._trailer(self._held + data)

    def _trailer(self, data: bytes) -> None:
        stated = self._stated()
        if len(data) < len(stated):
            self._held = data
            return
        self.intact = data.startswith(stated)
        self.over, self.rest = True, data[len(stated) :]

    def _header(self, data: bytes) -> int | None:
        """Return where the header ends; None when it is not complete."""
        raise NotImplementedError

    def _add(self, out: bytes) -> None:
        """Take output into the checksum."""

    def _stated(self) -> bytes:
        """Return the checksum that must stand behind all that came out."""
        return b""


class Raw(_Wrapped):
    """Deflate as it is."""

    def _header(self, data: bytes) -> int | None:
        return 0


class Zlib(_Wrapped):
    """RFC 1950: two bytes, deflate, Adler-32."""

    def __init__(self) -> None:
        super().__init__()
        self._sum = 1

    def _header(self, data: bytes) -> int | None:
        if len(data) < 2:
            return None
        if data[1] & _DICTIONARY:
            raise BrokenStreamError
        return 2

    def _add(self, out: bytes) -> None:
        self._sum = zlib.adler32(out, self._sum)

    def _stated(self) -> bytes:
        return self._sum.to_bytes(4)


class GzipMember(_Wrapped):
    """RFC 1952: header with names and comments, deflate, CRC-32 and size."""

    def __init__(self) -> None:
        super().__init__()
        self._sum = self._size = 0

    def _header(self, data: bytes) -> int | None:
        fields = _gzip_fields(data)
        if fields is None:
            if len(data) > _LONGEST_HEADER:
                raise BrokenStreamError
            return None
        *carried, end = fields
        for start, stop in carried:
            self.beside.add(data[start:stop] + b"\n")
        return end[1]

    def _add(self, out: bytes) -> None:
        self._sum = zlib.crc32(out, self._sum)
        self._size += len(out)

    def _stated(self) -> bytes:
        return self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")


def _gzip_fields(data: bytes) -> list[tuple[int, int]] | None:
    """Return where the header's texts stand, and last where it ends; None when it is not
    complete.
    """
    if len(data) < 10:
        return None
    flags = data[3]
    if data[2] != 8 or flags & 0xE0:
        raise BrokenStreamError
    fields: list[tuple[int, int]] = []
    at = 10
    if flags & _EXTRA:
        size = int.from_bytes(data[at : at + 2], "little")
        at += 2
        if size != _BLOCK_FIELD or not data.startswith(_BLOCK_SIZE, at):
            fields.append((at, at + size))
        at += size
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return None
            fields.append((at, end))
            at = end + 1
    at += 2 if flags & _HEADER_CRC else 0
    return [*fields, (at, at)] if at <= len(data) else None


def _starts_zlib(data: bytes, last: bool) -> bool | None:
    if len(data) < 2:
        return False if last or not _may_be_zlib(data) else None
    return _may_be_zlib(data) and int.from_bytes(data[:2]) % 31 == 0


def _may_be_zlib(data: bytes) -> bool:
    return not data or (data[0] & 0x0F == 8 and data[0] >> 4 <= 7)


GZIP = Format(magic(b"\x1f\x8b"), GzipMember, repeats=True)
ZLIB = Format(_starts_zlib, Zlib)
RAW = Format(unless_plain(Raw), Raw)


def first_inflated(data: bytes, *, wrapped: bool, ends: bool = False, most: int = MOST) -> bytes:
    """Return what the beginning of a stream unpacks to, `most` bytes of it; nothing for what is
    none. `ends`: the stream must end where the data do, or not within `most`.
    """
    engine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
    try:
        out = engine.decompress(data, most)
        whole = len(out) >= most or (engine.eof and not engine.unused_data)
    except zlib.error:
        return b""
    return out if whole or not ends else b""


class Inflated(NamedTuple):
    """A stream unpacked. Holds payload."""

    data: bytes
    whole: bool
    """True when its end was met."""
    rest: bytes
    """What stands behind its end."""

    def __repr__(self) -> str:
        return f"<Inflated {len(self.data)} bytes>"


def inflated(data: bytes, most: int, *, wrapped: bool) -> Inflated | None:
    """Return what a stream unpacks to, `most` bytes of it; None for a broken one."""
    engine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
    try:
        out = engine.decompress(data, most)
    except zlib.error:
        return None
    return Inflated(out, engine.eof, engine.unused_data)


def inflates_to(data: bytes, most: int) -> int | None:
    """Return how many bytes a zlib stream unpacks to, `most` of them counted; None for a stream
    that is broken, cut, or has something behind it.
    """
    engine = zlib.decompressobj()
    try:
        count = len(engine.decompress(data, most))
    except zlib.error:
        return None
    if count >= most:
        return count
    return count if engine.eof and not engine.unused_data else None


def checksum(data: bytes) -> int:
    """Return the CRC-32 that gzip and PNG put behind their data."""
    return zlib.crc32(data)
