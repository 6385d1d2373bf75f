"""Content-encodings of a large upload undone piece by piece, for scanning; what is sent on stays as it came."""

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

PIECE = 2 * 1024 * 1024
_STEP = 256 * 1024
RATIO = 100
"""Output to input, once the output is above RATIO_FROM: beyond it a body is a bomb and no longer unpacked."""
RATIO_FROM = 1024 * 1024
_ZSTD_STEP = 512
"""zstandard cannot limit its output; so little input cannot unpack to more than some megabytes."""

Step = Callable[[bytes], Iterator[bytes]]


class Unpacker:
    """Undoes one content-encoding. `trouble` says why it stopped, if it did; then it yields nothing more."""

    def __init__(self, coding: str) -> None:
        self.trouble: str | None = None
        self._taken = self._given = 0
        step = _STEPS.get(coding.strip().lower().removeprefix("x-"))
        if step is None:
            self.trouble = "its content-encoding cannot be undone while it passes"
        self._step: Step = step() if step is not None else _plain

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take packed bytes, split anywhere; yield what they unpack to, in pieces of at most PIECE bytes."""
        if self.trouble is not None:
            return
        self._taken += len(data)
        try:
            for out in self._step(data):
                self._given += len(out)
                yield from (out[at : at + PIECE] for at in range(0, len(out), PIECE))
                if self._given > max(RATIO_FROM, RATIO * self._taken):
                    self.trouble = "it unpacks to more than is read"
                    return
        except _errors():
            self.trouble = "its content-encoding is broken"


def joined(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the pieces joined to some of about this size: a decoder may give them byte by byte."""
    held: list[bytes] = []
    total = 0
    for piece in pieces:
        held.append(piece)
        total += len(piece)
        if total >= size:
            yield held[0] if len(held) == 1 else b"".join(held)
            held, total = [], 0
    if held:
        yield held[0] if len(held) == 1 else b"".join(held)


def _plain(data: bytes) -> Iterator[bytes]:
    yield data


class _Zlib:
    """gzip of any number of members, zlib, or raw deflate."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._engine: Any = zlib.decompressobj(47) if gzip else None

    def __call__(self, data: bytes) -> Iterator[bytes]:
        if self._engine is None and data:
            wrapped = data[0] & 0x0F == 8 and data[0] >> 4 <= 7
            self._engine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        while data:
            if out := self._engine.decompress(data, _STEP):
                yield out
            data = self._engine.unconsumed_tail
            if self._engine.eof:
                data = self._engine.unused_data.lstrip(b"\0") if self._gzip else b""
                if data:
                    self._engine = zlib.decompressobj(47)


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self._engine = brotli.Decompressor()

    def __call__(self, data: bytes) -> Iterator[bytes]:
        if self._engine.is_finished():
            return
        out = self._engine.process(data, output_buffer_limit=_STEP)
        while out or not self._engine.can_accept_more_data():
            if out:
                yield out
            if self._engine.is_finished():
                return
            out = self._engine.process(b"", output_buffer_limit=_STEP)


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._new = partial(
            zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj,
            read_across_frames=True,
        )
        self._engine = self._new()

    def __call__(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _ZSTD_STEP):
            if out := self._engine.decompress(data[at : at + _ZSTD_STEP]):
                yield out


class _AwsChunked:
    """The frames of S3 uploads: a line with the size, so many bytes, an empty line; trailers after size 0."""

    def __init__(self) -> None:
        self._line = b""
        self._left = 0
        self._over = False

    def __call__(self, data: bytes) -> Iterator[bytes]:
        while data and not self._over:
            if self._left:
                yield data[: self._left]
                taken = min(self._left, len(data))
                self._left -= taken
                data = data[taken:]
                continue
            line, end, data = (self._line + data).partition(b"\n")
            self._line = b"" if end else line
            if not end and len(line) > 1024:
                raise ValueError
            if end and line.strip():
                self._left = int(line.split(b";", 1)[0].strip(), 16)
                self._over = self._left == 0


_STEPS: dict[str, Callable[[], Step]] = {
    "": lambda: _plain,
    "identity": lambda: _plain,
    "gzip": partial(_Zlib, gzip=True),
    "deflate": partial(_Zlib, gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
    "aws-chunked": _AwsChunked,
}


def _errors() -> tuple[type[Exception], ...]:
    import brotli
    import zstandard

    return zlib.error, ValueError, MemoryError, brotli.error, zstandard.ZstdError
