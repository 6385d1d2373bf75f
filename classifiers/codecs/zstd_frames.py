"""Zstandard, block by block: the library bounds no output, and tells neither a frame's end nor a
wrong checksum apart.
"""

from collections.abc import Iterator

from classifiers.codecs.packed import Beside, BrokenStreamError, Format, magic

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([0x50 + number]) + b"\x2a\x4d\x18" for number in range(16))
_LARGEST_WINDOW = 1 << 27
_DICTIONARY_BYTES = (0, 1, 2, 4)
_SIZE_BYTES = (0, 2, 4, 8)
_RLE, _RESERVED = 1, 3


class Frame:
    """One frame (RFC 8878). A block unpacks to 128 KiB at most, so no step gives more."""

    def __init__(self) -> None:
        import zstandard

        self.over = False
        self.rest = b""
        self.intact = True
        self.beside = Beside()
        self._error: type[Exception] = zstandard.ZstdError
        self._engine = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
        self._held = bytearray()
        self._begun = self._checked = self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces. Raises BrokenStreamError."""
        self._held += data
        at = 0 if self._begun else self._begin()
        while self._begun and not self._ended:
            size = _block(self._held, at)
            if size is None or at + size > len(self._held):
                break
            self._ended = bool(self._held[at] & 1)
            if out := self._unpacked(bytes(memoryview(self._held)[at : at + size])):
                yield out
            at += size
        del self._held[:at]
        if self._ended:
            self._end()

    def _begin(self) -> int:
        """Hand over the frame's header; return its size, 0 when it is not complete."""
        size = _header_size(self._held)
        if size is None or len(self._held) < size:
            return 0
        self._checked = bool(self._held[4] & 4)
        self._begun = True
        self._unpacked(bytes(self._held[:size]))
        return size

    def _unpacked(self, data: bytes) -> bytes:
        try:
            return bytes(self._engine.decompress(data))
        except (self._error, MemoryError):
            raise BrokenStreamError from None

    def _end(self) -> None:
        held = bytes(self._held)
        size = 4 if self._checked else 0
        if len(held) < size:
            return
        if self._checked:
            try:
                self._engine.decompress(held[:4])
            except self._error:
                self.intact = False
        self.over, self.rest = True, held[size:]


def _header_size(data: bytearray) -> int | None:
    if len(data) < 5:
        return None
    described = data[4]
    single = described >> 5 & 1
    size = _SIZE_BYTES[described >> 6] or single
    return 5 + (1 - single) + _DICTIONARY_BYTES[described & 3] + size


def _block(data: bytearray, at: int) -> int | None:
    """Return the size of the block at `at` with its three bytes of header; None when these are not
    there yet.
    """
    if at + 3 > len(data):
        return None
    header = int.from_bytes(data[at : at + 3], "little")
    kind = header >> 1 & 3
    if kind == _RESERVED:
        raise BrokenStreamError
    return 3 + (1 if kind == _RLE else header >> 3)


class SkippedFrame:
    """A frame that decoders pass over: what it holds is given beside the content."""

    def __init__(self) -> None:
        self.over = False
        self.rest = b""
        self.intact = True
        self.beside = Beside()
        self._head = b""
        self._left = -1

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield nothing: a skipped frame unpacks to nothing."""
        if self._left < 0:
            data = self._head + data
            if len(data) < 8:
                self._head = data
                return
            self._left = int.from_bytes(data[4:8], "little")
            data = data[8:]
        self.beside.add(data[: self._left])
        self.rest = data[self._left :]
        self._left -= min(self._left, len(data))
        self.over = self._left == 0
        yield from ()


ZSTD = Format(magic(_MAGIC), Frame, repeats=True)
SKIPPED = Format(magic(*_SKIPPABLE), SkippedFrame, repeats=True)
