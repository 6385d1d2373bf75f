"""Undoes content-encodings of an answer as it passes, piece by piece, with bounds against decompression bombs."""

import zlib
from collections.abc import Iterator
from typing import Protocol

_SLICE = 16 * 1024
_MAX_PIECE = 256 * 1024
_ZSTD_SLICE = 256
"""A zstd frame can swell 4 bytes to 128 KiB; small slices keep one step below 8 MiB."""


class BrokenEncodingError(Exception):
    """The bytes are not in the encoding that the header names."""


class Inflater(Protocol):
    """Turns encoded bytes into plain ones, incrementally."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield plain pieces of bounded size. Raises BrokenEncodingError."""


class Identity:
    """No encoding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes as they are."""
        if data:
            yield data


class _Zlib:
    """gzip (several members) and deflate (with or without its zlib header)."""

    def __init__(self, *, gzip: bool) -> None:
        self._bits = 47 if gzip else 0
        self._start = b""
        self._inner = zlib.decompressobj(47)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield plain pieces."""
        if self._bits == 0:
            self._start += data
            if len(self._start) < 2:
                return
            data, self._start = self._start, b""
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._bits = 15 if wrapped else -15
            self._inner = zlib.decompressobj(self._bits)
        for at in range(0, len(data), _SLICE):
            yield from self._slice(data[at : at + _SLICE])

    def _slice(self, data: bytes) -> Iterator[bytes]:
        try:
            while data:
                if piece := self._inner.decompress(data, _MAX_PIECE):
                    yield piece
                data = self._inner.unconsumed_tail
                if self._inner.eof:
                    data = self._inner.unused_data
                    self._inner = zlib.decompressobj(self._bits)
        except zlib.error as error:
            raise BrokenEncodingError from error


class _Brotli:
    """br."""

    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self._inner = brotli.Decompressor()
        self._error = brotli.error

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield plain pieces."""
        try:
            if piece := self._inner.process(data, output_buffer_limit=_MAX_PIECE):
                yield piece
            while not self._inner.can_accept_more_data() and not self._inner.is_finished():
                if piece := self._inner.process(b"", output_buffer_limit=_MAX_PIECE):
                    yield piece
        except self._error as error:
            raise BrokenEncodingError from error


class _Zstd:
    """zstd (several frames)."""

    def __init__(self) -> None:
        import zstandard

        self._make = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj
        self._inner = self._make()
        self._error = zstandard.ZstdError

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield plain pieces."""
        for at in range(0, len(data), _ZSTD_SLICE):
            part = data[at : at + _ZSTD_SLICE]
            try:
                while part:
                    if self._inner.eof:
                        self._inner = self._make()
                    if piece := self._inner.decompress(part):
                        yield piece
                    part = self._inner.unused_data if self._inner.eof else b""
            except self._error as error:
                raise BrokenEncodingError from error


class _Chain:
    """Several encodings, the last one applied undone first."""

    def __init__(self, inflaters: list[Inflater]) -> None:
        self._inflaters = inflaters

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield plain pieces."""
        yield from self._from(0, data)

    def _from(self, index: int, data: bytes) -> Iterator[bytes]:
        if index == len(self._inflaters):
            yield data
            return
        for piece in self._inflaters[index].feed(data):
            yield from self._from(index + 1, piece)


def inflater(content_encoding: str | None) -> Inflater | None:
    """Return the inflater for this header value, or None for an encoding that we do not know."""
    names = [
        n
        for part in (content_encoding or "").lower().split(",")
        if (n := part.strip()) not in {"", "identity"}
    ]
    if not names:
        return Identity()
    if len(names) > 3:
        return None
    chain: list[Inflater] = []
    for name in reversed(names):
        made = _one(name)
        if made is None:
            return None
        chain.append(made)
    return chain[0] if len(chain) == 1 else _Chain(chain)


def _one(name: str) -> Inflater | None:
    match name:
        case "gzip" | "x-gzip":
            return _Zlib(gzip=True)
        case "deflate":
            return _Zlib(gzip=False)
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case _:
            return None
