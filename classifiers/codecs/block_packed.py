"""BZ2 and XZ: packed files rather than codings of a body, undone by the same driver."""

import bz2
import lzma
from collections.abc import Callable, Iterator
from typing import Protocol

from classifiers.codecs.packed import STEP, Beside, BrokenStreamError, Format, magic

_MEMORY = 128 << 20
_SLICE = 1 << 14


class _Engine(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class Blocks:
    """One stream of either kind. A fault hides what its slice had unpacked to."""

    def __init__(self, make: Callable[[], _Engine]) -> None:
        self.over = False
        self.rest = b""
        self.intact = True
        self.beside = Beside()
        self._engine = make()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces. Raises BrokenStreamError."""
        for at in range(0, len(data), _SLICE):
            part = data[at : at + _SLICE]
            while not self.over:
                if out := self._unpacked(part):
                    yield out
                part = b""
                self.over = self._engine.eof
                if self._engine.needs_input:
                    break
            if self.over:
                self.rest = self._engine.unused_data + data[at + _SLICE :]
                return

    def _unpacked(self, part: bytes) -> bytes:
        try:
            return self._engine.decompress(part, STEP)
        except (OSError, EOFError, lzma.LZMAError, ValueError, MemoryError):
            raise BrokenStreamError from None


BZ2 = Format(magic(b"BZh"), lambda: Blocks(bz2.BZ2Decompressor), repeats=True)
XZ = Format(
    magic(b"\xfd7zXZ\x00"),
    lambda: Blocks(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)),
    repeats=True,
)
