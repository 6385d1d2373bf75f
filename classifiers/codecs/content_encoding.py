"""Content-encodings undone within limits: a bomb or a broken stream gives what came out of it and a reason."""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from classifiers.codecs.limits import Limits

TOO_MUCH = "unpacks to more than is read (decompression limit)"
_STEP = 1 << 18


class Undone(NamedTuple):
    """What came out, and why it is not everything (None when it is). Holds payload."""

    data: bytes
    reason: str | None

    def __repr__(self) -> str:
        return f"<Undone {len(self.data)} bytes, {self.reason}>"


class _Sink:
    """Takes decompressed output until a limit is met."""

    __slots__ = ("limit", "parts", "size")

    def __init__(self, packed: int, limits: Limits) -> None:
        self.limit = min(limits.decoded_bytes, max(limits.ratio_from, packed * limits.ratio))
        self.parts: list[bytes] = []
        self.size = 0

    def take(self, chunk: bytes) -> bool:
        """Keep a chunk; False when the limit is passed."""
        self.parts.append(chunk)
        self.size += len(chunk)
        return self.size <= self.limit


def undo_content_encoding(body: bytes, declared: str, limits: Limits) -> Undone:
    """Undo a `content-encoding` header's codings, last one first."""
    codings = [
        coding for coding in (part.strip().lower() for part in declared.split(",")) if coding
    ]
    if len(codings) > limits.encodings:
        return Undone(body, "more stacked content-encodings than are undone")
    data, reason = body, None
    for coding in reversed(codings):
        data, reason = _undo(data, coding, limits)
        if reason:
            break
    return Undone(data, reason)


def inflate(data: bytes, coding: str, limits: Limits) -> Undone:
    """Undo one coding by its name: `gzip`, `deflate`, `br`, `zstd`."""
    return _undo(data, coding, limits)


def _undo(data: bytes, coding: str, limits: Limits) -> Undone:
    coding = coding.removeprefix("x-")
    if coding == "identity" or not data:
        return Undone(data, None)
    if coding == "aws-chunked":
        return _unchunk(data)
    run = _CODINGS.get(coding)
    if run is None:
        return Undone(
            data, f"unknown content-encoding ({coding[:20] if coding.isascii() else 'not ASCII'})"
        )
    sink = _Sink(len(data), limits)
    try:
        whole = run(data, sink)
    except _errors(coding):
        return _broken(data, coding, sink)
    out = b"".join(sink.parts)
    if sink.size > sink.limit:
        return Undone(out[: sink.limit], TOO_MUCH)
    return Undone(out, None if whole else f"the {coding} stream ends too early")


def _broken(data: bytes, coding: str, sink: _Sink) -> Undone:
    """A body that is no such stream at all is read as it stands: recordings keep the header of what they unpacked."""
    if sink.size == 0 and _is_plain(data):
        return Undone(data, None)
    out = b"".join(sink.parts)
    return Undone(out or data, f"the {coding} stream is broken")


def _is_plain(data: bytes) -> bool:
    try:
        data[:4096].decode("utf-8") if len(data) <= 4096 else data[:4096].decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return False
    return not any(byte < 9 or 13 < byte < 32 for byte in data[:256])


def _errors(coding: str) -> tuple[type[Exception], ...]:
    if coding == "br":
        import brotli  # type: ignore[import-untyped]

        return (brotli.error,)
    if coding == "zstd":
        import zstandard

        return (zstandard.ZstdError, MemoryError)
    return (zlib.error,)


def _gzip(data: bytes, sink: _Sink) -> bool:
    rest = data
    while rest:
        engine = zlib.decompressobj(47)
        if not _drain(engine, rest, sink):
            return True
        if not engine.eof:
            return False
        rest = engine.unused_data.lstrip(b"\0")
        if not rest.startswith(b"\x1f\x8b"):
            return not rest
    return True


def _deflate(data: bytes, sink: _Sink) -> bool:
    try:
        return _zlib(data, sink, zlib.MAX_WBITS)
    except zlib.error:
        if sink.size:
            raise
        return _zlib(data, sink, -zlib.MAX_WBITS)


def _zlib(data: bytes, sink: _Sink, bits: int) -> bool:
    engine = zlib.decompressobj(bits)
    return not _drain(engine, data, sink) or engine.eof


def _drain(engine: "zlib._Decompress", data: bytes, sink: _Sink) -> bool:
    """Run one zlib stream; False when the sink is full."""
    while True:
        chunk = engine.decompress(data, _STEP)
        if chunk and not sink.take(chunk):
            return False
        data = engine.unconsumed_tail
        if engine.eof or not data:
            break
    tail = engine.flush(_STEP) if not engine.eof else b""
    return not tail or sink.take(tail)


def _brotli(data: bytes, sink: _Sink) -> bool:
    import brotli

    engine = brotli.Decompressor()
    chunk = engine.process(data, output_buffer_limit=_STEP)
    while chunk or not engine.can_accept_more_data():
        if chunk and not sink.take(chunk):
            return True
        if engine.is_finished():
            return True
        chunk = engine.process(b"", output_buffer_limit=_STEP)
    return bool(engine.is_finished())


def _zstd(data: bytes, sink: _Sink) -> bool:
    import zstandard

    engine = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    with engine.stream_reader(data, read_across_frames=True) as reader:
        while chunk := reader.read(_STEP):
            if not sink.take(chunk):
                return True
    return sink.size > 0 or not data


_CODINGS: dict[str, Callable[[bytes, _Sink], bool]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}


def _unchunk(data: bytes) -> Undone:
    """Undo the chunk frames of `aws-chunked` uploads: `size;chunk-signature=…` before each chunk."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = data.find(b"\r\n", at, at + 512)
        size = _hex(data[at:end].split(b";", 1)[0]) if end >= 0 else None
        if size is None:
            plain = at == 0
            return Undone(
                data if plain else b"".join(parts),
                None if plain else "the aws-chunked body is broken",
            )
        if size == 0:
            return Undone(b"".join(parts), None)
        at = end + 2 + size + 2
        parts.append(data[end + 2 : at - 2])


def _hex(text: bytes) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None
