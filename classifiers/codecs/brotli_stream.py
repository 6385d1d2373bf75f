"""Brotli, with the place where a stream ends found although the library does not tell it."""

from collections.abc import Iterator

from classifiers.codecs.packed import STEP, Beside, BrokenStreamError, Format, unless_plain

_SLICE = 2048
_KEPT = 1 << 20


class Brotli:
    """One brotli stream.

    The library fails when anything stands behind the end, and keeps back what it had unpacked by
    then. So a second engine follows one slice behind the first, and reads a slice that failed byte
    by byte.
    """

    def __init__(self) -> None:
        import brotli

        self.over = False
        self.rest = b""
        self.intact = True
        self.beside = Beside()
        self._error: type[Exception] = brotli.error
        self._ahead = brotli.Decompressor()
        self._behind = brotli.Decompressor()
        self._waiting: list[bytes] = []
        self._size = 0
        """Of the slices that the engine behind has not read."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces. Raises BrokenStreamError."""
        for at in range(0, len(data), _SLICE):
            part = data[at : at + _SLICE]
            yield from self._slice(part)
            if self.over:
                self.rest += data[at + len(part) :]
                return

    def _slice(self, part: bytes) -> Iterator[bytes]:
        given = 0
        try:
            for out in _drained(self._ahead, part):
                given += len(out)
                yield out
        except self._error:
            yield from self._byte_by_byte(part, given)
            return
        self.over = self._ahead.is_finished()
        self._waiting.append(part)
        self._size += len(part)
        if self._size > _KEPT and not self.over:
            self._follow()

    def _follow(self) -> None:
        """Bring the engine behind to where the one ahead was before its last slice."""
        for part in self._waiting:
            for _ in _drained(self._behind, part):
                pass
        self._waiting, self._size = [], 0

    def _byte_by_byte(self, part: bytes, given: int) -> Iterator[bytes]:
        """Read a faulty slice again; `given` bytes of what it unpacks to are known already."""
        self._follow()
        for at in range(len(part)):
            try:
                outs = list(_drained(self._behind, part[at : at + 1]))
            except self._error:
                raise BrokenStreamError from None
            for out in outs:
                new = out[given:]
                given = max(0, given - len(out))
                if new:
                    yield new
            if self._behind.is_finished():
                self.over, self.rest = True, part[at + 1 :]
                return
        raise BrokenStreamError


def _drained(engine: "object", data: bytes) -> Iterator[bytes]:
    out = engine.process(data, output_buffer_limit=STEP)  # type: ignore[attr-defined]
    while out or not engine.can_accept_more_data():  # type: ignore[attr-defined]
        if out:
            yield out
        if engine.is_finished():  # type: ignore[attr-defined]
            return
        out = engine.process(b"", output_buffer_limit=STEP)  # type: ignore[attr-defined]


BROTLI = Format(unless_plain(Brotli), Brotli)


def first_unbrotlied(data: bytes, *, ends: bool = False) -> bytes:
    """Return what the beginning of a stream unpacks to, some kilobytes at most; nothing for what is
    none. `ends`: the stream must end where the data do, or not within those.
    """
    import brotli

    engine = brotli.Decompressor()
    try:
        out: bytes = engine.process(data, output_buffer_limit=4096)
        whole = engine.is_finished() or not engine.can_accept_more_data()
    except brotli.error:
        return b""
    return out if whole or not ends else b""
